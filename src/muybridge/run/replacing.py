"""A run that takes another one's place: the old one steps aside, and goes when the first checkpoint of the new one
stands.

    .replacing/   the old one's files are on their way, out or back: what lies here belongs to the old run
    .replaced/    all of the old run; what lies outside belongs to the new one

Between the two lies one rename, and nothing needs room on the disk but a copy of the old record. So a kill or a full
disk at any moment leaves either run whole, and `settle` tells which.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from muybridge.disk import replace_file
from muybridge.run.files import own_file

RECORD = "run.json"
WEIGHTS = "weights.safetensors"
FILES = (WEIGHTS, "data.safetensors", "config.json", "log.jsonl")
"""Files of a run beside its record; the weights first, for without them a run counts for nothing."""


def own_files(run: Path) -> Iterator[Path]:
    """The files of a run without its record, those that there are; whatever else lies in its folder is no part of it.

    RunError where a link or a pipe stands in the place of one.
    """
    for name in FILES:
        path = own_file(run, name)
        if path.is_file():
            yield path
    for picture in own_file(run, "previews").glob("*.png"):
        if picture.stem.isdecimal() and picture.is_file():
            yield picture
    yield from own_file(run, "tensorboard").glob("events.out.tfevents.*")


def step_aside(run: Path) -> None:
    """Put the files of a run aside for another one in the same folder."""
    moving = run / ".replacing"
    moving.mkdir()
    for path in list(own_files(run)):
        _move(path, moving / path.relative_to(run))

    # A copy: whoever looks meanwhile finds a record of some run, as long as the folder is one.
    replace_file(moving / RECORD, (run / RECORD).read_bytes())
    os.rename(moving, run / ".replaced")


def is_unsettled(run: Path) -> bool:
    """Whether an old run still lies aside."""
    return _is_folder(run / ".replaced") or _is_folder(run / ".replacing")


def settle(run: Path) -> None:
    """Let the old run go where the new one has weights, and put it back where it has none.

    Only for who holds the run's lock; it may be killed here as well, and is then called once more.
    """
    moving, aside = run / ".replacing", run / ".replaced"
    if _is_folder(aside):
        if (run / WEIGHTS).is_file():
            let_go(run)
            return
        for path in list(own_files(run)):
            path.unlink()
        os.rename(aside, moving)

    if _is_folder(moving):
        # The weights go back last: with them the run counts again.
        back = [moving / RECORD] if (moving / RECORD).is_file() else []
        for path in sorted([*back, *own_files(moving)], key=lambda path: path.name == WEIGHTS):
            # A link in the place of `previews` would lead out of the run.
            own_file(run, path.relative_to(moving).parts[0])
            _move(path, run / path.relative_to(moving))
        shutil.rmtree(moving)


def let_go(run: Path) -> None:
    """Remove the old run that lies aside, if there is one."""
    # Under the name of a draft that nobody writes: what a kill leaves of it is swept.
    gone = run / f".replaced.{secrets.token_hex(4)}.part"
    with contextlib.suppress(OSError):
        os.rename(run / ".replaced", gone)
        shutil.rmtree(gone)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    os.replace(path, target)


def _is_folder(path: Path) -> bool:
    """A folder itself: a link in a run of other people could lead anywhere."""
    return path.is_dir() and not path.is_symlink()
