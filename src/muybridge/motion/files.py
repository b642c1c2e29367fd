"""Which file a motion is read from or written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from muybridge.disk import Draft, explain_disk_errors
from muybridge.errors import InputError, UsageError
from muybridge.motion.scripts import after_effects_text, blender_script
from muybridge.motion.sleap import read_sleap, write_sleap
from muybridge.motion.tables import csv_text, deeplabcut_text, json_text, read_csv, read_json
from muybridge.motion.track import MotionTrack
from muybridge.video.clip import Timing
from muybridge.video.paths import check_path

MAX_BYTES = 2**26
"""Of one file: an hour of 25 points in CSV is 40 MB."""


@dataclass(frozen=True)
class Format:
    """How a motion is written.

    suffix  of its files
    what    for people
    write   to a path
    """

    suffix: str
    what: str
    write: Callable[[MotionTrack, Path], None]


def _text(make: Callable[[MotionTrack], str]) -> Callable[[MotionTrack, Path], None]:
    def write(motion: MotionTrack, path: Path) -> None:
        path.write_text(make(motion), encoding="utf-8", newline="\n")

    return write


FORMATS: Mapping[str, Format] = {
    "csv": Format(".csv", "a table: a line a frame", _text(csv_text)),
    "json": Format(".json", "JSON", _text(json_text)),
    "deeplabcut": Format(".csv", "DeepLabCut's CSV", _text(deeplabcut_text)),
    "sleap": Format(".slp", "SLEAP's file, by sleap-io", write_sleap),
    "blender": Format(".py", "a script for Blender that makes an empty for each point", _text(blender_script)),
    "after-effects": Format(".txt", "keyframes to paste into After Effects", _text(after_effects_text)),
}
"""Name of the format -> how it is written; the first with a file's ending is that of the ending."""


def write_motion(motion: MotionTrack, path: Path, form: str | None = None) -> Path:
    """Write a motion in the format of that name, or of the file's ending; UsageError where there is none."""
    if form is None:
        by_suffix = []
        for name, each in FORMATS.items():
            if each.suffix == path.suffix.lower():
                by_suffix.append(name)

        if not by_suffix:
            endings = ", ".join(sorted({each.suffix for each in FORMATS.values()}))
            raise UsageError(f"no motion is written to {path.name}", f"Choose one of the endings {endings}.")
        form = by_suffix[0]
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r} for motion: {', '.join(FORMATS)}")

    # A draft beside it, so that a kill or a full disk leaves the old file as it was.
    draft = Draft(path, folder=False, suffix=path.suffix)
    try:
        with explain_disk_errors(path.parent):
            FORMATS[form].write(motion, draft.path)
        draft.commit()
    finally:
        draft.discard()
    return path


def is_motion_file(path: object) -> bool:
    """Whether something names a file of motion, by its ending."""
    return isinstance(path, str | Path) and Path(path).suffix.lower() in (".csv", ".json", ".slp")


def read_motion(path: str | Path, size: tuple[int, int] | None = None, timing: Timing | None = None) -> MotionTrack:
    """A motion from our CSV or JSON, DeepLabCut's CSV or SLEAP's file.

    size    (h, w) of the frames, for files that do not say it: DeepLabCut's, SLEAP's without its video
    timing  of the frames, for the same; 25 a second unless told

    Raises InputError for a file that holds no motion, MissingExtraError for SLEAP's without sleap-io.
    """
    file = check_path(path)
    if file.is_dir() or file.stat().st_size > MAX_BYTES:
        raise InputError(f"{file} is a folder, or too large for a motion", "Give one file of a clip.")
    if file.suffix.lower() == ".slp":
        return read_sleap(file, size, timing)
    return read_json(file) if file.suffix.lower() == ".json" else read_csv(file, size, timing)
