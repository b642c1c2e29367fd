"""One frame corrected by hand, carried to its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from torch import Tensor

from muybridge.errors import InputError, UsageError
from muybridge.masks.arrays import Bools, Floats, frame_picture, frame_sizes, pad_masks, reduce_frames
from muybridge.masks.colour import colour_bins, colour_evidence, colour_range, to_lab
from muybridge.masks.colour_and_motion import SIDE
from muybridge.masks.motion import FlowWarp
from muybridge.masks.regions import enlarge_mask, snap_to_edges
from muybridge.masks.report import Report, make_report
from muybridge.video.clip import Clip


def correct(clip: Clip, index: int, mask: Tensor, corrected: Sequence[int] = ()) -> tuple[Clip, Report]:
    """Replace one silhouette and carry the correction both ways, fading within about a second.

    clip       with silhouettes
    mask       [H, W] or [1, H, W], nonzero on the subject: exact on frame `index`, kept as it is
    corrected  frames that were corrected before: they stay, and nothing is carried beyond them

    Raises UsageError for a frame that is not there, InputError for a mask of another size or a clip that has none.
    """
    if clip.mattes is None:
        raise InputError(f"{clip.name} has no silhouettes to correct", "Find them first.")
    if not 0 <= index < len(clip):
        raise UsageError(f"there is no frame {index}: {clip.name} has frames 0 to {len(clip) - 1}")

    h, w = frame_sizes(clip)[index]
    exact = mask.detach().reshape(mask.shape[-2:]).cpu().numpy()
    if exact.shape not in ((h, w), (clip.height, clip.width)):
        raise InputError(f"the corrected mask is {exact.shape[1]}x{exact.shape[0]}, the frame {w}x{h}")
    exact = exact[:h, :w] > exact.max() / 2
    if not exact.any():
        raise InputError(f"the corrected mask for frame {index} is empty", "Paint the subject white on black.")

    # The corrected frames before and after are where this correction ends.
    first = max((i + 1 for i in corrected if i < index), default=0)
    last = min((i for i in corrected if i > index), default=len(clip))
    changed = _propagate(clip[first:last], index - first, exact)
    mattes = clip.mattes.clone()
    mattes[first:last] = pad_masks(changed, clip[first:last])
    detail = f"frame {index} by hand, carried to frames {first} to {last - 1}"
    return clip.with_masks(mattes), make_report(mattes, clip.name, "corrected", detail, sizes=clip.sizes)


def _propagate(part: Clip, index: int, exact: Bools) -> list[Bools]:
    pictures = reduce_frames(part, SIDE)
    rows, columns = pictures.shape[1:3]
    old = []
    for mask in _frame_masks(part):
        old.append(_resize_mask(mask, rows, columns))

    colours = to_lab(pictures)
    cells = colour_bins(colours, colour_range(colours))
    bright = pictures.astype(np.float32) / 255
    carry = FlowWarp(pictures)

    truth = _resize_mask(exact, rows, columns)
    table = np.clip(colour_evidence(cells[index], truth, 1 - truth), -3, 3)
    # What is right on one frame says less and less about those further away.
    fade = max(1.0, part.timing.rate)

    out = _frame_masks(part)
    out[index] = exact
    for step, end in ((1, len(part)), (-1, -1)):
        level = truth
        for i in range(index + step, end, step):
            level = carry(level, i - step, i)
            trust = float(np.exp(-abs(i - index) / fade))
            # From here on the correction weighs too little to change anything that can be seen.
            if trust < 0.05:
                break

            # Signs of the three witnesses: the carried correction, its colours, and what was there before.
            score = 4 * trust * (2 * level - 1) + 0.5 * trust * table[cells[i]] + 3 * (1 - trust) * (2 * old[i] - 1)
            level = snap_to_edges(bright[i], (1 / (1 + np.exp(-score))).astype(np.float32), radius=3)
            out[i] = enlarge_mask(frame_picture(part, i), pictures[i], level)
    return out


def _frame_masks(clip: Clip) -> list[Bools]:
    assert clip.mattes is not None
    masks = []
    for i, (h, w) in enumerate(frame_sizes(clip)):
        masks.append(clip.mattes[i, 0, :h, :w].numpy() > 127)

    return masks


def _resize_mask(mask: Bools, rows: int, columns: int) -> Floats:
    return cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
