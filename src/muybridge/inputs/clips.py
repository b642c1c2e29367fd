"""What a person gives, read: a clip with its silhouettes, and how they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from muybridge.disk import recover
from muybridge.errors import InputError, Option, Sentence, UsageError
from muybridge.inputs.silhouettes import find_silhouettes
from muybridge.masks import Box, Report, Rough, SilhouetteOptions, read_rough
from muybridge.video import Clip, read

Source = str | Path | Clip
"""A path, or a clip that is already in memory."""


@dataclass(frozen=True, eq=False)
class SilhouetteInput:
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


def read_with_silhouettes(
    source: Source,
    options: SilhouetteOptions | None = None,
    *,
    max_side: int | None = None,
    max_frames: int | None = None,
    **keywords: Any,
) -> SilhouetteInput:
    """Read a clip and find its silhouettes.

    options     how to look, see `masks.find`; boxes and rough masks are drawn on the file's own frames, and given
                silhouettes may be what `muybridge mask` wrote
    max_side    larger frames are made smaller, pixels
    max_frames  at most so many from the start
    keywords    single fields of the options
    Raises InputError as reading and finding do.
    """
    options = SilhouetteOptions.merge(options, keywords)
    path = "" if isinstance(source, Clip) else str(source)
    clip = source if isinstance(source, Clip) else read(source, max_side=max_side, max_frames=max_frames)
    given = resolve_masks(options.masks)
    if given is not None and not isinstance(given, Clip):
        given = read(given, max_side=max_side, max_frames=max_frames)

    # A hint is drawn on the file's own frames, but the clip may have been made smaller.
    box = None if options.box is None else scale_box(options.box, clip)
    rough = None if options.rough is None else fit_drawn_mask(options.rough, clip)
    found, report = find_silhouettes(clip, replace(options, masks=given, box=box, rough=rough))
    return SilhouetteInput(input_name(source), path, found, report)


def resolve_masks(masks: str | Path | Clip | None) -> str | Path | Clip | None:
    """Given silhouettes; of a folder that `muybridge mask` wrote, the folder of pictures in it."""
    if masks is None or isinstance(masks, Clip):
        return masks
    recover(Path(masks))
    inside = Path(masks) / "masks"
    return inside if inside.is_dir() and (Path(masks) / "report.json").is_file() else masks


def fit_drawn_mask(rough: Rough, clip: Clip) -> tuple[int, Tensor]:
    """A mask that was drawn on a frame of the file, in pixels of the clip: one of the frame's own shape follows where
    reading made the frames smaller."""
    index = rough[0]
    mask = read_rough(rough).float()
    # Left as it is, because whoever uses it refuses it in words that name the frames.
    if not 0 <= index < len(clip):
        return index, mask

    (high, wide) = mask.shape
    (h, w) = clip.sizes[index] if clip.sizes is not None else (clip.height, clip.width)
    # Only a mask of the same shape, up to rounding, was drawn on the full frame; another one is refused later.
    if (high, wide) != (h, w) and abs(high * w - wide * h) <= (high + wide) / 2:
        mask = F.interpolate(mask[None, None], (h, w), mode="area")[0, 0]

    return index, mask


def input_name(source: Source) -> str:
    """What to call an input in file names: short, see `shortened`, never hidden, never empty."""
    path = source.source if isinstance(source, Clip) else Path(source).absolute()
    stem = "" if path is None else (path.name if path.is_dir() else path.stem)
    return shorten_name(stem.strip(". ")) or "clip"


def shorten_name(name: str) -> str:
    """At most 60 whole characters and 90 bytes of a name.

    File systems count bytes, 255 of them, and a result is named after two clips and what was asked for.
    """
    name = name[:60]
    while len(name.encode("utf-8", "surrogateescape")) > 90:
        name = name[:-1]
    return name.rstrip(". ")


def input_names(sources: Sequence[Source]) -> list[str]:
    """Names of several inputs, told apart by -a and -b where they would be the same."""
    names = []
    for source in sources:
        names.append(input_name(source))

    if len({name.casefold() for name in names}) == len(names):
        return names

    lettered = []
    for i, name in enumerate(names):
        lettered.append(f"{name}-{chr(ord('a') + i)}")

    return lettered


def scale_box(box: Box, clip: Clip) -> Box:
    """The box in pixels of the clip, which may have been made smaller while reading."""
    x0, y0, x1, y1 = box
    if not (x0 < x1 and y0 < y1):
        raise InputError(f"the box {x0},{y0},{x1},{y1} is empty", "Give it as x0,y0,x1,y1: left, top, right, bottom.")
    width = clip.width if clip.sizes is None else clip.sizes[0][1]
    factor = 1.0 if clip.full is None else width / clip.full[0][1]
    return x0 * factor, y0 * factor, x1 * factor, y1 * factor


def read_picture(source: Source | None, max_side: int | None = None) -> Clip:
    """The appearance: the first frame of whatever it is; a wide picture is a picture, and not a row of frames."""
    if source is None:
        raise UsageError(
            "whose picture should move? No source was named", Sentence("Name one: ", Option("source", "photo.png"))
        )
    if isinstance(source, Clip):
        return source[:1]
    return read(source, max_frames=1, max_side=max_side, strip=False)
