"""A training's progress as lines for the studio."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from muybridge.engine import Callback
from muybridge.engine.callback import Summary
from muybridge.method import Stage
from muybridge.studio.wording import word_for_page

PAUSE = 0.25
"""Seconds between two lines, at least."""


class ProgressEvents(Callback):
    """Tells stage, step, losses, speed and time left, a few times a second at most."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.tell = tell
        self.before: dict[str, int] = {}
        self.total = 0
        self.last = 0.0

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        for stage in stages:
            self.before[stage.name] = self.total
            self.total += stage.steps
        self.tell("start", done=resumed_at, total=self.total, stages=[[s.name, s.steps] for s in stages])

    def on_stage(self, stage: Stage) -> None:
        self.tell("stage", stage=stage.name)

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        now = time.monotonic()
        if now - self.last < PAUSE and step < stage.steps:
            return
        self.last = now
        done = self.before[stage.name] + step
        self.tell("step", stage=stage.name, step=step, done=done, losses=dict(losses), rate=rate, eta=eta)

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        self.tell("preview", done=done)

    def on_warning(self, message: str) -> None:
        self.tell("note", text=word_for_page(message))

    def on_end(self, summary: Summary) -> None:
        self.tell("trained", finished=summary.finished, done=summary.done, seconds=summary.seconds)
