"""Between a clip and the arrays that OpenCV works on: channels last, small, one size for all frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

# What the element is, for the reader; OpenCV's own annotations promise no more than "some number".
Bytes: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[Any]
Ints: TypeAlias = NDArray[Any]
Bools: TypeAlias = NDArray[Any]


def frame_sizes(clip: Clip) -> tuple[tuple[int, int], ...]:
    """(h, w) of each frame without its padding."""
    return clip.sizes or ((clip.height, clip.width),) * len(clip)


def frame_picture(clip: Clip, index: int) -> Bytes:
    """One frame [h, w, 3] without its padding."""
    h, w = frame_sizes(clip)[index]
    return np.ascontiguousarray(clip.pixels[index, :, :h, :w].permute(1, 2, 0).numpy())


def reduce_frames(clip: Clip, side: int) -> Bytes:
    """All frames, without padding, at one size whose longer side is at most `side`: [T, h, w, 3]."""
    sizes = frame_sizes(clip)
    h = max(size[0] for size in sizes)
    w = max(size[1] for size in sizes)
    scale = min(1.0, side / max(h, w))
    out = (max(1, round(w * scale)), max(1, round(h * scale)))
    reduced = []
    for i in range(len(clip)):
        reduced.append(cv2.resize(frame_picture(clip, i), out, interpolation=cv2.INTER_AREA))

    return np.stack(reduced)


def enlarge_mattes(clip: Clip) -> Iterator[Bytes]:
    """The silhouettes of a clip at the size that its frames have in their file, one by one: [H, W], 0 or 255."""
    assert clip.mattes is not None
    if clip.full is None:
        yield from clip.mattes[:, 0].numpy()
        return
    for matte, (h, w), (high, wide) in zip(clip.mattes[:, 0].numpy(), frame_sizes(clip), clip.full, strict=True):
        whole = np.zeros(clip.full_size, np.uint8)
        cv2.resize(matte[:h, :w], (wide, high), dst=whole[:high, :wide], interpolation=cv2.INTER_LINEAR)
        yield np.where(whole > 127, np.uint8(255), np.uint8(0))


def pad_masks(masks: Sequence[Bools], clip: Clip) -> Mattes:
    """Masks [h, w] of the frames' own sizes as the clip's mattes: uint8 [T, 1, H, W], 255 on the subject."""
    out = torch.zeros((len(clip), 1, clip.height, clip.width), dtype=torch.uint8)
    for i, mask in enumerate(masks):
        out[i, 0, : mask.shape[0], : mask.shape[1]] = torch.from_numpy(mask.astype(np.uint8) * 255)
    return out
