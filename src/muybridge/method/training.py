"""What is learned, as a method tells it to the engine: stages, groups of parameters, turns with their losses, data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

Batch = Mapping[str, Tensor]


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
        terms = []
        for name, loss in self.losses.items():
            terms.append(self.weights.get(name, 1.0) * loss.float())

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
        """The inverse of `tensors`; any exception where they are not of this kind, which `load` makes a sentence of."""
