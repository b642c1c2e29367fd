"""Media and texts with random changes, for `endurance.py`: a result or one sentence, in time and in memory."""

import json
import multiprocessing
import os
import random
import resource
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from muybridge.errors import MuybridgeError
from muybridge.landmarks import read as read_landmarks
from muybridge.motion import MotionTrack, read_motion, write_motion
from muybridge.networks.checkpoints.yaml_options import read_yaml_table
from muybridge.video import Timing, read, write

FORK = multiprocessing.get_context("fork")
SECONDS = 10
MEMORY = 2**30
"""Bytes that one file may take beyond what the process has already."""
LONGEST = 3000
"""Letters of a sentence, with its hint."""
WRONG = {2: "no sentence", 3: "too long a sentence", -signal.SIGALRM: "too slow", -signal.SIGSEGV: "crashed"}


def draw_media(folder: Path) -> list[Path]:
    """One small file of each kind that is written here or by Pillow."""
    folder.mkdir(parents=True)
    ramp = torch.linspace(0, 255, 64).to(torch.uint8).expand(5, 3, 48, 64).clone()
    for t in range(5):
        ramp[t, :, 10:30, 5 * t : 5 * t + 15] = 200
    made = []
    for suffix in (".mp4", ".mov", ".mkv", ".webm", ".gif"):
        made.append(write(folder / f"clip{suffix}", ramp, Timing.constant(5)))

    pictures = [Image.fromarray(frame.permute(1, 2, 0).numpy()) for frame in ramp]
    for suffix in (".png", ".jpg", ".webp", ".bmp", ".tif", ".avif"):
        pictures[0].save(folder / f"still{suffix}")
        made.append(folder / f"still{suffix}")
    for suffix in (".png", ".webp"):
        pictures[0].save(folder / f"moving{suffix}", save_all=True, append_images=pictures[1:])
        made.append(folder / f"moving{suffix}")
    return made


def draw_texts(folder: Path) -> dict[Path, Callable[[Path], object]]:
    """Files of each form of text, with who reads them."""
    folder.mkdir(parents=True)
    people = np.random.default_rng(0).uniform(5, 60, (25, 3)).round(2)
    openpose = {"version": 1.3, "people": [{"pose_keypoints_2d": people.ravel().tolist()}]}
    points = np.random.default_rng(1).uniform(0, 60, (4, 3, 2)).astype(np.float32)
    track = MotionTrack(points, np.ones((4, 3), np.float32), ("a", "b", "c"), Timing.constant(4), (48, 64))
    options = "model_params:\n  common_params:\n    num_kp: 10\n    sizes: &s [64, 64]\n    again: *s\n  lr: 1.0e-4\n"
    content = {
        "openpose.json": json.dumps(openpose),
        "options.yaml": options,
    }
    for name, text in content.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("motion.json", "motion.csv"):
        write_motion(track, folder / name)

    return {
        folder / "openpose.json": lambda path: read_landmarks(path, 1),
        folder / "motion.json": read_motion,
        folder / "motion.csv": read_motion,
        folder / "options.yaml": read_yaml_table,
    }


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, a part left out or repeated, or the end cut off."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        kind = chance.randrange(5)
        at = chance.randrange(len(changed))
        if kind == 0:
            for _ in range(chance.randint(1, 30)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
        elif kind == 1:
            del changed[at + 1 :]
        elif kind == 2:
            del changed[at : at + chance.randint(1, 200)]
            changed = changed or bytearray(b"x")
        elif kind == 3:
            changed[at:at] = changed[at : at + chance.randint(1, 2000)] * chance.randint(1, 5)
        else:
            changed[at : at + 4] = chance.choice(
                (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"1e999", b"[[[[")
            )
    return bytes(changed)


def try_reading(path: Path, reader: Callable[[Path], object]) -> str:
    """Read a file in a process of its own; what went wrong, or nothing."""
    child = FORK.Process(target=_read_within_limits, args=(path, reader))
    child.start()
    child.join()
    code = child.exitcode or 0
    return "" if code in (0, 1) else f"{path.name}: {WRONG.get(code, f'ended with {code}')}"


def _read_within_limits(path: Path, reader: Callable[[Path], object]) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # What decoders print of a broken file is not what is looked at here.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    warnings.simplefilter("ignore")
    try:
        reader(path)
    except MuybridgeError as error:
        os._exit(1 if len(str(error)) < LONGEST else 3)
    except BaseException:
        os._exit(2)
    os._exit(0)


def read_clip(path: Path) -> object:
    """As a verb does."""
    return read(path, max_side=512, max_frames=100)


def endure(
    originals: dict[Path, Callable[[Path], object]], folder: Path, count: int, chance: random.Random
) -> list[str]:
    """Read so many changed files; what went wrong, each with a copy of its file kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(originals)
    wrong = []
    for number in range(count):
        original = names[number % len(names)]
        path = folder / f"{number:05d}{original.suffix}"
        path.write_bytes(mutate_bytes(original.read_bytes(), chance))
        began = time.monotonic()
        said = try_reading(path, originals[original])
        if said:
            wrong.append(f"{said}, after {time.monotonic() - began:.1f} s, from {original.name}")
        else:
            path.unlink()
    return wrong
