"""A subject performing what a driving video shows, by landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Box, Source
from muybridge.inputs.landmarks import LandmarkFiles, LandmarkInput, read_with_landmarks
from muybridge.method import Animation, Data, Method
from muybridge.output.animation import backdrop_of, write_animation
from muybridge.video import Clip


def animate_landmarks(
    method: Method[Any, Any],
    data: Data | None,
    driving: Source | None,
    source: Source | None,
    out: Path,
    *,
    landmarks: LandmarkFiles | None = None,
    source_landmarks: LandmarkFiles | None = None,
    box: Box | None = None,
    align: bool = True,
    sources: int | None = None,
    smoothing: int | None = None,
    seed: int | None = None,
    force: bool = False,
) -> tuple[str, ...]:
    """Write the subject's performance, with the driving clip's exact times and sound; returns what should be known.

    driving           any video; None: the subject's own, as a check
    source            who: a letter or a number of the videos of the training, the first unless told; or a video, with
                      its landmarks
    landmarks         of the driving video, see `find_landmarks`; None: found by a network
    source_landmarks  of a source that is a video
    box               hint for that network
    align             bring the driving landmarks to the subject's size and place
    sources           frames of the subject that it is drawn from; as many as in the training unless told
    smoothing         frames over which the driving landmarks are averaged, odd, 1 leaves them; the method's own unless
                      told: 5 for tsnet
    seed              of the choice of those frames
    """
    kind = getattr(method.config, "kind", None)
    if driving is None and landmarks is not None:
        raise UsageError("landmarks were given without their video", Sentence("Name it with ", Option("driving"), "."))
    who = None if driving is None else read_with_landmarks(driving, landmarks, kind=kind, box=box)
    subject = _subject(source, source_landmarks, kind)
    asked = {"sources": sources, "smoothing": smoothing, "seed": seed}
    options: dict[str, Any] = {"aligned": align} | {name: x for name, x in asked.items() if x is not None}
    if who is not None:
        options["landmarks"] = who.landmarks
    chosen: Clip | str | None = subject.clip if isinstance(subject, LandmarkInput) else subject
    if isinstance(subject, LandmarkInput):
        options["source_landmarks"] = subject.landmarks
    animation: Animation = method.animate(data, None if who is None else who.clip, chosen, **options)
    write_animation(
        animation, [out], backdrop_of("black", animation.size), None if who is None else who.clip.audio, force
    )
    performing = [p for p in (who, subject) if isinstance(p, LandmarkInput)]
    return (*(note for p in performing for note in p.notes), *animation.notes)


def _subject(source: Source | None, landmarks: LandmarkFiles | None, kind: Any) -> LandmarkInput | str | None:
    """A name of the training's, or a video with its landmarks."""
    if isinstance(source, Clip) or (source is not None and Path(source).exists()):
        return read_with_landmarks(source, landmarks, kind=kind)
    if landmarks is not None:
        raise UsageError(
            "landmarks of the source were given without its video", Sentence("Name it with ", Option("source"), ".")
        )
    name = None if source is None else str(source).lower()
    if name is not None and not (name.isdecimal() or (len(name) == 1 and name.isalpha())):
        raise UsageError(f"there is no video {source}", "Name a file, or a letter or number: A or 1 is the first.")
    return name
