"""Peak memory of animating a picture by a driving video of one minute and of ten.

    python benchmarks/long_video.py [--method fomm] [--side 256] [--minutes 1 10] [--write]

The networks are those of preset draft with random weights: what is measured is how much of the video is held. Each
length in a process of its own, 25 frames a second. The figures of one run are kept in long_video.md.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch
from budgeted import machine, table
from torch import Tensor

from muybridge import Fitted, catalogue
from muybridge.inputs.driving_input import DrivingInput
from muybridge.output.animate_picture import animate_picture
from muybridge.output.options import AnimateOptions
from muybridge.run import Run
from muybridge.video import Timing, write

RATE = 25


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--method", default="fomm", choices=("fomm", "articulated", "monkeynet"))
    arguments.add_argument("--side", type=int, default=256)
    arguments.add_argument("--minutes", type=float, nargs="+", default=[1, 10])
    arguments.add_argument("--write", action="store_true", help="keep the table in long_video.md")
    arguments.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    if given.one is not None:
        animated(given.one, given.method, given.side, round(given.minutes[0] * 60 * RATE))
        return
    rows = []
    for minutes in given.minutes:
        with tempfile.TemporaryDirectory() as folder:
            asked = ["--method", given.method, "--side", str(given.side), "--minutes", str(minutes), "--one", folder]
            ran = subprocess.run([sys.executable, __file__, *asked], capture_output=True, text=True, check=True)
        megabytes, seconds, frames = ran.stdout.split()
        rows.append((given.method, f"{minutes:g}", frames, megabytes, seconds))
        print(rows[-1], flush=True)
    heads = ("method", "minutes of video", "frames", "peak memory, MB", "seconds")
    if given.write:
        title = f"# Memory of long driving videos, {given.side} px"
        text = "\n".join([title, "", machine(), "", table(heads, rows), ""])
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


def animated(folder: Path, name: str, side: int, count: int) -> None:
    """Print megabytes, seconds and the frames of the result."""
    write(folder / "driving.mp4", moving(count, side), Timing.constant(count, RATE))
    photo = next(moving(1, side)).permute(1, 2, 0).contiguous().numpy()
    cv2.imwrite(str(folder / "photo.png"), photo)
    kind = catalogue.find(name)
    fitted = Fitted(kind(kind.card.presets["draft"]).eval(), None, Run(folder))
    began = time.monotonic()
    animate_picture(
        fitted, DrivingInput(folder / "driving.mp4"), folder / "photo.png", folder / "made.mp4", AnimateOptions()
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(peak, round(time.monotonic() - began), count)


def moving(count: int, side: int) -> Iterator[Tensor]:
    """Frames of a square that goes round."""
    for t in range(count):
        frame = torch.full((3, side, side), 60, dtype=torch.uint8)
        at = (3 * t) % (side - 64)
        frame[:, 64:128, at : at + 64] = 220
        yield frame


if __name__ == "__main__":
    main()
