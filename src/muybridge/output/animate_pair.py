"""One subject of a pair moving as the other one does, or as a new video does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muybridge.data.driving_video import Driving
from muybridge.data.pair import other
from muybridge.errors import MuybridgeError, Option, Sentence, UsageError
from muybridge.inputs.clips import Box, Source, read_with_silhouettes
from muybridge.inputs.driving import read_driving
from muybridge.jobs.loading import Fitted
from muybridge.jobs.provenance import InputReference, find_input, is_same_input
from muybridge.jobs.request import reading_side
from muybridge.method import Animation
from muybridge.output.animation import backdrop_of, write_animation
from muybridge.video import Clip, probe


def animate_subject(
    fitted: Fitted,
    driving: Source | None,
    source: Source | None,
    target: Path,
    background: str,
    affine: bool,
    masks: str | Path | Clip | None,
    box: Box | None,
    how: str,
    force: bool,
) -> tuple[str, ...]:
    """`animate` for a pair: one subject as the other one moves, or as a new video does."""
    data, side = fitted.data, None if source is None else _side(source)
    method: Any = fitted.method
    clip: Driving | None = None
    audio: Path | None = None
    trained_on = _side_of(fitted, driving)
    if trained_on and masks is None and box is None and side in (None, other(trained_on)):
        side = other(trained_on)
        audio = _sound(Path(str(driving)))
    elif driving is None:
        audio = None if side is None else _sound(find_input(fitted.run, other(side)))
    else:
        # At the size that the training was read at: it is what the method knows, and a fraction of the memory.
        look: dict[str, Any] = {"masks": masks, "box": box, "how": how, "max_side": reading_side(method.config)}
        if method.takes_streamed_video:
            clip, audio = read_driving(driving, **look)
        else:
            clip = read_with_silhouettes(driving, **look).clip
            audio = clip.audio
    animation: Animation = method.animate(data, clip, side, affine=affine, full_frame=data is not None)
    look_of = getattr(data, animation.source or side or "", None)
    plate = getattr(look_of, "plate", None) if background == "source" else None
    write_animation(animation, [target], backdrop_of(background, animation.size, plate), audio, force)
    return animation.notes


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
    known, now = fitted.run.record.inputs, InputReference(str(driving), Path(driving))
    return next((side for side in known if is_same_input(fitted.run, side, now)), None) if len(known) == 2 else None


def _sound(path: Path | None) -> Path | None:
    """The file, where it has sound: the run has its frames, and what they came from may still be there."""
    try:
        return path if path is not None and probe(path).has_audio else None
    except MuybridgeError:
        return None  # something else lies there now
