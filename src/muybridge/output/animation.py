"""From an animation to a file: its background, exact times, sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.data.background import Backdrop, Plate, colour, composite_bytes
from muybridge.data.subject import Subject
from muybridge.disk import recover
from muybridge.errors import REPLACE_OR_CHOOSE, Option, OutputExistsError, RunError, Sentence, UsageError
from muybridge.method import Animation, Method, PairMethod
from muybridge.video.contrast import MID_GREY, Colour, PixelBox, contrast_background, find_subject_box
from muybridge.video.mark import make_mark
from muybridge.video.sound import find_sound
from muybridge.video.writer import KEEPS_ALPHA, SUFFIXES, write_all

CONTRAST = "contrast"
"""The background that is a grey which the subject stands out from."""


def check_background(name: str, suffixes: tuple[str, ...]) -> None:
    """UsageError where there is no such background, or a format cannot keep it."""
    for suffix in suffixes:
        if suffix and suffix not in SUFFIXES:
            raise UsageError(f"cannot write {suffix} files", f"Take one of {', '.join(SUFFIXES)}.")
        if name == "transparent" and suffix not in KEEPS_ALPHA:
            raise UsageError(f"{suffix} files cannot be transparent", "Take .webm, .gif or .mov, or a folder of PNGs.")
    if name not in ("source", "transparent", CONTRAST):
        colour(name)


def suffix_of(out: str | Path) -> str:
    """The ending of a file to write, in small letters; "" for a folder."""
    return "" if str(out).endswith("/") else Path(out).suffix.lower()


def check_free(path: Path, force: bool) -> None:
    """OutputExistsError where something stands at `path` already; said before any work is done."""
    recover(path)
    if path.exists() and not force:
        raise OutputExistsError(f"{path} exists already", REPLACE_OR_CHOOSE)


def contrast_of(subject: Subject | None) -> Colour:
    """The grey that a subject stands out from, RGB in [0, 1]; mid grey where it is not known."""
    return MID_GREY if subject is None else contrast_background(subject.pixels, subject.mattes)


def holds_scene(method: Method[Any, Any], side: str | None) -> bool:
    """Whether results of a subject hold the scene that it was filmed in; `backdrop_of` has it as `drawn`."""
    return isinstance(method, PairMethod) and side is not None and method.draws_scene(side)


def backdrop_of(
    name: str,
    size: tuple[int, int],
    plate: Plate | Tensor | None = None,
    subject: Subject | None = None,
    *,
    drawn: bool = False,
) -> Backdrop:
    """The background of a name for frames of `size` (H, W).

    plate    for "source": the source's own, moving as its camera does, or one picture uint8 [3, h, w]; made as large
             as the frames
    subject  for "contrast": whose colours decide
    drawn    the frames hold their source's own scene: "source" needs no plate then, and lays none
    Raises RunError where "source" was asked for and is not known.
    """
    if name == "transparent":
        return Backdrop(size)
    if name == CONTRAST:
        return Backdrop(size, contrast_of(subject))
    if name != "source":
        return Backdrop(size, colour(name))
    if drawn:
        return Backdrop(size, MID_GREY)
    if isinstance(plate, Tensor):
        still = torch.eye(3)[None]
        shown = (plate.shape[1], plate.shape[2])
        # A run that kept no background stores a black picture in its place.
        plate = Plate(plate.float() / 255, still, shown, 0.0, 0.0, 0) if bool(plate.any()) else None

    if plate is None:
        raise RunError(
            "the source's own background was not kept with this run",
            Sentence("Train with ", Option("keep_background", True), ", or choose a colour."),
        )

    return Backdrop(size, plate=plate if plate.size == size else plate.resize(size))


def write_animation(
    animation: Animation,
    paths: list[Path],
    backdrop: Backdrop,
    audio: Path | None = None,
    force: bool = False,
    *,
    method: str,
) -> PixelBox | None:
    """Write an animation to each of these files; returns the box round all that it shows, None where it is empty.

    Frames are made, laid on their background and written one by one, to all files side by side, with the driving clip's
    exact times and sound, and marked as made by this method.
    """
    mark = make_mark(method, composite=backdrop.plate is not None)
    covered = torch.zeros(1, 1, *animation.size, dtype=torch.uint8)
    shown = _compose(animation.frames, backdrop, covered)
    write_all(paths, shown, animation.timing, audio=find_sound(audio), mark=mark, force=force)
    return find_subject_box(covered) if bool(covered.any()) else None


def _compose(frames: Iterator[Tensor], backdrop: Backdrop, covered: Tensor) -> Iterator[Tensor]:
    """uint8 frames, of three channels or, on no background, of four.

    covered  uint8 [1, 1, H, W], where the most that any frame shows is noted
    """
    for index, rgba in enumerate(frames):
        torch.maximum(covered[0, 0], rgba[3].cpu(), out=covered[0, 0])
        yield composite_bytes(rgba, backdrop.at(index))
