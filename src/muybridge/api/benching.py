"""Methods on scenes with a known answer: every finished cell is kept, so that a table may grow over days."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from muybridge import catalogue
from muybridge.api.fitting import Fitted, Say, Wish, read_all, train_on, wish
from muybridge.api.measuring import DIRECTIONS, clips_for, figures_of, flip_of, keypoint_figures, made_by
from muybridge.api.settings import settings
from muybridge.engine import Listener
from muybridge.engine.processor import fast_kernels
from muybridge.errors import InputError, OutputExistsError, TrainingError, UsageError
from muybridge.evaluation import TRIVIAL, Cell, Cells, Judges, Tables, as_csv, as_json, digest, judges, tables
from muybridge.evaluation.cells import cell_key, plain_figures
from muybridge.evaluation.pages import tables_page
from muybridge.method import Config, Method
from muybridge.puppets import SCENES, SceneClips, scene
from muybridge.run.disk import lock
from muybridge.run.disk import replace as put
from muybridge.video import Clip, Timing, contact_sheet, write

SHEET_COLUMNS, SHEET_HEIGHT = 8, 72


@dataclass(frozen=True)
class Plan:
    """What one bench measures on, apart from the methods.

    frames   of each clip; None for each scene's own length
    size     side of the frames, pixels
    drawing  seed of the scenes' motions and backdrops
    """

    frames: int | None = None
    size: int = 128
    drawing: int = 0

    def values(self, name: str) -> dict[str, Any]:
        """What of it decides a cell's figures."""
        frames = SCENES[name].frames if self.frames is None else self.frames
        return {"frames": frames, "size": self.size, "drawing": self.drawing}


@dataclass(frozen=True)
class Entrant:
    """A method with its settings: one row of the table."""

    method: str
    preset: str
    variant: str
    changes: Mapping[str, Any]
    kind: type[Method[Any, Any]]
    config: Mapping[str, Any]


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
    listener: Listener | None = None,
    say: Say | None = None,
) -> Tables:
    """Train methods on scenes whose true answer is known, measure both directions, and put it all in tables.

    out        folder: cells/ (one JSON each), runs/, clips/, sheets/, and table.csv, table.json, table.html; what is
               finished there is not done again, and a training that was stopped goes on
    scenes     names of puppet scenes; all of them unless told
    seeds      of the trainings; the scenes are drawn by `plan.drawing` alone
    preset     which each of the methods must have
    set        settings changed for all methods
    variants   name -> further changes: each is a row of its own; {"": {}} unless told
    trivial    with the answers that need no method
    weights    files of the networks to judge with: "vgg", "inception", "action"; else torch's cache
    Raises UsageError before anything is trained; KeyboardInterrupt leaves what is finished, and a run to go on with.
    A training that fails is told and left out.
    """
    plan = plan or Plan()
    out = Path(out)
    names = _scenes(scenes)
    entrants = [e for m in methods for e in _entrants(m, preset, set or {}, variants or {"": {}})]
    by = judges(**(weights or {}))
    _fresh_or_own(out)
    out.mkdir(parents=True, exist_ok=True)
    tell = say or (lambda text: None)
    bench_ = _Bench(out, plan, by, tell, listener, device, precision, checkpoint_seconds)
    with lock(out / ".lock"):
        put(out / "bench.json", b'{"kind": "bench"}')
        for seed in seeds:
            for name in names:
                bench_.scene(name, entrants, seed, trivial)
        return bench_.tables()


def _scenes(given: Sequence[str]) -> list[str]:
    unknown = [name for name in given if name not in SCENES]
    if unknown:
        raise UsageError(f"there is no scene {unknown[0]!r}: there are {', '.join(SCENES)}", "muybridge puppets --list")
    return list(dict.fromkeys(given)) or list(SCENES)


def _entrants(
    method: str, preset: str, changes: Mapping[str, Any], variants: Mapping[str, Mapping[str, Any]]
) -> Iterator[Entrant]:
    kind = catalogue.find(method)
    if kind.card.needs == "landmarks":
        raise UsageError(f"{method} needs landmarks, which a bench does not draw")
    if preset not in kind.card.presets:
        raise UsageError(
            f"{method} has no preset {preset!r}", f"Name one that it has with --preset: {', '.join(kind.card.presets)}."
        )
    for name, more in variants.items():
        every = {**changes, **more}
        config: Config = settings(kind, preset, every)
        decide = getattr(kind, "settled", None)
        if decide is not None:
            config, _ = decide(config)
        said = name or (", ".join(f"{k}={v}" for k, v in changes.items()))
        yield Entrant(method, preset, said, every, kind, config.model_dump(mode="json"))


def _fresh_or_own(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "bench.json").is_file())):
        raise OutputExistsError(f"{out} exists and is not a bench: nothing there is replaced", "Choose another --out.")


class _Bench:
    """The folder of one bench, and what is done in it."""

    def __init__(
        self,
        out: Path,
        plan: Plan,
        by: Judges,
        tell: Say,
        listener: Listener | None,
        device: str,
        precision: str,
        checkpoint_seconds: float,
    ) -> None:
        self.out, self.plan, self.by, self.tell, self.listener = out, plan, by, tell, listener
        self.device, self.precision, self.checkpoint_seconds = device, precision, checkpoint_seconds
        self.cells = Cells(out / "cells")
        self.drawn: SceneClips | None = None

    def scene(self, name: str, entrants: Sequence[Entrant], seed: int, trivial: bool) -> None:
        """Every cell of a scene and a seed that is not there yet."""
        if trivial:
            for answer in TRIVIAL:
                self._trivial(name, answer)
        for entrant in entrants:
            self._method(name, entrant, seed)

    def _draw(self, name: str) -> SceneClips:
        """The scene, drawn where it is not at hand; its two clips are kept for whoever looks at the results."""
        if self.drawn is None or self.drawn.name != name:
            self.drawn = scene(name, self.plan.frames, self.plan.size, self.plan.drawing)
            for side in ("a", "b"):
                self._keep_clip(f"{name}-{side}__{digest(self.plan.values(name))}", getattr(self.drawn, side))
        return self.drawn

    def _trivial(self, name: str, answer: str) -> None:
        config = digest({"trivial": answer, **self.plan.values(name)})
        for direction in DIRECTIONS:
            if cell_key(answer, name, direction, 0, "", config) in self.cells:
                continue
            drawn = self._draw(name)
            began = time.monotonic()
            source, driving, truth = (getattr(drawn, which) for which in (direction[0], direction[1], direction))
            made = TRIVIAL[answer](source, driving, truth, flip_of(name) is not None)
            figures = figures_of(made, drawn, direction, self.by)
            cell = Cell(
                method=answer,
                scene=name,
                direction=direction,
                seed=0,
                preset="",
                config=config,
                drawn=digest(self.plan.values(name)),
                figures=plain_figures(figures),
                seconds=time.monotonic() - began,
                machine=_machine(),
            )
            self._keep(cell, made, drawn)

    def _method(self, name: str, entrant: Entrant, seed: int) -> None:
        config = digest({"settings": entrant.config, **self.plan.values(name)})
        keys = {d: cell_key(entrant.method, name, d, seed, entrant.preset, config) for d in DIRECTIONS}
        missing = [d for d, key in keys.items() if key not in self.cells]
        if not missing:
            return
        drawn = self._draw(name)
        run = self.out / "runs" / keys["ab"].replace("__ab__", "__", 1)
        try:
            fitted = self._fitted(entrant, drawn, run, seed)
        except TrainingError as e:
            self.tell(f"{entrant.method} on {name}, seed {seed}: {e.message}; the cell is left out")
            return
        for direction in missing:
            began = time.monotonic()
            made = made_by(fitted, drawn, direction)
            figures = figures_of(made, drawn, direction, self.by) | keypoint_figures(fitted, drawn, direction)
            cost = fitted.run.record.seconds / len(DIRECTIONS) + time.monotonic() - began
            cell = Cell(
                method=entrant.method,
                variant=entrant.variant,
                scene=name,
                direction=direction,
                seed=seed,
                preset=entrant.preset,
                config=config,
                drawn=digest(self.plan.values(name)),
                figures=plain_figures(figures),
                seconds=cost,
                machine=f"{_machine()}, {fitted.run.record.device} {fitted.run.record.precision}",
            )
            self._keep(cell, made, drawn)

    def _fitted(self, entrant: Entrant, drawn: SceneClips, run: Path, seed: int) -> Fitted:
        """A trained method: a run that is there goes on, or is only loaded where it is finished."""
        known = (run / "run.json").is_file() and (run / "weights.safetensors").is_file()
        if run.exists() and not known:
            shutil.rmtree(run)  # of a kill before the first checkpoint: our own folder, with nothing in it to keep
        run.parent.mkdir(parents=True, exist_ok=True)
        asked: Wish = wish(
            entrant.method,
            run,
            entrant.preset,
            entrant.changes,
            resume=known,
            seed=seed,
            device=self.device,
            precision=self.precision,
        )
        given = read_all(asked, clips_for(entrant.kind.card.needs, drawn))
        flip = flip_of(drawn.name) if entrant.kind.card.needs == "pair" else None
        return train_on(
            asked, given, flip, listener=self.listener, say=None, checkpoint_seconds=self.checkpoint_seconds
        )

    def _keep(self, cell: Cell, made: Clip, drawn: SceneClips) -> None:
        """The result's clip and sheet first, the cell last: a cell that is there is whole."""
        self._keep_clip(cell.key, made)
        a, b = cell.direction[0], cell.direction[1]
        rows = {
            f"{b} (driving)": getattr(drawn, b).pixels,
            "truth": _shown(getattr(drawn, cell.direction)),
            f"{a} like {b}: {cell.method} {cell.variant}".strip(): _shown(made),
        }
        (self.out / "sheets").mkdir(exist_ok=True)
        sheet = contact_sheet(rows, SHEET_COLUMNS, SHEET_HEIGHT)
        write(self.out / "sheets" / f"{cell.key}.png", [sheet], Timing.constant(1), force=True)
        self.cells.keep(cell)
        iou = cell.figures.get("iou")
        told = "" if iou is None else f": iou {iou:.3f}"
        self.tell(f"{cell.method} {cell.variant} on {cell.scene} {cell.direction}, seed {cell.seed}{told}")
        self.tables()

    def _keep_clip(self, name: str, clip: Clip) -> None:
        path = self.out / "clips" / f"{name}.mp4"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            write(path, _shown(clip), clip.timing)

    def tables(self) -> Tables:
        """Put every cell of the folder together and write the three files."""
        cells = self.cells.all()
        if not cells:
            raise InputError(f"{self.out} has no finished cell")
        found = tables(cells, notes_of(cells, self.by))
        put(self.out / "table.csv", as_csv(found).encode())
        put(self.out / "table.json", as_json(found).encode())
        put(self.out / "table.html", page_of(self.out, cells, found).encode())
        return found


def page_of(out: Path, cells: Sequence[Cell], found: Tables) -> str:
    """The page of a bench with the sheets of each row's first seed."""
    first = {(c.scene, c.direction, c.method, c.variant, c.preset, c.config): c for c in reversed(cells)}
    sheets: dict[str, bytes] = {}
    for place, cell in sorted(first.items()):
        path = out / "sheets" / f"{cell.key}.png"
        if path.is_file():
            sheets[", ".join(part for part in place[:5] if part)] = path.read_bytes()
    lead = f"{len(cells)} cells: puppets whose true retargeting is known, each result against it."
    return tables_page("Bench", lead, found, sheets)


def notes_of(cells: Sequence[Cell], by: Judges) -> list[str]:
    """What a person should know of the tables."""
    notes = [
        "± is half of Student's 95 % interval over seeds; a row with one seed has none.",
        "best still and warped silhouette were chosen knowing the truth; same time was not.",
    ]
    have = {name for cell in cells for name in cell.figures}
    return notes + [f"{name} was not measured: {why}" for name, why in by.missing.items() if name not in have]


def _shown(clip: Clip) -> torch.Tensor:
    """The subject on black, uint8 [T, 3, H, W]."""
    if clip.mattes is None:
        return clip.pixels
    return (clip.pixels.float() * (clip.mattes.float() / 255)).round().to(torch.uint8)


def _machine() -> str:
    return f"{platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads"
