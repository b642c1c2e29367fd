"""How well two sets of keypoints can be told apart: what JOKR's domain confusion is there to prevent."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.tensors import Scalar

Set = Float[Tensor, "_ K 2"]
Vectors = Float[Tensor, "_ D"]
HIDDEN = 64
STEPS = 300
RATE = 3e-3
DECAY = 1e-3
"""The probe: one hidden layer, Adam."""
BLOCKS = 8
"""A clip is cut into so many blocks; every second one is held out. Frames beside each other are nearly the same, so
that held-out single frames would be known by heart; a block's first and last frame are left out of both."""


@dataclass(frozen=True)
class Separability:
    """How well two sets can be told apart.

    balanced_accuracy  of a fresh probe on held-out frames: 0.5 is chance, 1 is always
    energy             energy distance between the two sets, in the unit of the points; 0 for equal distributions
    energy_within      the same between two halves of one set, mean of both sets: what no difference looks like
    """

    balanced_accuracy: float
    energy: float
    energy_within: float


def measure_separability(first: Set, second: Set, seed: int = 0) -> Separability:
    """Measure two sets of keypoints [N, K, 2] in the order of their frames; at least two blocks of four frames each."""
    if min(len(first), len(second)) < 4 * BLOCKS:
        raise InputError(f"telling keypoints apart needs {4 * BLOCKS} frames of each, not {len(first)}, {len(second)}")
    a = first.detach().float().cpu().flatten(1)
    b = second.detach().float().cpu().flatten(1)
    within = torch.stack((energy_distance(*_blocks(a)), energy_distance(*_blocks(b))))

    return Separability(probe_accuracy(a, b, seed), float(energy_distance(a, b)), float(within.mean()))


def energy_distance(first: Vectors, second: Vectors) -> Scalar:
    """2 E|x - y| - E|x - x'| - E|y - y'| with pairs of different members (Szekely and Rizzo 2013, eq. 2.1).

    Unbiased, so that it may fall a little under 0 for two samples of one distribution.
    """
    n = len(first)
    m = len(second)
    if min(n, m) < 2:
        raise InputError("an energy distance needs two members of each set")
    across = torch.cdist(first, second).mean()
    inside = torch.cdist(first, first).sum() / (n * (n - 1)) + torch.cdist(second, second).sum() / (m * (m - 1))
    return 2 * across - inside


def probe_accuracy(first: Vectors, second: Vectors, seed: int = 0) -> float:
    """Balanced accuracy on held-out blocks of a small network that was trained on the others to tell the sets apart."""
    first_train, first_held = _blocks(first)
    second_train, second_held = _blocks(second)
    train = torch.cat((first_train, second_train))
    label = torch.cat((torch.zeros(len(first_train)), torch.ones(len(second_train))))
    mean = train.mean(0)
    spread = train.std(0).clamp_min(1e-6)
    # Clips of different lengths: each set counts half, or the probe would learn to say the longer one.
    weight = torch.where(label > 0.5, 0.5 / label.mean(), 0.5 / (1 - label.mean()))

    with torch.random.fork_rng([]), torch.enable_grad():
        # Its own generator: measuring must not change what a training draws next.
        torch.manual_seed(seed)
        probe = nn.Sequential(nn.Linear(train.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        optimiser = torch.optim.AdamW(probe.parameters(), RATE, weight_decay=DECAY)

        for _ in range(STEPS):
            optimiser.zero_grad()
            logits = probe((train - mean) / spread)[:, 0]
            F.binary_cross_entropy_with_logits(logits, label, weight).backward()
            optimiser.step()

    with torch.no_grad():
        first_said = (probe((first_held - mean) / spread)[:, 0] > 0).float().mean()
        second_said = (probe((second_held - mean) / spread)[:, 0] > 0).float().mean()
    return float((1 - first_said + second_said) / 2)


def _blocks(x: Vectors) -> tuple[Vectors, Vectors]:
    """(trained on, held out)."""
    parts = [part[1:-1] for part in x.tensor_split(BLOCKS)]
    return torch.cat(parts[::2]), torch.cat(parts[1::2])
