"""What a report says of a JOKR training, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr

EXPLAINED: Mapping[str, str] = {
    "iou": "overlap (IoU, 1 is perfect) of a frame's silhouette with the one drawn again from its own keypoints",
    "cycle_iou": "the same after the way there and back: keypoints, drawn as the other, keypoints again, drawn again",
    "cycle_points": "how far keypoints end from where they began after that way (the picture spans 2; 0 is perfect)",
    "step": "how far a keypoint moves from frame to frame (the picture spans 2): small is smooth, zero is frozen",
}
"""Figures of `quality` by the name before the side."""


def described(method: Jokr) -> dict[str, str]:
    """Facts for the report: how many keypoints, and the learned map between the two keypoint sets."""
    facts = {"keypoints": str(method.config.keypoints), "canvas": "{1} x {0} px".format(*method.canvas)}
    if method.affine is None:
        return facts | {"T": "none: both subjects' keypoints are used as they are"}
    m = method.affine().detach()[0].tolist()
    rows = "; ".join(f"{name}' = {r[0]:+.3f} x {r[1]:+.3f} y {r[2]:+.3f}" for name, r in zip("xy", m, strict=True))
    return facts | {"T, from b's keypoints to a's": rows}


def explained(name: str) -> str:
    """What a figure of `quality` means; "" where it is not one."""
    figure, _, side = name.rpartition("_")
    return f"{side}: {EXPLAINED[figure]}" if figure in EXPLAINED else ""
