"""Everything that a retargeted pair is shown by, written to one folder, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from muybridge.data.background import Plate
from muybridge.data.pair import SIDES, other
from muybridge.disk import Draft, sweep
from muybridge.inputs.clips import SilhouetteInput
from muybridge.jobs.loading import Fitted
from muybridge.method import Animation, SubjectPair
from muybridge.output.animation import backdrop_of, contrast_of, holds_scene, write_animation
from muybridge.output.motion_edits import motion_edits
from muybridge.output.options import ResultOptions
from muybridge.output.sheets import read_small, write_keypoints, write_sheets
from muybridge.video.mark import make_mark


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
    files: dict[str, Path] = {}
    small: dict[str, list[Tensor]] = {}

    for side, driving, name in zip(SIDES, reversed(inputs), names_of_results(inputs).values(), strict=True):
        how: dict[str, Any] = {"affine": options.affine}
        if options.changes_motion:
            how["edits"] = motion_edits(fitted, other(side), None, options.motion_smoothing, options.strength)
        animation: Animation = fitted.method.animate(fitted.data, None, side, **how)
        subject = fitted.data.subject(side) if isinstance(fitted.data, SubjectPair) else None
        plate, drawn = plates[SIDES.index(side)], holds_scene(fitted.method, side)
        behind = backdrop_of(options.background, animation.size, plate, subject, drawn=drawn)
        paths = []
        for suffix in options.chosen_formats:
            paths.append(folder / f"{name}.{suffix}")

        box = write_animation(animation, paths, behind, driving.clip.audio, method=made_by)
        # Read again for the sheets, small: whole frames of a long video would not fit in memory.
        small[side] = read_small(paths[0], box, contrast_of(subject))
        files |= {path.name: path for path in paths}

    # Sheets show results beside what was filmed.
    files |= write_sheets(inputs, small, folder, make_mark(made_by, composite=True))
    keypoints = write_keypoints(fitted, inputs, folder)
    files |= {} if keypoints is None else {"keypoints.mp4": keypoints}
    return files


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
