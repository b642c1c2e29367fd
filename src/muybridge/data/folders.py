"""Folders of clips as people keep them, read one clip at a time."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import overload

from muybridge.errors import InputError, UsageError
from muybridge.video.clip import Clip
from muybridge.video.paths import IMAGE_SUFFIXES, check_path, list_images, natural_key
from muybridge.video.reader import read

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif", ".m4v", ".apng")
PARTS = ("train", "test")


class ClipFolder(Sequence[Clip]):
    """Every clip below a folder; each one is decoded when it is asked for, and not kept.

    A clip is a video, a GIF, an image that is a row of square frames, or a folder of images. With `train` and `test`
    in the folder, `part` says which of them; without them the folder itself is meant. Hidden files are passed over.
    """

    def __init__(
        self,
        folder: str | Path,
        part: str = "train",
        *,
        max_frames: int | None = None,
        max_side: int | None = None,
        stride: int = 1,
    ) -> None:
        """
        folder      the root
        part        train or test
        max_frames  at most so many of each clip, from its start
        max_side    larger frames are made smaller while decoding, pixels
        stride      every so many-th frame
        Raises InputError where there are no clips.
        """
        self.root = Path(folder)
        self.folder = part_of(folder, part)
        self.paths = clips_in(self.folder)
        self.max_frames = max_frames
        self.max_side = max_side
        self.stride = stride

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | Sequence[Clip]:
        """A clip, decoded now; a slice decodes all of its clips."""
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        return read_clip(self.paths[index], max_frames=self.max_frames, max_side=self.max_side, stride=self.stride)

    def __iter__(self) -> Iterator[Clip]:
        return (self[i] for i in range(len(self)))

    @property
    def names(self) -> list[str]:
        """What each clip is called: the file's or folder's name without its ending; with it, where two would be called
        the same."""
        return names_of_clips(self.paths)

    @property
    def identities(self) -> list[int]:
        """Whom each clip shows: the part of its name before the first `#`, as VoxCeleb and TaiChiHD are cut
        (`id10001#7w0IBEWc9Qw#001993#002143.mp4`); a clip without a # is somebody of its own."""
        known: dict[str, int] = {}
        return [known.setdefault(name.split("#")[0] if "#" in name else f"\0{name}", len(known)) for name in self.names]


def part_of(folder: str | Path, part: str) -> Path:
    """`folder/part` where the folder is divided, or the folder itself; InputError where that part is missing."""
    root = check_path(folder)
    if not root.is_dir():
        raise InputError(f"{folder} is a file: a folder of clips is needed", "Give the folder that it lies in.")

    there = []
    for name in PARTS:
        if (root / name).is_dir():
            there.append(name)

    if not there:
        return root
    if part not in there:
        raise InputError(f"{folder} has {' and '.join(there)}, but no {part}", f"Put clips into {root / part}.")

    return root / part


def clips_in(folder: Path) -> list[Path]:
    """The clips of a folder in natural order; InputError where there are none."""
    # Hidden files are the system's own, and no clips.
    entries = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=natural_key)
    known = (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES)
    found = []
    for p in entries:
        if (p.is_file() and p.suffix.lower() in known) or (p.is_dir() and list_images(p)):
            found.append(p)

    if not found:
        raise InputError(
            f"there are no clips in {folder}",
            "Clips are videos, GIFs, rows of square frames as PNG, or folders of images; see docs/datasets.md.",
        )

    return found


def read_clip(path: Path, *, max_frames: int | None = None, max_side: int | None = None, stride: int = 1) -> Clip:
    """A clip of a folder; an image is a row of square frames here, two of them at least.

    Raises InputError as `video.read` does, and for an image that is not such a row.
    """
    try:
        return read(path, max_frames=max_frames, max_side=max_side, stride=stride, strip=strip_of(path))
    except UsageError as e:  # not a whole number of squares
        raise InputError(e.message, "An image in a folder of clips is a row of square frames.") from e


def strip_of(path: Path) -> bool | None:
    """What `video.read` and `iter_frames` are told of a clip of a folder: an image is a row of square frames."""
    return None if path.is_dir() or path.suffix.lower() not in IMAGE_SUFFIXES else True


def name_of_clip(path: Path) -> str:
    """The name without its ending."""
    return path.name if path.is_dir() else path.stem


def read_pairs(path: str | Path) -> list[tuple[str, str]]:
    """(source, driving) of each line of a CSV with columns of these names, as the released pair lists have them.

    Raises InputError where they are missing or there are no lines.
    """
    with check_path(path).open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        names = rows.fieldnames or []
        if not {"source", "driving"} <= set(names):
            raise InputError(
                f"{path} has the columns {', '.join(names) or 'none'}: source and driving are needed",
                "The first line of a pair list is: source,driving",
            )

        pairs = []
        for row in rows:
            if row["source"] and row["driving"]:
                pairs.append((row["source"], row["driving"]))

    if not pairs:
        raise InputError(f"{path} lists no pairs", "Each line names a source and a driving clip.")

    return pairs


def names_of_clips(paths: Sequence[Path]) -> list[str]:
    """Each clip's name without its ending; with it, where two would be called the same."""
    count = Counter(name_of_clip(path) for path in paths)
    found = []
    for path in paths:
        found.append(path.name if count[name_of_clip(path)] > 1 else name_of_clip(path))

    return found


def find_clip(paths: Sequence[Path], name: str) -> Path:
    """The clip of that name, with or without its ending, which may be another one than the file's own: the released
    lists name videos that people keep as folders of frames. InputError where there is none, or more than one."""
    # From the strictest to the most generous: the first way that finds something decides.
    ways: tuple[Callable[[Path], bool], ...] = (
        lambda path: path.name == name,
        lambda path: name_of_clip(path) == name,
        lambda path: path.stem == name,
        lambda path: path.stem == Path(name).stem,
    )
    for way in ways:
        found = []
        for path in paths:
            if way(path):
                found.append(path)

        if len(found) == 1:
            return found[0]
        if found:
            there = " and ".join(path.name for path in found)
            raise InputError(f"{name!r} may be {there} in {found[0].parent}", "Name it with its ending.")

    raise InputError(f"there is no clip {name!r} in {paths[0].parent}", "Names are those of files in that folder.")
