"""What a person can choose for results and animations, one class a concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muybridge.errors import UsageError
from muybridge.inputs.landmarks import LandmarkFiles
from muybridge.jobs.options import PairOptions, TrainingOptions
from muybridge.masks import Box, SilhouetteOptions
from muybridge.motion import check_refinement
from muybridge.options import Options
from muybridge.output.animation import check_background
from muybridge.video import Clip

FORMATS = ("mp4", "gif", "webm", "mov", "mkv")


@dataclass(frozen=True, kw_only=True)
class MaskOptions(SilhouetteOptions):
    """Everything that `mask` can be told."""

    corrections: Mapping[int, str | Path] | None = None
    """Frame -> picture of its true silhouette, white on black, carried to its neighbours."""
    max_frames: int | None = None
    """At most so many, from the start."""
    max_side: int = 2048
    """Larger frames are looked at in this size, pixels; their silhouettes are written in the file's own."""
    force: bool = False
    """Replace silhouettes that are there."""


@dataclass(frozen=True, kw_only=True)
class MotionOptions(Options):
    """How the driving motion is changed before it is followed, without training again."""

    motion_smoothing: str | None = None
    """one-euro or savgol, see `motion.smooth_motion`; None leaves it."""
    strength: float = 1.0
    """Of the motion about each point's mean place, 0 to 1.5."""

    def __post_init__(self) -> None:
        super().__post_init__()
        # Before anything is trained, and not when its results are written.
        check_refinement(self.motion_smoothing, self.strength)

    @property
    def changes_motion(self) -> bool:
        """Whether the motion is to be another than the driving one."""
        return self.motion_smoothing is not None or self.strength != 1.0


@dataclass(frozen=True, kw_only=True)
class ResultOptions(MotionOptions):
    """How the results of a pair are written."""

    background: str = "contrast"
    """contrast (a grey that the subject stands out from), a colour, #rrggbb, transparent, or source: each subject's
    own."""
    formats: Sequence[str] = ()
    """Some of mp4, gif, webm, mov, mkv; mp4 unless told, webm where results are transparent."""
    affine: bool = True
    """With the method's own map between the two subjects, so that each keeps its turn, size and place; without, those
    of the driving subject come along."""

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong = []
        for name in self.formats:
            if name not in FORMATS:
                wrong.append(name)

        if wrong:
            raise UsageError(f"results cannot be written as {', '.join(wrong)}", f"Take some of {', '.join(FORMATS)}.")
        check_background(self.background, tuple(f".{name}" for name in self.chosen_formats))

    @property
    def chosen_formats(self) -> tuple[str, ...]:
        """Each once, in their order."""
        usual = "webm" if self.background == "transparent" else "mp4"
        return tuple(dict.fromkeys(self.formats)) or (usual,)


@dataclass(frozen=True, kw_only=True)
class RetargetOptions(TrainingOptions, PairOptions, ResultOptions):
    """Everything that `retarget` can be told."""

    method: str = "jokr"
    """One that learns from a pair."""


@dataclass(frozen=True, kw_only=True)
class PictureOptions(Options):
    """How a picture follows a driving video."""

    mode: str | None = None
    """How motion is carried over, for methods that have several ways, such as relative."""
    scale: bool | None = None
    """Relative motion as much larger as the picture's subject is larger than the driving one; None: as the method has
    it (FOMM and articulated animation do, Monkey-Net does not)."""
    adapt_covariances: bool | None = None
    """Monkey-Net's keypoints spread as the picture's own do, changed as the driving ones."""
    best_frame: bool = False
    """Relative motion starts from the driving frame that is posed most like the source, not from the first."""
    max_side: int | None = None
    """A larger picture is made smaller first, and so is the result, pixels."""


@dataclass(frozen=True, kw_only=True)
class SubjectOptions(MotionOptions):
    """How a subject of a pair follows a driving video."""

    background: str = "contrast"
    """contrast (a grey that the subject stands out from), a colour, #rrggbb, transparent, or source, where the run
    keeps it."""
    affine: bool = True
    """With the method's own map between the two subjects, see `ResultOptions`."""
    masks: str | Path | Clip | None = None
    """Silhouettes of the driving clip."""
    box: Box | None = None
    """A box round its subject on its first frame."""
    subject: str | None = None
    """What a segmentation network looks for in it: one of its classes ("dog"), or "animal"."""
    how: str = "auto"
    """The way to find its silhouettes, see `masks.find`."""

    @property
    def silhouettes(self) -> SilhouetteOptions:
        """How to find those of the driving clip."""
        return SilhouetteOptions(how=self.how, masks=self.masks, box=self.box, subject=self.subject)


@dataclass(frozen=True, kw_only=True)
class PerformanceOptions(MotionOptions):
    """How a subject performs what the landmarks of a driving video show."""

    landmarks: LandmarkFiles | None = None
    """Of the driving video, see `find_landmarks`; None: found by a network."""
    source_landmarks: LandmarkFiles | None = None
    """Of a source that is a video."""
    box: Box | None = None
    """A hint for that network."""
    align: bool = True
    """Bring the driving landmarks to the subject's size and place."""
    sources: int | None = None
    """Frames of the subject that it is drawn from; as many as in the training unless told."""
    smoothing: int | None = None
    """Frames over which the driving landmarks are averaged, odd, 1 leaves them; the method's own unless told."""
    seed: int | None = None
    """Of the choice of those frames."""


@dataclass(frozen=True, kw_only=True)
class AnimateOptions(PictureOptions, SubjectOptions, PerformanceOptions):
    """Everything that `animate` can be told; each kind of method takes its own part."""

    force: bool = False
    """Replace what is there."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""


CONCERNS: Mapping[str, type[Options]] = {
    "folder": PictureOptions,
    "pair": SubjectOptions,
    "landmarks": PerformanceOptions,
}
"""What a method needs -> the options that are for it."""


def check_concerns(options: AnimateOptions, method: str, needs: str) -> None:
    """UsageError for options that are for methods of another kind."""
    own = set(CONCERNS[needs].__dataclass_fields__)
    for kind, concern in CONCERNS.items():
        strange = []
        for option in options.list_changed(concern):
            if option.name not in own:
                strange.append(option.name)

        if kind != needs and strange:
            raise _refusal(method, needs, kind)


def _refusal(method: str, needs: str, kind: str) -> UsageError:
    if kind == "folder":
        return UsageError(f"{method} moves its subjects in one way only: modes are for pictures")
    if kind == "landmarks":
        return UsageError(f"{method} uses no landmarks", "Leave them, and sources, smoothing and seed, out.")
    if needs == "folder":
        return UsageError(
            "whole pictures are animated: backgrounds, masks and boxes are for pairs, a motion's strength for keypoints"
        )

    return UsageError("whole pictures are made from landmarks: backgrounds and masks are for pairs")
