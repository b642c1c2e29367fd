"""The main job: two videos in, both retargeted videos out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from muybridge.data.background import Plate, plate
from muybridge.disk import is_blank, read_json, sweep
from muybridge.engine import Callback, CallbackList
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import CHOOSE_ANOTHER, REPLACE_OR_RESUME, Option, OutputExistsError, Sentence, UsageError, Verb
from muybridge.inputs.clips import SilhouetteInput, Source
from muybridge.jobs.loading import load
from muybridge.jobs.options import PairOptions
from muybridge.jobs.pair_training import PairTraining, read_inputs
from muybridge.jobs.request import make_request
from muybridge.jobs.training import Notify
from muybridge.masks import Box
from muybridge.method import EditsKeypoints, Method, Stage
from muybridge.output.options import ResultOptions, RetargetOptions
from muybridge.output.report import write_report
from muybridge.output.results import Results
from muybridge.run import Run
from muybridge.video import Clip, Timing, write


def retarget(
    a: Source,
    b: Source,
    out: str | Path,
    *,
    options: RetargetOptions | None = None,
    callback: Callback | None = None,
    notify: Notify | None = None,
    truth: tuple[Clip, Clip] | None = None,
    **keywords: Any,
) -> Results:
    """Two subjects exchange their motion: `fit` on both videos, then `write_results`.

    Args:
        a: A video, GIF, folder of frames, frame strip, or clip.
        b: The other one.
        out: A folder; run/ inside it holds the training, the rest appears when it is whole.
        options: What can be chosen, see `RetargetOptions`.
        callback: Told how the training goes, see `engine.Callback`.
        notify: Told, in one sentence each, what a person should know.
        truth: The true answers, where they are known: a moving like b, and b moving like a.
        **keywords: Single fields of `RetargetOptions`: `method="cyclegan"`, `background="source"`, ...

    Returns:
        The files, the figures, and what a person should know.

    Raises:
        UsageError: Options that cannot be, or a method that does not learn from a pair.
        OutputExistsError: Something stands at `out` already.
        InputError: A file cannot be used; MissingSilhouettesError where a subject is not found.
        TrainingError: The training could not go on; the last checkpoint is kept.
        KeyboardInterrupt: Ctrl-C leaves a run that `resume=True` goes on with.

    Example:
        >>> results = muybridge.retarget("cat.mp4", "fox.mp4", "cat-fox", preset="draft")
        >>> results.files["contact-sheet.png"]
    """
    chosen = RetargetOptions.merge(options, keywords)
    chosen = replace(chosen, keep_background=chosen.keep_background or chosen.background == "source")
    out = Path(out)
    _check_place(out, chosen.force or chosen.resume)
    request = make_request(chosen.method, out / "run", chosen)
    # Checked before the videos are read: a method that learns from something else cannot go on anyway.
    _check_pair(request.name, request.needs)
    _check_motion(request.method_class, chosen)

    training = PairTraining(request, [a, b], chosen)
    inputs = training.inputs
    plates: Sequence[Plate | None] = training.plates if chosen.background == "source" else [None, None]
    plate_notes = _describe_plates(inputs, plates)
    if notify is not None:
        for note in plate_notes:
            notify(note)

    preview = _BesideResults(out)
    fitted = training.train(preview if callback is None else CallbackList(preview, callback), notify)

    notes = [*request.notes, *_input_notes(inputs), *plate_notes]
    with fast_kernels():
        results = write_report(out, fitted, inputs, chosen, plates, notes, truth)
    # The preview shows a training on its way, and would be taken for a result.
    (out / "preview.png").unlink(missing_ok=True)
    return results


@fast_kernels()
def write_results(
    out: str | Path,
    a: Source,
    b: Source,
    *,
    masks: Sequence[str | Path | Clip | None] = (),
    boxes: Sequence[Box | None] = (),
    subjects: Sequence[str | None] = (),
    how: str = "auto",
    background: str = "contrast",
    formats: Sequence[str] = ("mp4",),
    affine: bool = True,
    motion_smoothing: str | None = None,
    strength: float = 1.0,
    device: str = "auto",
) -> Results:
    """Write what `retarget` writes, from the training in `out`/run, finished or stopped early.

    Args:
        out: The folder of `retarget`.
        a: The same input as in the training.
        b: The other one.
        masks: See `RetargetOptions`; `boxes`, `subjects`, `how`, `background`, `formats`, `affine`,
            `motion_smoothing` and `strength` too.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        The files, the figures, and what a person should know.

    Raises:
        RunError: There is no training to load; CheckpointError where its files are broken.
    """
    motion: dict[str, Any] = {"motion_smoothing": motion_smoothing, "strength": strength}
    options = ResultOptions(background=background, formats=formats, affine=affine, **motion)
    fitted = load(Path(out) / "run", device=device)
    _check_pair(fitted.method.card.name, fitted.method.card.needs)
    _check_motion(type(fitted.method), options)

    pair = PairOptions(masks=masks, boxes=boxes, subjects=subjects, how=how)
    inputs = read_inputs([a, b], pair, fitted.method.config.reading_side)
    plates = [plate(each.clip) if background == "source" else None for each in inputs]

    notes = _input_notes(inputs)
    # Files of a stopped training look finished, so a note has to say it.
    record = fitted.run.record
    if record.status != "finished":
        notes.append(f"this training was stopped after {record.done} steps, in stage {record.stage}")
    return write_report(Path(out), fitted, inputs, options, plates, notes)


def _input_notes(inputs: Sequence[SilhouetteInput]) -> list[str]:
    notes: list[str] = []
    for each in inputs:
        notes += each.notes
    return notes


def _describe_plates(inputs: Sequence[SilhouetteInput], plates: Sequence[Plate | None]) -> list[str]:
    """How each video's background was found, for those where it was looked for."""
    notes = []
    for each, its_plate in zip(inputs, plates, strict=True):
        if its_plate is not None:
            notes.append(f"{each.name}: {its_plate}")
    return notes


def _check_pair(method: str, needs: str) -> None:
    if needs != "pair":
        raise UsageError(f"{method} does not work on a pair of videos", Sentence("See: ", Verb("methods")))


def _check_motion(method: type[Method[Any, Any]], options: ResultOptions) -> None:
    """UsageError where the motion is to be changed and the method has no keypoints for that."""
    if options.changes_motion and not issubclass(method, EditsKeypoints):
        raise UsageError(
            f"{method.card.name} {EditsKeypoints.lack}: its motion is made neither steadier nor stronger",
            Sentence("Leave ", Option("motion_smoothing"), " and ", Option("strength"), " out."),
        )


def _check_place(out: Path, replaced: bool) -> None:
    """OutputExistsError for a folder that is something else, or an earlier job that was not said to go on or away."""
    if not out.exists() or is_blank(out):
        return
    if out.is_dir() and not Run(out / "run").is_begun and {p.name for p in out.iterdir()} <= {"run"}:
        return  # a kill before anything was trained
    if not (out / "run" / "run.json").is_file():
        raise OutputExistsError(f"{out} exists and holds other things: nothing there is replaced", CHOOSE_ANOTHER)
    # Drafts that a kill left go at the next start, also where that is refused.
    sweep(out)
    if not replaced:
        raise OutputExistsError(f"{out} exists already", REPLACE_OR_RESUME)


def _remove_old_results(out: Path) -> None:
    """Remove the results of the job that is replaced: only files that its own report names."""
    path = out / "report.json"
    try:
        names = read_json(path).get("files", [])
    except (OSError, ValueError, AttributeError):
        return

    for name in names:
        # A name with a folder in it was not written by us.
        if isinstance(name, str) and Path(name).name == name and (out / name).is_file():
            (out / name).unlink()


class _BesideResults(Callback):
    """What changes beside the results to come: those of the job that is replaced go with its run, and the newest
    preview appears."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def on_start(self, stages: Sequence[Stage], resumed_at: int) -> None:
        # Its first checkpoint stands: only now the old run is gone.
        if not resumed_at:
            _remove_old_results(self.out)

    def on_preview(self, done: int, picture: Tensor, path: Path | None) -> None:
        write(self.out / "preview.png", [picture], Timing.constant(1), force=True)
