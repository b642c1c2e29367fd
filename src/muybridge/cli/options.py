"""Options that several commands share, with their help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from cyclopts import Parameter

from muybridge.cli.values import parse_box, parse_corrections, parse_formats, parse_rough, parse_settings, parse_side
from muybridge.errors import UsageError

Chosen = TypeVar("Chosen")

Out = Annotated[Path, Parameter(name="--out", help="Where the results go.")]
Named = Annotated[Path | None, Parameter(name="--out", help="Where the results go. Default: named after the inputs.")]
Force = Annotated[bool, Parameter(name="--force", negative="", help="Replace what an earlier call wrote there.")]
Resume = Annotated[bool, Parameter(name="--resume", negative="", help="Continue the training that is there.")]
Preset = Annotated[
    str | None, Parameter(name="--preset", help="Sizes and lengths: draft (default), standard, paper, smoke.")
]
Set = Annotated[
    tuple[str, ...],
    Parameter(name="--set", help="Change a setting; may be repeated: --set shape.steps=500", negative=""),
]
Planned = Annotated[
    bool, Parameter(name="--plan", negative="", help="Train nothing, but estimate time and memory from a few steps.")
]
Gpu = Annotated[str | None, Parameter(name="--gpu", help="With --plan: estimate it for this GPU, too, such as A100.")]
Seed = Annotated[int, Parameter(name="--seed", help="Seed for everything random.")]
Device = Annotated[str, Parameter(name="--device", help="auto, cpu, cuda, cuda:1, mps.")]
Precision = Annotated[str, Parameter(name="--precision", help="auto, float32, bfloat16.")]
Background = Annotated[
    str,
    Parameter(
        name="--background",
        help="contrast (a grey the subject stands out from), a colour, #rrggbb, transparent, or source (its own).",
    ),
]
Affine = Annotated[
    bool,
    Parameter(
        name="--affine",
        help="Keep the subject's own turn, size and place, by the learned map; --no-affine: the driving subject's.",
    ),
]
Flip = Annotated[
    str | None, Parameter(name="--flip", help="A or B: mirror that one on the way in, and its result on the way out.")
]
MotionSmoothing = Annotated[
    Literal["one-euro", "savgol"] | None, Parameter(name="--smooth", help="Smooth out trembling in the motion.")
]
SmoothMotion = Annotated[
    Literal["one-euro", "savgol"] | None,
    Parameter(name="--smooth-motion", help="Smooth the driving keypoints or landmarks over time."),
]
Strength = Annotated[
    float, Parameter(name="--strength", help="Strength of the motion in percent, from 0 (none) to 150.")
]
How = Annotated[
    Literal["auto", "given", "alpha", "threshold", "segment", "person", "colour", "saliency", "grabcut"],
    Parameter(name="--how", help="How silhouettes are found; grabcut is the old name of colour."),
]
MaxFrames = Annotated[int | None, Parameter(name="--max-frames", help="Read at most this many frames of each video.")]
MasksA = Annotated[
    Path | None,
    Parameter(name="--masks-a", help="Silhouettes of A, as large as its frames: a folder, a video, or from `mask`."),
]
MasksB = Annotated[Path | None, Parameter(name="--masks-b", help="Silhouettes of B.")]
BoxA = Annotated[
    str | None, Parameter(name="--box-a", help="Box round A's subject on its first frame: x0,y0,x1,y1 in pixels.")
]
BoxB = Annotated[str | None, Parameter(name="--box-b", help="Box round B's subject.")]
SubjectA = Annotated[
    str | None,
    Parameter(name="--subject-a", help="What a segmentation network looks for in A: person, dog, animal, and so on."),
]
SubjectB = Annotated[str | None, Parameter(name="--subject-b", help="The same in B.")]
Landmarks = Annotated[
    tuple[Path, ...],
    Parameter(
        name="--landmarks",
        negative="",
        help="Landmarks of a video, if the method needs them: files, or what landmarks wrote. Repeat for each video.",
    ),
]
Weights = Annotated[
    tuple[str, ...],
    Parameter(
        name="--weights",
        help="A network that measures; may be repeated: --weights vgg=FILE, inception=FILE or action=FILE.",
        negative="",
    ),
]
TensorBoard = Annotated[
    bool,
    Parameter(name="--tensorboard", negative="", help="Also log for TensorBoard, in the run's folder tensorboard."),
]
CheckpointSeconds = Annotated[
    float, Parameter(name="--checkpoint-seconds", help="Seconds between checkpoints: the most that a crash can cost.")
]


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Flags that a command takes together; cyclopts lays them flat."""

    def parse(self) -> dict[str, Any]:
        """Values by the names of the API's options; words that mean more than one thing are taken apart."""
        return dict(vars(self))

    def options(self, kind: type[Chosen]) -> Chosen:
        """The API's options of these flags; a flag that is none of them is the command's own."""
        known = vars(kind)["__dataclass_fields__"]
        return kind(**{name: value for name, value in self.parse().items() if name in known})


@dataclass(frozen=True, kw_only=True)
class TrainingFlags(Flags):
    """How a method is trained, see `jobs.options.TrainingOptions`."""

    preset: Preset = None
    force: Force = False
    resume: Resume = False
    set: Set = ()
    max_frames: MaxFrames = None
    seed: Seed = 0
    device: Device = "auto"
    precision: Precision = "auto"
    checkpoint_seconds: CheckpointSeconds = 60
    tensorboard: TensorBoard = False

    def parse(self) -> dict[str, Any]:
        return super().parse() | {"set": parse_settings(self.set)}


@dataclass(frozen=True, kw_only=True)
class PairFlags(Flags):
    """What is said of a pair's two videos, see `jobs.options.PairOptions`."""

    flip: Flip = None
    masks_a: MasksA = None
    masks_b: MasksB = None
    box_a: BoxA = None
    box_b: BoxB = None
    subject_a: SubjectA = None
    subject_b: SubjectB = None
    how: How = "auto"

    def parse(self) -> dict[str, Any]:
        boxes = (parse_box(self.box_a), parse_box(self.box_b))
        return super().parse() | {
            "flip": parse_side(self.flip),
            "masks": (self.masks_a, self.masks_b),
            "boxes": boxes,
            "subjects": (self.subject_a, self.subject_b),
        }


@dataclass(frozen=True, kw_only=True)
class FitFlags(PairFlags, TrainingFlags):
    """All of `fit`, see `jobs.options.FitOptions`."""

    keep_background: Annotated[
        bool, Parameter(name="--keep-background", negative="", help="Keep each input's own background with the run.")
    ] = False
    landmarks: Landmarks = ()
    stride: Annotated[int, Parameter(name="--stride", help="Use only every Nth frame of a folder's clips.")] = 1
    cache: Annotated[
        Literal["exact", "small"],
        Parameter(name="--cache", help="How a folder's frames are kept: small is JPEG, for many photographs."),
    ] = "exact"


@dataclass(frozen=True, kw_only=True)
class RetargetFlags(PairFlags, TrainingFlags):
    """All of `retarget`, see `output.options.RetargetOptions`."""

    method: Annotated[str, Parameter(name="--method", help="A method that needs a pair; see: muybridge methods")] = (
        "jokr"
    )
    background: Background = "contrast"
    formats: Annotated[str | None, Parameter(name="--formats", help="Of the results: mp4,gif,webm,mov,mkv.")] = None
    affine: Affine = True
    motion_smoothing: SmoothMotion = None
    strength: Strength = 100

    def parse(self) -> dict[str, Any]:
        return super().parse() | {"formats": parse_formats(self.formats), "strength": self.strength / 100}


@dataclass(frozen=True, kw_only=True)
class AnimateFlags(Flags):
    """All of `animate`, see `output.options.AnimateOptions`."""

    mode: Annotated[
        str | None,
        Parameter(name="--mode", help="How the motion is transferred to a picture: relative, standard, avd."),
    ] = None
    scale: Annotated[
        bool | None,
        Parameter(name="--scale", help="Scale relative motion to the size of the picture's subject."),
    ] = None
    adapt_covariances: Annotated[
        bool | None,
        Parameter(
            name="--adapt-covariances",
            help="Monkey-Net: keep the spread of the picture's own keypoints, changed as the driving ones change.",
        ),
    ] = None
    best_frame: Annotated[
        bool,
        Parameter(
            name="--best-frame",
            negative="",
            help="Start from the driving frame whose pose is closest to the picture's.",
        ),
    ] = False
    max_side: Annotated[
        int | None, Parameter(name="--max-side", help="Shrink a larger picture to this many pixels first.")
    ] = None
    background: Background = "contrast"
    affine: Affine = True
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes of the driving video.")] = None
    box: Annotated[str | None, Parameter(name="--box", help="Box round its subject: x0,y0,x1,y1 in pixels.")] = None
    subject: Annotated[
        str | None,
        Parameter(
            name="--subject", help="What a segmentation network looks for in it: person, dog, animal, and so on."
        ),
    ] = None
    how: How = "auto"
    landmarks: Annotated[
        Path | None, Parameter(name="--landmarks", help="Landmarks of the driving video, where the method needs them.")
    ] = None
    source_landmarks: Annotated[
        Path | None, Parameter(name="--source-landmarks", help="Landmarks of a --source that is a video.")
    ] = None
    align: Annotated[
        bool, Parameter(name="--align", help="Bring driving landmarks to the subject's size and place.")
    ] = True
    sources: Annotated[
        int | None,
        Parameter(
            name="--sources", help="With landmarks: how many of the subject's frames to draw from. Default: as trained."
        ),
    ] = None
    smoothing: Annotated[
        int | None, Parameter(name="--smooth", help="Average driving landmarks over this many frames (an odd number).")
    ] = None
    seed: Annotated[int | None, Parameter(name="--seed", help="Seed for choosing the frames of --sources.")] = None
    motion_smoothing: SmoothMotion = None
    strength: Strength = 100
    force: Force = False
    device: Device = "auto"

    def parse(self) -> dict[str, Any]:
        return super().parse() | {"box": parse_box(self.box), "strength": self.strength / 100}


@dataclass(frozen=True, kw_only=True)
class MaskFlags(Flags):
    """All of `mask`, see `output.options.MaskOptions`."""

    box: Annotated[
        str | None, Parameter(name="--box", help="Box round the subject on one frame: x0,y0,x1,y1 in pixels.")
    ] = None
    box_frame: Annotated[
        int | None,
        Parameter(name="--box-frame", help="The frame that --box is on, counted from 0; the first otherwise."),
    ] = None
    rough: Annotated[
        str | None,
        Parameter(name="--rough", help="FRAME=PICTURE, roughly the subject on one frame, white on black: a hint."),
    ] = None
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes that you have already.")] = None
    correct: Annotated[
        tuple[str, ...],
        Parameter(name="--correct", negative="", help="FRAME=PICTURE, white on black; also applied to its neighbours."),
    ] = ()
    how: How = "auto"
    weights: Annotated[
        Path | None,
        Parameter(
            name="--weights",
            help="The network's file for --how segment or saliency. Default: the one in the cache folder.",
        ),
    ] = None
    subject: Annotated[
        str | None,
        Parameter(name="--subject", help="What a segmentation network looks for: person, dog, animal, and so on."),
    ] = None
    max_frames: MaxFrames = None
    max_side: Annotated[
        int,
        Parameter(
            name="--max-side",
            help="Shrink larger frames to this size to look at them; the masks keep the file's own size.",
        ),
    ] = 2048
    force: Force = False

    def parse(self) -> dict[str, Any]:
        if self.box_frame is not None and self.box is None:
            raise UsageError("--box-frame says which frame --box is on", "Give the box too: --box 40,60,300,280")
        return super().parse() | {
            "box": parse_box(self.box),
            "frame": self.box_frame or 0,
            "rough": parse_rough(self.rough),
            "corrections": parse_corrections(self.correct),
        }
