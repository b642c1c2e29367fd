"""A subject performing what a driving video shows, by landmarks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source
from muybridge.inputs.driving_input import DrivingInput
from muybridge.inputs.landmarks import LandmarkFiles, LandmarkInput, landmark_kind, read_with_landmarks
from muybridge.inputs.motion import landmarks_of, refine_motion, track_landmarks
from muybridge.jobs.loading import Fitted
from muybridge.landmarks import Kind
from muybridge.method import Animation
from muybridge.output.animation import backdrop_of, write_animation
from muybridge.output.options import AnimateOptions
from muybridge.video import Clip


def animate_landmarks(
    fitted: Fitted, lead: DrivingInput, source: Source | None, target: Path, options: AnimateOptions
) -> tuple[str, ...]:
    """Write the subject's performance, with the driving clip's exact times and sound; returns what should be known.

    lead    any video, or a motion of landmarks; nothing: the subject's own motion, as a check
    source  who: a letter or a number of the videos of the training, the first unless told; or a video, with its
            landmarks
    """
    method = fitted.method
    kind = landmark_kind(method.config)
    if lead.given is None and options.landmarks is not None:
        raise UsageError("landmarks were given without their video", Sentence("Name it with ", Option("driving"), "."))

    performed = read_performed(lead, options, kind)
    subject = choose_subject(source, options.source_landmarks, kind)
    how: dict[str, Any] = {"aligned": options.align}
    chosen = {"sources": options.sources, "smoothing": options.smoothing, "seed": options.seed}
    # What was left out is not passed on at all, so that the method's own default holds.
    for name, value in chosen.items():
        if value is not None:
            how[name] = value
    if performed is not None:
        how["landmarks"] = performed.landmarks

    appearance: Clip | str | None
    if isinstance(subject, LandmarkInput):
        appearance = subject.clip
        how["source_landmarks"] = subject.landmarks
    else:
        appearance = subject

    animation: Animation = method.animate(fitted.data, None if performed is None else performed.clip, appearance, **how)
    audio = None if performed is None else performed.clip.audio
    behind = backdrop_of("black", animation.size)
    write_animation(animation, [target], behind, audio, options.force, method=method.card.name)

    notes: list[str] = []
    for each in (performed, subject):
        if isinstance(each, LandmarkInput):
            notes += each.notes
    return (*notes, *animation.notes)


def read_performed(lead: DrivingInput, options: AnimateOptions, kind: Kind | None) -> LandmarkInput | None:
    """What is to be performed, made steadier or stronger as asked."""
    if lead.given is None:
        return None

    found = lead.with_landmarks(options.landmarks, kind, options.box)
    # Without a change the landmarks are not taken through another format and back.
    if options.motion_smoothing is None and options.strength == 1.0:
        return found

    track = track_landmarks(found.landmarks, found.clip.timing, (found.clip.height, found.clip.width))
    refined = refine_motion(track, options.motion_smoothing, options.strength)
    return replace(found, landmarks=landmarks_of(refined, found.landmarks.kind))


def choose_subject(source: Source | None, landmarks: LandmarkFiles | None, kind: Any) -> LandmarkInput | str | None:
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
