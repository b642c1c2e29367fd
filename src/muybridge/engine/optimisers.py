"""One Adam per parameter group, its learning rate by the step, its state as plain tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adam

from muybridge.errors import CheckpointError
from muybridge.method import Group, Stage


def build_optimisers(groups: Mapping[str, Group]) -> dict[str, Adam]:
    """An optimiser per group; groups of a device without the fused kernel use the plain one."""
    return {name: _adam(group) for name, group in groups.items()}


def _adam(group: Group) -> Adam:
    parameters = list(group.parameters)
    fused = all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters)
    return Adam(parameters, lr=group.lr, betas=group.betas, fused=fused)


def parameters(optimiser: Adam) -> list[nn.Parameter]:
    """What it moves."""
    return optimiser.param_groups[0]["params"]


def rate_factor(stage: Stage, step: int) -> float:
    """The share of the learning rate for the step after `step` are done: 1, then linearly to 0 at the stage's end, and
    a tenth of that after each of its drops."""
    falling = stage.steps * stage.decay
    linear = 1.0 if stage.steps - step >= falling else (stage.steps - step) / falling
    return linear * 0.1 ** sum(step >= share * stage.steps for share in stage.drops)


def to_tensors(optimisers: Mapping[str, Adam]) -> dict[str, Tensor]:
    """`<group>.<index>.<name>` for each tensor that Adam keeps."""
    table = {}
    for name, optimiser in optimisers.items():
        for index, p in enumerate(parameters(optimiser)):
            for key, value in optimiser.state.get(p, {}).items():
                table[f"{name}.{index}.{key}"] = value

    return table


def from_tensors(optimisers: Mapping[str, Adam], tensors: Mapping[str, Tensor]) -> None:
    """The inverse of `to_tensors`; CheckpointError where the tensors are of other parameters."""
    for key, value in tensors.items():
        name, index, field = key.rsplit(".", 2)
        known = parameters(optimisers[name]) if name in optimisers else []
        if not index.isdecimal() or int(index) >= len(known):
            raise CheckpointError(f"the checkpoint has optimiser state {key}, which this method does not")

        p = known[int(index)]
        # Adam counts on the device where it is fused, and else on the CPU.
        if field == "step":
            kept = value.to(p.device if optimisers[name].defaults["fused"] else "cpu")
        elif value.shape == p.shape:
            kept = torch.zeros_like(p).copy_(value)  # in the parameter's own memory layout
        else:
            raise CheckpointError(f"optimiser state {key} has the shape {tuple(value.shape)}, not {tuple(p.shape)}")

        optimisers[name].state[p][field] = kept
