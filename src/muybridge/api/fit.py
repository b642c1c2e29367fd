"""Training a method on what a person gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muybridge.engine import Callback
from muybridge.inputs.clips import Source
from muybridge.jobs.loading import Fitted
from muybridge.jobs.options import FitOptions, check_concerns
from muybridge.jobs.pair_training import PairTraining
from muybridge.jobs.request import make_request
from muybridge.jobs.training import Notify, folder_inputs, landmark_inputs, run_training


def fit(
    method: str,
    *inputs: Source,
    out: str | Path,
    options: FitOptions | None = None,
    callback: Callback | None = None,
    notify: Notify | None = None,
    **keywords: Any,
) -> Fitted:
    """Train a method and keep the run.

    Args:
        method: A name of `muybridge methods`.
        *inputs: Files, folders or clips. A method that learns from a pair takes two, one that learns from a folder
            takes one folder of clips or many clips.
        out: The run's folder: new, or an old run with `resume` or `force`.
        options: What can be chosen, see `FitOptions`.
        callback: Told how the training goes, see `engine.Callback`.
        notify: Told, in one sentence each, what a person should know.
        **keywords: Single fields of `FitOptions`: `preset="draft"`, `set={"shape.steps": 500}`, `masks`, `flip`, ...

    Returns:
        The trained method with its data and its run.

    Raises:
        UsageError: Options that cannot be, or that are for methods of another kind.
        OutputExistsError: Something stands at `out` already.
        InputError: A file cannot be used; MissingSilhouettesError where a subject is not found.
        TrainingError: The training could not go on; the last checkpoint is kept.
        KeyboardInterrupt: Ctrl-C leaves a run that `resume=True` goes on with.

    Example:
        >>> fitted = muybridge.fit("jokr", "cat.mp4", "fox.mp4", out="runs/cat-fox", preset="draft")
    """
    chosen = FitOptions.merge(options, keywords)
    request = make_request(method, out, chosen)
    check_concerns(chosen, method, request.needs)

    if request.needs == "pair":
        return PairTraining(request, inputs, chosen).train(callback, notify)

    collect = folder_inputs if request.needs == "folder" else landmark_inputs
    return run_training(request, collect(request, inputs, chosen), callback, notify)
