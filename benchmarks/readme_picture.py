"""Draw the README's picture: two puppets, and each moving like the other.

python benchmarks/readme_picture.py                                    the puppets and their true retargeting
python benchmarks/readme_picture.py --results AB.mp4 BA.mp4      the results of a demo instead of the truth
"""

import argparse
from pathlib import Path

import cv2
import torch
from torch import Tensor

from muybridge.puppets import SCENES, scene
from muybridge.video import contact_sheet, read

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", default="cat-horse", choices=SCENES)
    parser.add_argument("--frames", type=int, default=80, help="length of the clips that the columns are taken from")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--results", nargs=2, type=Path, help="videos: a moving like b, and b moving like a")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "demo.png")
    asked = parser.parse_args()
    plan, drawn = SCENES[asked.scene], scene(asked.scene, asked.frames, 256)
    a, b = plan.a.build, plan.b.build
    answers: list[Tensor] = [drawn.ab.pixels, drawn.ba.pixels]
    if asked.results:
        answers = [read(path).pixels for path in asked.results]
    rows = {
        a: drawn.a.pixels,
        b: drawn.b.pixels,
        f"{a} moving like {b}": answers[0],
        f"{b} moving like {a}": answers[1],
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet(rows, asked.columns, 128).permute(1, 2, 0).numpy()
    cv2.imwrite(str(asked.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    print(asked.out)


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
