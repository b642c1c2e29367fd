"""How far a job's training is, written where whoever watches the batch sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from muybridge.batches.folder import BatchFolder
from muybridge.engine import Callback
from muybridge.method import Stage

EVERY = 2.0
"""Seconds between two words on how far a job is."""


class RecordProgress(Callback):
    """Writes how far a training is, now and then."""

    def __init__(self, folder: BatchFolder, name: str) -> None:
        self.folder = folder
        self.name = name
        self.last = 0.0
        self.steps = 0
        self.before: dict[str, int] = {}

    def say(self, text: str) -> None:
        """A note goes to the job's log."""
        print(f"note: {text}", flush=True)

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        for stage in stages:
            self.before[stage.name] = self.steps
            self.steps += stage.steps

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        now = time.monotonic()
        if now - self.last >= EVERY:
            self.last = now
            done = self.before[stage.name] + step
            self.folder.write_progress(self.name, stage=stage.name, done=done, steps=self.steps, left=eta)
