"""Options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

Out = Annotated[Path, Parameter(name="--out", help="Where the results go.")]
Named = Annotated[
    Path | None, Parameter(name="--out", help="Where the results go; named after the inputs unless told.")
]
Force = Annotated[bool, Parameter(name="--force", negative="", help="Replace what an earlier call has written there.")]
Resume = Annotated[bool, Parameter(name="--resume", negative="", help="Go on with the training that is there.")]
Preset = Annotated[
    str | None, Parameter(name="--preset", help="Sizes and lengths: draft (default), standard, paper, smoke.")
]
Set = Annotated[
    tuple[str, ...],
    Parameter(name="--set", help="Change a setting, as often as needed: --set shape.steps=500", negative=""),
]
Seed = Annotated[int, Parameter(name="--seed", help="Of everything random.")]
Device = Annotated[str, Parameter(name="--device", help="auto, cpu, cuda, cuda:1, mps.")]
Precision = Annotated[str, Parameter(name="--precision", help="auto, float32, bfloat16.")]
Background = Annotated[
    str, Parameter(name="--background", help="black, a colour, #rrggbb, transparent, or source (its own).")
]
Affine = Annotated[
    bool,
    Parameter(
        name="--affine",
        help="The result keeps its own turn, size and place, by the learned map; --no-affine: the driving subject's.",
    ),
]
Flip = Annotated[
    str | None, Parameter(name="--flip", help="A or B: mirror that one on the way in, and its result on the way out.")
]
How = Annotated[
    Literal["auto", "given", "alpha", "threshold", "segment", "colour", "saliency", "grabcut"],
    Parameter(name="--how", help="The way to find silhouettes; grabcut is the old name of colour."),
]
MaxFrames = Annotated[int | None, Parameter(name="--max-frames", help="Read at most so many frames of each video.")]
MasksA = Annotated[
    Path | None, Parameter(name="--masks-a", help="Silhouettes of A, of its frames' size: folder, video, or of `mask`.")
]
MasksB = Annotated[Path | None, Parameter(name="--masks-b", help="Silhouettes of B.")]
BoxA = Annotated[
    str | None, Parameter(name="--box-a", help="Box round A's subject on its first frame: x0,y0,x1,y1 in pixels.")
]
BoxB = Annotated[str | None, Parameter(name="--box-b", help="Box round B's subject.")]
Landmarks = Annotated[
    tuple[Path, ...],
    Parameter(
        name="--landmarks",
        negative="",
        help="Landmarks of a video, where the method needs them: of `landmarks`, or files that it reads. Once a video.",
    ),
]
Weights = Annotated[
    tuple[str, ...],
    Parameter(
        name="--weights",
        help="A network to judge with, as often as needed: --weights vgg=FILE, inception=FILE or action=FILE.",
        negative="",
    ),
]
TensorBoard = Annotated[
    bool, Parameter(name="--tensorboard", negative="", help="Log for TensorBoard too, in the run's folder tensorboard.")
]
CheckpointSeconds = Annotated[
    float, Parameter(name="--checkpoint-seconds", help="The most that a kill can cost, in seconds.")
]
