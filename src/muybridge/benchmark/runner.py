"""The cells of a bench, trained and measured one by one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muybridge import catalogue
from muybridge.benchmark.cell_jobs import CellJob, Conditions
from muybridge.benchmark.figures import (
    DIRECTIONS,
    clips_for,
    clips_of,
    has_body,
    keypoint_figures,
    landmarks_for,
    make_result,
    measure_result,
    mirrored_side,
)
from muybridge.benchmark.folder import BenchFolder, describe_machine
from muybridge.engine import Callback
from muybridge.errors import TrainingError
from muybridge.evaluation import BASELINES, Cell, digest
from muybridge.evaluation.cells import cell_key, plain_figures
from muybridge.inputs.landmarks import LandmarkInput, LandmarkInputs
from muybridge.jobs.loading import Fitted
from muybridge.jobs.options import PairOptions, TrainingOptions
from muybridge.jobs.pair_training import read_inputs, train_on_clips
from muybridge.jobs.provenance import input_references
from muybridge.jobs.request import TrainingRequest, make_request
from muybridge.jobs.resume import resume_run
from muybridge.jobs.settings import make_config, resolve_config
from muybridge.jobs.training import Notify, TrainingInputs, run_training
from muybridge.method import Method
from muybridge.puppets import SceneClips
from muybridge.run import Run
from muybridge.video import Clip


@dataclass(frozen=True)
class Entrant:
    """A method with its settings: one row of the table."""

    method: str
    preset: str
    variant: str
    changes: Mapping[str, Any]
    method_class: type[Method[Any, Any]]
    config: Mapping[str, Any]


def make_entrant(job: CellJob) -> Entrant:
    """The row that a job belongs to; UsageError for a setting that the method does not have."""
    method_class = catalogue.find(job.method)
    # The cell is named after the resolved settings: "auto" may mean another thing on another machine.
    config, _ = resolve_config(method_class, make_config(method_class, job.preset, job.changes))
    return Entrant(job.method, job.preset, job.variant, job.changes, method_class, config.model_dump(mode="json"))


@dataclass
class CellRunner:
    """What is done in the folder of one bench.

    with_tables  whether tables are written anew with each cell; of several processes that make cells, one does that
    """

    folder: BenchFolder
    tell: Notify
    callback: Callback | None
    conditions: Conditions
    with_tables: bool = True

    def do(self, job: CellJob) -> None:
        """Every cell of a job that is not there yet."""
        if job.method:
            self._method(job.scene, make_entrant(job), job.seed)
            return
        for answer in BASELINES:
            self._trivial(job.scene, answer)

    def find_missing(self, jobs: Sequence[CellJob]) -> list[CellJob]:
        """Those with a cell that is not there, each cell asked of one job: two may be the same by other names."""
        seen: set[tuple[str, ...]] = set()
        missing = []
        for job in jobs:
            keys = self._keys_of(job)
            if keys not in seen and not all(key in self.folder.cells for key in keys):
                missing.append(job)
            seen.add(keys)

        return missing

    def _keys_of(self, job: CellJob) -> tuple[str, ...]:
        values = self.folder.plan.values(job.scene)
        keys: list[str] = []
        if job.method:
            config = digest({"settings": make_entrant(job).config, **values})
            keys += _keys(job.method, job.scene, job.seed, job.preset, config).values()
        else:
            for answer in BASELINES:
                keys += _keys(answer, job.scene, 0, "", digest({"trivial": answer, **values})).values()

        return tuple(keys)

    def _trivial(self, name: str, answer: str) -> None:
        values = self.folder.plan.values(name)
        config = digest({"trivial": answer, **values})

        for direction, key in _keys(answer, name, 0, "", config).items():
            # What an earlier call finished is not done again.
            if key in self.folder.cells:
                continue
            drawn = self.folder.draw(name)
            began = time.monotonic()
            clips = clips_of(drawn)
            source = clips[direction[0]]
            driving = clips[direction[1]]
            made = BASELINES[answer](source, driving, clips[direction], mirrored_side(name) is not None)
            figures = measure_result(made, drawn, direction, self.folder.by)
            cell = Cell(
                method=answer,
                scene=name,
                direction=direction,
                seed=0,
                preset="",
                config=config,
                # Without the scene's own length, so that one row of the table spans scenes of any length.
                entrant=digest({"trivial": answer, **self.folder.plan.describe()}),
                drawn=digest(values),
                figures=plain_figures(figures),
                seconds=time.monotonic() - began,
                machine=describe_machine(),
            )
            self._keep(cell, made, drawn)

    def _method(self, name: str, entrant: Entrant, seed: int) -> None:
        values = self.folder.plan.values(name)
        config = digest({"settings": entrant.config, **values})
        keys = _keys(entrant.method, name, seed, entrant.preset, config)
        missing = []
        for direction, key in keys.items():
            if key not in self.folder.cells:
                missing.append(direction)

        if not missing:
            return

        drawn = self.folder.draw(name)
        if entrant.method_class.card.needs == "landmarks" and not has_body(drawn):
            self.tell(f"{entrant.method} on {name}: it learns from bodies' landmarks, which nobody here has; left out")
            return

        # One training answers for both directions, so its folder names neither.
        run = self.folder.out / "runs" / keys["ab"].replace("__ab__", "__", 1)

        try:
            fitted = self._fit(entrant, drawn, run, seed)
        except TrainingError as e:
            self.tell(f"{entrant.method} on {name}, seed {seed}: {e.message}; the cell is left out")
            return

        # Each cell counts its own share of the time, and half of the training's.
        began = time.monotonic()
        own = keypoint_figures(fitted, drawn)

        for direction in missing:
            made = make_result(fitted, drawn, direction)
            figures = (
                measure_result(made, drawn, direction, self.folder.by, entrant.method_class.card.needs) | own[direction]
            )
            cell = Cell(
                method=entrant.method,
                variant=entrant.variant,
                scene=name,
                direction=direction,
                seed=seed,
                preset=entrant.preset,
                config=config,
                entrant=digest({"settings": entrant.config, **self.folder.plan.describe()}),
                drawn=digest(values),
                figures=plain_figures(figures),
                seconds=fitted.run.record.seconds / len(DIRECTIONS) + time.monotonic() - began,
                machine=f"{describe_machine()}, {fitted.run.record.device} {fitted.run.record.precision}",
            )
            self._keep(cell, made, drawn)
            began = time.monotonic()

    def _keep(self, cell: Cell, made: Clip, drawn: SceneClips) -> None:
        self.folder.keep(cell, made, drawn)
        if self.with_tables:
            self.folder.tables()
        name = " ".join(part for part in (cell.method, cell.variant) if part)
        iou = cell.figures["iou"]
        seed = f", seed {cell.seed}" if cell.preset else ""
        self.tell(f"{name} on {cell.scene} {cell.direction}{seed}: iou {iou:.3f}, {cell.seconds:.0f} s")

    def _fit(self, entrant: Entrant, drawn: SceneClips, run: Path, seed: int) -> Fitted:
        """A trained method: a run that is there goes on, or is only loaded where it is finished."""
        run.parent.mkdir(parents=True, exist_ok=True)
        options = TrainingOptions(
            preset=entrant.preset,
            set=entrant.changes,
            # What a kill left before anything was trained is begun anew, and what is no run is left alone.
            resume=Run(run).has_checkpoint,
            seed=seed,
            device=self.conditions.device,
            precision=self.conditions.precision,
            checkpoint_seconds=self.conditions.checkpoint_seconds,
        )
        request = make_request(entrant.method, run, options)
        clips = clips_for(request.needs, drawn)
        if request.needs == "landmarks":
            return run_training(request, self._landmark_inputs(request, clips, drawn), self.callback)

        # A person would mirror one of the two here, so the bench does as well.
        flip = mirrored_side(drawn.name) if request.needs == "pair" else None
        inputs = read_inputs(clips, PairOptions(), request.max_side)
        return train_on_clips(request, inputs, flip, callback=self.callback)

    def _landmark_inputs(self, request: TrainingRequest, clips: Sequence[Clip], drawn: SceneClips) -> TrainingInputs:
        people = []
        for clip, landmarks in zip(clips, landmarks_for(drawn), strict=True):
            people.append(LandmarkInput(clip.name, "", clip, landmarks, None))

        inputs = LandmarkInputs(people)
        references = input_references(clips)
        resumed = resume_run(request, references)
        return TrainingInputs(references, inputs.prepare, notes=inputs.notes, resumed=resumed)


def _keys(method: str, scene: str, seed: int, preset: str, config: str) -> dict[str, str]:
    """The cells of one training, or of one answer: direction -> key."""
    keys = {}
    for direction in DIRECTIONS:
        keys[direction] = cell_key(method, scene, direction, seed, preset, config)
    return keys
