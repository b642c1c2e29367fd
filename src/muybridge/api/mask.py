"""Silhouettes of one clip: found, corrected, and written to be looked at and used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.disk import check_folder, read_json, recover, replace_folder
from muybridge.inputs.clips import Source, fit_drawn_mask, input_name, read_with_silhouettes
from muybridge.masks import Report, correct, enlarge_mattes, read_mask_picture, sheet
from muybridge.output.options import MaskOptions
from muybridge.video import Clip, write

PARTS = ("masks", "sheet.png", "report.json")


def mask(
    video: Source, out: str | Path | None = None, *, options: MaskOptions | None = None, **keywords: Any
) -> tuple[Clip, Report]:
    """Find a clip's silhouettes, correct some by hand, and write them.

    Args:
        video: A video, GIF, folder of frames, or clip.
        out: A folder: masks/00000.png and so on, sheet.png to judge by, report.json; None writes nothing. Where it
            holds silhouettes of this clip already, they are what `corrections` are made to.
        options: What can be chosen, see `MaskOptions`: the way to look, hints, corrections.
        **keywords: Single fields of `MaskOptions`: `how="segment"`, `masks`, `box`, `rough`, `subject`, ...

    Returns:
        The clip with a silhouette a frame, and how they were found.

    Raises:
        InputError: A file cannot be used; MissingSilhouettesError where no subject is found.
        UsageError: Hints that exclude each other, or that the way has no use for.
        OutputExistsError: Something stands at `out` already.
        MissingWeightsError: The network's file is not here.

    Example:
        >>> clip, report = muybridge.mask("fox.mp4", "fox-masks", box=(120, 60, 480, 330))
    """
    chosen = MaskOptions.merge(options, keywords)
    folder = None if out is None else Path(out)
    if folder is not None:
        recover(folder)

    # Corrections are made to the silhouettes that lie there already: then the folder is not in the way.
    before = _record(folder) if folder is not None and chosen.corrections else None
    if folder is not None:
        check_folder(folder, chosen.force or before is not None, _record, "silhouettes", PARTS)
    hinted = chosen.masks is not None or chosen.box is not None or chosen.rough is not None
    if folder is not None and before is not None and not hinted:
        chosen = replace(chosen, masks=folder / "masks")

    found = read_with_silhouettes(video, chosen, max_frames=chosen.max_frames, max_side=chosen.max_side)
    clip = found.clip
    report = found.report
    # What somebody painted is kept as it was painted, also where frames were looked at smaller.
    painted: dict[int, Path] = {}
    if folder is not None and before is not None:
        painted = {int(i): folder / "masks" / f"{i:05d}.png" for i in before.get("corrected", [])}

    for index, picture in sorted((chosen.corrections or {}).items()):
        # A frame that was corrected by hand before is true, and is not changed by its neighbour's correction.
        others = [i for i in painted if i != index]
        clip, report = correct(clip, index, fit_drawn_mask((index, picture), clip)[1], others)
        painted[index] = Path(picture)

    if folder is not None:
        _write(folder, clip, report, painted, input_name(video))

    return clip, report


def _record(folder: Path) -> dict[str, Any] | None:
    """What `mask` noted in this folder; None where it is not one of its own."""
    path = folder / "report.json"
    if not (folder / "masks").is_dir() or not path.is_file():
        return None
    try:
        record = read_json(path)
    except (OSError, ValueError):
        return None
    ours = isinstance(record, dict) and record.get("kind") == "silhouettes"
    return record if ours and all(isinstance(frame, int) for frame in record.get("corrected", ())) else None


def _write(folder: Path, clip: Clip, report: Report, painted: Mapping[int, Path], name: str) -> None:
    record = {
        "kind": "silhouettes",
        "clip": name,
        "how": report.how,
        "detail": report.detail,
        "confidence": list(report.confidence),
        "empty": list(report.empty),
        "corrected": sorted(painted),
        "warnings": list(report.warnings),
    }

    with replace_folder(folder) as part:
        write(part / "masks", _full_masks(clip, painted), clip.timing)
        write(part / "sheet.png", [sheet(clip)], clip.timing.select([0]))
        (part / "report.json").write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")


def _full_masks(clip: Clip, painted: Mapping[int, Path]) -> Iterator[Tensor]:
    """The silhouettes in the size of the file's frames, white on black, one at a time: uint8 [3, H, W]."""
    for index, matte in enumerate(enlarge_mattes(clip)):
        mask = torch.from_numpy(matte)
        # Frames of unequal size stand on one canvas, and so does what is written of them.
        if clip.full is not None and index in painted:
            level = read_mask_picture(painted[index])
            mask = torch.zeros_like(mask)
            mask[: level.shape[0], : level.shape[1]] = (level > level.max() / 2) * 255
        yield mask.expand(3, -1, -1)
