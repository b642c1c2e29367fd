"""One subject of a pair moving as the other one does, or as a new video does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from muybridge.data.driving_video import Driving
from muybridge.data.pair import other
from muybridge.errors import MuybridgeError, Option, Sentence, UsageError
from muybridge.inputs.clips import Source
from muybridge.inputs.driving_input import DrivingInput
from muybridge.jobs.loading import Fitted
from muybridge.jobs.provenance import InputReference, find_input, is_same_input
from muybridge.method import Animation, PairMethod, SubjectPair
from muybridge.motion import MotionTrack
from muybridge.output.animation import backdrop_of, holds_scene, write_animation
from muybridge.output.motion_edits import motion_edits
from muybridge.output.options import AnimateOptions
from muybridge.video import probe


@dataclass(frozen=True, eq=False)
class Cast:
    """Who moves, and by what.

    side    who; None: the subject that the clip does not show
    clip    the driving video; None: the other subject's own
    motion  where the other subject's keypoints shall be instead
    audio   the file of the sound that goes along
    """

    side: str | None
    clip: Driving | None = None
    motion: MotionTrack | None = None
    audio: Path | None = None


def animate_subject(
    fitted: Fitted, lead: DrivingInput, source: Source | None, target: Path, options: AnimateOptions
) -> tuple[str, ...]:
    """One subject of a pair as the other one moves, or as a new video does; returns what a person should know."""
    data = fitted.data
    method = fitted.method
    assert isinstance(method, PairMethod)
    cast = choose_cast(fitted, lead, None if source is None else name_side(source), options)

    how: dict[str, Any] = {"affine": options.affine, "full_frame": data is not None}
    if cast.motion is not None or options.changes_motion:
        how["edits"] = _edit_motion(fitted, cast, options)
    animation: Animation = method.animate(data, cast.clip, cast.side, **how)
    if cast.motion is not None:
        animation = replace(animation, timing=cast.motion.timing)

    shown = animation.source or cast.side
    subject = data.subject(shown) if shown is not None and isinstance(data, SubjectPair) else None
    plate = None if subject is None else subject.plate
    behind = backdrop_of(options.background, animation.size, plate, subject, drawn=holds_scene(method, shown))
    write_animation(animation, [target], behind, cast.audio, options.force, method=method.card.name)
    return animation.notes


def choose_cast(fitted: Fitted, lead: DrivingInput, side: str | None, options: AnimateOptions) -> Cast:
    """Who moves and by what, as far as what was named tells it; a new video is read, with its silhouettes."""
    if lead.is_motion:
        if side is None:
            raise UsageError("a motion does not show who moves", Sentence("Name the subject: ", Option("source", "A")))
        # Sound belongs to the video that the motion no longer is.
        return Cast(side, motion=_read_motion(fitted, lead, other(side)))

    # A video of the training has its silhouettes and keypoints in the run: nothing is searched anew.
    trained_on = _side_of(fitted, lead.path)
    new_silhouettes = options.masks is not None or options.box is not None or options.subject is not None
    if trained_on and not new_silhouettes and side in (None, other(trained_on)):
        return Cast(other(trained_on), audio=_sound(lead.path))
    # Without a video the other subject leads, and its sound belongs to the motion.
    if lead.given is None:
        return Cast(side, audio=None if side is None else _sound(find_input(fitted.run, other(side))))

    method = fitted.method
    assert isinstance(method, PairMethod)
    # At the size that the training was read at: it is what the method knows, and a fraction of the memory.
    max_side = method.config.reading_side
    clip, audio = lead.with_silhouettes(options.silhouettes, max_side, streamed=method.takes_streamed_video)
    return Cast(side, clip, audio=audio)


def _read_motion(fitted: Fitted, lead: DrivingInput, side: str) -> MotionTrack:
    """A motion of the keypoints of subject `side`, whose frames it has: not every file says how large they are."""
    if not isinstance(fitted.data, SubjectPair):
        return lead.read_motion()
    shown = fitted.data.subject(side)
    return lead.read_motion(shown.frame, shown.timing)


def _edit_motion(fitted: Fitted, cast: Cast, options: AnimateOptions) -> Tensor:
    if cast.clip is not None or cast.side is None:
        raise UsageError(
            "steadier and stronger is for the motion of the run's own videos, and for files of motion",
            Sentence("Leave the video out, and name the subject that moves: ", Option("source", "A")),
        )
    return motion_edits(fitted, other(cast.side), cast.motion, options.motion_smoothing, options.strength)


def name_side(source: Source) -> str:
    """ "a" or "b"; UsageError for anything else."""
    side = source.lower() if isinstance(source, str) else ""
    if side not in ("a", "b"):
        raise UsageError(
            f"a pair has the subjects A and B, not {source}", Sentence("Name one of the two: ", Option("source", "A"))
        )
    return side


def _side_of(fitted: Fitted, path: Path | None) -> str | None:
    """Which input of the training this file is."""
    if path is None or fitted.data is None or not path.exists():
        return None
    known = fitted.run.record.inputs
    now = InputReference(str(path), path)
    return next((side for side in known if is_same_input(fitted.run, side, now)), None) if len(known) == 2 else None


def _sound(path: Path | None) -> Path | None:
    """The file, where it has sound: the run has its frames, and what they came from may still be there."""
    try:
        return path if path is not None and probe(path).has_audio else None
    except MuybridgeError:
        return None  # something else lies there now
