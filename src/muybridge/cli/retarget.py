"""muybridge retarget"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, print_files, progress_callback, resumable
from muybridge.cli.naming import default_name
from muybridge.cli.values import parse_box, parse_formats, parse_settings, parse_side


def retarget(
    a: Path,
    b: Path,
    /,
    *,
    out: o.Named = None,
    method: Annotated[
        str, Parameter(name="--method", help="Of those that need a pair; see: muybridge methods")
    ] = "jokr",
    preset: o.Preset = None,
    force: o.Force = False,
    resume: o.Resume = False,
    flip: o.Flip = None,
    background: o.Background = "black",
    formats: Annotated[str | None, Parameter(name="--formats", help="Of the results: mp4,gif,webm,mov,mkv.")] = None,
    masks_a: o.MasksA = None,
    masks_b: o.MasksB = None,
    box_a: o.BoxA = None,
    box_b: o.BoxB = None,
    how: o.How = "auto",
    affine: o.Affine = True,
    max_frames: o.MaxFrames = None,
    set: o.Set = (),
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    checkpoint_seconds: o.CheckpointSeconds = 60,
    tensorboard: o.TensorBoard = False,
) -> None:
    """Two subjects exchange their motion: A moves like B, and B like A.

    Writes both videos, a side-by-side sheet, the keypoints where the method has any, a contact sheet and report.html.
    Videos, GIFs, folders of frames and frame strips will do. Silhouettes are found unless they are given.

    For example:

        muybridge retarget cat.mp4 fox.mp4     (the results go to cat-fox)

        muybridge retarget horse.mp4 deer.mp4 --out horse-deer --flip B --background source

        muybridge retarget cat.mp4 fox.mp4 --out cat-fox --masks-a cat-masks --box-b 40,60,300,280

        muybridge retarget cat.mp4 fox.mp4 --out cat-fox --resume

        muybridge retarget cat.mp4 fox.mp4 --out cat-fox-baseline --method cyclegan

    Parameters
    ----------
    a
        The first video.
    b
        The second video.
    """
    import muybridge

    out = out or Path(default_name(a, b))
    with resumable(out / "run"):
        results = muybridge.retarget(
            a,
            b,
            out,
            method=method,
            preset=preset,
            set=parse_settings(set),
            masks=(masks_a, masks_b),
            boxes=(parse_box(box_a), parse_box(box_b)),
            how=how,
            flip=parse_side(flip),
            background=background,
            formats=parse_formats(formats),
            affine=affine,
            max_frames=max_frames,
            seed=seed,
            device=device,
            precision=precision,
            resume=resume,
            force=force,
            checkpoint_seconds=checkpoint_seconds,
            callback=progress_callback(out / "run", tensorboard),
            say=note,
        )
    print_files(results.files, last="report.html")
