"""The contract between a method and everything else.

A method says what is learned: its stages, its turns (each names a parameter group and its losses), how it animates.
The engine says how: device, precision, optimisers, schedules, logging, previews, checkpoints. Neither knows the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from muybridge.video.clip import Clip, Timing

Batch = Mapping[str, Tensor]


class Part(BaseModel):
    """A part of a config: frozen, unknown names refused; each field's docstring is its help."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Config(Part):
    """Settings of a method."""


@dataclass(frozen=True)
class Card:
    """What a person needs to know of a method before using it; help texts, docs and menus come from here."""

    name: str
    """The name that is typed."""
    title: str
    """One line: what it does."""
    paper: str
    """Authors, title, year."""
    needs: Literal["pair", "folder", "landmarks"]
    """`pair`: two clips with silhouettes. `folder`: many clips of one kind. `landmarks`: clips with landmarks."""
    gives: str
    """What comes out."""
    presets: Mapping[str, Config]
    """Named sizes and lengths; the first is the default."""
    preset_help: Mapping[str, str] = field(default_factory=dict)
    """One line a preset."""
    affine: bool = False
    """Whether a map between the two subjects is learnt, with and without which results can be made."""


@dataclass(frozen=True)
class Stage:
    """A part of a training that ends before the next starts."""

    name: str
    steps: int
    """Optimiser steps."""
    batch: int
    """Samples in a batch; what a sample is, the method's data says."""
    decay: float = 0.0
    """Share of the stage, at its end, over which the learning rates fall linearly to zero."""
    drops: tuple[float, ...] = ()
    """Shares of the stage after each of which the learning rates are a tenth of what they were."""
    cost: float = 1.0
    """Rough time of a step against the other stages', for the time left."""


@dataclass(frozen=True)
class Group:
    """Parameters that one Adam optimiser moves."""

    parameters: Sequence[nn.Parameter]
    lr: float
    betas: tuple[float, float] = (0.5, 0.999)


@dataclass(frozen=True)
class Turn:
    """One optimiser's share of a step: the engine minimises sum(weights[name] * losses[name]) over `group` alone.

    The code of `Method.turns` behind a `yield` runs after the optimiser has moved.
    """

    group: str
    losses: Mapping[str, Tensor]
    """Unweighted scalars by name; a term that is not in `weights` has weight 1."""
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> Tensor:
        """The weighted sum, float32 [] ."""
        terms = [self.weights.get(name, 1.0) * loss.float() for name, loss in self.losses.items()]
        return torch.stack(terms).sum()


class Data(ABC):
    """What a method trains on: decoded once, on the device, stored with the run so that it resumes by itself."""

    @abstractmethod
    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """One batch for `stage`; every random choice is drawn from `generator` (a CPU generator that the engine seeds
        from the run's seed and the step, so that a resumed training sees the same batches)."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Everything that `restore` needs, as tensors to be stored."""

    @classmethod
    @abstractmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> Data:
        """The inverse of `tensors`."""


@dataclass(frozen=True, eq=False)
class Animation:
    """Frames that are made as they are asked for, so that memory does not grow with the length.

    frames   iterator over uint8 [4, H, W]: RGB and straight alpha; can be walked once
    timing   exact times, those of the driving clip
    size     (H, W)
    notes    what a person should know of how it was made
    source   of a pair, whose appearance: "a" or "b"
    """

    frames: Iterator[Tensor]
    timing: Timing
    size: tuple[int, int]
    notes: tuple[str, ...] = ()
    source: str | None = None

    def clip(self) -> Clip:
        """All of it at once; the alpha becomes the silhouettes."""
        frames = torch.stack(list(self.frames))
        return Clip(frames[:, :3].contiguous(), self.timing, frames[:, 3:].contiguous())


C = TypeVar("C", bound=Config)
D = TypeVar("D", bound=Data)


class Method(nn.Module, ABC, Generic[C, D]):
    """A method of motion retargeting: networks, what is learned from what, and how a finished one animates."""

    card: ClassVar[Card]
    Config: ClassVar[type[Config]]
    Data: ClassVar[type[Data]]
    takes_streamed_video: ClassVar[bool] = False
    """Whether `animate` also takes a driving video that stays in its file, of any length (`data.driving_video`)."""

    def __init__(self, config: C) -> None:
        super().__init__()
        self.config = config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @abstractmethod
    def prepare(self, clips: Sequence[Clip], **options: Any) -> D:
        """The training data from what the user gave; checks it (InputError says what to do)."""

    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """The stages in their order."""

    @abstractmethod
    def groups(self, stage: Stage) -> dict[str, Group]:
        """The parameters that learn in `stage`; all others stand still."""

    def begin(self, stage: Stage, data: D, generator: torch.Generator) -> None:
        """Called once before the first step of a stage (not on resume); may set weights from data."""

    @abstractmethod
    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """The turns of one step, in order."""

    @abstractmethod
    def preview(self, data: D, stage: Stage) -> Tensor:
        """A picture of how far the training is: uint8 [3, H, W]; deterministic, under no_grad, cheap."""

    @abstractmethod
    def animate(self, data: D, driving: Clip | None, source: Clip | str | None = None, **options: Any) -> Animation:
        """The source moving as the driving clip does.

        driving  the motion; None means the clip that belongs to the training, where the method has one
        source   the appearance: a clip, or for pair methods "a" or "b"
        """
