"""The papers' protocol on a folder of test clips."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import cv2
import torch
from torch import Tensor

from muybridge.data.canvas import resize_to_canvas_bytes
from muybridge.data.clips import own_pixels
from muybridge.data.folders import ClipFolder
from muybridge.disk import check_folder, replace_folder
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.evaluation import (
    PEOPLE,
    PersonMetrics,
    Reconstruction,
    load_metric_networks,
    mean_reconstruction,
    measure_reconstruction,
    unmeasured_notes,
)
from muybridge.jobs.loading import Fitted, load_folder_method, require_ability
from muybridge.method import ReconstructsClips
from muybridge.tensors import Pixels
from muybridge.video import Clip, contact_sheet, write
from muybridge.video.mark import make_mark

PARTS = ("frames", "sheet.png", "figures.json")
SHOWN = 6
"""Clips on the sheet."""


@fast_kernels()
def reconstruct(
    run: Fitted | str | Path,
    folder: str | Path,
    out: str | Path | None = None,
    *,
    part: str = "test",
    max_clips: int | None = None,
    max_frames: int | None = None,
    weights: Mapping[str, Path] | None = None,
    force: bool = False,
    device: str = "auto",
    notify: Callable[[str], object] | None = None,
) -> dict[str, float]:
    """Make every test clip again from its first frame, at the size the run was trained at, and measure.

    AKD, MKR and AED are measured where there are networks for them, on the 8-bit frames that are kept as PNG, against
    the test clip's own at the same size.

    Args:
        run: Of a method that learns from a folder.
        folder: Of clips; its `part` where it is divided.
        out: Where PNG frames (`frames/CLIP/`), a sheet (`sheet.png`: each clip over its reconstruction) and
            `figures.json` (overall and clip by clip) go; None keeps nothing.
        part: train or test.
        max_clips: The first so many.
        max_frames: Of each clip.
        weights: Files of networks that look at people: "pose" and "identity"; else Muybridge's cache.
        force: Replace reconstructions that are there, when all new ones are made.
        device: auto, cpu, cuda, cuda:1, mps.
        notify: Told how far it is, and which figures were not measured and why.

    Returns:
        See `evaluation.mean_reconstruction`: l1 and copy_l1 are means over all frames of colours in [0, 1]; akd (pixels
        of the run's size), mkr and aed where they were measured.

    Raises:
        UsageError: A method that cannot.
        InputError: The folder has no clips, or one of them cannot be used.
        OutputExistsError: Something stands at `out` already.

    Example:
        >>> figures = muybridge.reconstruct("runs/faces", "faces", "faces-again")
    """
    fitted = load_folder_method(run, device, "reconstruct clips")
    method = require_ability(fitted.method, ReconstructsClips)
    target = None if out is None else Path(out)
    if target is not None:
        check_folder(target, force, _is_ours, "reconstructions", PARTS)
    by = load_metric_networks(PEOPLE, **(weights or {}))
    people = PersonMetrics(by.pose, by.identity)
    side = int(fitted.method.config.size)
    mark = make_mark(fitted.method.card.name)
    clips = ClipFolder(folder, part, max_frames=max_frames, max_side=4 * side)
    reconstructions: list[Reconstruction] = []
    shown: dict[str, Tensor] = {}

    # Old reconstructions stand until the last clip is made again: figures never lie beside another run's frames.
    with contextlib.nullcontext() if target is None else replace_folder(target) as draft:
        for name, clip in islice(zip(clips.names, clips, strict=True), max_clips):
            truth = resize_to_canvas_bytes(own_pixels(clip), (side, side))
            made = _make_again(method, clip, truth)
            reconstructions.append(measure_reconstruction(name, truth, made.pixels))
            people.look(made.pixels, truth)
            if draft is not None:
                write(draft / "frames" / name, made.pixels, clip.timing, mark=mark)
            # Only a few clips stay in memory for the sheet: a test set may hold thousands.
            if len(shown) < 2 * SHOWN:
                shown |= {name: truth, f"{name} again": made.pixels}
            if notify is not None and len(reconstructions) % 100 == 0:
                mean = mean_reconstruction(reconstructions)["l1"]
                notify(f"{len(reconstructions)} of {len(clips)} clips: L1 {mean:.4f}")

        seen, why = people.figures()
        figures = mean_reconstruction(reconstructions) | seen
        missing = {**by.missing, **why}
        if draft is not None:
            _keep(draft, figures, missing, reconstructions, shown)

    if notify is not None:
        for sentence in unmeasured_notes(missing):
            notify(sentence)

    return figures


def _make_again(method: ReconstructsClips, clip: Clip, small: Pixels) -> Clip:
    """A clip from its first frame, at the size of its frames `small`."""
    # The sizes and the silhouettes belong to the larger frames, and no longer fit.
    shrunk = replace(clip, pixels=small, mattes=None, sizes=None, full=None)
    with torch.no_grad():
        return method.reconstruct(shrunk).clip()


def _is_ours(out: Path) -> bool:
    return (out / "figures.json").is_file() and (out / "frames").is_dir()


def _keep(
    target: Path,
    figures: dict[str, float],
    missing: dict[str, str],
    found: list[Reconstruction],
    shown: dict[str, Tensor],
) -> None:
    sheet = contact_sheet(shown)
    cv2.imwrite(str(target / "sheet.png"), sheet.permute(1, 2, 0).flip(-1).contiguous().numpy())
    told = {"overall": figures, "missing": missing, "clips": [asdict(each) for each in found]}
    (target / "figures.json").write_text(json.dumps(told, indent=2), encoding="utf-8")
