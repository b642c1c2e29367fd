"""How well a pose network finds people whose landmarks are known, and how fast.

    python benchmarks/poses.py DATA [--model FILE] [--frames 30]

DATA holds images/NAME/* and labels/NAME/*.json (OpenPose, one file a frame). The network is that of `muybridge
landmarks`: the file that is named, or the one in the cache folder. Prints for each clip, over the points of nose,
shoulders, elbows, wrists, hips, knees and ankles that the labels are sure of (0.3):

PCK       share of them that are found within 0.2 of the trunk's length, neck to mid-hip on that frame
distance  median, in trunks
"""

import argparse
import time
from pathlib import Path

import numpy as np

from muybridge.landmarks import Landmarks, detect, read
from muybridge.landmarks.layout import PLACE
from muybridge.video import read as read_clip
from muybridge.video.paths import list_images

NAMES = (
    "nose",
    *(f"{s}_{j}" for j in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for s in ("left", "right")),
)
NEAR = 0.2
SURE = 0.3


def distances(found: Landmarks, truth: Landmarks) -> dict[str, np.ndarray]:
    """Of each point, on the frames where the labels are sure of it: how far off, in trunks; inf where not found."""
    trunk = (truth.points[:, PLACE["neck"]] - truth.points[:, PLACE["mid_hip"]]).norm(dim=-1)
    off = {}
    for name in NAMES:
        row = PLACE[name]
        far = (found.points[:, row] - truth.points[:, row]).norm(dim=-1) / trunk
        far[found.confidence[:, row] == 0] = float("inf")
        off[name] = far[truth.confidence[:, row] > SURE].numpy()
    return off


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--frames", type=int, default=30)
    args = parser.parse_args()

    everything = []
    for images in sorted((args.data / "images").iterdir()):
        clip = read_clip(images, max_frames=args.frames)
        names = [path.name for path in list_images(images)][: len(clip)]
        truth, _ = read(args.data / "labels" / images.name, len(clip), names=names)

        began = time.perf_counter()
        found, report = detect(clip, args.model)
        seconds = (time.perf_counter() - began) / len(clip)

        off = distances(found, truth)
        joined = np.concatenate(list(off.values()))
        everything.append(joined)
        worst = min(off, key=lambda name: float((off[name] < NEAR).mean()))
        print(
            f"{images.name}: PCK {(joined < NEAR).mean():.3f}, median distance {np.median(joined):.3f} trunks, "
            f"worst {worst} {(off[worst] < NEAR).mean():.2f}, lost {len(report.missing)} of {len(clip)}, "
            f"{seconds:.3f} s a frame"
        )
    print(f"all: PCK {(np.concatenate(everything) < NEAR).mean():.3f}")


if __name__ == "__main__":
    main()
