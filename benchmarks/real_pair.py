"""Several methods on one pair of videos at an equal budget of compute, in what can be measured without a true answer.

    python benchmarks/real_pair.py A B --out DIR [--methods jokr,fomm,cyclegan,recyclegan] [--preset bench]

Every method sees the same crops; one of whole frames sees them on black. Presets called `bench` cost about the same.
Finished methods are kept in DIR and not trained again; real_pair.md, real_pair.json and a sheet stand there.
"""

from __future__ import annotations

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import torch
from torch import Tensor

import muybridge
from muybridge import catalogue
from muybridge.benchmark.figures import mask_what_is_bright, put_on_black
from muybridge.cli.values import parse_names
from muybridge.data.subject import Subject
from muybridge.engine import RichCallback
from muybridge.evaluation import load_metric_networks, measure_without_truth
from muybridge.inputs.clips import read_with_silhouettes
from muybridge.jobs.settings import make_config
from muybridge.video import Clip, Timing, contact_sheet, write

SIDES = {"a": "b", "b": "a"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("a", type=Path)
    arguments.add_argument("b", type=Path)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--methods", default="jokr,fomm,cyclegan,recyclegan")
    arguments.add_argument("--preset", default="bench")
    given = arguments.parse_args()
    found: dict[str, dict[str, float]] = {}
    sheet: dict[str, Tensor] = {}
    crops = cropped(given.a, given.b, given.preset)
    for other in SIDES.values():
        sheet[f"{other} (driving)"] = put_on_black(crops[other]).pixels
    for method in parse_names(given.methods):
        run, figures = given.out / "runs" / method, given.out / f"{method}.json"
        fitted = trained(method, given.preset, (given.a, given.b), crops, run)
        results = {side: result(fitted, crops, side) for side in SIDES}
        sheet |= {f"{side} like {SIDES[side]}: {method}": put_on_black(made).pixels for side, made in results.items()}
        if not figures.is_file():
            figures.write_text(json.dumps(measured(fitted, results, crops), indent=1))
        found[method] = json.loads(figures.read_text())
        tell(given.out, found, given.preset)
    write(given.out / "sheet.png", [contact_sheet(sheet)], Timing.constant(1), force=True)


def cropped(a: Path, b: Path, preset: str) -> dict[str, Clip]:
    """Both subjects as JOKR's networks see them, with silhouettes."""
    kind = catalogue.find("jokr")
    size = make_config(kind, preset, {}).size
    clips = [read_with_silhouettes(path, max_side=4 * size).clip for path in (a, b)]
    data = kind(make_config(kind, preset, {})).prepare(clips)
    return {side: of(getattr(data, side)) for side in SIDES}


def of(subject: Subject) -> Clip:
    """The crops on which the subject is seen."""
    return Clip(subject.pixels, subject.timing, subject.mattes)[subject.seen.nonzero()[:, 0].tolist()]


def trained(method: str, preset: str, files: tuple[Path, Path], crops: dict[str, Clip], run: Path) -> muybridge.Fitted:
    """A finished training of the pair, gone on with or only opened where it is there."""
    inputs = files if catalogue.find(method).card.needs == "pair" else [put_on_black(clip) for clip in crops.values()]
    going = (run / "weights.safetensors").is_file()
    return muybridge.fit(
        method, *inputs, out=run, preset=preset, resume=going, force=not going, callback=RichCallback()
    )


def result(fitted: muybridge.Fitted, crops: dict[str, Clip], side: str) -> Clip:
    """The subject `side` moving as the other one, cropped, with silhouettes."""
    if fitted.method.card.needs == "pair":
        return fitted.method.animate(fitted.data, None, side, full_frame=False).clip()
    driving, source = (put_on_black(crops[each]) for each in (SIDES[side], side))
    return mask_what_is_bright(fitted.method.animate(fitted.data, driving, source[:1]).clip())


def measured(fitted: muybridge.Fitted, results: dict[str, Clip], crops: dict[str, Clip]) -> dict[str, float]:
    """Figures of both directions: appearance and flicker beside the two videos; minutes of training."""
    by = load_metric_networks()
    whole = fitted.method.card.needs != "pair"
    shown = {side: mask_what_is_bright(put_on_black(clip)) if whole else clip for side, clip in crops.items()}
    found = {"minutes": (fitted.run.record.seconds or 0.0) / 60}
    for side, made in results.items():
        figures = measure_without_truth(made, shown[side], shown[SIDES[side]], by)
        figures["size_ratio"] = covered(made) / covered(shown[side])
        found |= {f"{name}_{side}": value for name, value in figures.items()}
    return found


def covered(clip: Clip) -> float:
    """Mean share of the picture that the subject covers."""
    assert clip.masks is not None
    return float(clip.masks.mean())


def tell(out: Path, found: dict[str, dict[str, float]], preset: str) -> None:
    """Write the table of what is finished, and print it."""
    heads = sorted({name for figures in found.values() for name in figures})
    lines = ["| method | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for method, figures in found.items():
        cells = (f"{figures[name]:.3f}" if name in figures else "" for name in heads)
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    machine = f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {date.today()}"
    text = "\n".join([f"# One pair, preset {preset}", "", machine, "", *lines, ""])
    (out / "real_pair.md").write_text(text, encoding="utf-8")
    (out / "real_pair.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(text, flush=True)


if __name__ == "__main__":
    main()
