"""Methods on scenes with a known answer: every finished cell is kept, so that a table may grow over days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.batches.engines import open_engine
from muybridge.batches.folder import BatchFolder, Status
from muybridge.batches.progress import RecordProgress
from muybridge.batches.recording import make_ticket, record_job, run_tickets
from muybridge.batches.ticket import Engine, Share
from muybridge.benchmark.cell_jobs import CellJob, Conditions
from muybridge.benchmark.folder import BenchFolder, Plan
from muybridge.benchmark.runner import CellRunner, make_entrant
from muybridge.disk import hold_lock, is_blank, replace_file
from muybridge.engine import Callback
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import CHOOSE_ANOTHER, Option, OutputExistsError, Sentence, UsageError, Verb
from muybridge.evaluation import Tables, load_metric_networks
from muybridge.jobs.training import Notify
from muybridge.puppets import SCENES

WORKER = "import sys; from muybridge.api.bench import run_cell_job; run_cell_job(*sys.argv[1:3])"
"""What a job's own process runs."""


@fast_kernels()
def bench(
    out: str | Path,
    *,
    methods: Sequence[str] = ("jokr",),
    scenes: Sequence[str] | Mapping[str, Sequence[str]] = (),
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
    on: str | None = None,
    at_most: int | None = None,
    cores: int = 1,
    gpus: float | int = 0.0,
) -> Tables:
    """Train methods on scenes whose true answer is known, measure both directions, and put it all in tables.

    A training that fails is told and left out.

    Args:
        out: A folder: cells/ (one JSON each), runs/, clips/, sheets/, and table.csv, table.json, table.html. What is
            finished there is not done again, and a training that was stopped goes on.
        methods: Names of `muybridge methods`.
        scenes: Names of puppet scenes, see `api.puppets`; all of them unless told. Or for each of the variants its own.
        seeds: Of the trainings; the scenes are drawn by `plan.drawing` alone.
        preset: One that each of the methods has.
        set: Settings changed for all methods: {"shape.steps": 500}.
        variants: Name -> further changes: each is a row of its own; {"": {}} unless told.
        trivial: Include the answers that need no method.
        plan: How the scenes are drawn, their frames and size; `Plan()` unless told.
        device: auto, cpu, cuda, cuda:1, mps.
        precision: auto, float32, bfloat16.
        weights: Files of the networks to judge with: "vgg", "inception", "action"; else torch's cache.
        checkpoint_seconds: The most that a kill can cost.
        callback: Told how each training goes, see `engine.Callback`.
        notify: Told, in one sentence each, what a person should know.
        on: Each training in a process of its own: "local", "ray", "ray://head:10001" or "slurm", see `docs/batch.md`.
            Unless told, all of them in this process, one after another.
        at_most: Trainings at once, where `on` says where; as many as fit unless told.
        cores: Processor cores of each training there, at least.
        gpus: GPUs of each training there, by which a cluster places it.

    Returns:
        Everything measured so far, as tables.

    Raises:
        UsageError: No such method, scene, preset or engine; before anything is trained.
        OutputExistsError: `out` is something else than a bench.
        KeyboardInterrupt: Ctrl-C leaves what is finished, and a run to go on with.

    Example:
        >>> tables = muybridge.bench("bench", methods=["jokr", "cyclegan"], scenes=["cat-horse"])
    """
    out = Path(out)
    jobs = _list_jobs(methods, scenes, seeds, preset, set or {}, variants or {"": {}}, trivial)
    # The processes of other machines know no folder that this one is in.
    places = {name: path.absolute() for name, path in (weights or {}).items()}
    conditions = Conditions(
        plan=plan or Plan(),
        device=device,
        precision=precision,
        weights=places,
        checkpoint_seconds=checkpoint_seconds,
    )
    share = Share(cores, gpus)
    engine = None if on is None else open_engine(on, out.absolute(), at_most, notify)

    # Loaded before anything is trained, so that a wrong file does not cost hours.
    by = load_metric_networks(**places)
    _fresh_or_own(out)
    out.mkdir(parents=True, exist_ok=True)
    runner = CellRunner(BenchFolder(out, conditions.plan, by), notify or (lambda text: None), callback, conditions)

    with hold_lock(out / ".lock"):
        # The file marks the folder as ours, so that a later call may go on in it.
        replace_file(out / "bench.json", b'{"kind": "bench"}')
        missing = runner.find_missing(jobs)
        if engine is not None:
            _run_elsewhere(runner, missing, engine, share)
        else:
            for job in missing:
                runner.do(job)
        return runner.folder.tables()


def run_cell_job(path: str | Path, name: str) -> None:
    """Do one job of a bench, in the process of its own that an engine started.

    Args:
        path: The bench's folder.
        name: The job.
    """
    out = Path(path)
    folder = BatchFolder(out)
    order = folder.order(name)
    job = CellJob.model_validate(order["job"])
    conditions = Conditions.model_validate(order["conditions"])
    progress = RecordProgress(folder, name)
    notes: list[str] = []

    def tell(text: str) -> None:
        progress.say(text)
        notes.append(text)
        folder.write_notes(name, notes)

    def work(goes_on: bool) -> dict[str, float]:
        cells = BenchFolder(out, conditions.plan, load_metric_networks(**conditions.weights))
        with fast_kernels():
            CellRunner(cells, tell, progress, conditions, with_tables=False).do(job)
        return {}

    record_job(folder, name, job.name, work)


def _run_elsewhere(runner: CellRunner, jobs: Sequence[CellJob], engine: Engine, share: Share) -> None:
    """Each job in a process of its own; what it tells is told here when it ends, and the tables grow with it."""
    folder = BatchFolder(runner.folder.out)
    tickets = []
    for job in jobs:
        order = {"job": job.model_dump(mode="json"), "conditions": runner.conditions.model_dump(mode="json")}
        folder.write_order(job.name, order)
        folder.write_notes(job.name, ())
        folder.expect(job.name)
        tickets.append(make_ticket(folder, job.name, WORKER, share))

    for outcome in run_tickets(folder, engine, tickets):
        for text in folder.notes(outcome.name):
            runner.tell(text)
        if outcome.status == Status.FAILED:
            runner.tell(f"{outcome.name}: {outcome.error}; the cell is left out")
        if runner.folder.cells.all():
            runner.folder.tables()


def _list_jobs(
    methods: Sequence[str],
    scenes: Sequence[str] | Mapping[str, Sequence[str]],
    seeds: Sequence[int],
    preset: str,
    changes: Mapping[str, Any],
    variants: Mapping[str, Mapping[str, Any]],
    trivial: bool,
) -> list[CellJob]:
    """Everything that makes the cells; UsageError for what there is not, before anything is trained."""
    by_variant = {}
    for variant in variants:
        by_variant[variant] = _scenes(scenes[variant] if isinstance(scenes, Mapping) else scenes)

    rows: list[CellJob] = []
    for method in methods:
        _check_preset(method, preset)
        for variant, more in variants.items():
            said = variant or ", ".join(f"{name}={value}" for name, value in changes.items())
            for scene in by_variant[variant]:
                row = CellJob(scene=scene, method=method, preset=preset, variant=said, changes={**changes, **more})
                make_entrant(row)
                rows.append(row)

    every = dict.fromkeys(scene for known in by_variant.values() for scene in known)
    jobs: list[CellJob] = []
    # Scene by scene, because a scene is drawn once for all that is done on it in turn.
    for seed in seeds:
        for scene in every:
            if trivial:
                jobs.append(CellJob(scene=scene))
            jobs += [row.model_copy(update={"seed": seed}) for row in rows if row.scene == scene]

    return list({job.name: job for job in jobs}.values())


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


def _check_preset(method: str, preset: str) -> None:
    presets = catalogue.find(method).card.presets
    if preset not in presets:
        raise UsageError(
            f"{method} has no preset {preset!r}",
            Sentence("Name one that it has with ", Option("preset"), f": {', '.join(presets)}."),
        )


def _fresh_or_own(out: Path) -> None:
    if out.exists() and not is_blank(out) and not (out / "bench.json").is_file():
        raise OutputExistsError(f"{out} exists and is not a bench: nothing there is replaced", CHOOSE_ANOTHER)
