"""muybridge animate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout
from muybridge.cli.naming import default_name
from muybridge.cli.values import parse_box
from muybridge.errors import UsageError


def animate(
    run: Path,
    /,
    *,
    driving: Annotated[Path | None, Parameter(name="--driving", help="The video that gives the motion.")] = None,
    source: Annotated[
        str | None,
        Parameter(name="--source", help="Who moves: A or B of a pair; a picture; of landmarks, a video or its letter."),
    ] = None,
    out: o.Named = None,
    mode: Annotated[
        str | None, Parameter(name="--mode", help="How motion is carried over, for pictures: relative, standard, avd.")
    ] = None,
    scale: Annotated[
        bool | None,
        Parameter(name="--scale", help="Relative motion as large as the picture's subject; unless told, by method."),
    ] = None,
    adapt_covariances: Annotated[
        bool | None,
        Parameter(
            name="--adapt-covariances", help="Monkey-Net: the picture's keypoints keep their spread, changed as driven."
        ),
    ] = None,
    best_frame: Annotated[
        bool,
        Parameter(
            name="--best-frame", negative="", help="Start from the driving frame that is posed most like the picture."
        ),
    ] = False,
    max_side: Annotated[
        int | None, Parameter(name="--max-side", help="Make a larger picture smaller first, pixels.")
    ] = None,
    pairs: Annotated[
        Path | None, Parameter(name="--pairs", help="CSV of source,driving: clips of the folder --driving.")
    ] = None,
    background: o.Background = "black",
    affine: o.Affine = True,
    masks: Annotated[Path | None, Parameter(name="--masks", help="Silhouettes of the driving video.")] = None,
    box: Annotated[str | None, Parameter(name="--box", help="Box round its subject: x0,y0,x1,y1 in pixels.")] = None,
    how: o.How = "auto",
    landmarks: Annotated[
        Path | None, Parameter(name="--landmarks", help="Landmarks of the driving video, where the method needs them.")
    ] = None,
    source_landmarks: Annotated[
        Path | None, Parameter(name="--source-landmarks", help="Landmarks of a --source that is a video.")
    ] = None,
    align: Annotated[
        bool, Parameter(name="--align", help="Bring driving landmarks to the subject's size and place.")
    ] = True,
    sources: Annotated[
        int | None,
        Parameter(name="--sources", help="Frames that a subject of landmarks is drawn from; as trained unless told."),
    ] = None,
    smooth: Annotated[
        int | None, Parameter(name="--smooth", help="Frames to average driving landmarks over, odd; 1 leaves them.")
    ] = None,
    seed: Annotated[int | None, Parameter(name="--seed", help="Of the choice of those --sources.")] = None,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Apply a finished run: a subject of its pair, or any picture, moves as a video does.

    For example:

        muybridge animate runs/faces --source photo.png --driving talk.mp4     (photo-like-talk.mp4)

        muybridge animate runs/cat-fox --driving fox.mp4 --out cat-like-fox.mp4

        muybridge animate runs/cat-fox --driving another-fox.mp4 --source A --background transparent --out cat.webm

        muybridge animate runs/dance --driving other.mp4 --landmarks other-landmarks --out dances-like-other.mp4

    Parameters
    ----------
    run
        The folder of `fit`, `import` or `retarget`.
    """
    import muybridge

    if pairs is not None:
        if driving is None or source is not None:
            raise UsageError("a pair list names the sources itself: --pairs LIST.csv --driving FOLDER")
        for path in muybridge.animate_pairs(
            run,
            driving,
            pairs,
            out=out or Path(default_name(run, pairs)),
            mode=mode,
            scale=scale,
            adapt_covariances=adapt_covariances,
            best_frame=best_frame,
            max_side=max_side,
            force=force,
            device=device,
        ):
            stdout().print(str(path), markup=False)
        return
    out = out or _named(run, source, driving, "webm" if background == "transparent" else "mp4")
    path, notes = muybridge.animate(
        run,
        driving,
        source,
        out=out,
        mode=mode,
        scale=scale,
        adapt_covariances=adapt_covariances,
        best_frame=best_frame,
        max_side=max_side,
        background=background,
        affine=affine,
        masks=masks,
        box=parse_box(box),
        how=how,
        landmarks=landmarks,
        source_landmarks=source_landmarks,
        align=align,
        sources=sources,
        smoothing=smooth,
        seed=seed,
        force=force,
        device=device,
    )
    for each in notes:
        note(each)
    stdout().print(str(path), markup=False)


def _named(run: Path, source: str | None, driving: Path | None, suffix: str) -> Path:
    if driving is None:
        return Path(f"{default_name(run, source)}.{suffix}")
    return Path(f"{default_name(run if source is None else source)}-like-{default_name(driving)}.{suffix}")
