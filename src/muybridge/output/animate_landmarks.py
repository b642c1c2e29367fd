"""A subject performing what a driving video shows, by landmarks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source
from muybridge.inputs.landmarks import LandmarkFiles, LandmarkInput, landmark_kind, read_with_landmarks
from muybridge.inputs.motion import blank_clip, landmarks_of, refine_motion, track_landmarks
from muybridge.jobs.loading import Fitted
from muybridge.landmarks import Kind
from muybridge.method import Animation
from muybridge.motion import is_motion_file, read_motion
from muybridge.output.animation import backdrop_of, write_animation
from muybridge.output.options import AnimateOptions
from muybridge.video import Clip


def animate_landmarks(
    fitted: Fitted, driving: Source | None, source: Source | None, target: Path, options: AnimateOptions
) -> tuple[str, ...]:
    """Write the subject's performance, with the driving clip's exact times and sound; returns what should be known.

    driving  any video; None: the subject's own, as a check
    source   who: a letter or a number of the videos of the training, the first unless told; or a video, with its
             landmarks
    """
    method = fitted.method
    kind = landmark_kind(method.config)
    if driving is None and options.landmarks is not None:
        raise UsageError("landmarks were given without their video", Sentence("Name it with ", Option("driving"), "."))

    lead = _read_driving(driving, options, kind)
    subject = _subject(source, options.source_landmarks, kind)
    how: dict[str, Any] = {"aligned": options.align}
    chosen = {"sources": options.sources, "smoothing": options.smoothing, "seed": options.seed}
    # What was left out is not passed on at all, so that the method's own default holds.
    for name, value in chosen.items():
        if value is not None:
            how[name] = value
    if lead is not None:
        how["landmarks"] = lead.landmarks

    appearance: Clip | str | None
    if isinstance(subject, LandmarkInput):
        appearance = subject.clip
        how["source_landmarks"] = subject.landmarks
    else:
        appearance = subject

    animation: Animation = method.animate(fitted.data, None if lead is None else lead.clip, appearance, **how)
    audio = None if lead is None else lead.clip.audio
    behind = backdrop_of("black", animation.size)
    write_animation(animation, [target], behind, audio, options.force, method=method.card.name)

    notes: list[str] = []
    for each in (lead, subject):
        if isinstance(each, LandmarkInput):
            notes += each.notes
    return (*notes, *animation.notes)


def _read_driving(driving: Source | None, options: AnimateOptions, kind: Kind | None) -> LandmarkInput | None:
    """The driving video with its landmarks, or a motion of landmarks alone; both made steadier or stronger as asked."""
    if driving is None:
        return None

    if is_motion_file(driving):
        assert not isinstance(driving, Clip)
        motion = read_motion(driving)
        # A motion has no pictures, but the method takes times and size from a clip.
        lead = LandmarkInput(Path(driving).stem, str(driving), blank_clip(motion), landmarks_of(motion, kind), None)
    else:
        lead = read_with_landmarks(driving, options.landmarks, kind=kind, box=options.box)

    # Without a change the landmarks are not taken through another format and back.
    if options.motion_smoothing is None and options.strength == 1.0:
        return lead

    track = track_landmarks(lead.landmarks, lead.clip.timing, (lead.clip.height, lead.clip.width))
    refined = refine_motion(track, options.motion_smoothing, options.strength)
    return replace(lead, landmarks=landmarks_of(refined, lead.landmarks.kind))


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
