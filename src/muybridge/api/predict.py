"""Image to video: a picture that goes on by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source, read_picture
from muybridge.jobs.loading import Fitted, load_folder_method, require_ability
from muybridge.method import PredictsVideos
from muybridge.output.animation import check_free
from muybridge.output.predictions import check_ways, write_ways
from muybridge.video import Clip, Timing, read, write
from muybridge.video.mark import make_mark


@fast_kernels()
def predict(
    run: Fitted | str | Path,
    source: Source,
    *,
    out: str | Path,
    frames: int = 32,
    seed: int | None = None,
    fps: int | float | None = None,
    draws: int | None = None,
    force: bool = False,
    device: str = "auto",
) -> tuple[Path, tuple[str, ...]]:
    """Image to video: a picture moves as things of its kind do, without a driving video.

    Args:
        run: Of a method that learns from a folder and goes on by itself.
        source: A picture, or a video whose first frame is taken.
        out: As for `animate`; with `draws` a folder.
        frames: How many are made, 2 or more.
        seed: Draws one of the ways in which it may go on; None: the likeliest, with `draws` 0.
        fps: Frames a second, 0.1 to 1000; 25 unless told.
        draws: So many ways, 1 or more, by seeds from `seed` on: `draw-1.mp4` and so on, a sheet, and `figures.json`.
            Where the source is a video, its other frames are the truth: L1 of colours in [0, 1] behind the given frame,
            the mean of the draws and the best of them, beside that of the picture standing still.
        force: Replace what is there.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        The file or the folder, and what a person should know of how it was made.

    Raises:
        UsageError: A method that cannot, or numbers out of range.
        OutputExistsError: Something stands at `out` already.
        InputError: The picture cannot be used.

    Example:
        >>> muybridge.predict("runs/flowers", "bud.png", out="bud-opens.mp4", seed=7)
    """
    target = Path(out)
    if draws is None:
        check_free(target, force)
    else:
        check_ways(target, force)
    if frames < 2:
        raise UsageError(f"a video of {frames} frames is none", Sentence("Ask for 2 or more: ", Option("frames", 32)))
    if fps is not None and not 0.1 <= fps <= 1000:
        raise UsageError(
            f"a video cannot have {fps:g} frames a second", Sentence("Ask for 0.1 to 1000: ", Option("fps", 25))
        )

    if draws is not None and draws < 1:
        raise UsageError(f"{draws} draws are none", Sentence("Ask for 1 or more: ", Option("draws", 5)))

    fitted = load_folder_method(run, device, "go on from a picture")
    method = require_ability(fitted.method, PredictsVideos)
    mark = make_mark(fitted.method.card.name)
    if draws is not None:
        with torch.no_grad():
            ways = write_ways(
                method,
                _read_start(source, frames),
                target,
                draws=draws,
                frames=frames,
                seed=0 if seed is None else seed,
                timing=None if fps is None else Timing.constant(frames, fps),
                mark=mark,
            )
        return target, (*_said(ways.figures, draws), *ways.notes)

    # A generator of its own: what else draws random numbers must not change the result.
    chance = None if seed is None else torch.Generator().manual_seed(seed)

    with torch.no_grad():
        made = method.predict(None, read_picture(source), frames, chance)
        timing = made.timing if fps is None else Timing.constant(frames, fps)
        write(target, (picture[:3] for picture in made.frames), timing, mark=mark, force=force)

    return target, made.notes


def _read_start(source: Source, frames: int) -> Clip:
    """A picture, or so many frames of a video: how it went on."""
    if isinstance(source, Clip):
        return source[:frames]
    return read(source, max_frames=frames, strip=False)


def _said(figures: Mapping[str, float], draws: int) -> tuple[str, ...]:
    """The figures in a sentence; nothing where there is no truth."""
    if not figures:
        return ()
    f = figures
    return (
        f"L1 behind the given frame, mean of {draws} draws {f['l1_mean']:.4f}, best (draw {f['best']:.0f}) "
        f"{f['l1_best']:.4f}; the picture standing still {f['l1_still']:.4f}",
    )
