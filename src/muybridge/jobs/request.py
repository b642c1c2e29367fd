"""What is to be trained, checked before any file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.engine import resolve_device
from muybridge.errors import REPLACE_OR_RESUME, Option, OutputExistsError, RunError, Sentence, UsageError
from muybridge.jobs.settings import make_config, resolve_config, validate_config
from muybridge.method import Config, Method
from muybridge.run import Run


@dataclass(frozen=True, eq=False)
class TrainingRequest:
    """What is to be trained: settled before any file is read, so that a wrong request costs nothing."""

    kind: type[Method[Any, Any]]
    config: Config
    out: Path
    resume: bool
    force: bool
    notes: tuple[str, ...]
    device: str
    precision: str
    seed: int
    preset: str

    @property
    def max_side(self) -> int | None:
        """Longest side of the frames worth reading, see `reading_side`."""
        return reading_side(self.config)


def make_request(
    method: str,
    out: str | Path,
    preset: str | None = None,
    changes: Mapping[str, Any] | None = None,
    *,
    resume: bool = False,
    force: bool = False,
    device: str = "auto",
    precision: str = "auto",
    seed: int = 0,
) -> TrainingRequest:
    """Check a request to train; UsageError, OutputExistsError or RunError before anything is touched."""
    if precision not in ("auto", "float32", "bfloat16"):
        raise UsageError(f"there is no precision {precision!r}", "Take auto, float32 or bfloat16.")
    if resume and force:
        raise UsageError(
            Sentence(
                Option("resume", True), " goes on with what is there, and ", Option("force", True), " replaces it"
            ),
            "Leave one of the two out.",
        )
    kind = catalogue.find(method)
    config: Config = make_config(kind, preset, changes)
    leads = resolve_device(device, "float32").main
    out = Path(out)
    if resume:
        config = _same_config(kind, config, Run.open(out, method), preset is not None or bool(changes))
    elif leads and out.exists() and (any(out.iterdir()) if out.is_dir() else True) and not (force and _is_run(out)):
        raise OutputExistsError(f"{out} exists already", REPLACE_OR_RESUME)
    config, notes = resolve_config(kind, config)
    named = preset or next(iter(kind.card.presets))
    return TrainingRequest(kind, config, out, resume, force, notes, device, precision, seed, named)


def reading_side(config: Config) -> int | None:
    """Longest side in pixels of the frames worth reading for a method: four times its own; None where it squeezes whole
    frames. Results have the file's own size all the same."""
    return config.reading_side


def recorded_config(kind: type[Method[Any, Any]], run: Run) -> Config:
    """A run's own settings; RunError where they are none of the method's."""
    try:
        return validate_config(kind, run.config)
    except UsageError as e:
        raise RunError(f"{run.path / 'config.json'} has settings that do not fit: {e.message}") from e


def _same_config(kind: type[Method[Any, Any]], asked: Config, run: Run, said: bool) -> Config:
    """The run's own settings; UsageError where others were asked for."""
    before = recorded_config(kind, run)
    if not said:
        return before
    old, new = before.model_dump(), asked.model_dump()
    changed = sorted(name for name in new if new[name] != old[name] and new[name] != "auto")
    if changed:
        raise UsageError(
            f"{run.path} was started with another {', '.join(changed)}: a run goes on with its own settings",
            Sentence(
                "Leave ",
                Option("preset"),
                " and ",
                Option("set"),
                " out, or start anew with ",
                Option("force", True),
                ".",
            ),
        )
    return before


def _is_run(path: Path) -> bool:
    return (path / "run.json").is_file()
