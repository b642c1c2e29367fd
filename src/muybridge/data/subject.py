"""One video's subject as methods train on it: crops that fill a canvas, and what is needed to put results back."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from muybridge.data.crop import Boxes, canvas, crop, extents, fit_boxes, paste
from muybridge.errors import InputError, MissingSilhouettesError, MuybridgeWarning
from muybridge.tensors import Mattes, Pixels
from muybridge.video.clip import Clip, Timing


@dataclass(frozen=True, eq=False)
class Subject:
    """Crops of one clip, silhouettes too; bytes, because all of it stays in memory while training.

    pixels  uint8 [T, 3, h, w]
    mattes  uint8 [T, 1, h, w]
    boxes   [T, 4]              where each crop lies in its frame
    seen    [T]                 False where a frame has no silhouette; such frames are not trained on
    frame   (H, W)              of the clip's own frames
    plate   uint8 [3, H, W]     the clip's background without the subject, or black
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
        cls, clip: Clip, size: tuple[int, int], margin: float, *, flip: bool = False, plate: Tensor | None = None
    ) -> "Subject":
        """Crop a clip with silhouettes to `size` (h, w), the boxes of that aspect ratio.

        flip   mirror the clip first
        plate  uint8 [3, H, W], not mirrored
        Raises MissingSilhouettesError, or InputError where silhouettes are empty everywhere.
        """
        if clip.mattes is None:
            raise MissingSilhouettesError(
                f"no silhouettes for {clip.name}: one per frame is needed",
                f"Make them with: muybridge mask {clip.source or 'VIDEO'} --out DIR",
            )
        clip = clip.flipped() if flip else clip
        boxes = fit_boxes(_mattes(clip), aspect=size[1] / size[0], margin=margin, rate=clip.timing.rate)
        seen = ~extents(_mattes(clip))[:, 0].isnan()
        if not bool(seen.all()):
            lost = int((~seen).sum())
            warnings.warn(f"{clip.name}: {lost} frames have no silhouette and are skipped", MuybridgeWarning, 2)
        pixels, mattes = crop(clip, boxes, size)
        frame = (clip.height, clip.width)
        plate = torch.zeros(3, *frame, dtype=torch.uint8) if plate is None else plate
        return cls(pixels, mattes, boxes, seen, frame, plate, clip.timing, flip)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def canvas(self) -> tuple[int, int]:
        """(h, w) of the crops."""
        return self.pixels.shape[2], self.pixels.shape[3]

    def pictures(self, index: Tensor | slice = slice(None)) -> tuple[Float[Tensor, "N 3 h w"], Float[Tensor, "N 1 h w"]]:
        """Some crops on black and their silhouettes, float in [0, 1]."""
        masks = self.mattes[index].float() / 255
        return self.pixels[index].float() / 255 * masks, masks

    def neighbours(self) -> Tensor:
        """Indices i such that frames i and i + 1 both have a silhouette: [N]."""
        both = self.seen[:-1] & self.seen[1:]
        return both.nonzero()[:, 0]

    def place(self, rgba: Tensor) -> Tensor:
        """Put a crop uint8 [4, h, w] where this subject usually is in its own frame: uint8 [4, H, W], mirrored back."""
        full = paste(rgba, self.boxes.median(0).values, self.frame)
        return full.flip(-1) if self.flip else full

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
        h, w, flip, last, numerator, denominator = tensors[f"{prefix}.numbers"].tolist()
        timing = Timing(tuple(tensors[f"{prefix}.pts"].tolist()), last, Fraction(numerator, denominator))
        named = {name: tensors[f"{prefix}.{name}"] for name in ("pixels", "mattes", "boxes", "seen", "plate")}
        return cls(**named, frame=(h, w), timing=timing, flip=bool(flip))


def shared_canvas(clips: list[Clip], size: int) -> tuple[int, int]:
    """(H, W) of a canvas that suits the subjects of all these clips: the geometric mean of their aspect ratios."""
    aspects = []
    for clip in clips:
        if clip.mattes is None:
            raise MissingSilhouettesError(
                f"no silhouettes for {clip.name}: one per frame is needed",
                f"Make them with: muybridge mask {clip.source or 'VIDEO'} --out DIR",
            )
        _, _, w, h = fit_boxes(clip.mattes, margin=0, rate=clip.timing.rate)[0].tolist()
        aspects.append(w / h)
    return canvas(size, float(torch.tensor(aspects).log().mean().exp()))


def _mattes(clip: Clip) -> Mattes:
    if clip.mattes is None:
        raise InputError(f"{clip.name} has no silhouettes")
    return clip.mattes
