"""Who watches a training, and what they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from muybridge.method import Stage


@dataclass(frozen=True)
class Summary:
    """How a training ended."""

    finished: bool
    """Every stage is done; False after `stop_after`."""
    done: int
    """Steps over all stages and sittings."""
    seconds: float
    """Wall time over all sittings."""
    losses: Mapping[str, float]
    """The last that were logged, unweighted."""
    device: str
    precision: str


class Callback:
    """Told of a training as it goes; each hook may be left as it is.

    A hook that raises KeyboardInterrupt stops the training as Ctrl-C does: checkpoint first.
    """

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        """Before the first step; `resumed_at` steps of all stages are already done."""

    def on_stage(self, stage: Stage) -> None:
        """A stage begins or is resumed."""

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        """Every few steps: `step` are done in the stage; the mean of each loss since the last log line, unweighted;
        steps a second; seconds left over all stages."""

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        """A picture uint8 [3, H, W] after `done` steps, and where it is kept."""

    def on_warning(self, message: str) -> None:
        """Something went wrong that the training survives."""

    def on_end(self, summary: Summary) -> None:
        """After the last step, where nothing failed."""


class CallbackList(Callback):
    """Several callbacks as one."""

    def __init__(self, *callbacks: Callback) -> None:
        self.callbacks = callbacks

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        for each in self.callbacks:
            each.on_start(stages, resumed_at)

    def on_stage(self, stage: Stage) -> None:
        for each in self.callbacks:
            each.on_stage(stage)

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        for each in self.callbacks:
            each.on_step(stage, step, losses, rate, eta)

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        for each in self.callbacks:
            each.on_preview(done, picture, path)

    def on_warning(self, message: str) -> None:
        for each in self.callbacks:
            each.on_warning(message)

    def on_end(self, summary: Summary) -> None:
        for each in self.callbacks:
            each.on_end(summary)
