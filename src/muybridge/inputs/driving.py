"""A driving video of any length with its silhouettes, found piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.driving_video import Driving, PackedMatte, StreamedVideo, pack_mattes
from muybridge.data.subject import warn_lost_frames
from muybridge.errors import InputError
from muybridge.inputs.clips import Source, read_with_silhouettes, resolve_masks, scale_box
from muybridge.inputs.silhouettes import PERSON, find_silhouettes_unchecked
from muybridge.masks import (
    Box,
    FaultCounts,
    FoundSilhouettes,
    SilhouetteOptions,
    check_usable,
    count_faults,
)
from muybridge.video import Clip, Timing, iter_chunks, probe

LONGEST = 256
"""Frames of a piece, at most; a multiple of every method's batch, so that batches are those of the whole."""
BYTES = 2**28
"""Of a piece's frames with their silhouettes, about."""
TELLING = 0.005
"""A silhouette of less than this share of its frame does not tell the next piece where the subject is."""


def read_driving(
    source: Source, options: SilhouetteOptions | None = None, *, max_side: int | None = None, **keywords: Any
) -> tuple[Driving, Path | None]:
    """A driving video with its silhouettes, and the file of its sound; no more than two pieces of it are ever held.

    The arguments and errors are those of `read_with_silhouettes`. What is in memory or short comes as a clip.
    """
    options = SilhouetteOptions.merge(options, keywords)
    if isinstance(source, Clip):
        return read_with_silhouettes(source, options).clip, source.audio

    length = _piece_length(source, max_side)
    shown = iter_chunks(source, length, max_side=max_side)
    search = _Search(options)

    for clip, given in _pair_with_masks(shown, resolve_masks(options.masks), length, max_side):
        search.add(clip, given)

    # Judged over the whole video: one piece without a subject does not make it useless.
    check_usable(search.counts, search.name)
    if search.only is not None:
        return search.only, search.audio

    warn_lost_frames(search.name, len(search.counts.empty))
    timing = _join_timings(search.times)
    return StreamedVideo(Path(source), length, max_side, timing, tuple(search.packed)), search.audio


class _Search:
    """Looks for the subject in one piece after the other; each tells the next one where the subject was at its end."""

    def __init__(self, options: SilhouetteOptions) -> None:
        self.how = options.how
        self.box = options.box
        self.name = ""
        self.audio: Path | None = None
        self.counts = FaultCounts()
        self.packed: list[PackedMatte] = []
        self.times: list[Timing] = []
        self.only: Clip | None = None
        self.subject = options.subject
        self.last = torch.zeros(1, 1, dtype=torch.uint8)

    def add(self, clip: Clip, given: Clip | None) -> None:
        """The next piece, and its silhouettes where they are given."""
        mattes = (self._later(clip, given) if self.times else self._first(clip, given)).mattes
        sizes = clip.sizes or ((clip.height, clip.width),) * len(clip)
        self.counts += count_faults(mattes, clip.sizes)
        self.packed += pack_mattes(mattes, sizes)
        self.times.append(clip.timing)
        self.only = clip.with_masks(mattes) if len(self.times) == 1 else None
        self.last = mattes[-1, 0, : sizes[-1][0], : sizes[-1][1]].clone()
        self.name = clip.name
        self.audio = clip.audio

    def _first(self, clip: Clip, given: Clip | None) -> FoundSilhouettes:
        box = None if self.box is None else scale_box(self.box, clip)
        found = find_silhouettes_unchecked(clip, how=self.how, masks=given, box=box, subject=self.subject)
        # Whether the background is flat, each piece is asked anew; any other way that suits the first suits them all.
        self.how = self.how if found.how == "threshold" else found.how
        self.subject = found.subject or self.subject
        return found

    def _later(self, clip: Clip, given: Clip | None) -> FoundSilhouettes:
        if self.how == "alpha" and clip.mattes is None:  # opaque all over
            clip = clip.with_masks(torch.full_like(clip.pixels[:, :1], 255))

        if self.how in ("segment", PERSON):
            return find_silhouettes_unchecked(clip, how=self.how, subject=self.subject, box=self._box(clip))
        return find_silhouettes_unchecked(
            clip, how=self.how, masks=given, rough=self._hint(clip) if self.how == "colour" else None
        )

    def _box(self, clip: Clip) -> Box | None:
        """Where the subject of a box was at the end of the piece before; None where no box was given."""
        hint = None if self.box is None else self._hint(clip)
        if hint is None:
            return None
        rows, columns = (hint[1] > 0).nonzero(as_tuple=True)
        return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1

    def _hint(self, clip: Clip) -> tuple[int, Tensor] | None:
        """Roughly the subject on the piece's first frame: as it was on the frame before."""
        if float((self.last > 127).float().mean()) < TELLING:
            return None
        size = (clip.height, clip.width) if clip.sizes is None else clip.sizes[0]
        return 0, F.interpolate(self.last[None, None].float(), size=size)[0, 0]


def _piece_length(source: str | Path, max_side: int | None) -> int:
    """Frames of a piece."""
    height, width = probe(source).size
    factor = 1.0 if max_side is None else min(1.0, max_side / max(height, width))
    fitting = int(BYTES / (4 * height * width * factor**2))
    return max(16, min(LONGEST, fitting // 16 * 16))


def _pair_with_masks(
    clips: Iterator[Clip], masks: str | Path | Clip | None, length: int, max_side: int | None
) -> Iterator[tuple[Clip, Clip | None]]:
    """Each piece with its given silhouettes; InputError where there are not as many as frames."""
    if masks is None:
        for clip in clips:
            yield clip, None
        return

    given = _split_clip(masks, length) if isinstance(masks, Clip) else iter_chunks(masks, length, max_side=max_side)

    # zip would stop at the shorter one, and hide that the two do not match.
    for clip, its in zip_longest(clips, given):
        frames = 0 if clip is None else len(clip)
        silhouettes = 0 if its is None else len(its)
        if clip is None or its is None or frames != silhouettes:
            name = masks.name if isinstance(masks, Clip) else masks
            raise InputError(
                f"{name} holds {'fewer' if silhouettes < frames else 'more'} silhouettes than the driving video has "
                "frames: each needs one",
                "Give a folder or a video with one white-on-black picture per frame, in the same order.",
            )
        yield clip, its


def _split_clip(clip: Clip, length: int) -> Iterator[Clip]:
    return (clip[at : at + length] for at in range(0, len(clip), length))


def _join_timings(times: Sequence[Timing]) -> Timing:
    """The times of all pieces, each of which begins where the one before it ends."""
    pts: list[int] = []
    begin = 0
    for each in times:
        for p in each.pts:
            pts.append(begin + p)

        begin += each.pts[-1] + each.last
    return Timing(tuple(pts), times[-1].last, times[0].time_base)
