"""A finished run applied to a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.errors import UsageError
from muybridge.inputs.clips import Box, Source
from muybridge.inputs.landmarks import LandmarkFiles
from muybridge.jobs.loading import Fitted, load, load_folder_method, needed_inputs
from muybridge.output import animate_picture as pictures
from muybridge.output.animate_landmarks import animate_landmarks
from muybridge.output.animate_pair import animate_subject
from muybridge.output.animate_picture import animate_picture
from muybridge.output.animation import check_background, check_free, suffix_of
from muybridge.video import Clip


def animate(
    run: Fitted | str | Path,
    driving: Source | None = None,
    source: Source | None = None,
    *,
    out: str | Path,
    mode: str | None = None,
    scale: bool | None = None,
    adapt_covariances: bool | None = None,
    best_frame: bool = False,
    max_side: int | None = None,
    background: str = "black",
    affine: bool = True,
    masks: str | Path | Clip | None = None,
    box: Box | None = None,
    how: str = "auto",
    landmarks: LandmarkFiles | None = None,
    source_landmarks: LandmarkFiles | None = None,
    align: bool = True,
    sources: int | None = None,
    smoothing: int | None = None,
    seed: int | None = None,
    force: bool = False,
    device: str = "auto",
) -> tuple[Path, tuple[str, ...]]:
    """The source moving as the driving clip does, written with the driving clip's exact times and sound.

    run         a folder, or what `fit` and `load` give
    driving     a video of either subject of a pair; one that the run was trained on needs no silhouettes again;
                None takes that of the training
    source      "a" or "b" for a pair; None: the one that the driving clip does not show. For a method that learns from
                a folder: a picture, or a video whose first frame is taken
    out         .mp4, .mov, .mkv, .webm, .gif, or a folder of PNGs
    mode        how motion is carried over, for methods that have several ways, such as relative
    scale       relative motion as much larger as the picture's subject is larger than the driving one; None: as the
                method has it (FOMM and articulated animation do, Monkey-Net does not)
    adapt_covariances  Monkey-Net's keypoints spread as the picture's own do, changed as the driving ones
    best_frame  such a motion starts from the driving frame that is posed most like the source, not from the first
    max_side    a larger picture is made smaller first, and so is the result, pixels
    background  black, a colour, #rrggbb, transparent, or source, where the run keeps it
    affine      with the method's own map between the two subjects, so that the source keeps its own turn, size and
                place; without, those of the driving subject come along
    masks, box, how   silhouettes of the driving clip, see `mask`
    landmarks, source_landmarks, align, sources, smoothing, seed
                for methods that need landmarks, see `animate_landmarks.animate_person`
    returns     the file, and what a person should know of how it was made
    """
    target = Path(out)
    check_free(target, force)
    check_background(background, (suffix_of(out),))
    fitted = run if isinstance(run, Fitted) else load(run, device=device, data=needed_inputs(run) != "folder")
    name, needs = fitted.method.card.name, fitted.method.card.needs
    carried: dict[str, Any] = {"mode": mode, "scale": scale, "adapt_covariances": adapt_covariances}
    if needs != "folder" and ({*carried.values()} != {None} or best_frame or max_side is not None):
        raise UsageError(f"{name} moves its subjects in one way only: modes are for pictures")
    followed = (landmarks, source_landmarks, sources, smoothing, seed)
    if needs != "landmarks" and any(each is not None for each in followed):
        raise UsageError(f"{name} uses no landmarks", "Leave them, and sources, smoothing and seed, out.")
    notes: Sequence[str]
    if needs == "folder":
        if background != "black" or masks is not None or box is not None:
            raise UsageError("whole pictures are animated: backgrounds, masks and boxes are for pairs")
        notes = animate_picture(
            fitted, driving, source, target, **carried, best_frame=best_frame, max_side=max_side, force=force
        )
    elif needs == "landmarks":
        if background != "black" or masks is not None:
            raise UsageError("whole pictures are made from landmarks: backgrounds and masks are for pairs")
        notes = animate_landmarks(
            fitted.method,
            fitted.data,
            driving,
            source,
            target,
            landmarks=landmarks,
            source_landmarks=source_landmarks,
            box=box,
            align=align,
            sources=sources,
            smoothing=smoothing,
            seed=seed,
            force=force,
        )
    else:
        notes = animate_subject(fitted, driving, source, target, background, affine, masks, box, how, force)
    return target, (*notes, *_unfinished(fitted))


def animate_pairs(
    run: Fitted | str | Path,
    folder: str | Path,
    pairs: str | Path,
    *,
    out: str | Path,
    mode: str | None = None,
    scale: bool | None = None,
    adapt_covariances: bool | None = None,
    best_frame: bool = False,
    max_side: int | None = None,
    force: bool = False,
    device: str = "auto",
) -> list[Path]:
    """Animate every line of a pair list, as the papers' tables are made.

    folder   of clips; its `test` part where it is divided
    pairs    CSV with the columns source and driving: names of clips, with or without their endings
    out      a folder: each result is SOURCE-like-DRIVING.mp4, of the source's first frame
    mode, scale, adapt_covariances, best_frame, max_side   as for `animate`
    returns  the files
    """
    fitted = load_folder_method(run, device, "animate pictures")
    how: dict[str, Any] = {"mode": mode, "scale": scale, "adapt_covariances": adapt_covariances}
    how |= {"best_frame": best_frame, "max_side": max_side, "force": force}
    return pictures.animate_pairs(fitted, Path(folder), Path(pairs), Path(out), **how)


def _unfinished(fitted: Fitted) -> list[str]:
    record = fitted.run.record
    if record.status == "finished":
        return []
    return [f"this training is not finished ({record.done} steps done, stage {record.stage}): expect rough results"]
