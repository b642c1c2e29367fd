"""What a page may ask for: the bodies of requests, checked before anything else looks at them."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from muybridge.jobs.options import FitOptions
from muybridge.options import Options
from muybridge.output.options import AnimateOptions, MaskOptions, ResultOptions

Number = Annotated[str, Field(pattern="^[a-f0-9]{12}$")]
Side = Literal["a", "b"]
Edited = Literal["a", "b", "ab", "ba"]
"""A subject in its own clip, or a result: "ab" has a's appearance and b's motion."""
Way = Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)]
Pixel = Annotated[float, Field(ge=0, le=16384, allow_inf_nan=False)]
Keypoint = Annotated[int, Field(ge=0, lt=1024)]
Frame = Annotated[int, Field(ge=0, lt=100000)]
Moves = Annotated[dict[Keypoint, tuple[Way, Way]], Field(max_length=256)]
Strength = Annotated[float, Field(ge=0, le=1.5, allow_inf_nan=False)]
Smoothing = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Colour = Annotated[str, Field(pattern="^(#[0-9a-fA-F]{6}|[a-z]{1,20})$")]
Word = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,39}$")]
Setting = Annotated[str, Field(pattern="^[a-z][a-z0-9_.]{0,59}$")]
Value = bool | int | float | Annotated[str, Field(max_length=60)]


MOST_CLIPS = 40
"""That are trained on together: all of them are in the worker's memory."""


MOST_OF_A_BATCH = 12
"""Clips that are paired all with all: 66 pairs."""


class RequestBody(BaseModel):
    """Unknown names are refused, and so is what the options of the verb refuse that the command takes too."""

    model_config = ConfigDict(extra="forbid")
    verb_options: ClassVar[type[Options] | None] = None

    @model_validator(mode="after")
    def check_options(self) -> RequestBody:
        """UsageError, in the words of the command, where the verb could not be asked for this."""
        if self.verb_options is not None:
            self.verb_options(**self.choose_options(self.verb_options))
        return self

    def choose_options(self, kind: type[Options]) -> dict[str, Any]:
        """What is asked for, by the names of the options; other fields are the page's own."""
        chosen = {}
        for each in fields(kind):
            if each.name in type(self).model_fields:
                chosen[each.name] = getattr(self, each.name)
        return chosen


class Puppets(RequestBody):
    """Which scene, and how large."""

    scene: Word
    frames: Annotated[int, Field(ge=2, le=240)] = 60
    size: Annotated[int, Field(ge=64, le=512)] = 256


class Rename(RequestBody):
    """What to call it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]


class Find(RequestBody):
    """Silhouettes anew."""

    verb_options = MaskOptions
    box: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    how: Literal["auto", "alpha", "threshold", "segment", "person", "colour", "saliency"] = "auto"
    subject: Annotated[str, Field(pattern="^[a-z][a-z -]{0,39}$")] | None = None


class CutClip(RequestBody):
    """What is kept of a clip as it is seen now; `whole`: all of the file again."""

    first: Annotated[int, Field(ge=0, lt=100000)] = 0
    last: Annotated[int, Field(ge=0, lt=100000)] = 0
    box: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    speed: Literal[0.25, 0.5, 1, 2, 4] = 1
    whole: bool = False


class Training(RequestBody):
    """What to train."""

    verb_options = FitOptions
    method: Word = "jokr"
    clips: Annotated[list[Number], Field(min_length=1, max_length=MOST_CLIPS)]
    preset: Word | None = None
    set: Annotated[dict[Setting, Value], Field(max_length=40)] = {}
    flip: Side | None = None
    name: Annotated[str, Field(max_length=80)] = ""


class NewBatch(RequestBody):
    """Clips of which every pair is to be learned."""

    verb_options = FitOptions
    method: Word = "jokr"
    clips: Annotated[list[Number], Field(min_length=2, max_length=MOST_OF_A_BATCH)]
    preset: Word | None = None
    set: Annotated[dict[Setting, Value], Field(max_length=40)] = {}
    name: Annotated[str, Field(max_length=80)] = ""


class Cost(Training):
    """What to measure; `ahead`: nobody has asked for it, and what is known is not measured again."""

    ahead: bool = False


class Render(RequestBody):
    """What to make of a run."""

    verb_options = ResultOptions
    side: Edited
    suffix: Literal["mp4", "gif", "webm", "mov", "zip"] = "mp4"
    background: Colour = "contrast"
    affine: bool = True
    motion_smoothing: Literal["one-euro", "savgol"] | None = None
    strength: Strength = 1.0
    driving: Number | None = None
    keys: Annotated[dict[Frame, Moves], Field(max_length=600)] | None = None
    ease: bool = False
    smoothing: Smoothing = 0.0

    def choose_options(self, kind: type[Options]) -> dict[str, Any]:
        # A ZIP holds pictures, which are no format of a video.
        formats = () if self.suffix == "zip" else (self.suffix,)
        return super().choose_options(kind) | {"formats": formats}


class Refinement(RequestBody):
    """How a clip moves between and under its keyframes, see `api.edit_clip`."""

    ease: bool = False
    strength: Strength = 1.0
    smoothing: Smoothing = 0.0


class Edits(RequestBody):
    """Keyframes of both subjects and both results, as a page keeps them; `revision` is the one they were made from."""

    revision: Annotated[int, Field(ge=0)]
    motion: dict[Edited, Refinement] = {}
    a: Annotated[dict[Frame, Moves], Field(max_length=600)] = {}
    b: Annotated[dict[Frame, Moves], Field(max_length=600)] = {}
    ab: Annotated[dict[Frame, Moves], Field(max_length=600)] = {}
    ba: Annotated[dict[Frame, Moves], Field(max_length=600)] = {}


class Drag(RequestBody):
    """A frame with its keypoints moved, to be drawn."""

    seq: Annotated[int, Field(ge=0, lt=2**32)]
    side: Edited
    frame: Frame
    moves: Moves = {}
    full: bool = False
    background: Colour = "contrast"


class Import(RequestBody):
    """A checkpoint that is to come, and the YAML of its options, where there is one."""

    name: Annotated[str, Field(max_length=80)] = ""
    file: Annotated[str, Field(max_length=255)] = ""
    config: Annotated[str, Field(max_length=100_000)] = ""


class Move(RequestBody):
    """A picture that is to move as a video does."""

    verb_options = AnimateOptions
    model: Number
    picture: Number
    driving: Number
    mode: Word | None = None
    best_frame: bool = False


class Pack(RequestBody):
    """A file of an animation."""

    suffix: Literal["mp4", "gif", "webm", "zip"] = "mp4"


class Follow(RequestBody):
    """A picture that is to move as a camera sees it."""

    picture: Number
    mode: Word | None = None
