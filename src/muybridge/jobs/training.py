"""A training as it was requested: its data prepared, its run made or opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from muybridge.engine import Callback, resolve_device, train
from muybridge.errors import Option
from muybridge.inputs.clips import Source
from muybridge.inputs.folders import open_clips
from muybridge.inputs.landmarks import read_landmark_inputs
from muybridge.jobs.loading import Fitted, restore_data
from muybridge.jobs.options import FolderOptions, LandmarkOptions
from muybridge.jobs.provenance import InputReference, describe_inputs, folder_reference, input_references
from muybridge.jobs.request import TrainingRequest
from muybridge.jobs.resume import ResumedRun, ignored_option_notes, resume_run
from muybridge.method import Data, Method
from muybridge.run import Run

Notify = Callable[[str], object]
"""Told, in one sentence each, what a person should know on the way."""


@dataclass(frozen=True, eq=False)
class TrainingInputs:
    """What a training is made from.

    references   the inputs by the name of their part
    prepare      gives a method its data; None where a run goes on with its own
    silhouettes  how those of each input were found
    notes        what a person should know, when there are data
    resumed      the run to go on with; None for a new one
    """

    references: Mapping[str, InputReference]
    prepare: Callable[[Method[Any, Any]], Data] | None = None
    silhouettes: Mapping[str, str] = field(default_factory=dict)
    notes: Callable[[Data], list[str]] = lambda data: []
    resumed: ResumedRun | None = None


def folder_inputs(request: TrainingRequest, sources: Sequence[Source], options: FolderOptions) -> TrainingInputs:
    """A folder of clips, or clips in memory, for a method that learns from one."""
    reading = {"max_side": request.max_side, "max_frames": request.options.max_frames, "stride": options.stride}
    clips = open_clips(request.name, sources, reading)
    references = {"folder": folder_reference(clips)}

    resumed = resume_run(request, references)
    if resumed is not None and resumed.data is not None:
        return _go_on(references, resumed, options.list_changed(FolderOptions))
    return TrainingInputs(references, lambda method: method.prepare(clips, cache=options.cache), resumed=resumed)


def landmark_inputs(request: TrainingRequest, sources: Sequence[Source], options: LandmarkOptions) -> TrainingInputs:
    """Videos with their landmarks, for a method that learns from them."""
    references = input_references(sources)
    resumed = resume_run(request, references)
    if resumed is not None and resumed.data is not None:
        return _go_on(references, resumed, options.list_changed(LandmarkOptions))

    people = read_landmark_inputs(
        request.name, request.config, sources, options.landmarks, request.max_side, request.options.max_frames
    )
    return TrainingInputs(references, people.prepare, notes=people.notes, resumed=resumed)


def _go_on(references: Mapping[str, InputReference], resumed: ResumedRun, late: Sequence[Option]) -> TrainingInputs:
    notes = ignored_option_notes(late)
    return TrainingInputs(references, notes=lambda data: notes, resumed=resumed)


def run_training(
    request: TrainingRequest, inputs: TrainingInputs, callback: Callback | None = None, notify: Notify | None = None
) -> Fitted:
    """Prepare the data and make the run, or open both; then train."""
    options = request.options
    torch.manual_seed(options.seed)
    method = request.method_class(request.config)
    # The data come after the weights, so that they do not change what the seed draws for them.
    run, data = _prepare(request, method, inputs, notify)

    train(
        method,
        data,
        run,
        seed=options.seed,
        device=options.device,
        precision=options.precision,  # type: ignore[arg-type]
        checkpoint_seconds=options.checkpoint_seconds,
        callback=callback,
        resume=options.resume,
    )
    method.eval()
    return Fitted(method, data, run)


def _prepare(
    request: TrainingRequest, method: Method[Any, Any], inputs: TrainingInputs, notify: Notify | None
) -> tuple[Run, Data]:
    """Of several processes the first one prepares, and the others take the data from its run."""
    machine = resolve_device(request.options.device, "float32")
    if not machine.main:
        machine.barrier()
        # Behind the barrier the first process has stored the data, so nothing is prepared twice.
        run = Run.open(request.out, request.name)
        return run, restore_data(request.method_class, run)

    resumed = inputs.resumed
    data = None if resumed is None else resumed.data
    if data is None:
        assert inputs.prepare is not None
        data = inputs.prepare(method)

    if notify is not None:
        for note in (*request.notes, *inputs.notes(data)):
            notify(note)

    run = _create_run(request, inputs) if resumed is None else resumed.run
    # The others read the data from the run; alone there is nobody to hand them to.
    if machine.count > 1 and not run.has_data:
        run.save_data(data.tensors())
    machine.barrier()
    return run, data


def _create_run(request: TrainingRequest, inputs: TrainingInputs) -> Run:
    return Run.create(
        request.out,
        request.name,
        request.config.model_dump(mode="json"),
        request.options.force,
        preset=request.preset,
        silhouettes=inputs.silhouettes,
        **describe_inputs(inputs.references, request.out),
        keep_lock=True,
    )
