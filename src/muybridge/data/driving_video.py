"""Driving videos of any length: what is held of them does not grow with their frames."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from muybridge.data.crop import boxes_round, extents
from muybridge.data.subject import FOLLOW, Subject
from muybridge.errors import MuybridgeWarning
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip, Timing
from muybridge.video.reader import iter_chunks

Matte = UInt8[Tensor, "1 h w"]


@dataclass(frozen=True)
class PackedMatte:
    """One silhouette in a few hundred bytes."""

    height: int
    width: int
    code: bytes

    @property
    def matte(self) -> Matte:
        """The silhouette itself, 0 and 255."""
        bits = np.frombuffer(zlib.decompress(self.code), np.uint8)
        on = np.unpackbits(bits, count=self.height * self.width).reshape(1, self.height, self.width)
        return torch.from_numpy(on * np.uint8(255))


@dataclass(frozen=True, eq=False)
class StreamedVideo:
    """A video with silhouettes that stays in its file: its frames are read anew, in pieces, whenever they are wanted.

    path, length, max_side   as for `video.iter_chunks`
    timing       of all frames
    silhouettes  one a frame, `packed`
    """

    path: Path
    length: int
    max_side: int | None
    timing: Timing
    silhouettes: tuple[PackedMatte, ...]

    def __len__(self) -> int:
        return len(self.timing)

    def pieces(self) -> Iterator[Clip]:
        """All of it from the start, in clips of `length` frames with their silhouettes."""
        at = 0
        for clip in _without_warnings(iter_chunks(self.path, self.length, max_side=self.max_side)):
            mattes = torch.zeros(len(clip), 1, clip.height, clip.width, dtype=torch.uint8)
            for t, one in enumerate(self.silhouettes[at : at + len(clip)]):
                mattes[t, :, : one.height, : one.width] = one.matte
            at += len(clip)
            yield clip.with_masks(mattes)

    def subjects(
        self, size: tuple[int, int], margin: float, *, flip: bool, squeezed: bool, follow_size: bool
    ) -> Iterator[Subject]:
        """The crops of each piece, along boxes that know the whole video; arguments as for `Subject.from_clip`."""
        boxes = None
        if not squeezed:
            mattes = (one.matte.flip(-1) if flip else one.matte for one in self.silhouettes)
            parts = []
            for m in mattes:
                parts.append(extents(m[None]))

            found = torch.cat(parts, 1)
            aspect = size[1] / size[0]
            rate = self.timing.rate
            boxes = boxes_round(found, aspect=aspect, margin=margin, rate=rate, follow=FOLLOW, follow_size=follow_size)

        at = 0
        for clip in self.pieces():
            own = None if boxes is None else boxes[at : at + len(clip)]
            at += len(clip)
            yield Subject.along(clip, own, size, margin, flip=flip)


Driving: TypeAlias = Clip | StreamedVideo
"""What gives the motion, with silhouettes: in memory, or in its file."""


def pack_mattes(mattes: Mattes, sizes: Iterable[tuple[int, int]]) -> list[PackedMatte]:
    """Silhouettes of frames of these sizes (h, w), cut at a half, without their padding."""
    found = []
    for matte, (h, w) in zip(mattes, sizes, strict=True):
        found.append(PackedMatte(h, w, zlib.compress(np.packbits(matte[0, :h, :w].numpy() > 127).tobytes(), 1)))

    return found


def iter_subjects(
    driving: Driving, size: tuple[int, int], margin: float, *, flip: bool, squeezed: bool = False, follow_size: bool
) -> Iterable[Subject]:
    """A driving video as methods see it, one or several crops of neighbouring frames; see `Subject.from_clip`."""
    if isinstance(driving, StreamedVideo):
        return driving.subjects(size, margin, flip=flip, squeezed=squeezed, follow_size=follow_size)
    return [Subject.from_clip(driving, size, margin, flip=flip, squeezed=squeezed, follow_size=follow_size)]


def first_piece(driving: Driving) -> Clip:
    """The first frames of a driving video that show its subject, or all that there are."""
    if isinstance(driving, Clip):
        return driving
    return next(clip for clip in driving.pieces() if clip.mattes is not None and bool(clip.mattes.any()))


def _without_warnings(clips: Iterator[Clip]) -> Iterator[Clip]:
    """What is wrong with a file was said when it was read first."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MuybridgeWarning)
            clip = next(clips, None)
        if clip is None:
            return
        yield clip
