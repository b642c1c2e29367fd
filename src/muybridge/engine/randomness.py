"""Random numbers that depend on the seed and the step alone, so that a resumed training draws the same."""

from __future__ import annotations

import numpy as np
import torch

from muybridge.errors import UsageError


def reseed(seed: int, stage: int, step: int, rank: int = 0) -> torch.Generator:
    """Seed PyTorch's own generators for this step (0 for what comes before the first), and return an independent one
    on the CPU for the batch. Processes other than the first draw other numbers."""
    entropy = (seed, stage, step, rank) if rank else (seed, stage, step)
    own, batch = np.random.SeedSequence(entropy).generate_state(2, np.uint64)
    torch.manual_seed(int(own))
    return torch.Generator().manual_seed(int(batch))


def check_seed(seed: int) -> None:
    """UsageError for a negative seed."""
    if seed < 0:
        raise UsageError(f"a seed is 0 or more, not {seed}")
