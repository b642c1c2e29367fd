"""Silhouettes that somebody else made: a folder, a video, a single image, or a clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2

from muybridge.errors import InputError, Option, Sentence, Verb
from muybridge.masks.arrays import Bools, Bytes, frame_picture, frame_sizes, pad_masks
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip
from muybridge.video.reader import read

THRESHOLD = 127
"""Above it is the subject; JPEG and video noise round 0 and 255 stays on its side."""


def read_given_masks(clip: Clip, masks: str | Path | Clip) -> Mattes:
    """Masks for the frames of a clip.

    masks    a folder of images in numeric order, a video, or a clip: its alpha where there is any, else white on black;
             of the size that the frames have in their file, however small both were read
    returns  uint8 [T, 1, H, W], 0 or 255

    Raises InputError where there are not as many masks as frames, or where a mask is not of its frame's size.
    """
    found = masks if isinstance(masks, Clip) else read(masks)
    # Which frame a missing mask belongs to cannot be told from a video.
    if len(found) != len(clip):
        raise InputError(
            f"{found.name} holds {len(found)} silhouettes, and {clip.name} has {len(clip)} frames: each needs one",
            "Give a folder or a video with one white-on-black picture per frame, in the same order.",
        )
    _refuse_other_sizes(clip, found)

    levels = _levels(found)
    out: list[Bools] = []
    for i, (h, w) in enumerate(frame_sizes(clip)):
        mask = levels(i)
        # A clip that was made smaller while it was read has another scale: then the mask is resized whole.
        if found.full is None and clip.full is None:
            mask = mask[:h, :w]
        if mask.shape != (h, w):
            mask = cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA)
        out.append(mask > THRESHOLD)
    return pad_masks(out, clip)


def _levels(found: Clip) -> Callable[[int], Bytes]:
    mattes = found.mattes
    sizes = frame_sizes(found)
    # An image folder of masks may itself carry an opaque alpha channel: that says nothing.
    if mattes is not None and bool((mattes < 255).any()):
        return lambda i: mattes[i, 0, : sizes[i][0], : sizes[i][1]].numpy()
    return lambda i: frame_picture(found, i).max(axis=-1)


def _refuse_other_sizes(clip: Clip, found: Clip) -> None:
    """InputError at the first mask that is not of its frame's size; a pixel more on a side is what codecs add."""
    if found.source is None and frame_sizes(found) == frame_sizes(clip):
        return  # drawn on the frames as they were read

    sizes = zip(found.full or frame_sizes(found), clip.full or frame_sizes(clip), strict=True)
    for i, (have, want) in enumerate(sizes):
        if not all(0 <= mine - its <= 1 for mine, its in zip(have, want, strict=True)):
            raise InputError(
                f"silhouette {i} of {found.name} is {have[1]}x{have[0]} px and its frame {want[1]}x{want[0]}: "
                "it needs the frame's size",
                Sentence("Make the silhouettes from these very frames: ", Verb("mask", "VIDEO", Option("out", "DIR"))),
            )
