"""Figures of a finished run: its own, beside its inputs, and against true answers where they are given."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.subject import Subject
from muybridge.disk import check_files
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import (
    Option,
    RunError,
    Sentence,
    UsageError,
    Verb,
)
from muybridge.evaluation import (
    PEOPLE,
    PICTURES,
    Figure,
    MetricNetworks,
    Page,
    PersonMetrics,
    compare_identities,
    compare_poses,
    compare_to_truth,
    describe_metric,
    is_lossy,
    keypoint_separability,
    load_metric_networks,
    measure_without_truth,
    read_predictions,
    render_page,
    too_few_to_tell,
    unmeasured_notes,
)
from muybridge.evaluation.truth import on_black
from muybridge.inputs.clips import Source, read_with_silhouettes
from muybridge.jobs.loading import Fitted, load
from muybridge.jobs.training import Notify
from muybridge.method import Animation, MeasuresItself, SharesKeypoints, SubjectPair
from muybridge.output.results import WholeFiles
from muybridge.video import Clip, Timing, contact_sheet, write

SIDES = {"a": "b", "b": "a"}
"""Whose appearance -> whose motion."""


FILES = ("evaluation.csv", "evaluation.json", "evaluation.html", "contact-sheet.png")


@dataclass(eq=False)
class _Measured:
    """What was measured so far.

    missing  figure -> why it was not measured
    rows     frames to look at, by what they show
    """

    figures: dict[str, float]
    missing: dict[str, str]
    rows: dict[str, Any]


@fast_kernels()
def evaluate(
    run: Fitted | str | Path,
    *,
    truth: Mapping[str, Source] | None = None,
    truth_masks: Mapping[str, str | Path | Clip] | None = None,
    weights: Mapping[str, Path] | None = None,
    out: str | Path | None = None,
    force: bool = False,
    device: str = "auto",
    notify: Notify | None = None,
) -> dict[str, float]:
    """What can be measured of a run: its own figures, beside its inputs, and against true answers where they are given.

    Args:
        run: A folder, or what `fit` and `load` give.
        truth: "a" and "b": the true clips, a moving like b and the reverse, where they are known.
        truth_masks: Their silhouettes, unless they can be found.
        weights: Files of the networks to judge with: "vgg", "inception", "action", "pose", "identity"; else the caches.
        out: A folder for evaluation.csv, .json, .html and a contact sheet; None writes nothing.
        force: Replace an evaluation that is there.
        device: auto, cpu, cuda, cuda:1, mps.
        notify: Told which figures were not measured, and why.

    Returns:
        Name -> value; a name ends with the side whose appearance it is of. `docs/evaluation.md` has units and ranges.

    Raises:
        RunError: The run is broken, or has no data of its own.
        UsageError: Its method has no figures, or networks for people were named without a truth.
        OutputExistsError: `out` holds an evaluation already.
        InputError: A true clip cannot be used.

    Example:
        >>> figures = muybridge.evaluate("runs/cat-fox", truth={"a": "cat-like-fox.mp4"}, out="figures")
    """
    fitted = run if isinstance(run, Fitted) else load(run, device=device)
    target = None if out is None else _target(Path(out), force)
    _check_measurable(fitted, truth, weights)

    # Figures of people compare with true frames: without any, those networks need not be here.
    by = load_metric_networks((*PICTURES, *(PEOPLE if truth else ())), **(weights or {}))
    measured = _measure_itself(fitted, by)

    for side, other in SIDES.items() if _has_pair(fitted) else ():
        _measure_crop(fitted, side, other, by, measured)
        if truth is not None and side in truth:
            its_masks = (truth_masks or {}).get(side)
            reading_side = fitted.method.config.reading_side
            right = read_with_silhouettes(truth[side], masks=its_masks, max_side=reading_side).clip
            _measure_truth(fitted, side, right, by, measured)

    if isinstance(fitted.method, SharesKeypoints):
        points = fitted.method.shared_points(fitted.data)
        measured.figures |= keypoint_separability(points)
        measured.missing |= too_few_to_tell(points)

    if not measured.figures:
        raise UsageError(f"{fitted.method.card.name} has no figures of its own")
    if target is not None:
        with WholeFiles(target) as whole:
            _write_files(whole, fitted, measured)
    if notify is not None:
        for sentence in unmeasured_notes(measured.missing):
            notify(sentence)

    return measured.figures


def explain_figure(fitted: Fitted, name: str) -> str:
    """One sentence on a figure of `evaluate`; "" where nobody says."""
    said = fitted.method.explain_figure(name) if isinstance(fitted.method, MeasuresItself) else ""
    return said or describe_metric(name.removeprefix("truth_"))


def _check_measurable(fitted: Fitted, truth: Mapping[str, Source] | None, weights: Mapping[str, Path] | None) -> None:
    if fitted.data is None:
        raise RunError("an imported checkpoint has no videos to be measured on", Sentence("Train with: ", Verb("fit")))
    if not truth and {"pose", "identity"} & set(weights or {}):
        raise UsageError(
            "networks for people compare with true frames, and none were named",
            Sentence("Name them: ", Option("truth", "FOLDER", "a")),
        )


def _measure_itself(fitted: Fitted, by: MetricNetworks) -> _Measured:
    """The method's own figures, to which the others are added."""
    method = fitted.method
    figures = method.measure_quality(fitted.data) if isinstance(method, MeasuresItself) else {}
    return _Measured(figures, dict(by.missing), {})


def _has_pair(fitted: Fitted) -> bool:
    return isinstance(fitted.data, SubjectPair)


def _measure_crop(fitted: Fitted, side: str, other: str, by: MetricNetworks, measured: _Measured) -> None:
    """The crop that comes out, beside those that went in."""
    assert isinstance(fitted.data, SubjectPair)
    source = _clip_of(fitted.data.subject(side))
    driving = _clip_of(fitted.data.subject(other))
    animation = fitted.method.animate(fitted.data, None, side, full_frame=False)
    made = _shrink(animation, (source.height, source.width)).clip()
    shown = made.frames if made.masks is None else made.frames * made.masks
    measured.rows |= {f"{other} (driving)": driving.pixels, f"{side} like {other}": shown}

    for name, value in measure_without_truth(made, source, driving, by).items():
        measured.figures[f"{name}_{side}"] = value


def _measure_truth(fitted: Fitted, side: str, right: Clip, by: MetricNetworks, measured: _Measured) -> None:
    """What comes out beside what is right."""
    # The whole frame this time, because the truth is not cropped.
    made = _as_read(fitted.method.animate(fitted.data, None, side), right)
    found = compare_to_truth(made, right, by)
    people, why = _people(made, right, by)

    for name, value in (found | people).items():
        measured.figures[f"truth_{name}_{side}"] = value
    for name, reason in why.items():
        measured.missing[f"truth_{name}_{side}"] = reason


def _as_read(made: Animation, truth: Clip) -> Clip:
    """A result at the size that the truth was read at, where in their files both are of one size."""
    size = (truth.height, truth.width)
    return made.clip() if made.size != truth.full_size else _shrink(made, size).clip()


def _shrink(made: Animation, size: tuple[int, int]) -> Animation:
    """A result at another size (h, w), its colours counted by their alpha."""
    if made.size == size:
        return made

    def smaller(rgba: Tensor) -> Tensor:
        values = rgba.float() / 255
        # Colours count by their alpha, or what is not seen would mix into the edge.
        layers = F.interpolate(torch.cat((values[:3] * values[3:], values[3:]))[None], size=size, mode="area")[0]
        shown = torch.cat((layers[:3] / layers[3:].clamp_min(1e-6), layers[3:])).clamp(0, 1)
        return (shown * 255).round().to(torch.uint8)

    return replace(made, frames=map(smaller, made.frames), size=size)


def _people(made: Clip, truth: Clip, by: MetricNetworks) -> tuple[dict[str, float], dict[str, str]]:
    """AKD, MKR and AED of the subject on black; and figure -> why not, although the network is there."""
    seen = PersonMetrics(by.pose, by.identity)
    if truth.source is not None and truth.source.exists() and is_lossy(truth.source):
        why = f"{truth.source.name} is compressed, which alone moves landmarks; give the true clip as a folder of PNGs"
        return {}, {name: why for name in PEOPLE if name not in by.missing}
    count = min(len(made), len(truth))
    seen.look(*((on_black(clip[:count])[0] * 255).round().to(torch.uint8) for clip in (made, truth)))
    return seen.figures()


def _clip_of(subject: Subject) -> Clip:
    clip = Clip(subject.pixels, subject.timing, subject.mattes)[subject.seen.nonzero()[:, 0].tolist()]
    return clip.mirror() if subject.flip else clip


def _target(out: Path, force: bool) -> Path:
    check_files(out, FILES, force)
    return out


def _write_files(out: Path, fitted: Fitted, measured: _Measured) -> None:
    figures = measured.figures
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["figure", "value", "meaning"])
    table.writerows([name, f"{value:.6g}", explain_figure(fitted, name)] for name, value in figures.items())
    (out / "evaluation.csv").write_text(text.getvalue(), encoding="utf-8")
    told = {"kind": "evaluation", "figures": figures, "missing": measured.missing}
    (out / "evaluation.json").write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    pictures: dict[str, bytes] = {}
    if measured.rows:
        path = write(out / "contact-sheet.png", [contact_sheet(measured.rows)], Timing.constant(1), force=True)
        pictures["Contact sheet"] = path.read_bytes()

    record = fitted.run.record
    content = Page(
        title=f"Evaluation of a run of {record.method}",
        lead=f"{record.done} steps, seed {record.seed}.",
        figures={"Figures": [Figure(name, value, explain_figure(fitted, name)) for name, value in figures.items()]},
        pictures=pictures,
        notes=unmeasured_notes(measured.missing),
    )

    (out / "evaluation.html").write_text(render_page(content), encoding="utf-8")


Files = tuple[str | Path, str | Path]
"""Predictions of the true frames, and those of the made ones."""


def compare_predictions(*, poses: Files | None = None, identities: Files | None = None) -> dict[str, float]:
    """AKD and MKR of landmarks, AED of identity features, as other programs found them in true and in made frames.

    Args:
        poses: Landmarks of the true frames, and of the made ones; see `evaluation.read_predictions`.
        identities: Features of the true frames, and of the made ones.

    Returns:
        "akd" (pixels), "mkr" (0 to 1) and "aed", as far as they were asked for.

    Raises:
        UsageError: Neither was named.
        InputError: The two cannot be compared: of other frames, or one of PNG and the other of compressed ones.

    Example:
        >>> print(muybridge.compare_predictions(poses=("true-poses.csv", "made-poses.csv"))["akd"])
    """
    if poses is None and identities is None:
        raise UsageError(
            "there is nothing to compare",
            Sentence("Name predictions: ", Verb("evaluate", Option("poses", ["GROUND_TRUTH", "GENERATED"]))),
        )

    found: dict[str, float] = {}
    if poses is not None:
        found |= compare_poses(*(read_predictions(Path(path)) for path in poses))
    if identities is not None:
        found |= compare_identities(*(read_predictions(Path(path)) for path in identities))

    return found
