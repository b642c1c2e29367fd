"""Accelerators by name, and how long a training would take on one: a model, not a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from muybridge.errors import UsageError

SHARE = 0.2
"""Of a GPU's peak that convolutions of these sizes are taken to reach, data and optimiser among them. Guessed low:
trainings of such networks are seen between a tenth and four tenths."""
LAUNCH = 8e-6
"""Seconds that an operator costs at least, however little it computes."""


@dataclass(frozen=True)
class Gpu:
    """An accelerator, as its maker's data sheet has it.

    flops   bfloat16 (or float16) with tensor cores, dense, operations a second
    memory  bytes
    """

    flops: float
    memory: int

    def seconds(self, flops: float, calls: int) -> float:
        """Of one step: what its arithmetic takes at `SHARE` of the peak, or its launches where they take longer."""
        return max(flops / (SHARE * self.flops), calls * LAUNCH)


GPUS: Mapping[str, Gpu] = {
    "t4": Gpu(65e12, 16 * 10**9),
    "v100": Gpu(125e12, 32 * 10**9),
    "rtx3090": Gpu(71e12, 24 * 10**9),
    "rtx4090": Gpu(165e12, 24 * 10**9),
    "a10": Gpu(125e12, 24 * 10**9),
    "l4": Gpu(121e12, 24 * 10**9),
    "l40s": Gpu(362e12, 48 * 10**9),
    "a100": Gpu(312e12, 80 * 10**9),
    "h100": Gpu(989e12, 80 * 10**9),
    "h200": Gpu(989e12, 141 * 10**9),
}


def find_gpu(name: str) -> Gpu:
    """By its name, however it is written: "RTX 4090"; UsageError names those that are known."""
    plain = name.lower().replace(" ", "").replace("-", "").replace("_", "")
    if plain not in GPUS:
        raise UsageError(f"nothing is known of a GPU {name!r}", f"Known are: {', '.join(GPUS)}.")
    return GPUS[plain]
