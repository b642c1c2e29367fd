"""What a person gives, read: a clip with its silhouettes, and how they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muybridge.errors import InputError
from muybridge.masks import Report, find
from muybridge.video import Clip, probe, read

Source = str | Path | Clip
"""A path, or a clip that is already in memory."""
Box = tuple[float | int, float | int, float | int, float | int]
"""(x0, y0, x1, y1) in pixels of the file's own first frame."""


@dataclass(frozen=True, eq=False)
class Input:
    """One input.

    name    what to call it: the file's name without its ending
    path    as it was given; "" for a clip in memory
    clip    with silhouettes, unless they were not asked for
    report  how the silhouettes were found
    """

    name: str
    path: str
    clip: Clip
    report: Report

    @property
    def how(self) -> str:
        """The way that made the silhouettes, in one sentence."""
        return f"{self.report.how}: {self.report.detail}"

    @property
    def notes(self) -> list[str]:
        """What a person should know of the silhouettes."""
        return [f"{self.name}: {warning}" for warning in self.report.warnings]


def silhouetted(
    source: Source,
    *,
    masks: str | Path | Clip | None = None,
    box: Box | None = None,
    how: str = "auto",
    max_side: int | None = None,
    max_frames: int | None = None,
) -> Input:
    """Read a clip and find its silhouettes.

    masks       given ones: a folder, a video, a clip, or what `muybridge mask` wrote
    box         hint for GrabCut on the first frame
    how         see `masks.find`
    max_side    larger frames are made smaller, pixels
    max_frames  at most so many from the start
    Raises InputError as reading and finding do.
    """
    path = "" if isinstance(source, Clip) else str(source)
    clip = source if isinstance(source, Clip) else read(source, max_side=max_side, max_frames=max_frames)
    if box is not None:
        box = scaled_box(box, source, clip)
    given = masks_of(masks)
    if given is not None and max_frames is not None and not isinstance(given, Clip):
        given = read(given, max_frames=max_frames)
    found, report = find(clip, how=how, masks=given, box=box)
    return Input(name_of(source), path, found, report)


def masks_of(masks: str | Path | Clip | None) -> str | Path | Clip | None:
    """Given silhouettes; of a folder that `muybridge mask` wrote, the folder of pictures in it."""
    if masks is None or isinstance(masks, Clip):
        return masks
    inside = Path(masks) / "masks"
    return inside if inside.is_dir() and (Path(masks) / "report.json").is_file() else masks


def name_of(source: Source) -> str:
    """What to call an input in file names: short, see `shortened`, never hidden, never empty."""
    path = source.source if isinstance(source, Clip) else Path(source).absolute()
    stem = "" if path is None else (path.name if path.is_dir() else path.stem)
    return shortened(stem.strip(". ")) or "clip"


def shortened(name: str) -> str:
    """At most 60 whole characters and 90 bytes of a name.

    File systems count bytes, 255 of them, and a result is named after two clips and what was asked for.
    """
    name = name[:60]
    while len(name.encode("utf-8", "surrogateescape")) > 90:
        name = name[:-1]
    return name.rstrip(". ")


def names_of(sources: Sequence[Source]) -> list[str]:
    """Names of several inputs, told apart by -a and -b where they would be the same."""
    names = [name_of(source) for source in sources]
    if len({name.casefold() for name in names}) == len(names):
        return names
    return [f"{name}-{chr(ord('a') + i)}" for i, name in enumerate(names)]


def scaled_box(box: Box, source: Source, clip: Clip) -> Box:
    """The box in pixels of the clip, which may have been made smaller while reading."""
    x0, y0, x1, y1 = box
    width = clip.width if clip.sizes is None else clip.sizes[0][1]
    full = width if isinstance(source, Clip) else probe(source).size[1]
    if not (x0 < x1 and y0 < y1):
        raise InputError(f"the box {x0},{y0},{x1},{y1} is empty", "Give it as x0,y0,x1,y1: left, top, right, bottom.")
    factor = width / full
    return x0 * factor, y0 * factor, x1 * factor, y1 * factor
