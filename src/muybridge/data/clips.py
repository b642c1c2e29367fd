"""Many clips of one kind of object as training data: two frames of one clip, or some frames in a row."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Int64
from torch import Tensor

from muybridge.data.augmentation import Augment, augment_sequences
from muybridge.data.canvas import resize_to_canvas_bytes
from muybridge.data.frame_cache import FrameCache, Kind
from muybridge.disk import parse_json
from muybridge.errors import CheckpointError, InputError, MuybridgeWarning, Option, Sentence
from muybridge.tensors import Pixels
from muybridge.video.clip import Clip

C = TypeVar("C", bound="ClipsData")


@runtime_checkable
class Wanted(Protocol):
    """What a batch is asked for: a stage of the contract."""

    @property
    def name(self) -> str:
        """Of the stage."""

    @property
    def batch(self) -> int:
        """Samples."""


@runtime_checkable
class Clips(Protocol):
    """A list of clips, or a `ClipFolder`, which decodes the one that is asked for."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, index: int, /) -> Clip:
        """One of them; may raise InputError."""


@dataclass(eq=False)
class ClipsData:
    """Clips squeezed to one canvas and kept as bytes. A folder method mixes it with the contract:
    `class FommData(ClipsData, Data)`.

    cache      every frame of every clip
    starts     int64 [C + 1]  clip c has the frames starts[c] to starts[c + 1]
    identity   int64 [C]      whom each clip shows, 0 .. I - 1: a batch draws somebody, then one of their clips
    augment    what happens to a sample
    sequences  stage name -> T: those stages get `frames` in a row and no pairs
    """

    cache: FrameCache
    starts: Int64[Tensor, "starts"]
    identity: Int64[Tensor, "clips"]
    augment: Augment = field(default_factory=Augment)
    sequences: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_clips(
        cls: type[C],
        clips: Clips,
        canvas: tuple[int, int],
        *,
        augment: Augment | None = None,
        sequences: Mapping[str, int] | None = None,
        identities: Sequence[int] | None = None,
        cache: Kind = "exact",
    ) -> C:
        """Squeeze and pack the clips, one after the other, so that a lazy sequence of them is never in memory whole.

        canvas      (H, W)
        augment     FOMM's unless given
        identities  whom each clip shows; None takes `clips.identities` where a `ClipFolder` has them, or everybody
                    is somebody else
        Clips that cannot be read, or have a single frame, are left out with a MuybridgeWarning. Raises InputError where
        none is left.
        """
        if not len(clips):
            raise InputError("there are no clips to learn from", "Give a folder of videos, GIFs, strips or frames.")
        lengths: list[int] = []
        good: list[int] = []
        bad: list[InputError] = []

        def each() -> Iterator[Pixels]:
            for index in range(len(clips)):
                try:
                    pixels = own_pixels(_check_moves(clips[index]))
                except InputError as e:
                    bad.append(e)
                    continue

                lengths.append(len(pixels))
                good.append(index)
                yield resize_to_canvas_bytes(pixels, canvas)

        packed = FrameCache.of(each(), canvas, cache)
        if not good:
            raise bad[0]
        if bad:
            left_out = f"{len(bad)} of {len(clips)} clips are left out, the first because {bad[0].message}"
            warnings.warn(left_out, MuybridgeWarning, stacklevel=2)
        # Numbered anew, since clips that were left out may have taken somebody with them.
        whom = _identities(clips, identities)[good].unique(return_inverse=True)[1]
        starts = torch.tensor([0, *lengths]).cumsum(0)
        return cls(packed, starts, whom, augment or Augment(), dict(sequences or {}))

    def __len__(self) -> int:
        """How many clips."""
        return len(self.identity)

    @property
    def canvas(self) -> tuple[int, int]:
        """(H, W)"""
        return self.cache.size

    def clip(self, index: int) -> Pixels:
        """All frames of one clip, uint8 [T, 3, H, W]."""
        return self.cache.frames(range(int(self.starts[index]), int(self.starts[index + 1])))

    def batch(self, stage: Wanted, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """source and driving [B, 3, H, W] in [0, 1]: two frames of one clip, drawn with replacement, the earlier one
        the source unless time was flipped. For a stage in `sequences`: frames [B, T, 3, H, W] in a row; a clip that is
        shorter stays on its last frame."""
        which = self._clips(stage.batch, generator)
        length = self.sequences.get(stage.name)
        chosen = self._pairs(which, generator) if length is None else self._rows(which, length, generator)
        pixels = self.cache.frames(chosen.flatten().tolist())
        # From memory that may be moved, a copy to a GPU waits for what that is still computing.
        pixels = (pixels.pin_memory() if device.type == "cuda" else pixels).to(device, non_blocking=True)
        frames = augment_sequences(pixels.float().div_(255).unflatten(0, tuple(chosen.shape)), self.augment, generator)
        return {"source": frames[:, 0], "driving": frames[:, 1]} if length is None else {"frames": frames}

    def _clips(self, count: int, generator: torch.Generator) -> Tensor:
        """Somebody, then one of the clips that show them."""
        order = self.identity.argsort(stable=True)
        counts = self.identity.bincount()
        first = counts.cumsum(0) - counts
        who = torch.randint(len(counts), (count,), generator=generator)
        return order[first[who] + _below(counts[who], generator)]

    def _pairs(self, which: Tensor, generator: torch.Generator) -> Tensor:
        lengths = self.starts[which + 1] - self.starts[which]
        two = torch.stack([_below(lengths, generator), _below(lengths, generator)], 1)
        return self.starts[which, None] + two.sort(1).values

    def _rows(self, which: Tensor, length: int, generator: torch.Generator) -> Tensor:
        lengths = self.starts[which + 1] - self.starts[which]
        start = _below((lengths - length).clamp(min=0) + 1, generator)
        steps = (start[:, None] + torch.arange(length)).minimum(lengths[:, None] - 1)
        return self.starts[which, None] + steps

    def tensors(self) -> dict[str, Tensor]:
        """The packed frames, whose clips and whom they are of, and the settings as JSON in bytes."""
        told = {"canvas": self.canvas, "augment": asdict(self.augment), "sequences": dict(self.sequences)}
        text = torch.tensor(list(json.dumps(told).encode()), dtype=torch.uint8)
        own = {"starts": self.starts, "identity": self.identity, "settings": text}
        return {"packed": self.cache.packed, "ends": self.cache.ends, **own}

    @classmethod
    def restore(cls: type[C], tensors: Mapping[str, Tensor]) -> C:
        """The inverse of `tensors`; CheckpointError where they are not of this kind."""
        try:
            told = parse_json(bytes(tensors["settings"].tolist()))
            changes: dict[str, Any] = {}
            for k, v in told["augment"].items():
                changes[k] = tuple(v) if isinstance(v, list) else v

            cache = FrameCache(tensors["packed"], tensors["ends"], (told["canvas"][0], told["canvas"][1]))
            return cls(cache, tensors["starts"], tensors["identity"], Augment(**changes), told["sequences"])
        except (KeyError, ValueError, TypeError) as e:
            raise CheckpointError(
                f"the run's data are not clips of a folder ({e})",
                Sentence("Train anew with ", Option("force", True), "."),
            ) from e


def _identities(clips: Clips, given: Sequence[int] | None) -> Int64[Tensor, "clips"]:
    """Whom each clip shows: as given, as the clips' folder says, or everybody somebody else."""
    found = getattr(clips, "identities", None) if given is None else given
    whom = torch.arange(len(clips)) if found is None else torch.tensor(list(found))
    if len(whom) != len(clips):
        raise InputError(f"{len(clips)} clips cannot show {len(whom)} identities")
    return whom


def _check_moves(clip: Clip) -> Clip:
    if len(clip) < 2:
        raise InputError(
            f"{clip.name} has a single frame: motion is learnt from clips of two or more", "Take it out of the folder."
        )
    return clip


def own_pixels(clip: Clip) -> Pixels:
    """The clip's frames; where a folder's frames differ in size, each is brought to the first one's."""
    if clip.sizes is None or (len(set(clip.sizes)) == 1 and clip.sizes[0] == (clip.height, clip.width)):
        return clip.pixels
    size = clip.sizes[0]
    own = []
    for t, (h, w) in enumerate(clip.sizes):
        own.append(resize_to_canvas_bytes(clip.pixels[t : t + 1, :, :h, :w], size))

    return torch.cat(own)


def _below(limits: Tensor, generator: torch.Generator) -> Tensor:
    """A whole number from 0 to each limit, without it; int64."""
    drawn = torch.rand(limits.shape, generator=generator, dtype=torch.float64)
    return (drawn * limits).long().minimum(limits - 1)
