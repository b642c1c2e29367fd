"""The process that moves a picture as a camera sees it, for one page.

    python -m muybridge.studio.live_worker

In: a line of JSON (run, picture, mode, device, memory), then frames, each its length in 4 bytes, little end first, and
a JPEG; a length of 0 begins anew, from the pose of the next frame. Out: a line of JSON with `bytes` once it is ready
and for each frame, and so many bytes after it, a JPEG. `child_process.start` bounds how large a frame may be.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge import api
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import MuybridgeError
from muybridge.studio.decode_upload import limit

QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]


class LiveWorker:
    """One page's camera: frames from `heard`, pictures to `told`."""

    def __init__(self, heard: BinaryIO | BufferedIOBase, told: BinaryIO | BufferedIOBase) -> None:
        self.heard, self.told = heard, told
        self.over = False

    def say(self, head: dict[str, Any], body: bytes = b"") -> None:
        """One answer."""
        self.told.write(json.dumps({**head, "bytes": len(body)}).encode() + b"\n" + body)
        self.told.flush()

    def shots(self) -> Iterator[Tensor]:
        """Frames until the page begins anew or goes away; one that is no picture gets a sentence for an answer."""
        while True:
            head = self.heard.read(4)
            size = int.from_bytes(head, "little")
            jpeg = self.heard.read(size)
            if len(head) < 4 or len(jpeg) < size:
                self.over = True
                return
            if size == 0:
                return
            shot = decoded(jpeg)
            if shot is None:
                self.say({"message": "this frame of the camera is no picture", "hint": None})
            else:
                yield shot

    def serve(self) -> None:
        """Until the page goes away."""
        order = json.loads(self.heard.readline())
        fitted = api.load(order["run"], device=order["device"], data=False)
        picture = api.read(Path(order["picture"]) / "frames", max_frames=1)
        # The run is ours, what comes now is not. How many addresses an accelerator's driver takes, nobody knows.
        limit(None, int(order["memory"]) if fitted.method.device.type == "cpu" else None)
        self.say({})
        with fast_kernels(), torch.no_grad():
            while not self.over:
                for made in api.follow(fitted, picture, self.shots(), mode=order["mode"]):
                    bgr = np.ascontiguousarray(made[:3].flip(0).permute(1, 2, 0).cpu().numpy())
                    self.say({}, cv2.imencode(".jpg", bgr, QUALITY)[1].tobytes())


def decoded(jpeg: bytes) -> Tensor | None:
    """uint8 [3, H, W], or None for what is no picture, or a large one."""
    try:
        bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if bgr is None else torch.from_numpy(np.ascontiguousarray(bgr[:, :, ::-1].transpose(2, 0, 1)))


def main() -> None:
    """Serve one page; the last answer says what went wrong."""
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    worker = LiveWorker(sys.stdin.buffer, told)
    try:
        worker.serve()
    except MuybridgeError as e:
        worker.say({"message": e.message, "hint": e.hint, "over": True})
    except Exception as e:
        traceback.print_exc()
        said = f"something went wrong inside: {type(e).__name__}: {e}"
        worker.say({"message": said, "hint": "Please report it.", "over": True})


if __name__ == "__main__":
    main()
