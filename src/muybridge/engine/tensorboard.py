"""A training in TensorBoard; needs the extra `tensorboard`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from muybridge.engine.callback import Callback, Summary
from muybridge.errors import MissingExtraError
from muybridge.method import Stage


class TensorBoardCallback(Callback):
    """Writes losses and previews to event files in `folder`, which is made when the training starts.

    A resumed training takes the place of what was written past the step it goes on from. MissingExtraError without the
    extra.
    """

    def __init__(self, folder: Path | str) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as e:
            raise MissingExtraError(
                "TensorBoard is not installed", "Install it with: pip install 'muybridge[tensorboard]'"
            ) from e

        self.open = SummaryWriter
        self.folder = str(folder)
        self.before: dict[str, int] = {}

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        self.writer = self.open(self.folder, purge_step=resumed_at + 1 if resumed_at else None, flush_secs=10)
        total = 0
        for stage in stages:
            self.before[stage.name] = total
            total += stage.steps

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        done = self.before[stage.name] + step
        for name, value in losses.items():
            self.writer.add_scalar(f"{stage.name}/{name}", value, done)
        self.writer.add_scalar("steps a second", rate, done)

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        self.writer.add_image("preview", picture, done)
        self.writer.flush()

    def on_end(self, summary: Summary) -> None:
        self.writer.close()
