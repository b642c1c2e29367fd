"""Image to video: a picture that goes on by itself."""

from __future__ import annotations

from pathlib import Path

import torch

from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source, read_picture
from muybridge.jobs.loading import Fitted, load_folder_method, require_ability
from muybridge.method import PredictsVideos
from muybridge.output.animation import check_free
from muybridge.video import Timing, write
from muybridge.video.mark import make_mark


def predict(
    run: Fitted | str | Path,
    source: Source,
    *,
    out: str | Path,
    frames: int = 32,
    seed: int | None = None,
    fps: int | float | None = None,
    force: bool = False,
    device: str = "auto",
) -> tuple[Path, tuple[str, ...]]:
    """Image to video: a picture moves as things of its kind do, without a driving video.

    Args:
        run: Of a method that learns from a folder and goes on by itself.
        source: A picture, or a video whose first frame is taken.
        out: As for `animate`.
        frames: How many are made, 2 or more.
        seed: Draws one of the ways in which it may go on; None: the likeliest.
        fps: Frames a second, 0.1 to 1000; 25 unless told.
        force: Replace what is there.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        The file, and what a person should know of how it was made.

    Raises:
        UsageError: A method that cannot, or numbers out of range.
        OutputExistsError: Something stands at `out` already.
        InputError: The picture cannot be used.

    Example:
        >>> muybridge.predict("runs/flowers", "bud.png", out="bud-opens.mp4", seed=7)
    """
    target = Path(out)
    check_free(target, force)
    if frames < 2:
        raise UsageError(f"a video of {frames} frames is none", Sentence("Ask for 2 or more: ", Option("frames", 32)))
    if fps is not None and not 0.1 <= fps <= 1000:
        raise UsageError(
            f"a video cannot have {fps:g} frames a second", Sentence("Ask for 0.1 to 1000: ", Option("fps", 25))
        )

    fitted = load_folder_method(run, device, "go on from a picture")
    method = require_ability(fitted.method, PredictsVideos)
    # A generator of its own: what else draws random numbers must not change the result.
    chance = None if seed is None else torch.Generator().manual_seed(seed)

    with torch.no_grad():
        made = method.predict(None, read_picture(source), frames, chance)
        timing = made.timing if fps is None else Timing.constant(frames, fps)
        mark = make_mark(fitted.method.card.name)
        write(target, (picture[:3] for picture in made.frames), timing, mark=mark, force=force)

    return target, made.notes
