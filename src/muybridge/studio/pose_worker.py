"""The process that draws while a person drags: holds a few trained runs and answers one question after the other.

    python -m muybridge.studio.pose_worker DEVICE

In: messages with `do`. Out: an answer to each, with a JPEG as its body where a picture was asked for.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from muybridge import api
from muybridge.api.edit import edits_results
from muybridge.data.background import Backdrop, composite
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.output.animation import backdrop_of
from muybridge.studio.messages import Channel, Head, describe_failure
from muybridge.studio.tasks import subject_of

HELD_RUNS = 3
QUALITY = {False: 80, True: 93}
"""Of the JPEG, while dragging and on release."""


class PoseWorker:
    """Trained runs that are held, and what is asked of them."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.held: OrderedDict[tuple[str, int], api.Fitted] = OrderedDict()
        self.behind: tuple[tuple[Any, ...], Backdrop] | None = None

    def answer(self, order: Mapping[str, Any]) -> tuple[Head, bytes]:
        """The answer to one question; errors are answers, too."""
        try:
            if order["do"] == "handles":
                return self.find_handles(order["run"]), b""
            return {"full": bool(order["full"])}, self.draw_pose(order)
        except Exception as e:
            return describe_failure(e), b""

    def load_run(self, folder: str) -> api.Fitted:
        """A run, read anew where its weights have changed."""
        weights = Path(folder) / "weights.safetensors"
        key = (folder, weights.stat().st_mtime_ns if weights.is_file() else 0)
        if key not in self.held:
            self.held[key] = api.load(folder, device=self.device)

        self.held.move_to_end(key)
        while len(self.held) > HELD_RUNS:
            self.held.popitem(last=False)
        return self.held[key]

    def find_handles(self, run: str) -> Head:
        """Where the keypoints of both subjects, and of both results, lie, frame by frame."""
        found = {}
        fitted = self.load_run(run)
        sides = ("a", "b", "ab", "ba") if edits_results(type(fitted.method)) else ("a", "b")
        for side in sides:
            handles = api.handles(fitted, side[0], result=len(side) == 2)
            # Five decimals are a hundredth of a pixel.
            points = np.round(handles.points.double().numpy(), 5).tolist()
            times = {"seconds": handles.timing.seconds, "end": handles.timing.duration}
            found[side] = {"points": points, "size": list(handles.size), **times}
        return found

    def draw_pose(self, order: Mapping[str, Any]) -> bytes:
        """One frame with its keypoints moved, as a JPEG, half as large unless `full`."""
        fitted = self.load_run(order["run"])
        side = order["side"]
        frame = int(order["frame"])
        # In JSON the names of a mapping are texts, while keypoints are numbers.
        moves = {}
        for i, (x, y) in order["moves"].items():
            moves[int(i)] = (float(x), float(y))

        full = bool(order["full"])
        drawn = api.pose(fitted, side[0], frame, moves, result=len(side) == 2, quick=not full)
        backdrop = self.find_backdrop(order, (int(drawn.shape[1]), int(drawn.shape[2])))
        return encode_jpeg(composite(drawn.float() / 255, backdrop.at(frame)), QUALITY[full])

    def find_backdrop(self, order: Mapping[str, Any], size: tuple[int, int]) -> Backdrop:
        """The background that is asked for; the last one is held, for a drag asks for it again and again."""
        side = order["side"][0]
        wish = (order["run"], side, order["background"], size)
        if self.behind is None or self.behind[0] != wish:
            subject = subject_of(self.load_run(order["run"]), side)
            plate = None if subject is None else subject.plate
            self.behind = (wish, backdrop_of(order["background"], size, plate, subject))
        return self.behind[1]


def encode_jpeg(picture: Tensor, quality: int) -> bytes:
    """A picture [3 or 4, H, W] in [0, 1] as a JPEG."""
    rgb = (picture[:3] * 255).round().byte().permute(1, 2, 0).numpy()
    return cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def main(device: str) -> None:
    """Answer until the input ends."""
    channel = Channel.open()
    worker = PoseWorker(device)
    with fast_kernels():
        while message := channel.read():
            channel.write(*worker.answer(message[0]))


if __name__ == "__main__":
    main(sys.argv[1])
