"""A picture that moves as a camera, or a video in real time, sees it now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source, read_picture
from muybridge.jobs.loading import Fitted, load_folder_method, require_ability
from muybridge.method import FollowsFrames
from muybridge.output.animation import check_free
from muybridge.output.live_page import LivePage
from muybridge.output.motion_options import check_mode
from muybridge.video import Writer
from muybridge.video.camera import FrameCount, capture_frames, play_in_real_time
from muybridge.video.mark import make_mark

MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True)
class LiveSummary:
    """What came of it.

    frames   made
    missed   of the source, because the networks were busy
    rate     frames made in a second
    """

    frames: int
    missed: int
    rate: float


@fast_kernels()
def live(
    run: Fitted | str | Path,
    source: Source,
    *,
    driving: str | Path | None = None,
    camera: int | str | None = None,
    out: str | Path | None = None,
    mode: str | None = None,
    port: int | None = 0,
    max_frames: int | None = None,
    force: bool = False,
    device: str = "auto",
    on_open: Callable[[str], object] | None = None,
    on_frame: Callable[[float], object] | None = None,
) -> LiveSummary:
    """Animate a picture as frames arrive; frames that come while the networks work are left out.

    Args:
        run: Of a method that learns from a folder and follows frame by frame.
        source: A picture, or a video whose first frame is taken.
        driving: A video played at its own pace; relative motion starts from the first frame seen.
        camera: Instead of `driving`: its number, the path of its device, or the address of a stream.
        out: A video of it, with the times at which the frames were made; None keeps nothing.
        mode: How motion is carried over, for methods that have several ways.
        port: Of a page on this machine that shows it with the frame rate; 0 takes a free one, None shows nothing.
        max_frames: End after so many; otherwise when the video or the camera ends, or at Ctrl-C, which ends it well.
        force: Replace what is at `out`.
        device: auto, cpu, cuda, cuda:1, mps.
        on_open: Told the page's address.
        on_frame: Told the frame rate, after each frame.

    Returns:
        Frames that were made and missed, and the frame rate.

    Raises:
        UsageError: Not one of `driving` and `camera`, or a method or mode that cannot.
        OutputExistsError: Something stands at `out` already.
        InputError: The picture, the video or the camera cannot be used.

    Example:
        >>> muybridge.live("runs/faces", "photo.png", camera=0, on_open=print)
    """
    if (driving is None) == (camera is None):
        raise UsageError(
            "live motion comes from a camera or from a video",
            Sentence("Name one: ", Option("camera", 0), ", or ", Option("driving", "VIDEO")),
        )

    if out is not None:
        check_free(Path(out), force)

    fitted = load_folder_method(run, device, "follow a camera")
    counts = FrameCount()
    side = fitted.method.config.reading_side
    shots = (
        capture_frames(camera, counts) if camera is not None else play_in_real_time(str(driving), counts, max_side=side)
    )

    with ExitStack() as stack, torch.no_grad():
        screen = None if port is None else stack.enter_context(LivePage(port))
        writer = None
        if out is not None:
            mark = make_mark(fitted.method.card.name)
            writer = stack.enter_context(Writer(out, MILLISECOND, mark=mark, force=force))
        if screen is not None and on_open is not None:
            on_open(screen.address)
        # Pushed last and so closed first: no frame may arrive for a writer that has ended.
        stack.callback(shots.close)  # type: ignore[attr-defined]
        made = follow(fitted, source, shots, mode=mode)
        return _run(islice(made, max_frames), screen, writer, counts, on_frame)


def follow(
    run: Fitted | str | Path,
    source: Source,
    shots: Iterable[Tensor],
    *,
    mode: str | None = None,
    device: str = "auto",
) -> Iterator[Tensor]:
    """Animate a picture by frames that come one by one, each as soon as it is there.

    shots    uint8 [3, h, w] each, of one size; relative motion starts from the first
    mode     how motion is carried over, for methods that have several ways
    returns  iterator over uint8 [4, H, W], the picture's size, one for each shot
    """
    fitted = load_folder_method(run, device, "follow a camera")
    method = require_ability(fitted.method, FollowsFrames)
    check_mode(fitted, mode)
    return method.stream(shots, read_picture(source, max_side=1024), mode, batch=1)


def _run(
    made: Iterator[Tensor],
    screen: LivePage | None,
    writer: Writer | None,
    counts: FrameCount,
    on_frame: Callable[[float], object] | None,
) -> LiveSummary:
    began = before = time.monotonic()
    rate = 0.0
    done = 0
    last = -1

    try:
        for picture in made:
            now = time.monotonic()
            rate = 1 / max(now - before, 1e-6) if done == 0 else 0.9 * rate + 0.1 / max(now - before, 1e-6)
            before = now
            done = done + 1
            if writer is not None:
                # Two pictures may fall into one millisecond, and times in a file must rise.
                last = max(last + 1, round((now - began) * 1000))
                writer.add(picture[:3], last)
            if screen is not None:
                screen.show(label_picture(picture[:3], f"{rate:.1f} fps"))
            if on_frame is not None:
                on_frame(rate)
    except KeyboardInterrupt:
        # Ctrl-C is the usual end of a live show; only before the first picture is there nothing to sum up.
        if not done:
            raise

    return LiveSummary(done, counts.missed, done / max(time.monotonic() - began, 1e-6))


def label_picture(picture: Tensor, text: str) -> Tensor:
    """A picture uint8 [3, H, W] with small words at its top left."""
    drawn = np.ascontiguousarray(picture.permute(1, 2, 0).cpu().numpy())
    scale = max(0.35, drawn.shape[0] / 600)
    place = (6, round(8 + 22 * scale))
    cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(2, round(4 * scale)), cv2.LINE_AA)
    cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA)
    return torch.from_numpy(drawn).permute(2, 0, 1)
