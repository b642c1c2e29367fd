"""One video's subject as methods train on it: crops that fill a canvas, and what is needed to put results back."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from muybridge.data.crop import Boxes, crops, own_boxes, paste, spread, squeeze
from muybridge.data.stored_tensors import check_frame_size, take, take_boxes, take_numbers
from muybridge.errors import MissingSilhouettesError, MuybridgeWarning, Option, Sentence, Verb
from muybridge.tensors import Mattes, Pixels
from muybridge.video.clip import Clip, Timing

CANVAS_MULTIPLE = 16
"""Sides of a canvas are multiples of this, so that every network can halve them."""

FOLLOW = 0.5
"""Seconds over which a box's centre is smoothed: the bobbing of a gait is motion, and stays inside."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Crops of one clip, silhouettes too; bytes, because all of it stays in memory while training.

    pixels  uint8 [T, 3, h, w]
    mattes  uint8 [T, 1, h, w]
    boxes   [T, 4]              where each crop lies in its frame
    seen    [T]                 False where a frame has no silhouette; such frames are not trained on
    frame   (H, W)              of the frames in the file, however small they were read
    plate   uint8 [3, Hp, Wp]   the clip's background without the subject at the size it was read, or black
    timing  of the clip
    flip    mirrored on the way in, so that results are mirrored back
    """

    pixels: Pixels
    mattes: Mattes
    boxes: Boxes
    seen: Bool[Tensor, "T"]
    frame: tuple[int, int]
    plate: Tensor
    timing: Timing
    flip: bool = False

    @classmethod
    def from_clip(
        cls,
        clip: Clip,
        size: tuple[int, int],
        margin: float,
        *,
        flip: bool = False,
        plate: Tensor | None = None,
        squeezed: bool = False,
        follow_size: bool = True,
    ) -> "Subject":
        """Crop a clip with silhouettes to `size` (h, w), the boxes of that aspect ratio.

        margin    of the box, as a share of the subject's size, or with `squeezed` of the frame's
        flip      mirror the clip first
        plate     uint8 [3, H, W], not mirrored
        squeezed  whole frames squeezed to the square, as the released JOKR program does
        follow_size  the size of the boxes follows the subject's, slowly
        Raises MissingSilhouettesError, or InputError where silhouettes are empty everywhere.
        """
        if clip.mattes is None:
            raise missing_silhouettes_error(clip)

        boxes = None
        if not squeezed:
            shown = clip.mirror() if flip else clip
            boxes = own_boxes(shown, aspect=size[1] / size[0], margin=margin, follow=FOLLOW, follow_size=follow_size)

        subject = cls.along(clip, boxes, size, margin, flip=flip, plate=plate)
        warn_lost_frames(clip.name, int((~subject.seen).sum()))
        return subject

    @classmethod
    def along(
        cls,
        clip: Clip,
        boxes: Boxes | None,
        size: tuple[int, int],
        margin: float,
        *,
        flip: bool = False,
        plate: Tensor | None = None,
    ) -> "Subject":
        """Crop a clip with silhouettes along boxes that are known; the rest as for `from_clip`.

        boxes  [T, 4] in pixels of the clip, mirrored where it is; None squeezes whole frames
        """
        assert clip.mattes is not None
        seen = (clip.mattes > 127).flatten(1).any(1)
        clip = clip.mirror() if flip else clip
        cut = _squeezed_frames(clip, size[0], margin) if boxes is None else crops(clip, boxes, size)
        # As bytes one by one: all of them as floats would be four times as much.
        pixels = torch.empty(len(clip), 3, *size, dtype=torch.uint8)
        mattes = torch.empty(len(clip), 1, *size, dtype=torch.uint8)
        for t, layers in enumerate(cut):
            pixels[t], mattes[t] = _bytes(layers).split((3, 1))
        boxes = _whole_frames(clip, margin) if boxes is None else boxes
        if plate is None:
            plate = torch.zeros(3, clip.height, clip.width, dtype=torch.uint8)
        # Boxes are kept in pixels of the file's own frames, however small it was read.
        places = boxes * _scale(clip, clip.full_size)

        return cls(pixels, mattes, places, seen, clip.full_size, plate, clip.timing, flip)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def canvas(self) -> tuple[int, int]:
        """(h, w) of the crops."""
        return self.pixels.shape[2], self.pixels.shape[3]

    def pictures(
        self, index: Tensor | slice = slice(None)
    ) -> tuple[Float[Tensor, "N 3 h w"], Float[Tensor, "N 1 h w"]]:
        """Some crops on black and their silhouettes, float in [0, 1]."""
        masks = self.mattes[index].float() / 255
        return self.pixels[index].float() / 255 * masks, masks

    def on(self, device: torch.device) -> "Subject":
        """The same with its crops and silhouettes on the device; `pictures` makes them there, from an index there."""
        return replace(self, pixels=self.pixels.to(device), mattes=self.mattes.to(device))

    def smaller(self, part: int) -> "Subject":
        """The same in a frame that is so many times smaller, for results that are drawn small."""
        frame = (max(1, self.frame[0] // part), max(1, self.frame[1] // part))
        return replace(self, frame=frame, boxes=self.boxes / part)

    def neighbours(self) -> Tensor:
        """Indices i such that frames i and i + 1 both have a silhouette: [N]."""
        both = self.seen[:-1] & self.seen[1:]
        return both.nonzero()[:, 0]

    def place(self, rgba: Tensor, box: Tensor | None = None) -> Tensor:
        """Put a crop uint8 [4, h, w] where this subject usually is in its own frame: uint8 [4, H, W], mirrored back.

        box  [4]  to put it elsewhere, in pixels of the frame, mirrored where the subject is
        """
        box = self.boxes.median(0).values if box is None else box
        values = rgba.float() / 255
        full = _bytes(paste(values[:3], values[3:], box, self.frame))
        return full.flip(-1) if self.flip else full

    def silhouettes(self, clip: Clip) -> Clip:
        """The clip that this was cropped from, with the silhouettes of the crops, which are as fine as those are."""
        shown = clip.mirror() if self.flip else clip
        size = (shown.height, shown.width)
        boxes = self.boxes / _scale(shown, self.frame)
        mattes = (spread(m.float() / 255, box, size) > 0.5 for m, box in zip(self.mattes, boxes, strict=True))
        shown = shown.with_masks(torch.stack([_bytes(m.float()) for m in mattes]))
        return shown.mirror() if self.flip else shown

    def tensors(self, prefix: str) -> dict[str, Tensor]:
        """For storage; `restore` is the inverse."""
        base = self.timing.time_base
        numbers = [*self.frame, int(self.flip), self.timing.last, base.numerator, base.denominator]
        return {
            f"{prefix}.pixels": self.pixels,
            f"{prefix}.mattes": self.mattes,
            f"{prefix}.boxes": self.boxes,
            f"{prefix}.seen": self.seen,
            f"{prefix}.plate": self.plate,
            f"{prefix}.pts": torch.tensor(self.timing.pts),
            f"{prefix}.numbers": torch.tensor(numbers),
        }

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor], prefix: str) -> "Subject":
        """The inverse of `tensors`; ValueError where they are not of one subject."""
        h, w, flip, last, numerator, denominator = take_numbers(tensors, f"{prefix}.numbers", 6)
        check_frame_size(f"{prefix}.numbers", h, w)
        pixels = take(tensors, f"{prefix}.pixels", torch.uint8, None, 3, None, None)
        count, _, *canvas = pixels.shape
        pts = take(tensors, f"{prefix}.pts", torch.int64, count)
        return cls(
            pixels=pixels,
            mattes=take(tensors, f"{prefix}.mattes", torch.uint8, count, 1, *canvas),
            boxes=take_boxes(tensors, f"{prefix}.boxes", count),
            seen=take(tensors, f"{prefix}.seen", torch.bool, count),
            plate=take(tensors, f"{prefix}.plate", torch.uint8, 3, None, None),
            frame=(h, w),
            timing=Timing(tuple(pts.tolist()), last, Fraction(numerator, denominator)),
            flip=bool(flip),
        )


def shared_canvas(clips: list[Clip], size: int) -> tuple[int, int]:
    """(h, w) of a canvas that suits the subjects of all these clips: the geometric mean of their aspect ratios."""
    for clip in clips:
        if clip.mattes is None:
            raise missing_silhouettes_error(clip)
    sizes = torch.stack(
        [own_boxes(clip, margin=0.0, follow=FOLLOW, follow_size=True)[:, 2:].median(0).values for clip in clips]
    )
    return canvas(size, float((sizes[:, 0] / sizes[:, 1]).log().mean().exp()))


def canvas(size: int, aspect: float) -> tuple[int, int]:
    """(h, w), multiples of 16, with about the area of a square of `size` and nearly the given width / height,
    which is first brought within [1/2, 2].

    size    side of the square in pixels
    aspect  width / height
    """
    aspect = min(max(aspect, 0.5), 2.0)
    sides = range(CANVAS_MULTIPLE, 2 * size + 1, CANVAS_MULTIPLE)
    allowed = [(h, w) for h in sides for w in sides if h * w <= 1.1 * size * size] or [
        (CANVAS_MULTIPLE, CANVAS_MULTIPLE)
    ]
    return min(allowed, key=lambda hw: abs(log(hw[1] / hw[0] / aspect)) + 0.7 * abs(log(hw[0] * hw[1] / size**2)))


def _whole_frames(clip: Clip, pad: float) -> Boxes:
    """The box of each whole frame with its border: [T, 4]."""
    sizes = clip.sizes or ((clip.height, clip.width),) * len(clip)
    return torch.tensor([[w / 2, h / 2, w * (1 + 2 * pad), h * (1 + 2 * pad)] for h, w in sizes])


def _squeezed_frames(clip: Clip, side: int, pad: float) -> Iterator[Tensor]:
    for t in range(len(clip)):
        frames, masks = squeeze(clip[t : t + 1], side, pad)
        assert masks is not None
        yield torch.cat((frames, masks), 1)[0]


def _scale(clip: Clip, frame: tuple[int, int]) -> Tensor:
    """How many times larger a frame of this size is than the clip's, for each number of a box: [4]."""
    across = frame[1] / clip.width
    down = frame[0] / clip.height
    return torch.tensor([across, down, across, down])


def warn_lost_frames(name: str, count: int) -> None:
    """Warn where so many frames of a clip have no silhouette."""
    if count:
        warnings.warn(f"{name}: {count} frames have no silhouette and are skipped", MuybridgeWarning, 3)


def _bytes(x: Tensor) -> Tensor:
    return (x * 255).round().to(torch.uint8)


def missing_silhouettes_error(clip: Clip) -> MissingSilhouettesError:
    """What is said of a clip that has no silhouettes."""
    return MissingSilhouettesError(
        f"no silhouettes for {clip.name}: one per frame is needed",
        Sentence("Make them with: ", Verb("mask", str(clip.source or "VIDEO"), Option("out", "DIR"))),
    )
