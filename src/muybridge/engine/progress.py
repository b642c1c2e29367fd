"""A training on the terminal: a bar over all stages, or plain lines where the output is not a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text
from torch import Tensor

from muybridge.engine.callback import Callback, Summary
from muybridge.engine.throughput import Clock
from muybridge.method import Stage


class RichCallback(Callback):
    """Stage, steps, losses by name, speed and time left; `quiet` seconds lie between two plain lines."""

    def __init__(self, console: Console | None = None, quiet: float | int = 10) -> None:
        self.console = console or Console(stderr=True)
        self.clock = Clock(float(quiet))
        self.first = True
        self.before: dict[str, int] = {}
        self.bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}")
        )
        self.live: Live | None = None

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        total = 0
        for stage in stages:
            self.before[stage.name] = total
            total += stage.steps

        self.task = self.bar.add_task("", total=total, completed=resumed_at, left="")
        if resumed_at:
            self.console.print(f"resumed after {resumed_at} of {total} steps")
        if self.console.is_terminal:
            self.live = Live(self.bar, console=self.console, transient=True, refresh_per_second=4)
            self.live.start()

    def on_stage(self, stage: Stage) -> None:
        self.bar.update(self.task, description=stage.name)
        self.first = True
        if self.live is None:
            self._say(f"stage {stage.name}: {stage.steps} steps")

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        done = self.before[stage.name] + step
        total = self.bar.tasks[0].total or 0
        values = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
        speed = f"{format_duration(eta)} left" if rate else ""
        self.bar.update(self.task, completed=done, left=speed)

        # Where nothing can be redrawn, in a log file say, lines come seldom: each of them stays.
        if self.live is not None:
            self.live.update(Group(self.bar, Text(values, style="dim")))
        elif self.first or self.clock.due:
            self.first = False
            self.clock.reset()
            pace = f"  {rate:.3g} steps/s  {speed}" if rate else ""
            self._say(f"{stage.name} {step}/{stage.steps}  ({done}/{total:.0f} in all)  {values}{pace}")

    def on_warning(self, message: str) -> None:
        self._say(f"warning: {message}")

    def on_end(self, summary: Summary) -> None:
        self.close()
        word = "trained" if summary.finished else "stopped"
        self._say(f"{word} after {summary.done} steps in {format_duration(summary.seconds)} on {summary.device}")

    def close(self) -> None:
        """Take the bar away; for a training that ended in an error."""
        if self.live is not None:
            self.live.stop()
            self.live = None

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        if path is not None and self.live is None and self.first:
            self._say(f"preview: {path}")

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def format_duration(seconds: float | int) -> str:
    """1:02:03, 2:03 or 0:03."""
    whole = round(seconds)
    hours = whole // 3600
    minutes = whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
