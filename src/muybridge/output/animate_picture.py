"""A picture that follows a driving video, frame by frame: of any length, size and aspect, with its times and sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from muybridge.data.canvas import resize_to_canvas_bytes
from muybridge.data.folders import clips_in, find_clip, names_of_clips, part_of, read_clip, read_pairs, strip_of
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source, read_picture
from muybridge.inputs.driving_input import DrivingInput
from muybridge.jobs.loading import Fitted, require_ability
from muybridge.method import Animation, FindsBestFrame, FollowsFrames
from muybridge.output.motion_options import check_relative, transfer_options
from muybridge.output.options import AnimateOptions
from muybridge.video import Clip, Frame, Writer, write
from muybridge.video.mark import make_mark

CANDIDATES = 400
"""Driving frames that the search for the best one looks at, at most where it is known how many there are."""
Opening = Callable[..., Iterator[Frame]]
"""Frames of the driving video from its beginning, with the options of `video.iter_frames`."""
Draw = Callable[[Iterator[Tensor]], Iterator[Tensor]]
"""A picture for each driving frame [3, h, w], as soon as that is there."""


def animate_picture(
    fitted: Fitted,
    lead: DrivingInput,
    source: Source | None,
    target: Path,
    options: AnimateOptions,
) -> list[str]:
    """Write `source` moving as `lead` does; returns what a person should know of how it was made.

    Frames are read, drawn and written a few at a time.
    """
    transfer = transfer_options(fitted, options)
    if options.best_frame:
        check_relative(fitted, options.mode, Option("best_frame", True))
    if lead.given is None:
        raise UsageError("no driving video was named", Sentence("Name one: ", Option("driving", "walk.mp4")))

    appearance = read_picture(source, options.max_side)
    notes = []
    if options.best_frame:
        # Relative motion starts best where the two poses agree.
        place, transfer["reference"] = _best(fitted, lead, appearance)
        notes.append(f"relative to frame {place} of the driving video, which is posed most like the source")
    mark = make_mark(fitted.method.card.name)
    if isinstance(lead.given, Clip) or not isinstance(fitted.method, FollowsFrames):
        made: Animation = fitted.method.animate(None, lead.read_clip(), appearance, **transfer)
        audio = lead.find_sound()
        write(target, _opaque(made.frames), made.timing, audio=audio, mark=mark, force=options.force)
        return [*made.notes, *notes]

    # Every frame is brought to the size of the first, because the file that is written has one size.
    first = next(lead.iter_frames())
    writer = Writer(target, first.time_base, audio=lead.find_sound(), mark=mark, force=options.force)
    _stream(lead.iter_frames(), first, writer, partial(fitted.method.stream, source=appearance, **transfer))
    return notes


def animate_pairs(fitted: Fitted, folder: Path, pairs: Path, out: Path, options: AnimateOptions) -> list[Path]:
    """Every line of a pair list, of clips in a folder (its `test` part): `out/SOURCE-like-DRIVING.mp4` each."""
    paths = clips_in(part_of(folder, "test"))
    listed = []
    for a, b in read_pairs(pairs):
        listed.append((find_clip(paths, a), find_clip(paths, b)))

    names = dict(zip(paths, names_of_clips(paths), strict=True))
    written = []
    for source, driving in listed:
        target = out / f"{names[source]}-like-{names[driving]}.mp4"
        # Only its first frame is ever looked at.
        first = read_clip(source, max_frames=1, max_side=options.max_side)
        animate_picture(fitted, DrivingInput(driving, strip_of(driving)), first, target, options)
        written.append(target)
    return written


def _stream(frames: Iterator[Frame], first: Frame, writer: Writer, draw: Draw) -> None:
    times: deque[int] = deque()
    last = [1]

    def note_times() -> Iterator[Tensor]:
        for frame in frames:
            times.append(frame.pts)
            last[0] = frame.duration
            yield _of_one_size(frame, first)

    with torch.no_grad(), writer:
        for picture in _opaque(draw(note_times())):
            writer.add(picture, times.popleft())
        # The last frame's end is not known from the next one's start, as that of all others is.
        writer.last = last[0]


def _of_one_size(frame: Frame, first: Frame) -> Tensor:
    size = (first.pixels.shape[1], first.pixels.shape[2])
    return resize_to_canvas_bytes(frame.pixels[None], size)[0]


def _opaque(pictures: Iterator[Tensor]) -> Iterator[Tensor]:
    """Without alpha, which whole pictures have no use for and some formats cannot keep."""
    return (picture[:3] for picture in pictures)


def _best(fitted: Fitted, lead: DrivingInput, appearance: Clip) -> tuple[int, Tensor]:
    """The place of the nearest driving frame, and the frame itself."""
    nearest = require_ability(fitted.method, FindsBestFrame).nearest_frame
    if isinstance(lead.given, Clip):
        place = nearest(lead.given, appearance)
        return place, lead.given.pixels[place]

    side = fitted.method.config.reading_side
    places: list[int] = []

    def small() -> Iterator[Tensor]:
        first = None
        for place, frame in _candidates(lead.iter_frames, lead.count, side):
            first = first or frame
            places.append(place)
            yield _of_one_size(frame, first)

    place = places[nearest(small(), appearance)]
    return place, next(lead.iter_frames(start=place, max_frames=1)).pixels


def _candidates(opening: Opening, count: int | None, max_side: int | None) -> Iterator[tuple[int, Frame]]:
    """Frames with their places, spread over the video. Of one that does not tell how many it has: the first
    `CANDIDATES` of them, then as many of every second frame, then of every fourth, and so on."""
    start = 0
    stride = 1 if count is None else -(-count // CANDIDATES)

    while True:
        found = -1
        some = opening(start=start, stride=stride, max_frames=CANDIDATES, max_side=max_side)
        for found, frame in enumerate(some):
            yield start + found * stride, frame
        # A round that came back short has reached the end of the video.
        if count is not None or found + 1 < CANDIDATES:
            return
        start = start + CANDIDATES * stride
        stride = 2 * stride
