"""The losses of the last steps by name, added up where they were computed so that no step waits for them."""

from __future__ import annotations

import torch
from torch import Tensor

from muybridge.engine.machine import Machine
from muybridge.method import Turn


class Losses:
    """Sums since the last `clear`, and of how many steps. A name that two groups use in one step is told apart by the
    group's name."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}
        self.latest: dict[str, int] = {}
        self.owner: dict[str, str] = {}
        self.steps = 0

    def add(self, turn: Turn) -> None:
        """Take in the losses of a turn."""
        for name, loss in turn.losses.items():
            key = name if self.owner.setdefault(name, turn.group) == turn.group else f"{turn.group}.{name}"
            value = loss.detach().float()
            self.sums[key] = self.sums[key] + value if key in self.sums else value.clone()
            if self.latest.get(key) != self.steps:
                self.counts[key] = self.counts.get(key, 0) + 1
            self.latest[key] = self.steps

    def broken(self) -> list[str]:
        """The names that have been NaN or infinite; waits for the device."""
        if not self.sums:
            return []
        finite = torch.stack(list(self.sums.values())).isfinite().tolist()
        found = []
        for name, fine in zip(self.sums, finite, strict=True):
            if not fine:
                found.append(name)

        return found

    def means(self, machine: Machine | None = None) -> dict[str, float]:
        """Mean over the steps that had the loss (and, given a machine, over its processes), unweighted."""
        if not self.sums:
            return {}

        # A batch without truth has fewer losses, and each process draws its own.
        names = list(self.sums) if machine is None else machine.union(self.sums)
        none = next(iter(self.sums.values())).new_zeros(())
        totals = []
        steps = []
        for name in names:
            totals.append(self.sums.get(name, none))
            steps.append(float(self.counts.get(name, 0)))

        sums = torch.stack(totals)
        counts = torch.tensor(steps, device=sums.device)

        # Sums and counts are averaged alike, so that their quotient is the mean over all processes.
        if machine is not None:
            machine.average([sums, counts])
        return dict(zip(names, (sums / counts).tolist(), strict=True))

    def clear(self) -> None:
        self.sums.clear()
        self.counts.clear()
        self.latest.clear()
        self.steps = 0
