"""A finished run applied to a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.inputs.clips import Source
from muybridge.inputs.driving_input import DrivingInput
from muybridge.jobs.loading import Fitted, load, load_folder_method, needed_inputs
from muybridge.output import animate_picture as pictures
from muybridge.output.animate_landmarks import animate_landmarks
from muybridge.output.animate_pair import animate_subject
from muybridge.output.animate_picture import animate_picture
from muybridge.output.animation import check_background, check_free, suffix_of
from muybridge.output.options import AnimateOptions, check_concerns


@fast_kernels()
def animate(
    run: Fitted | str | Path,
    driving: Source | None = None,
    source: Source | None = None,
    *,
    out: str | Path,
    options: AnimateOptions | None = None,
    **keywords: Any,
) -> tuple[Path, tuple[str, ...]]:
    """The source moving as the driving clip does, written with the driving clip's exact times and sound.

    Args:
        run: A folder, or what `fit` and `load` give.
        driving: A video of either subject of a pair; one that the run was trained on needs no silhouettes again; None
            takes that of the training.
        source: "a" or "b" for a pair; None: the one that the driving clip does not show. For a method that learns from
            a folder: a picture, or a video whose first frame is taken. For landmarks: a letter or number of the
            training's videos, or a video.
        out: .mp4, .mov, .mkv, .webm, .gif, or a folder of PNGs.
        options: What can be chosen, see `AnimateOptions`; each kind of method takes its own part.
        **keywords: Single fields of `AnimateOptions`: `mode="relative"`, `background="transparent"`, `landmarks`, ...

    Returns:
        The file, and what a person should know of how it was made.

    Raises:
        UsageError: Options that cannot be, or that are for methods of another kind.
        OutputExistsError: Something stands at `out` already.
        RunError: The run is broken or has no weights yet.
        InputError: The driving video or the source cannot be used.

    Example:
        >>> path, notes = muybridge.animate("runs/cat-fox", "another-fox.mp4", "a", out="cat.mp4")
    """
    chosen = AnimateOptions.merge(options, keywords)
    target = Path(out)
    lead = DrivingInput(driving)
    # A name that is taken, or a background the format cannot hold, is refused before weights are read.
    check_free(target, chosen.force)
    check_background(chosen.background, (suffix_of(out),))

    # What a folder method was trained on may be large, and is not needed to move a picture.
    fitted = run if isinstance(run, Fitted) else load(run, device=chosen.device, data=needed_inputs(run) != "folder")
    card = fitted.method.card
    check_concerns(chosen, card.name, card.needs)

    notes: Sequence[str]
    if card.needs == "folder":
        notes = animate_picture(fitted, lead, source, target, chosen)
    elif card.needs == "landmarks":
        notes = animate_landmarks(fitted, lead, source, target, chosen)
    else:
        notes = animate_subject(fitted, lead, source, target, chosen)
    return target, (*notes, *_note_unfinished(fitted))


@fast_kernels()
def animate_pairs(
    run: Fitted | str | Path,
    folder: str | Path,
    pairs: str | Path,
    *,
    out: str | Path,
    options: AnimateOptions | None = None,
    **keywords: Any,
) -> list[Path]:
    """Animate every line of a pair list, as the papers' tables are made.

    Args:
        run: Of a method that learns from a folder.
        folder: Of clips; its `test` part where it is divided.
        pairs: CSV with the columns source and driving: names of clips, with or without their endings.
        out: A folder: each result is SOURCE-like-DRIVING.mp4, of the source's first frame.
        options: As for `animate`.
        **keywords: Single fields of `AnimateOptions`.

    Returns:
        The files.

    Raises:
        UsageError: A run of another kind of method, or options that cannot be.
        InputError: The list or a clip that it names cannot be read.
        OutputExistsError: One of the files is there already.

    Example:
        >>> muybridge.animate_pairs("runs/faces", "faces", "pairs.csv", out="faces-table")
    """
    chosen = AnimateOptions.merge(options, keywords)
    fitted = load_folder_method(run, chosen.device, "animate pictures")
    return pictures.animate_pairs(fitted, Path(folder), Path(pairs), Path(out), chosen)


def _note_unfinished(fitted: Fitted) -> list[str]:
    record = fitted.run.record
    if record.status == "finished":
        return []
    return [f"this training is not finished ({record.done} steps done, stage {record.stage}): expect rough results"]
