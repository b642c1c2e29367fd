"""How good the silhouettes are: mean IoU with given masks, by a network or without, with no hint and with one.

    python benchmarks/silhouettes.py FOLDER [--weights FILE] [--max-side N] [--frames N] [--only NAME] [--sheets DIR]

Without --weights colour and motion find them; with it the segmentation network of that file does, on one thread.

FOLDER holds NAME.mp4 and NAME-masks/ side by side. The figures of one run are kept in silhouettes.md.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from muybridge.masks import find, sheet
from muybridge.video import Clip, read


def hints(truth: torch.Tensor) -> dict[str, dict]:
    """Options of `find` by name, made from the true masks [T, 1, H, W]."""
    middle = len(truth) // 2
    rough = cv2.dilate(truth[0, 0].numpy().astype(np.uint8), np.ones((25, 25), np.uint8))
    return {
        "none": {},
        "box, first frame": {"box": box(truth[0, 0])},
        "box, middle frame": {"box": box(truth[middle, 0]), "frame": middle},
        "mask grown by 12 px, first frame": {"rough": (0, torch.from_numpy(rough))},
    }


def box(mask: torch.Tensor) -> tuple[int, int, int, int]:
    y, x = torch.nonzero(mask, as_tuple=True)
    return int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1


def ious(clip: Clip, truth: torch.Tensor) -> np.ndarray:
    assert clip.mattes is not None
    found = clip.mattes > 127
    return ((found & truth).flatten(1).sum(1) / (found | truth).flatten(1).sum(1)).numpy()


def keep_to_one_thread() -> None:
    """Make onnxruntime use one thread, as a core of its own would."""
    import onnxruntime

    made = onnxruntime.SessionOptions

    def options() -> onnxruntime.SessionOptions:
        one = made()
        one.intra_op_num_threads = 1
        return one

    onnxruntime.SessionOptions = options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, default=None, help="a segmentation network's file")
    parser.add_argument("--max-side", type=int, default=None, help="read larger frames smaller, pixels")
    parser.add_argument("--frames", type=int, default=None, help="only the first N")
    parser.add_argument("--only", default="*", help="name of one clip")
    parser.add_argument("--sheets", type=Path, default=None, help="write a PNG of each result here")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    if options.weights is not None:
        keep_to_one_thread()
    print(
        "| clip | frames | hint | mean IoU | worst frame | CPU s | CPU s a frame | IoU with confidence (correlation) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for path in sorted(options.folder.glob(f"{options.only}.mp4")):
        clip = read(path, max_side=options.max_side)
        given, _ = find(clip, masks=read(path.with_name(f"{path.stem}-masks"), max_side=options.max_side))
        clip = clip[: options.frames]
        assert given.mattes is not None
        truth = given.mattes[: options.frames] > 127
        how = {"how": "colour"} if options.weights is None else {"how": "segment", "weights": options.weights}
        for name, hint in hints(truth).items():
            if "rough" in hint and options.weights is not None:
                continue  # a network has its own eyes
            start = time.process_time()
            found, report = find(clip.with_masks(None), **how, **hint)
            spent = time.process_time() - start
            score = ious(found, truth)
            sure = np.corrcoef(score, report.confidence)[0, 1]
            row = [
                path.stem,
                len(clip),
                name,
                f"{score.mean():.3f}",
                f"{score.min():.3f}",
                f"{spent:.0f}",
                f"{spent / len(clip):.3f}",
                f"{sure:.2f}",
            ]
            print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)
            if options.sheets is not None:
                options.sheets.mkdir(parents=True, exist_ok=True)
                picture = sheet(found).permute(1, 2, 0).numpy()[..., ::-1]
                cv2.imwrite(str(options.sheets / f"{path.stem} {name}.png"), picture)


if __name__ == "__main__":
    main()
