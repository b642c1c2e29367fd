"""What a training step does, counted while it runs: arithmetic, calls of kernels, and what is kept for the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from muybridge.engine.callback import Callback
from muybridge.method import Stage


@dataclass
class StepCount:
    """Of one step.

    flops   floating point operations of convolutions and matrix products, forwards and backwards; a multiply-and-add
            is two
    calls   operators, each of which is a kernel or more on a GPU
    kept    bytes of tensors that are kept for the way back, parameters not among them
    """

    flops: int = 0
    calls: int = 0
    kept: int = 0


@dataclass
class StepCounter(Callback):
    """Counts the steps of each stage while `count_steps` is open; the last step of a stage is what it says.

    parameters  addresses of the method's own weights, which are no part of what is kept
    """

    parameters: frozenset[int]
    steps: dict[str, StepCount] = field(default_factory=dict)
    flops: int = 0
    calls: int = 0
    kept: dict[int, int] = field(default_factory=dict)
    counter: FlopCounterMode | None = None

    def on_stage(self, stage: Stage) -> None:
        self._begin()

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        assert self.counter is not None
        flops = int(self.counter.get_total_flops()) - self.flops
        self.steps[stage.name] = StepCount(flops, self.calls, sum(self.kept.values()))
        self._begin()

    def _begin(self) -> None:
        self.flops = 0 if self.counter is None else int(self.counter.get_total_flops())
        self.calls = 0
        self.kept = {}

    def keep(self, tensor: Tensor) -> Tensor:
        """A tensor that autograd keeps; its storage counts once, however many views of it are kept."""
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.parameters:
            self.kept[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()


class _Calls(TorchDispatchMode):
    """Counts operators."""

    def __init__(self, counter: StepCounter) -> None:
        super().__init__()
        self.counter = counter

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counter.calls += 1
        return func(*args, **(kwargs or {}))


@contextmanager
def count_steps(counter: StepCounter) -> Iterator[None]:
    """While open, what is computed is counted; three to ten times slower than without."""
    counter.counter = FlopCounterMode(display=False)
    with (
        counter.counter,
        _Calls(counter),
        torch.autograd.graph.saved_tensors_hooks(counter.keep, lambda tensor: tensor),
    ):
        yield
