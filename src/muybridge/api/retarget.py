"""The main job: two videos in, both retargeted videos out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from muybridge.data.background import Plate, plate
from muybridge.engine import Callback, CallbackList
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import CHOOSE_ANOTHER, REPLACE_OR_RESUME, OutputExistsError, Sentence, UsageError, Verb
from muybridge.inputs.clips import Box, SilhouetteInput, Source, input_names, read_with_silhouettes
from muybridge.jobs.loading import load
from muybridge.jobs.provenance import input_references
from muybridge.jobs.request import make_request, reading_side
from muybridge.jobs.resume import changed_options, ignored_option_notes, reload_inputs, resume_run, store_plates
from muybridge.jobs.training import Notify, read_inputs, train_on_clips
from muybridge.output.animation import check_background
from muybridge.output.report import write_report
from muybridge.output.results import Results, ResultStyle
from muybridge.video import Clip, Timing, write

FORMATS = ("mp4", "gif", "webm", "mov", "mkv")


@fast_kernels()
def retarget(
    a: Source,
    b: Source,
    out: str | Path,
    *,
    method: str = "jokr",
    preset: str | None = None,
    set: Mapping[str, Any] | None = None,
    masks: Sequence[str | Path | Clip | None] = (),
    boxes: Sequence[Box | None] = (),
    how: str = "auto",
    flip: str | None = None,
    background: str = "black",
    formats: Sequence[str] = (),
    affine: bool = True,
    max_frames: int | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    force: bool = False,
    checkpoint_seconds: float | int = 60,
    callback: Callback | None = None,
    say: Notify | None = None,
    truth: tuple[Clip, Clip] | None = None,
) -> Results:
    """Two subjects exchange their motion: read both, find silhouettes, train, write both results and the report.

    a, b        videos, GIFs, folders of frames, frame strips, or clips
    out         folder; run/ inside it holds the training, the rest appears when it is whole
    background  black, a colour, #rrggbb, transparent, or source: each subject's own
    formats     of the two results: mp4, gif, webm, mov, mkv; mp4 unless told, webm where they are transparent
    affine      with the method's own map between the two subjects, so that each keeps its turn, size and place;
                without, those of the driving subject come along
    truth       the true answers, where they are known: a moving like b, and b moving like a
    The rest as for `fit`. KeyboardInterrupt leaves a run that `resume` goes on with.
    """
    out = Path(out)
    look = _look(background, formats, affine)
    _check_place(out, force or resume)
    asked = make_request(
        method, out / "run", preset, set, resume=resume, force=force, device=device, precision=precision, seed=seed
    )
    if asked.kind.card.needs != "pair":
        raise UsageError(f"{method} does not work on a pair of videos", Sentence("See: ", Verb("methods")))
    going = resume_run(asked, input_references([a, b]))
    if going is not None and going.subjects:
        late = ignored_option_notes(going, flip, changed_options(going, masks, boxes, how, max_frames))
        for note in late if say else []:
            say(note)  # type: ignore[misc]
        given = reload_inputs(going, [a, b], asked.max_side)
    else:
        given = read_inputs(asked, [a, b], masks=masks, boxes=boxes, how=how, max_frames=max_frames)
    _tidy(out, force)
    plates = _plates(given, look, say)
    if going is not None and look.background == "source":
        store_plates(asked, going, lambda: plates)
    watching: list[Callback] = [_Growing(out / "preview.png"), *([] if callback is None else [callback])]
    kept = plates if look.background == "source" else None
    fitted = train_on_clips(asked, given, flip, kept, CallbackList(*watching), say, checkpoint_seconds, going)
    notes = [*asked.notes, *(note for each in given for note in each.notes)]
    notes += [f"{each.name}: {p}" for each, p in zip(given, plates, strict=True) if p is not None]
    results = write_report(out, fitted, given, look, plates, notes, truth)
    (out / "preview.png").unlink(missing_ok=True)
    return results


def _look(background: str, formats: Sequence[str], affine: bool) -> ResultStyle:
    wrong = [f for f in formats if f not in FORMATS]
    if wrong:
        raise UsageError(f"results cannot be written as {', '.join(wrong)}", f"Take some of {', '.join(FORMATS)}.")
    chosen = tuple(dict.fromkeys(formats)) or (("webm",) if background == "transparent" else ("mp4",))
    check_background(background, tuple(f".{f}" for f in chosen))
    return ResultStyle(background, chosen, affine)


def _check_place(out: Path, replaced: bool) -> None:
    """OutputExistsError for a folder that is something else, or an earlier job that was not said to go on or away."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "run" / "run.json").is_file():
        raise OutputExistsError(f"{out} exists and holds other things: nothing there is replaced", CHOOSE_ANOTHER)
    if not replaced:
        raise OutputExistsError(f"{out} exists already", REPLACE_OR_RESUME)


def _tidy(out: Path, force: bool) -> None:
    """Remove the results of the job that is replaced: only files that its own report names."""
    path = out / "report.json"
    if not force or not path.is_file():
        return
    try:
        names = json.loads(path.read_text(encoding="utf-8")).get("files", [])
    except (ValueError, AttributeError):
        names = []
    for name in [n for n in names if isinstance(n, str) and Path(n).name == n]:
        if (out / name).is_file():
            (out / name).unlink()


def _plates(given: Sequence[SilhouetteInput], look: ResultStyle, say: Notify | None) -> list[Plate | None]:
    if look.background != "source":
        return [None] * len(given)
    plates: list[Plate | None] = []
    for each in given:
        found = plate(each.clip)
        plates.append(found)
        if say is not None:
            say(f"{each.name}: {found}")
    return plates


class _Growing(Callback):
    """The newest preview, beside the results to come."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        write(self.path, [picture], Timing.constant(1), force=True)


def write_results(
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
        raise UsageError(
            f"{fitted.method.card.name} does not work on a pair of videos", Sentence("See: ", Verb("methods"))
        )
    side = reading_side(fitted.method.config)
    read = [
        read_with_silhouettes(s, masks=m, box=box, how=how, max_side=side)
        for s, m, box in zip((a, b), masks, boxes, strict=True)
    ]
    given = [
        SilhouetteInput(name, each.path, each.clip, each.report)
        for name, each in zip(input_names((a, b)), read, strict=True)
    ]
    plates = [plate(each.clip) if background == "source" else None for each in given]
    notes = [note for each in given for note in each.notes]
    record = fitted.run.record
    if record.status != "finished":
        notes.append(f"this training was stopped after {record.done} steps, in stage {record.stage}")
    return write_report(Path(out), fitted, given, ResultStyle(background, tuple(formats), affine), plates, notes)
