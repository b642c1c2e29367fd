"""Time and memory of TS-Net's mask-aware similarity, block by block, against the dense matrix.

    python3 benchmarks/similarity.py

Each figure comes from a process of its own: the most memory that it ever held, less what it held before. Boxes are
those of a dancer (a third of the width, four fifths of the height). Writes benchmarks/similarity.md when told --write.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch

from muybridge.methods.tsnet.similarity import dense_grid, sampling_grid

FORMS = {"dense": dense_grid, "blocks": sampling_grid}
CHANNELS = 512
RETURNED = {"MALLOC_MMAP_THRESHOLD_": "1000000"}
"""glibc gives blocks from this size on back to the system when they are freed; what is free then does not count."""
PAGE = Path(__file__).with_suffix(".md")


def dancer_box(cells: int, shift: int) -> torch.Tensor:
    """1 where a dancer stands: [1, 1, cells, cells]."""
    box = torch.zeros(1, 1, cells, cells)
    left = cells // 3 + shift
    box[:, :, cells // 10 : cells * 9 // 10, left : left + cells // 3] = 1
    return box


def measure(form: str, side: int, backward: bool, repeats: int) -> dict[str, float]:
    """Seconds of processor time a call (the best of `repeats`) and MiB beyond what the inputs take."""
    torch.manual_seed(0)
    cells = side // 8
    features = [torch.randn(1, CHANNELS, cells, cells).requires_grad_(backward) for _ in range(2)]
    boxes = dancer_box(cells, 0), dancer_box(cells, 2)
    small = [torch.randn(1, CHANNELS, 4, 4).requires_grad_(backward) for _ in range(2)]
    tiny = torch.ones(1, 1, 4, 4)
    _once(form, small, (tiny, tiny), backward)  # what a first call loads is not the method's
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best = min(_once(form, features, boxes, backward) for _ in range(repeats))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": best, "mib": (peak - before) / 1024}


def _once(form: str, features: list[torch.Tensor], boxes: tuple[torch.Tensor, ...], backward: bool) -> float:
    began = time.process_time()
    with torch.set_grad_enabled(backward):
        grid = FORMS[form](*features, *boxes)
        if backward:
            grid.square().mean().backward()
    return time.process_time() - began


def table(repeats: int) -> str:
    """Every figure, as the rows of a page."""
    rows = ["| picture | pass | form | ms | MiB |", "|---|---|---|---|---|"]
    for side in (256, 512):
        for backward in (False, True):
            for form in FORMS:
                asked = json.dumps([form, side, backward, repeats])
                command = [sys.executable, __file__, "--one", asked]
                run = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **RETURNED})
                found = json.loads(run.stdout)
                way = "forward and backward" if backward else "forward"
                rows.append(f"| {side} px | {way} | {form} | {found['seconds'] * 1000:.1f} | {found['mib']:.1f} |")
                print(rows[-1], flush=True)
    return "\n".join(rows)


def main() -> None:
    """Measure, print, and write the page where that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--one")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    if told.one:
        print(json.dumps(measure(*json.loads(told.one))))
        return
    found = table(told.repeats)
    if told.write:
        machine = f"{platform.machine()}, {torch.get_num_threads()} thread(s), torch {torch.__version__}"
        head = (__doc__ or "").splitlines()[0]
        when = f"{time.strftime('%Y-%m-%d')}, {machine}, float32; processor time, and memory beyond the inputs'."
        PAGE.write_text(f"# TS-Net's similarity\n\n{head}\n\n{when}\n\n{found}\n")


if __name__ == "__main__":
    main()
