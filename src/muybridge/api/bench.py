"""Methods on scenes with a known answer: every finished cell is kept, so that a table may grow over days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.benchmark.folder import BenchFolder, Plan
from muybridge.benchmark.runner import Entrant, _Bench
from muybridge.disk import hold_lock, replace_file
from muybridge.engine import Callback
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import CHOOSE_ANOTHER, Option, OutputExistsError, Sentence, UsageError, Verb
from muybridge.evaluation import Tables, load_metric_networks
from muybridge.jobs.settings import make_config, resolve_config
from muybridge.jobs.training import Notify
from muybridge.puppets import SCENES


@fast_kernels()
def bench(
    out: str | Path,
    *,
    methods: Sequence[str] = ("jokr",),
    scenes: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    preset: str = "bench",
    set: Mapping[str, Any] | None = None,
    variants: Mapping[str, Mapping[str, Any]] | None = None,
    trivial: bool = True,
    plan: Plan | None = None,
    device: str = "auto",
    precision: str = "auto",
    weights: Mapping[str, Path] | None = None,
    checkpoint_seconds: float | int = 60,
    callback: Callback | None = None,
    notify: Notify | None = None,
) -> Tables:
    """Train methods on scenes whose true answer is known, measure both directions, and put it all in tables.

    A training that fails is told and left out.

    Args:
        out: A folder: cells/ (one JSON each), runs/, clips/, sheets/, and table.csv, table.json, table.html. What is
            finished there is not done again, and a training that was stopped goes on.
        methods: Names of `muybridge methods`.
        scenes: Names of puppet scenes, see `api.puppets`; all of them unless told.
        seeds: Of the trainings; the scenes are drawn by `plan.drawing` alone.
        preset: One that each of the methods has.
        set: Settings changed for all methods: {"shape.steps": 500}.
        variants: Name -> further changes: each is a row of its own; {"": {}} unless told.
        trivial: With the answers that need no method.
        plan: How the scenes are drawn, their frames and size; `Plan()` unless told.
        device: auto, cpu, cuda, cuda:1, mps.
        precision: auto, float32, bfloat16.
        weights: Files of the networks to judge with: "vgg", "inception", "action"; else torch's cache.
        checkpoint_seconds: The most that a kill can cost.
        callback: Told how each training goes, see `engine.Callback`.
        notify: Told, in one sentence each, what a person should know.

    Returns:
        Everything measured so far, as tables.

    Raises:
        UsageError: No such method, scene or preset; before anything is trained.
        OutputExistsError: `out` is something else than a bench.
        KeyboardInterrupt: Ctrl-C leaves what is finished, and a run to go on with.

    Example:
        >>> tables = muybridge.bench("bench", methods=["jokr", "cyclegan"], scenes=["cat-horse"])
    """
    out = Path(out)
    names = _scenes(scenes)
    entrants: list[Entrant] = []
    for method in methods:
        entrants += _entrants(method, preset, set or {}, variants or {"": {}})

    # Loaded before anything is trained, so that a wrong file does not cost hours.
    by = load_metric_networks(**(weights or {}))
    _fresh_or_own(out)
    out.mkdir(parents=True, exist_ok=True)
    tell = notify or (lambda text: None)
    folder = BenchFolder(out, plan or Plan(), by)
    job = _Bench(folder, tell, callback, device, precision, checkpoint_seconds)

    with hold_lock(out / ".lock"):
        # The file marks the folder as ours, so that a later call may go on in it.
        replace_file(out / "bench.json", b'{"kind": "bench"}')
        for seed in seeds:
            for name in names:
                job.scene(name, entrants, seed, trivial)
        return folder.tables()


def _scenes(wanted: Sequence[str]) -> list[str]:
    unknown = []
    for name in wanted:
        if name not in SCENES:
            unknown.append(name)

    if unknown:
        raise UsageError(
            f"there is no scene {unknown[0]!r}: there are {', '.join(SCENES)}",
            Sentence("List them with: ", Verb("puppets")),
        )
    return list(dict.fromkeys(wanted)) or list(SCENES)


def _entrants(
    method: str, preset: str, changes: Mapping[str, Any], variants: Mapping[str, Mapping[str, Any]]
) -> Iterator[Entrant]:
    method_class = catalogue.find(method)
    if preset not in method_class.card.presets:
        raise UsageError(
            f"{method} has no preset {preset!r}",
            Sentence("Name one that it has with ", Option("preset"), f": {', '.join(method_class.card.presets)}."),
        )

    for name, more in variants.items():
        every = {**changes, **more}
        # The cell is named after the resolved settings: "auto" may mean another thing on another machine.
        config, _ = resolve_config(method_class, make_config(method_class, preset, every))
        said = name or (", ".join(f"{k}={v}" for k, v in changes.items()))
        yield Entrant(method, preset, said, every, method_class, config.model_dump(mode="json"))


def _fresh_or_own(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "bench.json").is_file())):
        raise OutputExistsError(f"{out} exists and is not a bench: nothing there is replaced", CHOOSE_ANOTHER)
