"""Weights in and out of a method, checked."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from muybridge.engine.machine import Machine
from muybridge.errors import CheckpointError, Option, Sentence, TrainingError


def load_weights(method: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Put weights in their places; CheckpointError where names or shapes are of other networks,
    or numbers are not finite."""
    for name, t in weights.items():
        if t.is_floating_point() and not bool(t.isfinite().all()):
            raise CheckpointError(
                f"the checkpoint's weights are not finite: {name[:80]}", "Copy it again, or train it anew."
            )
    try:
        method.load_state_dict(weights)
    except RuntimeError as e:
        raise CheckpointError(f"the checkpoint is of other networks than these settings make: {e}") from e


def gather_weights(method: nn.Module, machine: Machine, kept: str = "") -> dict[str, Tensor]:
    """The state_dict, running statistics averaged over the processes; TrainingError where it is not finite.

    kept  what is safe then, for the message
    """
    state = method.state_dict()
    learned = set()
    for name, _ in method.named_parameters(remove_duplicate=False):
        learned.add(name)

    # Learned weights are equal everywhere already; running statistics are each process's own.
    machine.average([t for name, t in state.items() if name not in learned and t.is_floating_point()])
    if not all(bool(t.isfinite().all()) for t in state.values() if t.is_floating_point()):
        raise TrainingError(
            f"the weights are not finite{kept}",
            Sentence("Lower the learning rate, or train with ", Option("precision", "float32"), "."),
        )
    return state
