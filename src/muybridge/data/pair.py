"""One pair of clips as the methods that need a pair train on it: two subjects on one canvas, moved at random."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from muybridge.data.driving_video import Driving, first_piece
from muybridge.data.stored_tensors import take
from muybridge.data.subject import Subject, shared_canvas
from muybridge.errors import InputError, Option, Sentence, UsageError, Verb
from muybridge.geometry import identity_affine, random_affines, warp_affine
from muybridge.settings import Augment
from muybridge.tensors import Affines
from muybridge.video.clip import Clip

SIDES = ("a", "b")


class Pair:
    """Two subjects on the same canvas, drawn as windows of neighbouring frames."""

    def __init__(self, a: Subject, b: Subject, augment: Augment) -> None:
        self.a = a
        self.b = b
        self.augment = augment

    def subject(self, side: str) -> Subject:
        """ "a" or "b"."""
        return self.a if check_side(side) == "a" else self.b

    def draw(self, side: str, count: int, length: int, generator: torch.Generator) -> list[Float[Tensor, "N 4 h w"]]:
        """Windows drawn at random, each moved as a whole by a random affine map.

        returns  `length` tensors [count, 4, h, w], frame by frame: RGB on black and the silhouette, in [0, 1]
        """
        subject = self.subject(side)
        starts = windows(subject, length)
        first = starts[torch.randint(len(starts), (count,), generator=generator)]
        maps = augmenting_maps(count, generator, subject.canvas, **self.augment.model_dump())
        parts = []
        for i in range(length):
            parts.append(torch.cat(subject.pictures(first + i), 1))

        shown = torch.cat(parts)
        moved = warp_affine(shown, maps.repeat(length, 1, 1)) if self.augment.share > 0 else shown
        return list(moved.split(count))

    def tensors(self) -> dict[str, Tensor]:
        """For storage; `restored` is the inverse."""
        g = self.augment
        numbers = [g.share, g.degrees, *g.scale, g.shear, g.shift]
        return self.a.tensors("a") | self.b.tensors("b") | {"augment": torch.tensor(numbers, dtype=torch.float64)}


def restore_pair(tensors: Mapping[str, Tensor]) -> tuple[Subject, Subject, Augment]:
    """What a `Pair` is made of, from its `tensors`."""
    share, degrees, low, high, shear, shift = take(tensors, "augment", torch.float64, 6).tolist()
    augment = Augment(share=share, degrees=degrees, scale=(low, high), shear=shear, shift=shift)
    return Subject.restore(tensors, "a"), Subject.restore(tensors, "b"), augment


def crop_pair(
    clips: Sequence[Clip],
    size: int,
    margin: float,
    *,
    method: str,
    length: int = 2,
    square: bool = False,
    squeezed: bool = False,
    follow_size: bool = True,
    flip: str | None = None,
    plates: Sequence[Tensor | None] = (None, None),
) -> tuple[Subject, Subject]:
    """Crop both clips of a pair to one canvas.

    clips    A and B, with silhouettes
    size     side in pixels of the square whose area the canvas has
    margin, squeezed, follow_size  see `Subject.from_clip`
    method   whose errors these are
    length   frames that must follow each other, all with silhouettes, somewhere in each clip
    square   a square canvas; False: of the subjects' common aspect ratio
    flip     "a" or "b": mirror that one on the way in
    plates   backgrounds uint8 [3, H, W] of both
    Raises UsageError for another number of clips, InputError where a clip is too short, MissingSilhouettesError.
    """
    if len(clips) != 2:
        raise UsageError(
            f"{method} learns from exactly two videos, not {len(clips)}",
            Sentence(Verb("retarget", "A", "B", Option("out", "DIR"))),
        )

    least = {2: "two", 3: "three"}.get(length, str(length))
    for clip in clips:
        if len(clip) < length:
            frames = "frame" if len(clip) == 1 else "frames"
            raise InputError(
                f"{clip.name} has {len(clip)} {frames}: {method} needs at least {least} that follow each other"
            )

    # One canvas for both: the networks that they share see bodies of the same proportions.
    canvas = (size, size) if square or squeezed else shared_canvas(list(clips), size)
    a, b = (
        Subject.from_clip(
            clip, canvas, margin, flip=flip == side, plate=plate, squeezed=squeezed, follow_size=follow_size
        )
        for clip, side, plate in zip(clips, SIDES, plates, strict=True)
    )

    # Frames may follow each other and still have no silhouettes side by side.
    for subject, clip in ((a, clips[0]), (b, clips[1])):
        if not len(windows(subject, length)):
            raise InputError(f"{clip.name}: no {least} neighbouring frames have silhouettes")

    return a, b


def windows(subject: Subject, length: int) -> Int64[Tensor, "N"]:
    """Indices i such that the frames i to i + length - 1 all have a silhouette."""
    if len(subject) < length:
        return torch.zeros(0, dtype=torch.int64)
    return subject.seen.unfold(0, length, 1).all(1).nonzero()[:, 0]


def augmenting_maps(
    count: int,
    generator: torch.Generator,
    canvas: tuple[int, int],
    *,
    share: float,
    degrees: float,
    scale: tuple[float, float],
    shear: float,
    shift: float,
) -> Affines:
    """Random affine maps, the identity for all but `share` of them (JOKR, section 3, Augmentations).

    canvas   (h, w) of the pictures; the rest as the fields of `Augment`
    returns  [count, 2, 3]
    """
    moved = random_affines(
        count,
        degrees=degrees,
        scale=scale,
        shear=shear,
        shift=shift,
        aspect=canvas[1] / canvas[0],
        generator=generator,
    )
    still = torch.rand(count, generator=generator) >= share
    return torch.where(still[:, None, None], identity_affine(count), moved)


def other(side: str) -> str:
    """The partner of "a" or "b"."""
    return "b" if side == "a" else "a"


def check_side(side: str) -> str:
    """The side itself; UsageError where it is neither "a" nor "b"."""
    if side not in SIDES:
        raise UsageError(f"a pair has the subjects a and b, not {side!r}")
    return side


def closest_side(a: Subject, b: Subject, driving: Driving) -> str:
    """ "a" or "b": whose colours, under the silhouettes, are nearer to those of the driving video's first frames."""
    seen = _colours(Subject.from_clip(first_piece(driving), a.canvas, 0.1))
    gaps = []
    for subject in (a, b):
        gaps.append(float((seen - _colours(subject)).abs().sum()))

    return "a" if gaps[0] <= gaps[1] else "b"


def _colours(subject: Subject) -> Tensor:
    """Histogram of the subject's colours, 4 levels a channel, summing to 1: [64]."""
    bins = (subject.pixels // 64).long()
    index = (bins[:, 0] * 16 + bins[:, 1] * 4 + bins[:, 2])[subject.mattes[:, 0] > 127]
    counts = torch.bincount(index, minlength=64).double()
    return counts / counts.sum().clamp_min(1)
