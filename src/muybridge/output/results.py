"""Everything that a retargeted pair is shown by, written to one folder, whole or not at all."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.background import Plate
from muybridge.data.pair import SIDES
from muybridge.disk import Draft, sweep
from muybridge.inputs.clips import SilhouetteInput
from muybridge.jobs.loading import Fitted
from muybridge.method import Animation, EditsKeypoints
from muybridge.output.animation import backdrop_of, write_animation
from muybridge.output.options import ResultOptions
from muybridge.video import Timing, contact_sheet, draw_keypoints, side_by_side, write
from muybridge.video.mark import Mark, make_mark

SHOWN = 256
"""Height in pixels of each video in the side-by-side sheet, at most."""


@dataclass(frozen=True, eq=False)
class Results:
    """What stands in the folder.

    out      the folder
    files    what it is -> path
    figures  measured values by name
    notes    what a person should know
    """

    out: Path
    files: Mapping[str, Path]
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def names_of_results(inputs: Sequence[SilhouetteInput]) -> dict[str, str]:
    """source side -> file name without its ending."""
    a, b = (each.name for each in inputs)
    return {"a": f"{a}-moving-like-{b}", "b": f"{b}-moving-like-{a}"}


def write_videos(
    fitted: Fitted,
    inputs: Sequence[SilhouetteInput],
    folder: Path,
    options: ResultOptions,
    plates: Sequence[Plate | None],
) -> dict[str, Path]:
    """Both results, the side-by-side sheet, the keypoints and the contact sheet: what it is -> file.

    A's appearance with B's motion comes first.
    """
    made_by = fitted.method.card.name
    # Sheets show results beside what was filmed.
    mark = make_mark(made_by, composite=True)
    files: dict[str, Path] = {}
    small: dict[str, list[Tensor]] = {}

    for side, driving, name in zip(SIDES, reversed(inputs), names_of_results(inputs).values(), strict=True):
        animation: Animation = fitted.method.animate(fitted.data, None, side, affine=options.affine)
        behind = backdrop_of(options.background, animation.size, plates[SIDES.index(side)])
        paths = []
        for suffix in options.chosen_formats:
            paths.append(folder / f"{name}.{suffix}")

        # Small copies are kept for the sheets; whole frames of a long video would not fit in memory.
        small[side] = write_animation(animation, paths, behind, driving.clip.audio, shrink=_small, method=made_by)
        files |= {path.name: path for path in paths}

    files["side-by-side.mp4"] = _side_by_side(inputs, small, folder, mark)
    keypoints = _keypoints(fitted, inputs, folder)
    files |= {} if keypoints is None else {"keypoints.mp4": keypoints}
    sheet = contact_sheet(_rows(inputs, small))
    files["contact-sheet.png"] = write(folder / "contact-sheet.png", [sheet], Timing.constant(1), mark=mark)
    return files


def _rows(
    inputs: Sequence[SilhouetteInput], small: Mapping[str, Sequence[Tensor]]
) -> dict[str, Tensor | Sequence[Tensor]]:
    a, b = (drawable_text(each.name) for each in inputs)
    return {
        f"{b} (driving)": inputs[1].clip.pixels,
        f"{a} moving like {b}": small["a"],
        f"{a} (driving)": inputs[0].clip.pixels,
        f"{b} moving like {a}": small["b"],
    }


def _side_by_side(
    inputs: Sequence[SilhouetteInput], small: Mapping[str, Sequence[Tensor]], folder: Path, mark: Mark | None
) -> Path:
    """Driving and result of both directions; each keeps its own pace, and the shorter one starts again."""
    rows = _rows(inputs, small)
    timings = [inputs[1].clip.timing] * 2 + [inputs[0].clip.timing] * 2
    return _in_step(rows, timings, folder / "side-by-side.mp4", mark)


def _in_step(
    rows: Mapping[str, Tensor | Sequence[Tensor]], timings: Sequence[Timing], path: Path, mark: Mark | None = None
) -> Path:
    longest = max(timings, key=lambda timing: timing.duration)
    streams = []
    for frames, timing in zip(rows.values(), timings, strict=True):
        streams.append(_loop(frames, timing, longest))

    height = min(SHOWN, max(int(frames[0].shape[-2]) for frames in rows.values()))
    return write(path, side_by_side(streams, list(rows), height=max(64, height)), longest, mark=mark)


def _loop(frames: Tensor | Sequence[Tensor], own: Timing, other: Timing) -> Iterator[Tensor]:
    starts = own.seconds
    duration = own.duration
    for at in other.seconds:
        # A frame that starts now is shown now, whatever floats make of it.
        yield frames[max(0, bisect_right(starts, (at + 1e-6) % duration) - 1)]


def _keypoints(fitted: Fitted, inputs: Sequence[SilhouetteInput], folder: Path) -> Path | None:
    method = fitted.method
    if not isinstance(method, EditsKeypoints):
        return None

    rows: dict[str, Tensor | Sequence[Tensor]] = {}
    for side, each in zip(SIDES, inputs, strict=True):
        points = method.locate_keypoints(fitted.data, side)
        drawn = []
        for frame, p in zip(each.clip.pixels, points, strict=True):
            drawn.append(draw_keypoints(_tall(frame), p, numbered=True))

        rows[drawable_text(each.name)] = drawn

    return _in_step(rows, [each.clip.timing for each in inputs], folder / "keypoints.mp4")


def _small(frame: Tensor) -> Tensor:
    """uint8 [3, h, w], at most `SHOWN` pixels high."""
    height, width = frame.shape[1:]
    if height <= SHOWN:
        return frame.clone()
    size = (SHOWN, max(1, round(width * SHOWN / height)))
    return F.interpolate(frame[None].float(), size=size, mode="area")[0].round().to(torch.uint8)


def _tall(frame: Tensor) -> Tensor:
    """uint8 [3, `SHOWN`, w]: large enough for numbers."""
    height, width = frame.shape[1:]
    size = (SHOWN, max(1, round(width * SHOWN / height)))
    return F.interpolate(frame[None].float(), size=size, mode="bilinear", antialias=True)[0].round().to(torch.uint8)


def drawable_text(text: str) -> str:
    """The text in letters that can be drawn on a picture."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return letters.strip() or "clip"


class WholeFiles:
    """A passing folder inside `out` whose files are moved up together when all of them are whole.

    `with Gathering(out) as folder: ...`; what is in it disappears where the block does not end well.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        sweep(out)
        self._draft = Draft(out / "results", folder=True)

    def __enter__(self) -> Path:
        return self._draft.path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        try:
            if kind is None:
                self._draft.move_into(self.out)
        finally:
            self._draft.discard()
