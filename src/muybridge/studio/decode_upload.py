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
from muybridge.video import Frame, Writer, iter_frames, probe

SMALLEST = 16
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
    limit(int(order["seconds"]), int(order["memory"]))
    folder = Path(order["folder"])
    upload, name = folder / "upload", str(order["name"])
    try:
        return _decoded(upload, folder / "frames", order)
    except InputError as e:
        # The person knows the file by its own name, not by where it lies.
        raise InputError(e.message.replace(str(upload), name), e.hint) from e


def _decoded(upload: Path, out: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    info = probe(upload)
    most, side = int(order["source_side"]), int(order["side"])
    if max(info.size) > most:
        raise InputError(f"its frames are {info.size[1]}x{info.size[0]} px; at most {most} px on a side are taken")
    if min(info.size) < SMALLEST:
        raise InputError(f"its frames are {info.size[1]}x{info.size[0]} px; nothing can be seen in them")
    allowed = int(order["frames"])
    shown = iter_frames(upload, max_frames=allowed + 1, max_side=side, strip=order.get("strip"))
    first = next(shown, None)
    if first is None:
        raise InputError("no frame of it can be decoded", "Convert it to MP4 and try again.")
    count, last, end = 0, first, 0
    with Writer(out, first.time_base, last=None, force=True) as writer:
        for frame in chain((first,), shown):
            if count == allowed:
                break
            writer.add(_picture(frame), frame.pts)
            count, last, end = count + 1, frame, frame.pts + frame.duration
    h, w = last.pixels.shape[1:]
    notes = []
    if info.kind != "strip" or order.get("strip") is None:  # else the probe took the picture for a row of frames
        if info.frames is not None and info.frames > count:
            notes.append(f"only its first {f'{count} frames are' if count > 1 else 'frame is'} used")
        if (h, w) != info.size:
            notes.append(f"made smaller: {w}x{h} of {info.size[1]}x{info.size[0]} px")
    length = float((end - first.pts) * first.time_base)
    return {
        "frames": count,
        "width": int(w),
        "height": int(h),
        "seconds": length,
        "rate": count / length if length else 25.0,
        "has_audio": info.has_audio,
        "notes": notes,
    }


def _picture(frame: Frame) -> Tensor:
    return frame.pixels if frame.matte is None else torch.cat((frame.pixels, frame.matte))


def limit(seconds: int | None, memory: int | None, one_file: int = ONE_FILE) -> None:
    """Bound this process: processor time and memory beyond what it has, where told; the size of a file, open files, no
    core."""
    bounds = {resource.RLIMIT_FSIZE: one_file, resource.RLIMIT_NOFILE: 128, resource.RLIMIT_CORE: 0}
    if seconds is not None:
        bounds[resource.RLIMIT_CPU] = seconds + int(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
    if memory is not None and sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        bounds[resource.RLIMIT_AS] = pages * os.sysconf("SC_PAGE_SIZE") + memory
    for what, most in bounds.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
