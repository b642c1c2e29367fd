"""What reading or detecting landmarks says about itself."""

from __future__ import annotations

from dataclasses import dataclass

from muybridge.errors import InputError
from muybridge.landmarks.points import MIN_CONFIDENCE, Landmarks


@dataclass(frozen=True)
class Report:
    """How landmarks were found and how far to trust them.

    how         "given" or "detected"
    detail      one sentence a person can read: the format, or the detector and its checksum
    confidence  one number a frame in [0, 1]: the mean over the body's (or the face's) points
    missing     indexes of the frames on which the subject was not found
    people      the most that were seen on one frame; None where one was looked for and nobody counted
    warnings    sentences for the person who has to judge the result
    size        (h, w) of the pictures that the points are pixels of, where the file says
    """

    how: str
    detail: str
    confidence: tuple[float, ...]
    missing: tuple[int, ...] = ()
    people: int | None = None
    warnings: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


def make_report(
    landmarks: Landmarks,
    how: str,
    detail: str,
    name: str,
    people: int | None = None,
    notes: tuple[str, ...] = (),
    size: tuple[int, int] | None = None,
) -> Report:
    """The report for these landmarks; raises InputError where no frame has any."""
    present = landmarks.present
    missing = tuple((~present).nonzero().flatten().tolist())
    # One frame with somebody is enough to go on: the nearest such frame can stand for the others.
    if len(missing) == len(landmarks):
        raise InputError(
            f"no subject on any of the {len(landmarks)} frames of {name}: every landmark is missing or unsure",
            "Look at the clip itself, or give landmarks of another detector.",
        )
    warnings = list(notes)
    if missing:
        warnings.append(f"no subject on {_list_frames(missing)}: {len(missing)} of {len(landmarks)} frames")
    for part, rows in landmarks.parts().items():
        # Frames without a person are told of already, and would make every part look unsure.
        sure = landmarks.seen[present][:, rows].float().mean()
        if float(sure) < 0.5:
            least = MIN_CONFIDENCE["hand" if part.endswith("hand") else part]
            warnings.append(f"{part.replace('_', ' ')}: {float(sure):.0%} of its points are sure (over {least})")
    # Hands and face are small and often unsure, which says little about whether somebody was found.
    main = landmarks.parts().get("body", slice(None))
    trust = landmarks.confidence[:, main].mean(1)
    return Report(how, detail, tuple(round(float(c), 4) for c in trust), missing, people, tuple(warnings), size)


def _list_frames(frames: tuple[int, ...]) -> str:
    shown = ", ".join(str(i) for i in frames[:8])
    return f"frame {shown}" if len(frames) == 1 else f"frames {shown}{', ...' if len(frames) > 8 else ''}"
