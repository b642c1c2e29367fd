"""One subject of a pair moving as the other one does, or as a new video does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from muybridge.data.driving_video import Driving
from muybridge.data.pair import other
from muybridge.errors import MuybridgeError, Option, Sentence, UsageError
from muybridge.inputs.clips import Source, read_with_silhouettes
from muybridge.inputs.driving import read_driving
from muybridge.jobs.loading import Fitted
from muybridge.jobs.provenance import InputReference, find_input, is_same_input
from muybridge.method import Animation, PairMethod, SubjectPair
from muybridge.motion import is_motion_file, read_motion
from muybridge.output.animation import backdrop_of, write_animation
from muybridge.output.motion_edits import motion_edits
from muybridge.output.options import AnimateOptions
from muybridge.video import Clip, probe


def animate_subject(
    fitted: Fitted, driving: Source | None, source: Source | None, target: Path, options: AnimateOptions
) -> tuple[str, ...]:
    """One subject of a pair as the other one moves, or as a new video does; returns what a person should know."""
    data = fitted.data
    method = fitted.method
    assert isinstance(method, PairMethod)
    side = None if source is None else _side(source)
    clip: Driving | None = None
    audio: Path | None = None

    motion = None
    if is_motion_file(driving):
        assert isinstance(driving, str | Path)
        motion = read_motion(driving)
        driving = None
        if side is None:
            raise UsageError("a motion does not show who moves", Sentence("Name the subject: ", Option("source", "A")))

    # A video of the training has its silhouettes and keypoints in the run: nothing is searched anew.
    trained_on = _side_of(fitted, driving)
    new_silhouettes = options.masks is not None or options.box is not None
    if trained_on and not new_silhouettes and side in (None, other(trained_on)):
        side = other(trained_on)
        audio = _sound(Path(str(driving)))
    # Without a video the other subject leads, and its sound belongs to the motion.
    elif driving is None:
        audio = None if side is None else _sound(find_input(fitted.run, other(side)))
    else:
        clip, audio = _read_driving(driving, method, options)

    how: dict[str, Any] = {"affine": options.affine, "full_frame": data is not None}
    if motion is not None or options.motion_smoothing is not None or options.strength != 1.0:
        if clip is not None or side is None:
            raise UsageError(
                "steadier and stronger is for the motion of the run's own videos, and for files of motion",
                Sentence("Leave the video out, and name the subject that moves: ", Option("source", "A")),
            )
        how["edits"] = motion_edits(fitted, other(side), motion, options.motion_smoothing, options.strength)
    animation: Animation = method.animate(data, clip, side, **how)
    if motion is not None:
        # Sound belongs to the video that the motion no longer is.
        audio = None
        animation = replace(animation, timing=motion.timing)
    shown = animation.source or side
    plate = None
    if options.background == "source" and shown is not None and isinstance(data, SubjectPair):
        plate = data.subject(shown).plate
    behind = backdrop_of(options.background, animation.size, plate)
    write_animation(animation, [target], behind, audio, options.force, method=method.card.name)
    return animation.notes


def _read_driving(
    driving: Source, method: PairMethod[Any, Any], options: AnimateOptions
) -> tuple[Driving, Path | None]:
    # At the size that the training was read at: it is what the method knows, and a fraction of the memory.
    max_side = method.config.reading_side
    if method.takes_streamed_video:
        return read_driving(driving, options.silhouettes, max_side=max_side)
    read = read_with_silhouettes(driving, options.silhouettes, max_side=max_side)
    return read.clip, read.clip.audio


def _side(source: Source) -> str:
    side = source.lower() if isinstance(source, str) else ""
    if side not in ("a", "b"):
        raise UsageError(
            f"a pair has the subjects A and B, not {source}", Sentence("Name one of the two: ", Option("source", "A"))
        )
    return side


def _side_of(fitted: Fitted, driving: Source | None) -> str | None:
    """Which input of the training this file is."""
    if driving is None or isinstance(driving, Clip) or fitted.data is None or not Path(driving).exists():
        return None
    known = fitted.run.record.inputs
    now = InputReference(str(driving), Path(driving))
    return next((side for side in known if is_same_input(fitted.run, side, now)), None) if len(known) == 2 else None


def _sound(path: Path | None) -> Path | None:
    """The file, where it has sound: the run has its frames, and what they came from may still be there."""
    try:
        return path if path is not None and probe(path).has_audio else None
    except MuybridgeError:
        return None  # something else lies there now
