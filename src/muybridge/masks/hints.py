"""What a person says about the subject, or nothing, as a first guess for all frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from muybridge.errors import InputError, UsageError
from muybridge.masks.arrays import Bools, Bytes, Floats, frame_sizes
from muybridge.masks.colour import colour_bins, colour_evidence, colour_range, to_lab
from muybridge.video.clip import Clip
from muybridge.video.stills import decode_image

Number = float | int
Box = tuple[Number, Number, Number, Number]
"""(x0, y0, x1, y1) in pixels."""
Rough = tuple[int, str | Path | torch.Tensor]
"""A frame's number and roughly the subject on it: a picture, white on black, or a mask [H, W], nonzero inside."""


MIN_OUTSIDE = 0.1
"""A box that leaves less than this share of its frame outside says no more than that the subject fills the picture."""


@dataclass(frozen=True, eq=False)
class Guess:
    """Where the subject may be, before anything is learnt.

    soft     [T, H, W] in [0, 1]  how likely each pixel is the subject
    never    [T, H, W] bool       background for sure
    surely   [T, H, W] bool       subject for sure
    teaches  [T, 1, 1]            how much each frame counts as a lesson in colours
    """

    soft: Floats
    never: Bools
    surely: Bools
    teaches: Floats


def first_guess(clip: Clip, pictures: Bytes, box: Box | None, rough: Rough | None, frame: int) -> Guess:
    """The first guess for a clip from a box on frame number `frame`, from a rough mask, or from the middle of it.

    pictures  uint8 [T, h, w, 3]  the clip's frames, reduced

    Raises UsageError for hints that exclude each other or lie outside, InputError for a mask that does not fit.
    """
    if box is not None and rough is not None:
        raise UsageError("a box and a rough mask exclude each other", "Give the rough mask alone: it says more.")

    count, h, w = pictures.shape[:3]
    if box is None and rough is None:
        none = np.zeros((count, h, w), bool)
        return Guess(np.repeat(_bump(h, w, (0, 0, w, h))[None], count, 0), none, none, np.ones((count, 1, 1)))

    index = frame if rough is None else rough[0]
    if not 0 <= index < count:
        raise UsageError(f"the hint is for frame {index}, but {clip.name} has frames 0 to {count - 1}")
    if rough is not None:
        return _guess_from_mask(pictures, index, _reduce_rough(clip, pictures, index, read_rough(rough)))
    assert box is not None
    return _guess_from_box(clip, pictures, index, box)


def read_mask_picture(path: Path) -> torch.Tensor:
    """A silhouette that somebody painted, white on black: uint8 [H, W]; InputError where there is no such picture."""
    if not path.is_file():
        raise InputError(f"there is no picture {path}", "Give the silhouette as FRAME=PICTURE, white on black.")
    return torch.from_numpy(decode_image(path)[:, :, :3].max(axis=2))


def read_rough(rough: Rough) -> torch.Tensor:
    """The mask [H, W] of a hint, read where it is a picture."""
    given = rough[1]
    mask = given if isinstance(given, torch.Tensor) else read_mask_picture(Path(given))
    return mask.reshape(mask.shape[-2:])


def clip_box(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box that lies in a frame of this size (h, w); UsageError where that is none."""
    high, wide = size
    x0 = max(0.0, box[0])
    y0 = max(0.0, box[1])
    x1 = min(float(wide), box[2])
    y1 = min(float(high), box[3])
    if x1 - x0 < 2 or y1 - y0 < 2:
        raise UsageError(f"the box {box} does not lie in the frame of {wide}x{high}", "A box is x0,y0,x1,y1 in pixels.")
    return x0, y0, x1, y1


def _guess_from_box(clip: Clip, pictures: Bytes, index: int, box: Box) -> Guess:
    high, wide = frame_sizes(clip)[index]
    x0, y0, x1, y1 = clip_box(box, (high, wide))
    count, h, w = pictures.shape[:3]
    left = int(x0 / wide * w)
    right = int(np.ceil(x1 / wide * w))
    top = int(y0 / high * h)
    bottom = int(np.ceil(y1 / high * h))

    never = np.zeros((count, h, w), bool)
    never[index] = True
    never[index, top:bottom, left:right] = False
    surely = np.zeros_like(never)
    # A box of nearly the whole frame leaves too little outside to learn the background from.
    if never[index].mean() < MIN_OUTSIDE:
        soft = np.repeat(_bump(h, w, (0, 0, w, h))[None], count, 0)
        # The hint holds on its own frame only: on others the subject may have moved out of the box.
        soft[index][never[index]] = 0
        return Guess(soft, never, surely, np.ones((count, 1, 1)))

    inside = _grab_cut(pictures[index], (left, top, right - left, bottom - top))
    soft, _ = _guess_from_colours(pictures, index, inside)
    soft[index][never[index]] = 0
    return Guess(soft, never, surely, _frame_weights(count, index))


def _grab_cut(frame: Bytes, area: tuple[int, int, int, int]) -> Bools:
    """GrabCut proper on one frame [h, w, 3] in a box (x, y, width, height); the whole box if it finds nothing."""
    labels = np.zeros(frame.shape[:2], np.uint8)
    cv2.setRNGSeed(1)
    backdrop = np.zeros((1, 65))
    subject = np.zeros((1, 65))
    cv2.grabCut(frame[..., ::-1].copy(), labels, area, backdrop, subject, 5, cv2.GC_INIT_WITH_RECT)
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if inside.sum() < 0.05 * area[2] * area[3]:
        inside[area[1] : area[1] + area[3], area[0] : area[0] + area[2]] = True

    return inside


def _guess_from_mask(pictures: Bytes, index: int, inside: Bools) -> Guess:
    soft, depth = _guess_from_colours(pictures, index, inside)
    w = pictures.shape[2]
    # Sure in the depth of what was painted, background well outside it, unsure between.
    never = np.zeros(soft.shape, bool)
    surely = np.zeros(soft.shape, bool)
    never[index] = _depth(~inside) > 0.03 * w
    surely[index] = depth > 0.08 * w
    return Guess(soft, never, surely, _frame_weights(len(soft), index))


def _frame_weights(count: int, index: int) -> Floats:
    """The frame that was pointed at counts as much as a quarter of the others."""
    out = np.ones((count, 1, 1))
    out[index] += 0.25 * count
    return out


def _guess_from_colours(pictures: Bytes, index: int, inside: Bools) -> tuple[Floats, Floats]:
    """The first guess [T, h, w] by the colours that a mask on one frame has, and the mask's depth [h, w] in pixels."""
    count, h, w = pictures.shape[:3]
    depth = _depth(inside)
    painted = np.clip(0.35 + 0.6 * depth / (0.08 * w), 0, 0.95) * inside
    colours = to_lab(pictures)
    cells = colour_bins(colours, colour_range(colours))
    table = np.clip(colour_evidence(cells[index], painted, 1 - painted), -4, 4)

    y, x = np.nonzero(inside)
    here = _bump(h, w, (float(x.min()), float(y.min()), float(x.max()) + 1, float(y.max()) + 1))
    # Near that frame the subject is where it was; later it may be anywhere, the middle before the edges.
    near = np.exp(-np.abs(np.arange(count) - index) / 8)[:, None, None]
    place = np.clip(near * here + (1 - near) * _bump(h, w, (0, 0, w, h)), 0.05, 0.95)
    soft = (1 / (1 + np.exp(-0.7 * table[cells] - np.log(place / (1 - place))))).astype(np.float32)
    soft[index] = painted
    return soft, depth


def _reduce_rough(clip: Clip, pictures: Bytes, index: int, mask: torch.Tensor) -> Bools:
    h, w = frame_sizes(clip)[index]
    flat = mask.detach().reshape(mask.shape[-2:]).cpu().numpy()
    if flat.shape not in ((h, w), (clip.height, clip.width)):
        raise InputError(f"the rough mask is {flat.shape[1]}x{flat.shape[0]}, the frame {w}x{h}")

    inside = (flat[:h, :w] > flat.max() / 2).astype(np.float32)
    small = cv2.resize(inside, pictures.shape[2:0:-1], interpolation=cv2.INTER_AREA) > 0.5
    if not small.any():
        raise InputError(f"the rough mask for frame {index} is empty", "Paint the subject white on black.")

    return small


def _depth(mask: Bools) -> Floats:
    """Distance of each pixel of the mask to its edge, in pixels; the border of the frame is no edge."""
    wide = np.pad(mask.astype(np.uint8), 1, mode="edge")
    return cv2.distanceTransform(wide, cv2.DIST_L2, 5)[1:-1, 1:-1]


def _bump(h: int, w: int, area: Box, sigma: float = 0.65) -> Floats:
    """1.0 in the middle of a box, falling off to its edges and beyond: [h, w]."""
    y, x = np.mgrid[:h, :w]
    u = (x + 0.5 - (area[0] + area[2]) / 2) / ((area[2] - area[0]) / 2)
    v = (y + 0.5 - (area[1] + area[3]) / 2) / ((area[3] - area[1]) / 2)
    return np.exp(-0.5 * (u * u + v * v) / sigma**2).astype(np.float32)
