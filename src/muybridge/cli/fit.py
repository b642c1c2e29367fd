"""muybridge fit"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, progress_callback, resumable, stdout
from muybridge.cli.naming import default_name
from muybridge.cli.values import parse_box, parse_settings, parse_side


def fit(
    method: str,
    /,
    *inputs: Path,
    out: o.Named = None,
    preset: o.Preset = None,
    force: o.Force = False,
    resume: o.Resume = False,
    flip: o.Flip = None,
    masks_a: o.MasksA = None,
    masks_b: o.MasksB = None,
    box_a: o.BoxA = None,
    box_b: o.BoxB = None,
    how: o.How = "auto",
    keep_background: Annotated[
        bool, Parameter(name="--keep-background", negative="", help="Keep each input's own background with the run.")
    ] = False,
    max_frames: o.MaxFrames = None,
    landmarks: o.Landmarks = (),
    stride: Annotated[int, Parameter(name="--stride", help="Of a folder's clips: every so many-th frame.")] = 1,
    cache: Annotated[
        Literal["exact", "small"],
        Parameter(name="--cache", help="How a folder's frames are kept: small is JPEG, for many photographs."),
    ] = "exact",
    set: o.Set = (),
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    checkpoint_seconds: o.CheckpointSeconds = 60,
    tensorboard: o.TensorBoard = False,
) -> None:
    """Train a method and keep the run, to be applied with `animate`, `edit` and `evaluate`.

    For example:

        muybridge fit jokr cat.mp4 fox.mp4 --preset draft     (the run goes to runs/jokr-cat-fox)

        muybridge fit tsnet dance.mp4 --landmarks dance-landmarks --out runs/dance
        muybridge fit articulated walkers --out runs/walkers     (a folder of clips, or one with train and test in it)

        muybridge fit jokr cat.mp4 fox.mp4 --out runs/no-affine --set affine=false --set shape.steps=2000

    Parameters
    ----------
    method
        See: muybridge methods
    inputs
        The videos: a pair method takes two, others a folder of clips.
    """
    import muybridge

    out = out or Path("runs") / default_name(method, *inputs)
    with resumable(out):
        fitted = muybridge.fit(
            method,
            *inputs,
            out=out,
            preset=preset,
            set=parse_settings(set),
            masks=(masks_a, masks_b),
            boxes=(parse_box(box_a), parse_box(box_b)),
            how=how,
            flip=parse_side(flip),
            keep_background=keep_background,
            max_frames=max_frames,
            landmarks=landmarks,
            stride=stride,
            cache=cache,
            seed=seed,
            device=device,
            precision=precision,
            resume=resume,
            force=force,
            checkpoint_seconds=checkpoint_seconds,
            callback=progress_callback(out, tensorboard),
            say=note,
        )
    stdout().print(str(fitted.run.path), markup=False)
