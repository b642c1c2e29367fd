"""Sizes of networks as they are built: whatever a shared file says, none that no machine could hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from muybridge.errors import CheckpointError


@contextmanager
def limit_parameters(count: int) -> Iterator[None]:
    """While open, CheckpointError where the networks that are built have more than `count` numbers to learn: before
    they are filled, which is when memory is really taken."""
    built = 0

    def add(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal built
        built += 0 if parameter is None else parameter.numel()
        if built > count:
            raise _too_large(count)

    # A hook of torch's own sees every parameter, whichever class builds it.
    hook = register_module_parameter_registration_hook(add)
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # torch reports a failed allocation as a plain RuntimeError.
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        raise _too_large(count) from error
    finally:
        hook.remove()


def _too_large(count: int) -> CheckpointError:
    return CheckpointError(
        f"these settings make networks of more than {count / 1e6:.0f} million numbers, and their weights have fewer",
        "Copy the run again: its config.json is not the one that it was trained with.",
    )
