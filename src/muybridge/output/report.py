"""The report of a retargeted pair: figures, and the page that shows everything."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from muybridge.data.background import Plate
from muybridge.engine.progress import format_duration
from muybridge.evaluation import BASELINES, Chart, Figure, Page, compare_to_truth, describe_metric, overlap, render_page
from muybridge.inputs.clips import SilhouetteInput
from muybridge.jobs.loading import Fitted
from muybridge.method import DescribesTraining, MeasuresItself
from muybridge.output.options import ResultOptions
from muybridge.output.results import Results, WholeFiles, write_videos
from muybridge.video import Clip

INLINE = 8 * 2**20
"""Largest video that is put inside the page, in bytes."""
PACKAGES = ("muybridge", "torch", "av", "opencv-python-headless", "accelerate", "numpy")
"""Whose versions a report tells."""


def measure_results(
    fitted: Fitted, given: Sequence[SilhouetteInput], truth: tuple[Clip, Clip] | None
) -> dict[str, float]:
    """The method's own figures; with the truth, those against it as well, under `truth_<what>_<side>`: of the result,
    and beside it what doing nothing and the best single frame of the source's own video would have."""
    method = fitted.method
    figures = method.measure_quality(fitted.data) if isinstance(method, MeasuresItself) else {}
    for side, each, true in zip("ab", given, truth or (), strict=False):
        made: Clip = fitted.method.animate(fitted.data, None, side).clip()
        figures |= {f"truth_{name}_{side}": value for name, value in compare_to_truth(made, true).items()}
        still = BASELINES["best still"](each.clip, true, true, False)
        figures[f"truth_still_iou_{side}"] = overlap(each.clip, true)
        figures[f"truth_best_still_iou_{side}"] = overlap(still, true)
    return figures


def write_report(
    out: Path,
    fitted: Fitted,
    given: Sequence[SilhouetteInput],
    options: ResultOptions,
    plates: Sequence[Plate | None],
    notes: Sequence[str],
    truth: tuple[Clip, Clip] | None = None,
) -> Results:
    """Write both results and the report into `out`, all of it or nothing."""
    with WholeFiles(out) as folder:
        files = write_videos(fitted, given, folder, options, plates)
        figures = measure_results(fitted, given, truth)
        files |= write_pages(fitted, given, folder, files, figures, notes)
    return Results(out, {name: out / path.name for name, path in files.items()}, figures, tuple(notes))


def write_pages(
    fitted: Fitted,
    given: Sequence[SilhouetteInput],
    folder: Path,
    files: Mapping[str, Path],
    figures: Mapping[str, float],
    notes: Sequence[str],
) -> dict[str, Path]:
    """Write report.html and report.json beside the results."""
    a, b = (each.name for each in given)
    facts = _facts(fitted, given)
    names = [path.name for path in files.values()] + ["report.html", "report.json"]
    content = Page(
        title=f"{a} moving like {b}, and {b} moving like {a}",
        lead=_lead(fitted),
        facts=facts,
        figures=_sections(fitted, figures, (a, b)),
        charts=_charts(fitted),
        pictures=_pictures(fitted, files),
        videos={
            caption: files[name].read_bytes()
            for name, caption in (("side-by-side.mp4", "Side by side"), ("keypoints.mp4", "Keypoints"))
            if name in files and files[name].stat().st_size < INLINE
        },
        notes=notes,
    )

    told: dict[str, Any] = {
        "kind": "retargeting",
        "files": names,
        "figures": dict(figures),
        "notes": list(notes),
        "facts": facts,
        "config": fitted.run.config,
    }

    (folder / "report.html").write_text(render_page(content), encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    return {name: folder / name for name in ("report.html", "report.json")}


def _lead(fitted: Fitted) -> str:
    record = fitted.run.record
    card = fitted.method.card
    return (
        f"Trained with {card.name} ({card.paper}) on these two videos alone, {record.done} steps in "
        f"{format_duration(record.seconds)} on {record.device} in {record.precision}."
    )


def _facts(fitted: Fitted, given: Sequence[SilhouetteInput]) -> dict[str, dict[str, str]]:
    record = fitted.run.record
    described = fitted.method.describe_training() if isinstance(fitted.method, DescribesTraining) else {}
    sections = {f"Input {side}: {each.name}": _input(each) for side, each in zip("AB", given, strict=True)}
    sections["Training"] = {
        "method": record.method,
        "preset": preset_of(fitted),
        "stages": ", ".join(f"{s.name}: {s.steps} steps of {s.batch} frames of each" for s in fitted.method.stages()),
        "time": format_duration(record.seconds),
        "device": f"{record.device}, {record.precision}, threads: {record.threads}",
        "seed": str(record.seed),
        "started": record.created,
        "reported": datetime.now(UTC).isoformat(timespec="seconds"),
    } | described

    sources = fitted.method.describe_sources(fitted.data) if isinstance(fitted.method, DescribesTraining) else {}
    if sources:
        sections["Own frames that results are made of"] = sources
    sections["Versions"] = package_versions()
    return sections


def preset_of(fitted: Fitted) -> str:
    """The preset that a run started from, and which settings it has otherwise."""
    name = fitted.run.record.preset
    preset = fitted.method.card.presets.get(name or "")
    if name is None or preset is None:
        return name or "not recorded"
    now, before = (_flat(config.model_dump(mode="json")) for config in (fitted.method.config, preset))
    changed = [f"{key}={value}" for key, value in now.items() if value != before.get(key) and before.get(key) != "auto"]
    return f"{name}, with {', '.join(changed)}" if changed else name


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings under dotted names, as settings are changed."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        out |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return out


def _input(each: SilhouetteInput) -> dict[str, str]:
    clip = each.clip
    trust = each.report.confidence
    height, width = clip.full_size
    smaller = "" if clip.full is None else f" (read at {clip.width} x {clip.height})"
    # Of a training that goes on, what was thought of its silhouettes is not known any more.
    trusted = {"trust in them": f"{sum(trust) / len(trust):.2f} on average, lowest {min(trust):.2f}"} if trust else {}
    return {
        "frames": f"{len(clip)}, {width} x {height} px{smaller}, {clip.timing.rate:.4g} a second",
        "silhouettes": each.how,
        **trusted,
        "without a silhouette": f"{len(each.report.empty)} frames, which are not trained on",
    }


def _sections(fitted: Fitted, figures: Mapping[str, float], names: tuple[str, str]) -> dict[str, list[Figure]]:
    method = fitted.method
    known = {"a": f"{names[0]} moving like {names[1]}", "b": f"{names[1]} moving like {names[0]}"}
    truth = []
    own = []
    for name, value in figures.items():
        if name.startswith("truth_"):
            what, _, side = name.removeprefix("truth_").rpartition("_")
            truth.append(Figure(f"{known[side]}: {what}", value, describe_metric(what)))
        else:
            meant = method.explain_figure(name) if isinstance(method, MeasuresItself) else ""
            own.append(Figure(name, value, meant))
    return {"How far from the truth": truth, "Quality, without knowing the truth": own}


def _charts(fitted: Fitted) -> list[Chart]:
    curves: dict[str, list[tuple[float, float]]] = {}
    for line in fitted.run.read_log():
        for name, value in line.get("losses", {}).items():
            curves.setdefault(f"{line['stage']}: {name}", []).append((float(line["step"]), float(value)))
    return [Chart(name, points) for name, points in curves.items()]


def _pictures(fitted: Fitted, files: Mapping[str, Path]) -> dict[str, bytes]:
    pictures = {"Contact sheet": files["contact-sheet.png"].read_bytes()}
    previews = fitted.run.previews()
    if previews:
        pictures["The last preview of the training"] = previews[-1].read_bytes()
    return pictures


def package_versions() -> dict[str, str]:
    """The versions of what results depend on: package -> version."""
    return {name: _version(name) for name in PACKAGES} | {"python": platform.python_version()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
