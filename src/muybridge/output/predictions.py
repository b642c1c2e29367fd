"""Several ways in which a picture might go on, written to one folder, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor

from muybridge.disk import check_folder, replace_folder
from muybridge.evaluation import measure_prediction, summarise_draws
from muybridge.method import PredictsVideos
from muybridge.video import Clip, Timing, contact_sheet, write

COLUMNS = 8
"""Frames in a row of the sheet."""
FIGURES = "figures.json"
PARTS = ("draw-*.mp4", "sheet.png", FIGURES)


@dataclass(frozen=True, eq=False)
class DrawnWays:
    """What was drawn: figures over the draws, where the picture is of a video that tells how it went on, and notes."""

    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def check_ways(folder: Path, force: bool) -> None:
    """OutputExistsError where something stands there that may not be replaced."""
    check_folder(folder, force, lambda there: (there / FIGURES).is_file(), "predictions", PARTS)


def write_ways(
    method: PredictsVideos,
    shown: Clip,
    folder: Path,
    *,
    draws: int,
    frames: int,
    seed: int,
    timing: Timing | None,
    mark: Any,
) -> DrawnWays:
    """`draw-1.mp4` and so on, `sheet.png` with a row for each, and `figures.json`.

    shown   a picture, or a clip: its first frame goes on, and the others tell how it did
    seed    of the first draw; each next one has the next
    timing  of the videos; None: the method's own
    """
    errors: list[float] = []
    rows: dict[str, Tensor] = {"as it was": _pick_frames(shown.pixels)} if len(shown) > 1 else {}
    notes: list[str] = []
    first: Tensor | None = None
    alike = draws > 1

    with replace_folder(folder) as draft:
        for number in range(1, draws + 1):
            # A generator of its own each: a draw is the same whatever was drawn before.
            chance = torch.Generator().manual_seed(seed + number - 1)
            made = method.predict(None, shown[:1], frames, chance)
            for note in made.notes:
                if note not in notes:
                    notes.append(note)

            clip = made.clip()
            write(draft / f"draw-{number}.mp4", clip.pixels, clip.timing if timing is None else timing, mark=mark)
            rows[f"draw {number}, seed {seed + number - 1}"] = _pick_frames(clip.pixels)
            if len(shown) > 1:
                errors.append(measure_prediction(shown.pixels, clip.pixels))
            first = clip.pixels if first is None else first
            alike = alike and torch.equal(first, clip.pixels)

        figures = {}
        if errors:
            still = measure_prediction(shown.pixels, shown.pixels[:1].expand(len(shown), -1, -1, -1))
            figures = summarise_draws(errors, still)
        told = {"seed": seed, "draws": draws, "frames": frames, "overall": figures, "l1": errors}
        (draft / FIGURES).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        cv2.imwrite(str(draft / "sheet.png"), _to_bgr(contact_sheet(rows, columns=COLUMNS)))

    if alike:
        notes.append("all draws are alike: this run was trained without noise, so there is one way only")
    return DrawnWays(figures, tuple(notes))


def _pick_frames(pixels: Tensor) -> Tensor:
    """A few frames, from the first to the last: whole predictions of large pictures would not fit in memory."""
    return pixels[torch.linspace(0, len(pixels) - 1, min(COLUMNS, len(pixels))).round().long()]


def _to_bgr(sheet: Tensor) -> Any:
    return sheet.permute(1, 2, 0).flip(-1).contiguous().numpy()
