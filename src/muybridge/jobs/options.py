"""What a person can choose for a training, one class a concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muybridge.data.pair import SIDES
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.landmarks import LandmarkFiles
from muybridge.masks import Box
from muybridge.options import Options
from muybridge.video import Clip

PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Options):
    """How a method is trained, whatever it learns from."""

    preset: str | None = None
    """A named set of settings; the method's first unless told."""
    set: Mapping[str, Any] | None = None
    """What is changed of them: {"shape.steps": 500}."""
    max_frames: int | None = None
    """At most so many of each clip, from its start."""
    seed: int = 0
    """Seed of everything random."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    precision: str = "auto"
    """auto, float32, bfloat16."""
    resume: bool = False
    """Continue the training that is there."""
    force: bool = False
    """Replace the training that is there."""
    checkpoint_seconds: float | int = 60
    """The most that a kill can cost."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.precision not in PRECISIONS:
            raise UsageError(f"there is no precision {self.precision!r}", "Take auto, float32 or bfloat16.")
        if self.resume and self.force:
            raise UsageError(
                Sentence(
                    Option("resume", True), " goes on with what is there, and ", Option("force", True), " replaces it"
                ),
                "Leave one of the two out.",
            )


@dataclass(frozen=True, kw_only=True)
class PairOptions(Options):
    """What a method that learns from a pair is told of its two videos."""

    masks: Sequence[str | Path | Clip | None] = ()
    """Given silhouettes, one for each video."""
    boxes: Sequence[Box | None] = ()
    """A box round each subject on its first frame."""
    subjects: Sequence[str | None] = ()
    """What a segmentation network looks for in each: one of its classes ("dog"), or "animal"."""
    how: str = "auto"
    """The way to find silhouettes, see `masks.find`."""
    flip: str | None = None
    """"a" or "b": mirror that one on the way in, and its results on the way out."""
    keep_background: bool = False
    """Find each video's own background and keep it in the run, for results that are put back on it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.flip not in (None, *SIDES):
            raise UsageError(f"one of the two subjects a and b can be mirrored, not {self.flip!r}")


@dataclass(frozen=True, kw_only=True)
class FolderOptions(Options):
    """How a folder of clips is read."""

    stride: int = 1
    """Every so many-th frame."""
    cache: str = "exact"
    """How frames are kept: `exact`, or `small` (JPEG) where the run grows too large."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cache not in ("exact", "small"):
            raise UsageError(f"frames are kept exact or small, not {self.cache!r}")


@dataclass(frozen=True, kw_only=True)
class LandmarkOptions(Options):
    """What a method that learns from landmarks is told of its videos."""

    landmarks: Sequence[LandmarkFiles | None] = ()
    """Files for each video, see `find_landmarks`; None: found by a network."""


@dataclass(frozen=True, kw_only=True)
class FitOptions(TrainingOptions, PairOptions, FolderOptions, LandmarkOptions):
    """Everything that `fit` can be told; each kind of method takes its own part."""


CONCERNS: Mapping[str, type[Options]] = {"pair": PairOptions, "folder": FolderOptions, "landmarks": LandmarkOptions}
"""What a method needs -> the options that are for it alone."""
REFUSALS = {
    "pair": ("{} sees whole frames: masks, boxes, flips and backgrounds are for pairs", None),
    "folder": ("{} takes every frame as it is: strides and caches are for folders of clips", None),
    "landmarks": ("{} uses no landmarks", Sentence("Leave ", Option("landmarks"), " out.")),
}


def check_concerns(options: FitOptions, method: str, needs: str) -> None:
    """UsageError for options that are for methods of another kind."""
    for other, concern in CONCERNS.items():
        if other != needs and options.list_changed(concern):
            message, hint = REFUSALS[other]
            raise UsageError(message.format(method), hint)
