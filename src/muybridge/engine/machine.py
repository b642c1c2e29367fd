"""Where a training runs: device, precision, and how several processes keep in step."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import torch
from accelerate import PartialState
from accelerate.utils import broadcast, gather_object, reduce
from torch import Tensor, nn

from muybridge.errors import Option, Sentence, UsageError
from muybridge.method import Stage
from muybridge.networks import computes_bfloat16

Precision = Literal["auto", "float32", "bfloat16"]
PATIENCE = timedelta(hours=12)
"""How long processes wait for the first one to prepare the data; where it fails, the launcher ends them at once."""


@dataclass(frozen=True)
class Machine:
    """A device, a precision, and this process among `count`."""

    device: torch.device
    precision: Literal["float32", "bfloat16"]
    rank: int = 0
    count: int = 1

    @property
    def main(self) -> bool:
        """Whether this process writes the run."""
        return self.rank == 0

    def autocast(self) -> AbstractContextManager[None]:
        """bfloat16 where it is safe and asked for; weights stay float32."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Mean over the processes; a parameter that no process has a gradient for keeps none."""
        if self.count == 1:
            return
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        present = torch.tensor([float(p.grad is not None) for p in parameters], device=self.device)

        flat = reduce(torch.cat([present, *(g.flatten() for g in grads)]), "mean")
        present, *parts = flat.split([len(parameters), *(g.numel() for g in grads)])
        for p, g, part, any_has in zip(parameters, grads, parts, present.tolist(), strict=True):
            p.grad = g.copy_(part.view(g.shape)) if any_has else None

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Mean over the processes, in place; of running statistics and logged losses."""
        if self.count > 1 and tensors:
            flat = reduce(torch.cat([t.detach().flatten() for t in tensors]), "mean")
            for t, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
                t.detach().copy_(part.view(t.shape))

    def union(self, names: Iterable[str]) -> list[str]:
        """Names that any process has, in one order for all."""
        return list(dict.fromkeys(names if self.count == 1 else gather_object(list(names))))

    def any_process(self, *flags: bool) -> tuple[bool, ...]:
        """True where any process says so."""
        if self.count == 1:
            return flags
        parts = []
        for f in reduce(torch.tensor(flags, device=self.device).float(), "sum").tolist():
            parts.append(bool(f))

        return tuple(parts)

    def barrier(self) -> None:
        """Wait for the others."""
        if self.count > 1:
            PartialState().wait_for_everyone()

    def broadcast_weights(self, module: nn.Module) -> None:
        """Give every process the weights of the main one."""
        if self.count > 1:
            for t in module.state_dict().values():
                t.copy_(broadcast(t.contiguous()))


def resolve_device(device: str = "auto", precision: Precision = "auto") -> Machine:
    """Choose a device and a precision.

    device     "auto" (a GPU where there is one), or a name of PyTorch's: cpu, cuda, cuda:1, mps
    precision  "auto" (bfloat16 where the hardware computes in it), "float32" or "bfloat16"

    Under torchrun or accelerate launch every process takes its own GPU. UsageError where there is no such device.
    """
    # `cpu` is told to accelerate only where it decides the backend: its state outlives this training.
    launched = int(os.environ.get("WORLD_SIZE", "1")) > 1

    state = PartialState(cpu=device == "cpu", timeout=PATIENCE) if launched else PartialState()
    if state.num_processes > 1:
        atexit.register(_leave)

    # The launcher has given every process its GPU; a name could only send them all to the same one.
    if device == "auto" or state.num_processes > 1:
        chosen = state.device
        if device != "auto" and torch.device(device).type != chosen.type:
            raise UsageError(
                f"the processes run on {chosen.type}, not on {device}", Sentence("Leave out ", Option("device"), ".")
            )
    else:
        chosen = _open_device(device)

    if precision == "auto":
        precision = "bfloat16" if computes_bfloat16(chosen) else "float32"
    return Machine(chosen, precision, state.process_index, state.num_processes)


def _leave() -> None:
    # PyTorch asks for it; accelerate leaves it to the program.
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _open_device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as e:
        raise UsageError(
            f"no device {name} here ({str(e).splitlines()[0]})", "See what there is: muybridge doctor"
        ) from e
    return device


def use_channels_last(module: nn.Module) -> None:
    """Lay out the weights of 2D convolutions as channels-last, which CPU and GPU kernels are fastest with."""
    for p in module.parameters():
        if p.ndim == 4:
            p.data = p.data.contiguous(memory_format=torch.channels_last)


def to_contiguous(module: nn.Module) -> None:
    """Lay the weights out as a loaded file has them: another layout is worked on by other kernels, whose sums round
    otherwise (those of channels-last pictures also more coarsely)."""
    for p in module.parameters():
        p.data = p.data.contiguous()


def to_channels_last(t: Tensor) -> Tensor:
    """The same for a batch's pictures."""
    return t.contiguous(memory_format=torch.channels_last) if t.ndim == 4 else t


def split_batch(stage: Stage, count: int) -> Stage:
    """The stage with one process's part of the batch; UsageError where it cannot be shared evenly."""
    if stage.batch % count:
        raise UsageError(
            f"a batch of {stage.batch} (stage {stage.name}) cannot be shared by {count} processes",
            "Choose a number of processes that divides it.",
        )
    return replace(stage, batch=stage.batch // count)
