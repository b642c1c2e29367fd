"""Whether two subjects seem to look opposite ways."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, maximum, minimum

from muybridge.api.inputs import Input
from muybridge.method import Data

CLEARLY = 0.15
"""By how much the overlap of mean silhouettes must grow under mirroring before anything is said."""


def facing_hint(data: Data, given: Sequence[Input]) -> str | None:
    """A sentence where the silhouettes of a pair suggest that the subjects face opposite ways."""
    a, b = getattr(data, "a", None), getattr(data, "b", None)
    if a is None or b is None or len(given) != 2:
        return None
    first, second = a.mattes.float().mean(0), b.mattes.float().mean(0)
    if _overlap(first, second.flip(-1)) < _overlap(first, second) + CLEARLY:
        return None
    return (
        f"{given[0].name} and {given[1].name} seem to face opposite ways; "
        "if they do, mirror one for a better result: --flip B"
    )


def _overlap(a: Tensor, b: Tensor) -> float:
    return float(minimum(a, b).sum() / maximum(a, b).sum().clamp_min(1e-6))
