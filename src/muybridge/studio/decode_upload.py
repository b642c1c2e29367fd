"""An upload looked at and decoded, in a process that may not take more than its share."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.errors import InputError
from muybridge.studio.cuts import Cut
from muybridge.studio.glance import Glance
from muybridge.video import Frame, MediaInfo, Writer, iter_frames, probe

SMALLEST = 16
GRACE = 5
"""Seconds between the signal that processor time is over, which is what the person then reads, and the end."""
ONE_FILE = 64 * 2**20
"""Largest file that may be written: a single frame."""
TURN = 0.0005
"""Seconds after which a thread that waits for Python's lock gets it: who reads frames lets go of it many times a
frame, and would wait up to 5 ms each time."""


def decode_upload(order: Mapping[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    """Probe an upload, then write its frames as pictures with exact times.

    folder   with the file `upload` in it; frames/ is made beside it
    frames, side, source_side, source_pixels   limits, see `settings.Limits`
    strip    False: a wide picture is a picture, and not a row of frames
    cut      what is taken of it, as `Cut` is stored; nothing: all of it
    glance   True: the first frame is laid down in glance/ and told of; then a few on which the subject is looked for,
             in a thread beside the reading. Where that takes longer, `read` tells what is returned once it is known
    seconds, memory             limits of this process
    Raises InputError for what is no video or too large.
    """
    limit_process(int(order["seconds"]), int(order["memory"]))
    sys.setswitchinterval(TURN)
    folder = Path(order["folder"])
    upload = folder / "upload"
    try:
        return _decode(upload, folder, order, tell)
    except InputError as e:
        # The person knows the file by its own name, not by where it lies.
        raise InputError(e.message.replace(str(upload), str(order["name"])), e.hint) from e


def _decode(upload: Path, folder: Path, order: Mapping[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    if not order.get("glance"):
        return _read_frames(upload, folder, order, None)

    with Glance(folder / "glance", tell) as glance:
        result = _read_frames(upload, folder, order, glance)
        if glance.is_looking:
            tell("read", result=result)
        return result


def _read_frames(upload: Path, folder: Path, order: Mapping[str, Any], glance: Glance | None) -> dict[str, Any]:
    info = probe(upload)
    cut = Cut.read(order.get("cut"))
    most = cut.count_most(int(order["frames"]))
    _check_size(info.size, int(order["source_side"]))
    left = int(order["source_pixels"])
    # Of a small file that says how many frames of what size it has, nothing more needs to be read to refuse it.
    if info.frames is not None and info.size[0] * info.size[1] * min(info.frames, cut.first + most) > left:
        raise _too_much(info)

    side = cut.find_side(info.size, int(order["side"]))
    frames = iter_frames(upload, max_frames=most + 1, start=cut.first, max_side=side, strip=order.get("strip"))
    first = next(frames, None)
    if first is None:
        raise InputError("no frame of it can be decoded", "Convert it to MP4 and try again.")

    count = 0
    last = first
    ticks = cut.change_ticks(first.time_base)
    with Writer(folder / "frames", ticks, last=None, force=True) as writer:
        for frame in chain((first,), frames):
            if count == most:
                break
            left -= frame.full[0] * frame.full[1]
            if left < 0:
                raise _too_much(info)

            matte = None if frame.matte is None else cut.crop(frame.matte)
            last = replace(frame, pixels=cut.crop(frame.pixels), matte=matte)
            writer.add(_picture(last), last.pts - first.pts)
            if glance is not None:
                glance.add(count, last)
            count += 1

    h, w = last.pixels.shape[1:]
    length = float((last.pts + last.duration - first.pts) * ticks)
    # Where the probe took a picture for a row of frames, what it says is of one of them.
    is_row = info.kind == "strip" and order.get("strip") is not None
    return {
        "frames": count,
        "width": int(w),
        "height": int(h),
        "seconds": length,
        "rate": count / length if length else 25.0,
        # The file's own sound would be heard at the wrong time.
        "has_audio": info.has_audio and cut == Cut(),
        "notes": cut.describe() or ([] if is_row else _describe_changes(info, count, (int(h), int(w)))),
    }


def _too_much(info: MediaInfo) -> InputError:
    count = "more" if info.frames is None else str(info.frames)
    return InputError(
        f"its frames are {info.size[1]}x{info.size[0]} px and there are {count} of them: that is too much to read",
        "Make it smaller or shorter, and try again.",
    )


def _check_size(size: tuple[int, int], most: int) -> None:
    shown = f"its frames are {size[1]}x{size[0]} px"
    if max(size) > most:
        raise InputError(f"{shown}; at most {most} px on a side are taken")
    if min(size) < SMALLEST:
        raise InputError(f"{shown}; nothing can be seen in them")


def _describe_changes(info: MediaInfo, count: int, size: tuple[int, int]) -> list[str]:
    notes = []
    if info.frames is not None and info.frames > count:
        kept = f"{count} frames are" if count > 1 else "frame is"
        notes.append(f"only its first {kept} used")
    if size != info.size:
        notes.append(f"made smaller, from {info.size[1]} x {info.size[0]} to {size[1]} x {size[0]} px")
    return notes


def _picture(frame: Frame) -> Tensor:
    return frame.pixels if frame.matte is None else torch.cat((frame.pixels, frame.matte))


def limit_process(seconds: int | None, memory: int | None, one_file: int = ONE_FILE) -> None:
    """Bound this process: the size of a file, open files, no core; where told, processor time and memory, too.

    seconds  beyond what it has used; then it is told so by a signal, and has GRACE more before it is killed
    memory   bytes beyond what it has
    """
    bounds = {resource.RLIMIT_FSIZE: one_file, resource.RLIMIT_NOFILE: 128, resource.RLIMIT_CORE: 0}
    if seconds is not None:
        bounds[resource.RLIMIT_CPU] = seconds + int(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
    # Only Linux has the file that says how much the process holds already.
    if memory is not None and sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        bounds[resource.RLIMIT_AS] = pages * os.sysconf("SC_PAGE_SIZE") + memory

    for what, soft in bounds.items():
        hard = soft + GRACE if what == resource.RLIMIT_CPU else soft
        # A process may lower its hard limits, but not raise them.
        most = resource.getrlimit(what)[1]
        if most != resource.RLIM_INFINITY:
            hard = min(hard, most)
        resource.setrlimit(what, (min(soft, hard), hard))
