"""What is measured of a trained JOKR beyond its own quality: the keypoints that D should not be able to tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muybridge.methods.jokr.animating import detect, method_transfer
from muybridge.methods.jokr.data import PairData
from muybridge.tensors import Points

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr


def shared_points(method: Jokr, data: PairData) -> dict[str, Points]:
    """Keypoints of both subjects as D compares them, a's and T applied to b's, of the frames that have a silhouette,
    in their order: "a" and "b" -> [N, K, 2], normalised units of the canvas."""
    a, b = (detect(method, s, s.seen.nonzero()[:, 0]) for s in (data.a, data.b))
    return {"a": a.float().cpu(), "b": method_transfer(method, b, "b").float().cpu()}
