"""The results of a training as far as it came: a training that was stopped early has some too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muybridge.api.inputs import Box, Input, Source, names_of, silhouetted
from muybridge.api.loading import load
from muybridge.api.rendering import check_background
from muybridge.api.reporting import gathered
from muybridge.api.results import Look, Results
from muybridge.api.wishes import reading_side
from muybridge.data.background import plate
from muybridge.errors import UsageError
from muybridge.video import Clip


def finish(
    out: str | Path,
    a: Source,
    b: Source,
    *,
    masks: Sequence[str | Path | Clip | None] = (None, None),
    boxes: Sequence[Box | None] = (None, None),
    how: str = "auto",
    background: str = "black",
    formats: Sequence[str] = ("mp4",),
    affine: bool = True,
    device: str = "auto",
) -> Results:
    """Write what `retarget` writes, from the training in `out`/run, finished or not.

    a, b   the same two inputs as in the training
    The rest as for `retarget`. Raises RunError or CheckpointError where there is nothing to load.
    """
    check_background(background, tuple(f".{f}" for f in formats))
    fitted = load(Path(out) / "run", device=device)
    if fitted.method.card.needs != "pair":
        raise UsageError(f"{fitted.method.card.name} does not work on a pair of videos", "See: muybridge methods")
    side = reading_side(fitted.method.config)
    read = [
        silhouetted(s, masks=m, box=box, how=how, max_side=side) for s, m, box in zip((a, b), masks, boxes, strict=True)
    ]
    given = [Input(name, each.path, each.clip, each.report) for name, each in zip(names_of((a, b)), read, strict=True)]
    plates = [plate(each.clip) if background == "source" else None for each in given]
    notes = [note for each in given for note in each.notes]
    record = fitted.run.record
    if record.status != "finished":
        notes.append(f"this training was stopped after {record.done} steps, in stage {record.stage}")
    return gathered(Path(out), fitted, given, Look(background, tuple(formats), affine), plates, notes)
