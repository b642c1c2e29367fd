"""How far off the angle of a rotated rectangle is, by three ways to find it (articulated animation, section 4.1).

    python benchmarks/rotated_rectangles.py [--out DIR] [--sizes 32 64 ...] [--ways naive regression pca]
                                            [--epochs 100] [--seeds 1] [--size 32] [--threads 1]

Rectangles of random colours on black are turned by 0 to 90 degrees. `naive` reads the angle off an encoder,
`regression` pools an angle for each pixel under a heat map, as FOMM does its Jacobians, and `pca` takes the principal
axis of the heat map (eq. 2; arctan of U10 / U00), all with an hourglass of one size, Adam at 1e-4, batches of 8, the
mean absolute error as loss. Each result is a file in DIR: a call that was broken off goes on where it was, and the
table of all that are there is printed at the end, as degrees on 128 test pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.geometry import principal_axes, second_moments, soft_argmax, spatial_softmax
from muybridge.networks import Encoder, Hourglass

WAYS = ("naive", "regression", "pca")
SIZES = (32, 64, 128, 256, 512, 1024)
TESTS = 128
BATCH, RATE = 8, 1e-4


def rectangles(count: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Pictures [N, 3, S, S] in [0, 1] of one rectangle each, drawn with soft edges, and angles [N] in [0, pi / 2].

    The long side is the one that is turned: at 0 it lies along x. Sides, place and colour are random; the ground is
    black and no colour is nearly so, or the mean error would be that of the few pictures in which there is little to
    see.
    """
    g = torch.Generator().manual_seed(seed)
    angle = torch.rand(count, generator=g) * math.pi / 2
    long = 0.5 + 0.3 * torch.rand(count, generator=g)
    short = long * (0.25 + 0.25 * torch.rand(count, generator=g))
    place = 0.4 * torch.rand(count, 2, generator=g) - 0.2
    colour = 0.2 + 0.8 * torch.rand(count, 3, 1, 1, generator=g)
    axis = torch.linspace(-1, 1, size)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    dx, dy = x - place[:, 0, None, None], y - place[:, 1, None, None]
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    edge = size / 2
    inside = ((long[:, None, None] - u.abs()) * edge).clamp(0, 1) * ((short[:, None, None] - v.abs()) * edge).clamp(
        0, 1
    )
    return inside[:, None] * colour, angle


class Finder(nn.Module):
    """One of the three ways: pictures [B, 3, S, S] to angles [B]."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        if way == "naive":
            self.trunk: nn.Module = Encoder(3, [32, 64, 128, 128], "batch")
            self.head: nn.Module = nn.Linear(128, 1)
        else:
            hourglass = Hourglass(3, 16, 128, 4)
            self.trunk = hourglass
            self.head = nn.Conv2d(hourglass.out_channels, 1 if way == "pca" else 2, 7, padding=3)

    def forward(self, pictures: Tensor) -> Tensor:
        """In radians."""
        if self.way == "naive":
            return self.head(self.trunk(pictures)[-1].mean((2, 3)))[:, 0]
        maps = self.head(self.trunk(pictures))
        heat = spatial_softmax(maps[:, :1], 0.1)
        if self.way == "regression":
            return (maps[:, 1:] * heat).sum((1, 2, 3))
        axes = principal_axes(second_moments(heat, soft_argmax(heat))).directions[:, 0]
        # The axis has no sign; angles are from 0 to pi, and what lies beyond the far end is nearer to 0.
        angle = torch.atan2(axes[:, 1, 0], axes[:, 0, 0]) % math.pi
        return torch.where(angle > 0.75 * math.pi, angle - math.pi, angle)


def trained(way: str, count: int, epochs: int, size: int, seed: int) -> tuple[float, float]:
    """Mean absolute error on the test pictures in degrees, and seconds."""
    torch.manual_seed(seed)
    pictures, angles = rectangles(count, size, 1000 + seed)
    finder = Finder(way).train()
    optimiser = torch.optim.Adam(finder.parameters(), lr=RATE)
    began = time.perf_counter()
    for _ in range(epochs):
        for chosen in torch.randperm(count).split(BATCH):
            loss = (finder(pictures[chosen]) - angles[chosen]).abs().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return error(finder, size), time.perf_counter() - began


@torch.no_grad()
def error(finder: Finder, size: int) -> float:
    """In degrees, on pictures that no training saw; batch norm as it learnt."""
    finder.eval()
    pictures, angles = rectangles(TESTS, size, 7)
    found = torch.cat([finder(some) for some in pictures.split(32)])
    return math.degrees((found - angles).abs().mean().item())


def table(folder: Path) -> str:
    """Everything that is there: a row a training size, a column a way."""
    found: dict[tuple[int, str], list[float]] = {}
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault((told["count"], told["way"]), []).append(told["degrees"])
    lines = ["| pictures | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    for count in sorted({count for count, _ in found}):
        cells = [found.get((count, way), []) for way in WAYS]
        shown = [f"{sum(cell) / len(cell):.2f}" if cell else "" for cell in cells]
        lines.append(f"| {count} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("rotated-rectangles"))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    parts = [(count, way, seed) for seed in range(given.seeds) for count in given.sizes for way in given.ways]
    with fast_kernels():
        for count, way, seed in parts:
            path = given.out / f"{way}-{count}-{seed}.json"
            if path.exists():
                continue
            degrees, seconds = trained(way, count, given.epochs, given.size, seed)
            told = {"way": way, "count": count, "seed": seed, "epochs": given.epochs, "size": given.size}
            part = path.with_suffix(".part")
            part.write_text(json.dumps({**told, "degrees": degrees, "seconds": seconds}), encoding="utf-8")
            part.replace(path)
            print(f"{path.name}: {degrees:.2f} degrees, {seconds:.0f} s", flush=True)
    print(table(given.out))


if __name__ == "__main__":
    main()
