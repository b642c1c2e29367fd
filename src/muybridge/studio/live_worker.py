"""The process that moves a picture as a camera sees it, for one page.

    python -m muybridge.studio.live_worker

In: a message (run, picture, mode, device, memory), then one for each frame of the camera, its body a JPEG; `again` in
its head begins anew, from the pose of this frame. Out: a message once it is ready, and for each frame one with a JPEG.
`ChildProcess.start` bounds how large a frame may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge import api
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.studio.decode_upload import limit_process
from muybridge.studio.messages import Channel, describe_failure
from muybridge.video.paths import detect_still_format

QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]
NO_PICTURE = {"message": "this frame of the camera is no picture", "hint": None}


class LiveWorker:
    """One page's camera."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.next: Tensor | None = None
        """The frame from whose pose it begins anew."""
        self.over = False

    def serve(self) -> None:
        """Until the page goes away."""
        message = self.channel.read()
        if message is None:
            return
        order, _ = message

        fitted = api.load(order["run"], device=order["device"], data=False)
        picture = api.read(Path(order["picture"]) / "frames", max_frames=1)
        # The run is ours, what comes now is not. How many addresses an accelerator's driver takes, nobody knows.
        limit_process(None, int(order["memory"]) if fitted.method.device.type == "cpu" else None)

        self.channel.write({})
        with fast_kernels(), torch.no_grad():
            # Beginning anew ends one round of frames, and the next starts from another pose.
            while not self.over:
                for made in api.follow(fitted, picture, self.read_frames(), mode=order["mode"]):
                    self.channel.write({}, encode_jpeg(made))

    def read_frames(self) -> Iterator[Tensor]:
        """Frames until the page begins anew or goes away; one that is no picture gets a sentence for an answer."""
        if self.next is not None:
            yield self.next
            self.next = None

        while message := self.channel.read():
            head, body = message
            frame = decode_jpeg(body)
            if frame is None:
                self.channel.write(NO_PICTURE)
            elif head.get("again"):
                self.next = frame
                return
            else:
                yield frame
        self.over = True


def decode_jpeg(content: bytes) -> Tensor | None:
    """uint8 [3, H, W], or None for what is no JPEG, or a large one; no other decoder sees it."""
    if detect_still_format(content) != "jpeg":
        return None

    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None

    if bgr is None:
        return None

    # OpenCV's colours begin with blue, and torch knows no negative strides.
    return torch.from_numpy(np.ascontiguousarray(bgr[:, :, ::-1].transpose(2, 0, 1)))


def encode_jpeg(picture: Tensor) -> bytes:
    """uint8 [3 or 4, H, W] as a JPEG."""
    bgr = picture[:3].flip(0).permute(1, 2, 0).cpu().numpy()
    return cv2.imencode(".jpg", np.ascontiguousarray(bgr), QUALITY)[1].tobytes()


def main() -> None:
    """Serve one page; the last answer says what went wrong."""
    channel = Channel.open()
    try:
        LiveWorker(channel).serve()
    except Exception as e:
        channel.write({**describe_failure(e), "over": True})


if __name__ == "__main__":
    main()
