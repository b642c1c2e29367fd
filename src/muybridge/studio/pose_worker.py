"""The process that draws while people drag: holds a few trained runs and answers one message after the other.

    python -m muybridge.studio.pose_worker DEVICE

In: messages with `shares`, how many such processes work now, and `orders`, each with `do`; poses in one message are of
one run, and as large. Out: an answer to each message, with `answers`, whose `bytes` say how much of its body is theirs:
a JPEG where a picture was asked for.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge import api
from muybridge.api.edit import draw_poses, edits_results
from muybridge.data.background import Backdrop, composite
from muybridge.engine.cpu_tuning import CoreWatch, fast_kernels
from muybridge.method import Pose
from muybridge.networks import computes_bfloat16
from muybridge.output.animation import backdrop_of, holds_scene
from muybridge.studio.messages import Channel, Head, describe_failure
from muybridge.studio.tasks import subject_of

HELD_RUNS = 3
HELD_BACKGROUNDS = 8
QUALITY = {False: 80, True: 93}
"""Of the JPEG, while dragging and on release."""


class PoseWorker:
    """Trained runs that are held, and what is asked of them."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.held: OrderedDict[tuple[str, int], api.Fitted] = OrderedDict()
        self.handles: dict[tuple[str, int], Head] = {}
        self.threads = torch.get_num_threads()
        self.cores = CoreWatch()
        self.backgrounds: OrderedDict[tuple[Any, ...], Backdrop] = OrderedDict()

    def answer(self, orders: Sequence[Mapping[str, Any]]) -> tuple[Head, bytes]:
        """The answers to one message; errors are answers, too."""
        found = self.find_answers(orders)
        heads = [{**head, "bytes": len(body)} for head, body in found]
        return {"answers": heads}, b"".join(body for _, body in found)

    def find_answers(self, orders: Sequence[Mapping[str, Any]]) -> list[tuple[Head, bytes]]:
        """Head and body of each; one that cannot be drawn does not hold the others."""
        try:
            if orders[0]["do"] == "handles":
                return [(self.find_handles(orders[0]["run"]), b"")]
            if orders[0]["do"] == "load":
                self.load_run(orders[0]["run"])
                return [({}, b"")]
            return self.draw_poses(orders)
        except Exception as e:
            if len(orders) == 1:
                return [(describe_failure(e), b"")]
            return [answer for order in orders for answer in self.find_answers([order])]

    def share_cores(self, shares: int) -> None:
        """Leave cores to so many processes that draw, this one among them, and to a training beside them: two threads
        that wait for each other are slower than one, as soon as another program has one of their cores."""
        threads = max(1, min(self.threads // shares, self.cores.count()))
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    def load_run(self, folder: str) -> api.Fitted:
        """A run, read anew where its weights have changed."""
        key = _name_run(folder)
        if key not in self.held:
            self.held[key] = api.load(folder, device=self.device)
            # It only draws from here on.
            self.held[key].method.eval()

        self.held.move_to_end(key)
        while len(self.held) > HELD_RUNS:
            dropped, _ = self.held.popitem(last=False)
            self.handles.pop(dropped, None)
        return self.held[key]

    def find_handles(self, run: str) -> Head:
        """Where the keypoints of both subjects, and of both results, lie, frame by frame; kept with the run."""
        fitted = self.load_run(run)
        key = _name_run(run)
        if key not in self.handles:
            self.handles[key] = _lay_out_handles(fitted)
        return self.handles[key]

    def draw_poses(self, orders: Sequence[Mapping[str, Any]]) -> list[tuple[Head, bytes]]:
        """Frames with their keypoints moved, as JPEGs, half as large unless `full`, and their own frames."""
        fitted = self.load_run(orders[0]["run"])
        full = bool(orders[0]["full"])
        poses = []
        for order in orders:
            # In JSON the names of a mapping are texts, while keypoints are numbers.
            moves = {int(i): (float(x), float(y)) for i, (x, y) in order["moves"].items()}
            poses.append(Pose(order["side"][0], int(order["frame"]), moves, len(order["side"]) == 2))

        # What is seen for a moment need not be exact to the last bit.
        device = fitted.method.device
        with torch.autocast(device.type, torch.bfloat16, enabled=not full and computes_bfloat16(device)):
            pictures = draw_poses(fitted, poses, quick=not full)

        answers = []
        for order, drawn in zip(orders, pictures, strict=True):
            backdrop = self.find_backdrop(order, (int(drawn.picture.shape[1]), int(drawn.picture.shape[2])))
            shown = composite(drawn.picture.float() / 255, backdrop.at(int(order["frame"])))
            answers.append(({"full": full, "sources": drawn.sources}, encode_jpeg(shown, QUALITY[full])))
        return answers

    def find_backdrop(self, order: Mapping[str, Any], size: tuple[int, int]) -> Backdrop:
        """The background that is asked for; a few are held, for drags ask for them again and again."""
        side = order["side"][0]
        wish = (order["run"], side, order["background"], size)
        if wish not in self.backgrounds:
            fitted = self.load_run(order["run"])
            subject = subject_of(fitted, side)
            plate = None if subject is None else subject.plate
            drawn = holds_scene(fitted.method, side)
            self.backgrounds[wish] = backdrop_of(order["background"], size, plate, subject, drawn=drawn)

        self.backgrounds.move_to_end(wish)
        while len(self.backgrounds) > HELD_BACKGROUNDS:
            self.backgrounds.popitem(last=False)
        return self.backgrounds[wish]


def _name_run(folder: str) -> tuple[str, int]:
    """Its folder, and when its weights were written."""
    weights = Path(folder) / "weights.safetensors"
    return folder, weights.stat().st_mtime_ns if weights.is_file() else 0


def _lay_out_handles(fitted: api.Fitted) -> Head:
    found = {}
    sides = ("a", "b", "ab", "ba") if edits_results(type(fitted.method)) else ("a", "b")
    for side in sides:
        handles = api.handles(fitted, side[0], result=len(side) == 2)
        # Five decimals are a hundredth of a pixel.
        points, steady = (
            np.round(some.double().numpy(), 5).tolist() for some in (handles.points, handles.refine(smoothing=1.0))
        )
        times = {"seconds": handles.timing.seconds, "end": handles.timing.duration}
        found[side] = {"points": points, "steady": steady, "size": list(handles.size), **times}
    return found


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
            worker.share_cores(message[0]["shares"])
            channel.write(*worker.answer(message[0]["orders"]))


if __name__ == "__main__":
    main(sys.argv[1])
