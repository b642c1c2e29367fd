"""What JOKR trains on: two subjects, pairs of neighbouring frames, random affine maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from muybridge.data.pair import SIDES, augmenting_maps, check_side, crop_pair
from muybridge.data.reference_frames import ReferenceFrames
from muybridge.data.stored_tensors import take
from muybridge.data.subject import Subject
from muybridge.geometry import noisy_affines, warp_affine
from muybridge.method import Data, Stage
from muybridge.methods.jokr.config import AugmentConfig, JokrConfig
from muybridge.tensors import Affines
from muybridge.video import Clip

CANDIDATES = 14
"""Frames of each subject in a batch of the dense motion, beside those that are made of them."""
APART = 8
"""Frames that lie between a frame and one that it may be made of, while the dense motion learns."""


@dataclass
class PairData(Data):
    """Two subjects on the same canvas."""

    a: Subject
    b: Subject
    augment: AugmentConfig
    references: Mapping[str, ReferenceFrames] = field(default_factory=dict)
    """Own frames by side, where results are made of them."""
    there: dict[tuple[str, torch.device], Subject] = field(default_factory=dict, repr=False)
    """The subjects with their bytes on an accelerator, once a batch was asked for there."""

    @classmethod
    def from_clips(
        cls,
        clips: Sequence[Clip],
        config: JokrConfig,
        *,
        flip: str | None = None,
        plates: Sequence[Tensor | None] = (None, None),
    ) -> "PairData":
        """Crop both clips; see `Jokr.prepare`."""
        a, b = crop_pair(
            clips,
            config.size,
            config.border,
            method="jokr",
            square=config.square,
            squeezed=config.whole_frames,
            follow_size=config.follow_size,
            flip=flip,
            plates=plates,
        )
        references: dict[str, ReferenceFrames] = {}
        # Whole frames take much room, so they are kept only where pictures are made of them.
        if config.uses_frames:
            pairs = zip(SIDES, clips, (a, b), strict=True)
            for side, clip, subject in pairs:
                references[side] = ReferenceFrames.from_clip(clip, subject)

        return cls(a, b, config.moves, references)

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """For each side s: frames_s [B, 3, h, w] on black, masks_s [B, 1, h, w], in the shape stage the same of their
        successors, and the maps [B, 2, 3] of the equivariance term; with augmentation of keypoints, the maps of it, and
        in the texture stage the whole frames scenes_s [B, 3, h, w]."""
        if stage.name == "motion":
            return self._whole_frames(stage, generator, device)
        out: dict[str, Tensor] = {}
        for name in SIDES:
            subject = self._on(device, name)
            starts = subject.neighbours()
            first = starts[torch.randint(len(starts), (stage.batch,), generator=generator)]
            maps = _send(self._maps(stage.batch, generator, subject), device)
            eq = _send(noisy_affines(stage.batch, self.augment.equivariance, generator), device)
            # Successors are drawn with their frames, so that both are moved by one map.
            which = torch.cat((first, first + 1)) if stage.name == "shape" else first
            stacked = torch.cat(subject.pictures(_send(which, device)), 1)
            # Where D's keypoints are moved instead, the frames stay.
            if self.augment.where == "frames" and self.augment.share > 0:
                stacked = warp_affine(stacked, maps.repeat(len(which) // stage.batch, 1, 1))
            else:
                out[f"maps_{name}"] = maps
                if stage.name == "texture":
                    out[f"scenes_{name}"] = subject.pixels[_send(first, device)].float() / 255
            n = stage.batch
            out |= {f"frames_{name}": stacked[:n, :3], f"masks_{name}": stacked[:n, 3:], f"equivariance_{name}": eq}
            if stage.name == "shape":
                out |= {f"successors_{name}": stacked[n:, :3], f"successor_masks_{name}": stacked[n:, 3:]}

        return out

    def _whole_frames(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """For each side s frames as they are, those of the batch and others: frames_s [N, 3, h, w], masks_s, and
        times_s [N], in which 1 is the least that lies between a frame and one that it may be made of."""
        out: dict[str, Tensor] = {}
        for name in SIDES:
            subject = self._on(device, name)
            shown = self.subject(name).seen.nonzero()[:, 0]
            order = torch.randperm(len(shown), generator=generator)
            # A short clip gives too few frames for a batch, so some come more than once.
            if len(order) < stage.batch + 2:
                order = order.repeat(stage.batch)
            index = shown[order[: stage.batch + CANDIDATES]]
            frames, masks = subject.pictures(_send(index, device))
            # In a short clip hardly any frames would lie far enough from each other.
            apart = min(float(APART), len(shown) / 8)
            out |= {f"frames_{name}": frames, f"masks_{name}": masks, f"times_{name}": _send(index / apart, device)}

        return out

    def _maps(self, count: int, generator: torch.Generator, subject: Subject) -> Affines:
        g = self.augment
        return augmenting_maps(
            count,
            generator,
            subject.canvas,
            share=g.share,
            degrees=g.degrees,
            scale=g.scale,
            shear=g.shear,
            shift=g.shift,
        )

    def _on(self, device: torch.device, side: str) -> Subject:
        """A subject with its bytes on the device: brought there once, so that a step sends numbers only."""
        if device.type == "cpu":
            return self.subject(side)
        key = (side, device)
        if key not in self.there:
            self.there[key] = self.subject(side).on(device)
        return self.there[key]

    def subject(self, side: str) -> Subject:
        """ "a" or "b"."""
        return self.a if check_side(side) == "a" else self.b

    def tensors(self) -> dict[str, Tensor]:
        a = self.augment
        numbers = [a.share, a.degrees, *a.scale, a.shear, a.shift, a.equivariance, float(a.where == "keypoints")]
        stored = self.a.tensors("a") | self.b.tensors("b") | {"augment": torch.tensor(numbers, dtype=torch.float64)}
        for side, frames in self.references.items():
            stored |= frames.tensors(f"references.{side}")
        return stored

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> "PairData":
        numbers = take(tensors, "augment", torch.float64, 8).tolist()
        share, degrees, low, high, shear, shift, equivariance, keypoints = numbers
        augment = AugmentConfig(
            share=share,
            degrees=degrees,
            scale=(low, high),
            shear=shear,
            shift=shift,
            equivariance=equivariance,
            where="keypoints" if keypoints else "frames",
        )
        a = Subject.restore(tensors, "a")
        b = Subject.restore(tensors, "b")
        stored = []
        for side in SIDES:
            # Runs that make no pictures of their own frames have kept none.
            if f"references.{side}.sizes" in tensors:
                stored.append(side)

        references = {}
        for side in stored:
            found = ReferenceFrames.restore(tensors, f"references.{side}")
            count = len(a if side == "a" else b)
            if not bool(((found.index >= 0) & (found.index < count)).all()):
                raise ValueError(f"references.{side}.index names frames that are not among {count}")
            references[side] = found

        return cls(a, b, augment, references)


def _send(numbers: Tensor, device: torch.device) -> Tensor:
    """Numbers drawn on the CPU, on the device; CUDA does not wait for what it is doing to take them."""
    return numbers.to(device, non_blocking=device.type == "cuda")
