"""A picture that follows a driving video, frame by frame: of any length, size and aspect, with its times and sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.api.folder_inputs import ability, check_mode, picture_of
from muybridge.api.inputs import Source
from muybridge.api.loading import Fitted
from muybridge.data.canvas import squeezed_bytes
from muybridge.data.folders import clips_in, find_clip, part_of, read_pairs
from muybridge.errors import UsageError
from muybridge.method import Animation
from muybridge.video import Clip, Frame, Writer, frames, probe, read, write

CANDIDATES = 400
"""Driving frames that the search for the best one looks at, at most."""


def animate_picture(
    fitted: Fitted,
    driving: Source | None,
    source: Source | None,
    target: Path,
    *,
    mode: str | None = None,
    best_frame: bool = False,
    max_side: int | None = None,
    force: bool = False,
) -> list[str]:
    """Write `source` moving as `driving` does; returns what a person should know of how it was made.

    mode        one of the method's; None: its first
    best_frame  relative motion starts from the driving frame whose keypoints are nearest to the source's, instead of
                from the first
    max_side    a larger picture is made smaller first, pixels
    Frames are read, drawn and written a few at a time.
    """
    options: dict[str, Any] = dict(check_mode(fitted, mode))
    if driving is None:
        raise UsageError("no driving video was named", "Name one: --driving walk.mp4")
    appearance = picture_of(source, max_side)
    notes = []
    if best_frame:
        place, options["reference"] = _best(fitted, driving, appearance)
        notes.append(f"relative to frame {place} of the driving video, which is posed most like the source")
    if isinstance(driving, Clip) or not hasattr(fitted.method, "stream"):
        clip = driving if isinstance(driving, Clip) else read(driving)
        made: Animation = fitted.method.animate(None, clip, appearance, **options)
        write(target, _opaque(made.frames), made.timing, audio=clip.audio, force=force)
        return [*made.notes, *notes]
    _streamed(fitted, driving, appearance, target, options, force)
    return notes


def animate_pairs(
    fitted: Fitted, folder: Path, pairs: Path, out: Path, mode: str | None = None, force: bool = False
) -> list[Path]:
    """Every line of a pair list, of clips in a folder (its `test` part): `out/SOURCE-like-DRIVING.mp4` each."""
    paths = clips_in(part_of(folder, "test"))
    listed = [(find_clip(paths, a), find_clip(paths, b)) for a, b in read_pairs(pairs)]
    written = []
    for source, driving in listed:
        target = out / f"{source.stem}-like-{driving.stem}.mp4"
        first = read(source, max_frames=1, strip=True if source.suffix == ".png" else None)
        motion = read(driving, strip=True if driving.suffix == ".png" else None)
        animate_picture(fitted, motion, first, target, mode=mode, force=force)
        written.append(target)
    return written


def _streamed(
    fitted: Fitted, driving: str | Path, appearance: Clip, target: Path, options: dict[str, Any], force: bool
) -> None:
    info = probe(driving)
    first = next(frames(driving))
    times: deque[int] = deque()
    last = [1]

    def watched() -> Iterator[Tensor]:
        for frame in frames(driving):
            times.append(frame.pts)
            last[0] = frame.duration
            yield _of_one_size(frame, first)

    sound = Path(driving) if info.has_audio else None
    with torch.no_grad(), Writer(target, first.time_base, audio=sound, force=force) as writer:
        for picture in _opaque(fitted.method.stream(watched(), appearance, **options)):  # type: ignore[operator]
            writer.add(picture, times.popleft())
        writer.last = last[0]


def _of_one_size(frame: Frame, first: Frame) -> Tensor:
    size = (first.pixels.shape[1], first.pixels.shape[2])
    return squeezed_bytes(frame.pixels[None], size)[0]


def _opaque(pictures: Iterator[Tensor]) -> Iterator[Tensor]:
    """Without alpha, which whole pictures have no use for and some formats cannot keep."""
    return (picture[:3] for picture in pictures)


def _best(fitted: Fitted, driving: Source, appearance: Clip) -> tuple[int, Tensor]:
    """The place of the nearest driving frame, and the frame itself."""
    nearest = ability(fitted, "nearest_frame", "search for the best frame")
    if isinstance(driving, Clip):
        place = int(nearest(driving, appearance))
        return place, driving.pixels[place]
    stride = max(1, (probe(driving).frames or 0) // CANDIDATES)
    side = getattr(fitted.method.config, "size", None)
    small = read(driving, stride=stride, max_side=None if side is None else 4 * int(side))
    place = int(nearest(small, appearance)) * stride
    return place, next(frames(driving, start=place, max_frames=1)).pixels
