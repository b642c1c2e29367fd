"""Silhouettes that somebody else made: a folder, a video, a single image, or a clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2

from muybridge.errors import InputError
from muybridge.masks.arrays import Bools, Bytes, frame_sizes, padded, picture
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip
from muybridge.video.reading import read

THRESHOLD = 127
"""Above it is the subject; JPEG and video noise round 0 and 255 stays on its side."""


def given(clip: Clip, masks: str | Path | Clip) -> tuple[Mattes, tuple[str, ...]]:
    """Masks for the frames of a clip, and what was done to make them fit.

    masks    a folder of images in numeric order, a video, or a clip: its alpha where there is any, else white on black
    returns  uint8 [T, 1, H, W], 0 or 255; sentences for the report

    Raises InputError where there are not as many masks as frames, or where a mask has another shape than its frame. A
    mask of another size but the frame's own aspect is enlarged or shrunk, and the report says so.
    """
    found = masks if isinstance(masks, Clip) else read(masks)
    if len(found) != len(clip):
        raise InputError(
            f"{found.name} holds {len(found)} silhouettes, and {clip.name} has {len(clip)} frames: each needs one",
            "Give a folder or a video with one white-on-black picture per frame, in the same order.",
        )
    levels = _levels(found)
    out: list[Bools] = []
    resized = 0
    for i, (have, want) in enumerate(zip(frame_sizes(found), frame_sizes(clip), strict=True)):
        mask = levels(i)
        if have != want:
            _refuse_other_shape(i, have, want, found.name)
            shrinks = have[0] > want[0]
            mask = cv2.resize(mask, want[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
            resized += 1
        out.append(mask > THRESHOLD)
    note = f"{resized} of {len(clip)} silhouettes had another size than their frame and were resized"
    return padded(out, clip), ((note,) if resized else ())


def _levels(found: Clip) -> Callable[[int], Bytes]:
    mattes = found.mattes
    sizes = frame_sizes(found)
    # An image folder of masks may itself carry an opaque alpha channel: that says nothing.
    if mattes is not None and bool((mattes < 255).any()):
        return lambda i: mattes[i, 0, : sizes[i][0], : sizes[i][1]].numpy()
    return lambda i: picture(found, i).max(axis=-1)


def _refuse_other_shape(index: int, have: tuple[int, int], want: tuple[int, int], name: str) -> None:
    # One pixel of rounding is allowed: 491x307 and 982x615 have the same aspect.
    scale = want[0] / have[0]
    if abs(have[1] * scale - want[1]) > max(1.0, scale):
        raise InputError(
            f"silhouette {index} of {name} is {have[1]}x{have[0]}, its frame {want[1]}x{want[0]}: they differ in shape",
            "Make the silhouettes from these very frames, or crop both alike.",
        )
