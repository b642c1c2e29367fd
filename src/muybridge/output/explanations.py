"""What a trained method found and looked at, as sheets of pictures in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.disk import check_files
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source, read_picture
from muybridge.inputs.driving_input import DrivingInput
from muybridge.inputs.landmarks import LandmarkInput, landmark_kind
from muybridge.jobs.loading import Fitted, require_ability
from muybridge.method import ExplainsItself, Explanation
from muybridge.output.animate_landmarks import choose_subject, read_performed
from muybridge.output.animate_pair import choose_cast, name_side
from muybridge.output.options import AnimateOptions
from muybridge.output.results import WholeFiles
from muybridge.video import Timing, contact_sheet, write
from muybridge.video.mark import make_mark
from muybridge.video.overlays import READABLE
from muybridge.video.sheets import Sheet


def find_explanations(
    fitted: Fitted, lead: DrivingInput, source: Source | None, frames: int, options: AnimateOptions
) -> list[Explanation]:
    """Each kind of method is given what it learns from, as for `animate`."""
    explain = require_ability(fitted.method, ExplainsItself).explain
    if lead.is_motion:
        raise UsageError(
            "a file of motion has no frames to show anything on",
            Sentence("Name a video: ", Option("driving", "walk.mp4")),
        )

    needs = fitted.method.card.needs
    if needs == "pair":
        cast = choose_cast(fitted, lead, None if source is None else name_side(source), options)
        return explain(fitted.data, cast.clip, cast.side, frames=frames)
    if needs == "landmarks":
        return _explain_landmarks(fitted, lead, source, frames, options)

    if lead.given is None:
        raise UsageError("no driving video was named", Sentence("Name one: ", Option("driving", "walk.mp4")))
    picture = None if source is None else read_picture(source)
    return explain(None, lead.read_clip(fitted.method.config.reading_side), picture, frames=frames)


def _explain_landmarks(
    fitted: Fitted, lead: DrivingInput, source: Source | None, frames: int, options: AnimateOptions
) -> list[Explanation]:
    """The driving video's landmarks, and the source's where that is a video."""
    kind = landmark_kind(fitted.method.config)
    performed = read_performed(lead, options, kind)
    subject = choose_subject(source, options.source_landmarks, kind)
    given: dict[str, Any] = {}
    if performed is not None:
        given["landmarks"] = performed.landmarks
    if isinstance(subject, LandmarkInput):
        given["source_landmarks"] = subject.landmarks

    method = require_ability(fitted.method, ExplainsItself)
    who = subject.clip if isinstance(subject, LandmarkInput) else subject
    driving = None if performed is None else performed.clip
    return method.explain(fitted.data, driving, who, frames=frames, **given)


def draw_sheet(explanation: Explanation) -> Sheet:
    """All of its rows, at the size that its pictures have: uint8 [3, H, W]."""
    first = next(iter(explanation.rows.values()))
    return contact_sheet(explanation.rows, len(first), max(READABLE, int(first[0].shape[1])))


def write_explanations(found: Sequence[Explanation], folder: Path, method: str, force: bool) -> dict[Path, str]:
    """One PNG a sheet, all or none: the file -> what it shows. OutputExistsError where one is there already."""
    targets = {folder / f"{each.name}.png": each for each in found}
    check_files(folder, [path.name for path in targets], force)

    mark = make_mark(method)
    with WholeFiles(folder) as whole:
        for path, each in targets.items():
            write(whole / path.name, [draw_sheet(each)], Timing.constant(1), mark=mark)
    return {path: each.caption for path, each in targets.items()}
