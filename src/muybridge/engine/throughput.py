"""How fast a training goes and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from muybridge.method import Stage


class Throughput:
    """Measures the wall time of the last steps, with what lies between them; stages ahead are guessed by `cost`."""

    def __init__(self, stages: Sequence[Stage], window: int = 100) -> None:
        self.stages = stages
        self.index = 0
        self.times: deque[float] = deque(maxlen=window)

    def begin(self, index: int) -> None:
        """A stage begins."""
        self.index = index
        self.times.clear()

    def tick(self) -> None:
        """A step is done."""
        self.times.append(time.monotonic())

    @property
    def step_seconds(self) -> float:
        """Mean time of a step; 0 before the second. The first is left out: it compiles and allocates."""
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1) if len(self.times) > 1 else 0.0

    @property
    def rate(self) -> float:
        """Steps a second; 0 before the second step."""
        return 1 / self.step_seconds if self.step_seconds else 0.0

    def left(self, step: int) -> float:
        """Seconds left over all stages, `step` being done in this one."""
        now = self.stages[self.index]
        ahead = sum(s.steps * s.cost for s in self.stages[self.index + 1 :]) / now.cost
        return self.step_seconds * (now.steps - step + ahead)


class Clock:
    """Whether `seconds` have gone by since the last reset."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.reset()

    def reset(self) -> None:
        self.start = time.monotonic()

    @property
    def due(self) -> bool:
        return time.monotonic() - self.start >= self.seconds
