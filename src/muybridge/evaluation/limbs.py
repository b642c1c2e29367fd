"""Which joints of a puppet make a limb."""

from __future__ import annotations

from collections.abc import Sequence

SIDES = ("near", "far", "left", "right")
LOWER = {"knee": "leg", "ankle": "leg", "foot": "leg", "elbow": "arm", "hand": "arm"}
"""The lower joints: where a limb begins, its keypoints could as well be the body's or the other limb's."""


def limbs_of(names: Sequence[str]) -> list[list[int]]:
    """Indices of each limb's lower joints, for limbs that come in pairs; none for a flower."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        first, *middle, last = name.split("_") if "_" in name else (name, name)
        if first in SIDES and last in LOWER:
            found.setdefault("_".join((first, *middle, LOWER[last])), []).append(index)
    items = []
    for _, members in sorted(found.items()):
        items.append(members)

    return items
