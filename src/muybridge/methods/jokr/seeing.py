"""All that E looks at in a step of the stage `shape`, in as few batches as its norm allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from muybridge.data.pair import SIDES
from muybridge.geometry import warp_affine
from muybridge.method import Batch
from muybridge.methods.jokr.networks import Detection
from muybridge.methods.jokr.pictures import mean_colour, to_picture
from muybridge.tensors import Images

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr


def detect_all(method: Jokr, pictures: dict[str, Images], batch: Batch) -> dict[str, Detection]:
    """E on the frames "a", "b", on their successors "a+1", "b+1" and on the frames moved at random "a warped"."""
    weights, released = method.config.losses, method.config.released
    wanted = {s: _flattened(method, pictures[s], batch, s) for s in SIDES}
    for s in SIDES:
        if weights.tmp:
            wanted[f"{s}+1"] = to_picture(batch[f"successors_{s}"], batch[f"successor_masks_{s}"])
    for s in SIDES:
        if weights.eq:
            # The program's torch samples between other corners.
            wanted[f"{s} warped"] = warp_affine(
                pictures[s], batch[f"equivariance_{s}"], padding="reflection", align_corners=not released
            )
    if method.config.detector.norm != "batch":
        return _split(method.detector(torch.cat(list(wanted.values()))), wanted)
    # Batch norm sees what the released program showed it: frames with successors, side by side, then the rest.
    found: dict[str, Detection] = {}
    for s in SIDES:
        group = {name: wanted[name] for name in (s, f"{s}+1") if name in wanted}
        found |= _split(method.detector(torch.cat(list(group.values()))), group)
    for s in SIDES:
        if weights.eq:
            found[f"{s} warped"] = method.detector(wanted[f"{s} warped"])
    return found


def _flattened(method: Jokr, pictures: Images, batch: Batch, side: str) -> Images:
    """Some of the pictures painted in their mean colour, as `aligning.cycle` paints what G has drawn."""
    share, masks = method.config.augment.flat, batch[f"masks_{side}"]
    if not share:
        return pictures
    chosen = torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < share
    return torch.where(chosen, mean_colour(pictures, masks) * masks, pictures)


def _split(detection: Detection, like: Mapping[str, Tensor]) -> dict[str, Detection]:
    """One detection of several batches, by the name of each."""
    counts = [len(x) for x in like.values()]
    parts = zip(*(field.split(counts) for field in detection), strict=True)
    return {name: Detection(*part) for name, part in zip(like, parts, strict=True)}
