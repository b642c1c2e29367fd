"""The process that draws while a person drags: holds a few trained runs and answers one question after the other.

    python -m muybridge.studio.pose_worker DEVICE

In: lines of JSON. Out: for each, a line of JSON with `bytes`, and so many bytes after it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muybridge import api
from muybridge.data.background import composite
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import MuybridgeError
from muybridge.output.animation import backdrop_of

KEPT = 3
"""Trained runs that are held at a time."""
HELD: OrderedDict[tuple[str, float], api.Fitted] = OrderedDict()
QUALITY = {False: 80, True: 93}
"""Of the JPEG, while dragging and on release."""


def fitted(run: str, device: str) -> api.Fitted:
    """A run, read anew where its weights have changed."""
    key = (run, (Path(run) / "weights.safetensors").stat().st_mtime if Path(run).is_dir() else 0.0)
    if key not in HELD:
        HELD[key] = api.load(run, device=device)
        while len(HELD) > KEPT:
            HELD.popitem(last=False)
    HELD.move_to_end(key)
    return HELD[key]


def handles(order: Mapping[str, Any], device: str) -> tuple[dict[str, Any], bytes]:
    """Where the keypoints of both subjects lie, frame by frame."""
    found = {}
    for side in ("a", "b"):
        held = api.handles(fitted(order["run"], device), side)
        points = [[[round(v, 5) for v in point] for point in frame] for frame in held.points.tolist()]
        found[side] = {"points": points, "size": list(held.size), "seconds": held.timing.seconds}
        found[side]["end"] = held.timing.duration
    return found, b""


def pose(order: Mapping[str, Any], device: str) -> tuple[dict[str, Any], bytes]:
    """One picture as a JPEG, half as large unless `full`."""
    held, side = fitted(order["run"], device), order["side"]
    moves = {int(i): (float(x), float(y)) for i, (x, y) in order["moves"].items()}
    rgba = api.pose(held, side, int(order["frame"]), moves)
    size = (int(rgba.shape[1]), int(rgba.shape[2]))
    plate = getattr(getattr(held.data, side), "plate", None)
    behind = backdrop_of(order["background"], size, plate).at(int(order["frame"]))
    picture = (composite(rgba.float() / 255, behind)[:3] * 255).round().byte().permute(1, 2, 0).numpy()
    full = bool(order["full"])
    if not full:
        half = (max(1, size[1] // 2), max(1, size[0] // 2))
        picture = cv2.resize(np.ascontiguousarray(picture), half, interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY[full]]
    return {"full": full}, cv2.imencode(".jpg", picture[:, :, ::-1], quality)[1].tobytes()


ANSWERS = {"handles": handles, "pose": pose}


def answer(order: Mapping[str, Any], device: str) -> tuple[dict[str, Any], bytes]:
    """The answer to one question; errors are answers too."""
    try:
        return ANSWERS[order["do"]](order, device)
    except MuybridgeError as e:
        return {"message": e.message, "hint": e.hint}, b""
    except Exception as e:
        traceback.print_exc()
        return {"message": f"something went wrong inside: {type(e).__name__}: {e}", "hint": "Please report it."}, b""


def main(device: str) -> None:
    """Answer until the input ends."""
    told = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    with fast_kernels():
        for line in sys.stdin.buffer:
            head, body = answer(json.loads(line), device)
            told.write(json.dumps({**head, "bytes": len(body)}).encode() + b"\n" + body)


if __name__ == "__main__":
    main(sys.argv[1])
