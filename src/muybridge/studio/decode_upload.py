"""An upload looked at and decoded, in a process that may not take more than its share."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.errors import InputError
from muybridge.video import Frame, MediaInfo, Writer, iter_frames, probe

SMALLEST = 16
GRACE = 5
"""Seconds between the signal that processor time is over, which is what the person then reads, and the end."""
ONE_FILE = 64 * 2**20
"""Largest file that may be written: a single frame."""


def decode_upload(order: Mapping[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    """Probe an upload, then write its frames as pictures with exact times.

    folder   with the file `upload` in it; frames/ is made beside it
    frames, side, source_side   limits, see `settings.Limits`
    strip    False: a wide picture is a picture, and not a row of frames
    seconds, memory             limits of this process
    Raises InputError for what is no video or too large.
    """
    limit_process(int(order["seconds"]), int(order["memory"]))
    folder = Path(order["folder"])
    upload = folder / "upload"
    try:
        return _decode(upload, folder / "frames", order)
    except InputError as e:
        # The person knows the file by its own name, not by where it lies.
        raise InputError(e.message.replace(str(upload), str(order["name"])), e.hint) from e


def _decode(upload: Path, out: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    info = probe(upload)
    _check_size(info.size, int(order["source_side"]))
    most = int(order["frames"])
    frames = iter_frames(upload, max_frames=most + 1, max_side=int(order["side"]), strip=order.get("strip"))
    first = next(frames, None)
    if first is None:
        raise InputError("no frame of it can be decoded", "Convert it to MP4 and try again.")

    count = 0
    last = first
    with Writer(out, first.time_base, last=None, force=True) as writer:
        for frame in chain((first,), frames):
            if count == most:
                break
            writer.add(_picture(frame), frame.pts)
            count += 1
            last = frame

    h, w = last.pixels.shape[1:]
    length = float((last.pts + last.duration - first.pts) * first.time_base)
    # Where the probe took a picture for a row of frames, what it says is of one of them.
    is_row = info.kind == "strip" and order.get("strip") is not None
    return {
        "frames": count,
        "width": int(w),
        "height": int(h),
        "seconds": length,
        "rate": count / length if length else 25.0,
        "has_audio": info.has_audio,
        "notes": [] if is_row else _describe_changes(info, count, (int(h), int(w))),
    }


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
        notes.append(f"made smaller: {size[1]}x{size[0]} of {info.size[1]}x{info.size[0]} px")
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
