"""Video reconstruction, the protocol of the animation papers (Monkey-Net, section 4; FOMM and MRAA use the same)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import UInt8
from torch import Tensor

from muybridge.errors import InputError
from muybridge.tensors import Pixels


@dataclass(frozen=True)
class Reconstruction:
    """How well one clip was made again from its first frame.

    name    of the clip
    frames  how many, the first one included
    l1      mean absolute difference of the colours, in [0, 1]
    copy    the same for the first frame standing still: what a method has to beat
    """

    name: str
    frames: int
    l1: float
    copy: float


def measure_reconstruction(name: str, truth: Pixels, made: UInt8[Tensor, "S 3 h w"]) -> Reconstruction:
    """The figures of one clip; InputError where the two do not have the same frames.

    truth  uint8 [T, 3, H, W]
    made   the same, as it was reconstructed
    """
    if truth.shape != made.shape:
        raise InputError(f"{name}: a reconstruction {tuple(made.shape)} of a clip {tuple(truth.shape)}")

    wanted = truth.float()
    return Reconstruction(
        name,
        len(truth),
        float((made.float() - wanted).abs().mean() / 255),
        float((wanted[:1] - wanted).abs().mean() / 255),
    )


def mean_reconstruction(found: Sequence[Reconstruction]) -> dict[str, float]:
    """Means over all frames of all clips, as the papers print them.

    l1       of the reconstructions
    copy_l1  of the first frame standing still
    times    how many times lower the first is
    clips, frames   how many
    """
    if not found:
        raise InputError("nothing was reconstructed")
    frames = sum(each.frames for each in found)
    l1 = sum(each.l1 * each.frames for each in found) / frames
    copy = sum(each.copy * each.frames for each in found) / frames
    times = copy / l1 if l1 else float("inf")
    return {"l1": l1, "copy_l1": copy, "times": times, "clips": float(len(found)), "frames": float(frames)}
