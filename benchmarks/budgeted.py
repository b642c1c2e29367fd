"""Training a method that learns from a folder within a number of minutes, and showing what came of it."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor

import muybridge
from muybridge import catalogue
from muybridge.data.folders import ClipFolder
from muybridge.engine import Callback, RichCallback, train
from muybridge.jobs.settings import make_config
from muybridge.method import Data, Method, Stage
from muybridge.video import Clip, contact_sheet

STEPS = {"monkeynet": "learn.steps", "fomm": "training.steps", "articulated": "training.steps"}
"""The setting that says how long each method learns."""
WITHOUT: Mapping[str, Mapping[str, Any]] = {"monkeynet": {"prediction.steps": 0}, "articulated": {"avd.steps": 0}}
"""What has no part in reconstruction gets no time."""
PROBE, WARM, SAMPLE = 24, 8, 48
"""Steps whose time is taken, steps before those, clips that they are taken on."""
SHARE = 0.93
"""Of the minutes that steps are planned for; the rest is for checkpoints, previews and a busier machine."""


@dataclass(frozen=True)
class Trained:
    """A finished run, its steps, and the minutes that all of its sittings took."""

    fitted: muybridge.Fitted
    steps: int
    minutes: float


def machine() -> str:
    """What the figures were made on."""
    return f"{_processor()}, {torch.get_num_threads()} of {os.cpu_count()} threads, PyTorch {torch.__version__}"


def _processor() -> str:
    """Its name where Linux tells it; elsewhere the architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def fit_within(
    method: str,
    folder: Path,
    out: Path,
    minutes: float,
    preset: str | None = None,
    changes: Mapping[str, Any] | None = None,
    steps: int | None = None,
) -> Trained:
    """Train in `out`, or go on there. The steps are measured once, so that the minutes hold them all and the learning
    rate's fall too; they stand in `out`.json."""
    plan = out.with_suffix(".json")
    if not plan.is_file():
        wanted = {**WITHOUT.get(method, {}), **(changes or {})}
        make_config(catalogue.find(method), preset, wanted)  # a plan that cannot be carried out is not kept
        count = steps or _affordable(method, folder, minutes, preset, wanted)
        plan.parent.mkdir(parents=True, exist_ok=True)
        plan.write_text(json.dumps({"preset": preset, "set": {**wanted, STEPS[method]: count}, "minutes": minutes}))
    told = json.loads(plan.read_text())
    begun = (out / "run.json").is_file()
    fitted = muybridge.fit(
        method,
        folder,
        out=out,
        preset=told["preset"],
        set=told["set"],
        device="cpu",
        resume=begun,
        callback=RichCallback(),
        notify=print,
    )
    return Trained(fitted, told["set"][STEPS[method]], fitted.run.record.seconds / 60)


def _affordable(method: str, folder: Path, minutes: float, preset: str | None, changes: Mapping[str, Any]) -> int:
    """Steps of the main stage in these minutes."""
    kind = catalogue.find(method)
    built = kind(make_config(kind, preset, changes))
    clips = ClipFolder(folder)
    clips.paths = clips.paths[:SAMPLE]
    return steps_within(minutes, built, built.prepare(clips), "cpu")


def steps_within(minutes: float, method: Method[Any, Any], data: Data, device: str) -> int:
    """Steps that these minutes hold, by the mean time of the first few; the method is trained by those."""
    clock = _Clock()
    train(method, data, device=device, callback=clock, log_every=1, stop_after=WARM + PROBE)
    seconds = (clock.times[-1] - clock.times[WARM - 1]) / (len(clock.times) - WARM)
    print(f"{method.card.name}: {seconds:.3f} s a step", flush=True)
    return int(60 * minutes * SHARE / seconds)


class _Clock(Callback):
    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step(self, stage: Stage, step: int, losses: Mapping[str, float], rate: float, eta: float) -> None:
        self.times.append(time.monotonic())


def animation_sheet(fitted: muybridge.Fitted, pairs: Sequence[tuple[Clip, Clip]], mode: str | None = None) -> Tensor:
    """Rows of a driving clip, and of the source beside it moving as that does."""
    rows: dict[str, Tensor | list[Tensor]] = {}
    for index, (source, driving) in enumerate(pairs):
        options = {} if mode is None else {"mode": mode}
        with torch.no_grad():
            made = fitted.method.animate(None, driving, source[:1], **options).clip().pixels
        shown = torch.linspace(0, len(driving) - 1, 8).round().long()
        rows[f"{index}: the source, then the driving clip"] = [source.pixels[0], *driving.pixels[shown]]
        rows[f"{index}: the source moving so"] = [source.pixels[0], *made[shown]]
    return contact_sheet(rows, columns=9, height=96)


def save(picture: Tensor, path: Path) -> None:
    """A picture uint8 [3, H, W] as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture.permute(1, 2, 0).flip(-1).contiguous().numpy())


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown, the first column to the left."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))
