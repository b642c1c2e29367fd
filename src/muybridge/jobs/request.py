"""What is to be trained, checked before any file is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.engine import resolve_device
from muybridge.errors import Option, RunError, Sentence, UsageError
from muybridge.jobs.options import TrainingOptions
from muybridge.jobs.settings import flatten, make_config, resolve_config, validate_config
from muybridge.method import Config, Method
from muybridge.run import Run


@dataclass(frozen=True, eq=False)
class TrainingRequest:
    """What is to be trained: settled before any file is read, so that a wrong request costs nothing.

    method_class  whose training it is
    config        its settings
    out           the run's folder
    options       as they were given
    notes         what a person should know of how the settings were chosen
    """

    method_class: type[Method[Any, Any]]
    config: Config
    out: Path
    options: TrainingOptions
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The method's."""
        return self.method_class.card.name

    @property
    def needs(self) -> str:
        """What the method learns from: pair, folder or landmarks."""
        return self.method_class.card.needs

    @property
    def preset(self) -> str:
        """The one that the settings started from."""
        return self.options.preset or next(iter(self.method_class.card.presets))

    @property
    def max_side(self) -> int | None:
        """Longest side of the frames worth reading, see `Config.reading_side`."""
        return self.config.reading_side


def make_request(method: str, out: str | Path, options: TrainingOptions) -> TrainingRequest:
    """Check a request to train; UsageError, OutputExistsError or RunError before anything is touched."""
    method_class = catalogue.find(method)
    config = make_config(method_class, options.preset, options.set)
    out = Path(out)

    if out.exists() and not Run(out).is_begun:
        # Nothing is lost where nothing was trained: what a kill or a full disk left is begun anew.
        resume = options.resume and _opens(out, method)
        options = replace(options, resume=resume, force=not resume)

    if options.resume:
        run = Run.open(out, method)
        # Settings that were left out are no wish for the preset's: the run's own go on.
        config = _same_config(method_class, config, run, options)
    # Of several processes the first makes the folder, and the others would find it taken.
    elif resolve_device(options.device, "float32").main:
        Run(out).check_free(options.force)

    config, notes = resolve_config(method_class, config)
    return TrainingRequest(method_class, config, out, options, notes)


def recorded_config(method_class: type[Method[Any, Any]], run: Run) -> Config:
    """A run's own settings; RunError where they are none of the method's."""
    try:
        return validate_config(method_class, run.config)
    except UsageError as e:
        raise RunError(f"{run.path / 'config.json'} has settings that do not fit: {e.message}") from e


def _same_config(method_class: type[Method[Any, Any]], config: Config, run: Run, options: TrainingOptions) -> Config:
    """The run's own settings; UsageError where others were asked for."""
    before = recorded_config(method_class, run)
    if options.preset is None and not options.set:
        return before

    old = flatten(before.model_dump())
    new = flatten(config.model_dump())
    changed = []
    for name in sorted({*old, *new}):
        # "auto" was resolved in the run, so it cannot be compared.
        if new.get(name) != old.get(name) and new.get(name) != "auto":
            changed.append(name)

    if not changed:
        return before

    listed = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
    # What was said of single settings may be all that differs; else the preset is another as well.
    asked = {}
    for name, value in (options.set or {}).items():
        if name in changed:
            asked[name] = value

    leave: list[Option] = [Option("set", asked)] if asked else []
    if len(asked) < len(changed):
        leave.append(Option("preset"))
    named: list[str | Option] = []
    for option in leave:
        named += [" and ", option] if named else [option]

    raise UsageError(
        f"{run.path} was started with another {listed}: a run goes on with its own settings",
        Sentence("Leave ", *named, " out, or start anew with ", Option("force", True), "."),
    )


def _opens(path: Path, method: str) -> bool:
    try:
        Run.open(path, method)
    except RunError:
        return False
    return True
