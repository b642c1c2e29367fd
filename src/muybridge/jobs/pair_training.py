"""A method that learns from a pair, trained on its two videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import zip_longest
from typing import Any

from torch import Tensor, maximum, minimum

from muybridge.data.background import Plate, plate
from muybridge.engine import Callback
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import SilhouetteInput, Source, input_names, read_with_silhouettes
from muybridge.jobs.loading import Fitted
from muybridge.jobs.options import PairOptions
from muybridge.jobs.provenance import input_references
from muybridge.jobs.request import TrainingRequest
from muybridge.jobs.resume import (
    ResumedRun,
    changed_options,
    check_flip,
    ignored_option_notes,
    reload_inputs,
    resume_run,
    store_plates,
)
from muybridge.jobs.training import Notify, TrainingInputs, run_training
from muybridge.masks import SilhouetteOptions
from muybridge.method import Data, Method, SubjectPair

CLEARLY = 0.15
"""By how much the overlap of mean silhouettes must grow under mirroring before anything is said."""


def facing_hint(data: Data, inputs: Sequence[SilhouetteInput]) -> str | None:
    """A sentence where the silhouettes of a pair suggest that the subjects face opposite ways."""
    if not isinstance(data, SubjectPair):
        return None

    first = data.a.mattes.float().mean(0)
    second = data.b.mattes.float().mean(0)
    # Subjects that look alike either way, such as a face from the front, get no hint.
    if _overlap(first, second.flip(-1)) < _overlap(first, second) + CLEARLY:
        return None

    return Sentence(
        f"{inputs[0].name} and {inputs[1].name} seem to face opposite ways; ",
        *("if they do, mirror one for a better result: ", Option("flip", "B")),
    )


def _overlap(a: Tensor, b: Tensor) -> float:
    return float(minimum(a, b).sum() / maximum(a, b).sum().clamp_min(1e-6))


class PairTraining:
    """Two videos on their way to a training: each is read when it is first needed, and once.

    request  of a method that learns from a pair; UsageError where there are not two sources
    """

    def __init__(self, request: TrainingRequest, sources: Sequence[Source], options: PairOptions) -> None:
        if len(sources) != 2:
            raise UsageError(f"{request.name} learns from exactly two videos, not {len(sources)}")
        self.request = request
        self.sources = sources
        self.options = options
        self.references = input_references(sources)
        self.resumed = resume_run(request, self.references)

    @cached_property
    def inputs(self) -> list[SilhouetteInput]:
        """Both videos with the silhouettes that are trained on; those of a run that goes on are not found anew."""
        if self.resumed is not None and self.resumed.subjects:
            return reload_inputs(self.resumed, self.sources, self.request.max_side)
        return read_inputs(self.sources, self.options, self.request.max_side, self.request.options.max_frames)

    @cached_property
    def plates(self) -> list[Plate]:
        """Both videos' own backgrounds."""
        return [plate(each.clip) for each in self.inputs]

    def train(self, callback: Callback | None = None, notify: Notify | None = None) -> Fitted:
        """Make the run and train, or go on with the one that is there."""
        options = self.options
        if self.resumed is None or self.resumed.data is None:
            plates = self.plates if options.keep_background else None
            return train_on_clips(self.request, self.inputs, options.flip, plates, callback, notify, self.resumed)

        check_flip(self.resumed, options.flip)
        notes = ignored_option_notes(changed_options(self.resumed, options, self.request.options.max_frames))
        if options.keep_background:
            store_plates(self.request, self.resumed, lambda: self.plates)
        inputs = TrainingInputs(self.references, notes=lambda data: notes, resumed=self.resumed)
        return run_training(self.request, inputs, callback, notify)


def read_inputs(
    sources: Sequence[Source], options: PairOptions, max_side: int | None, max_frames: int | None = None
) -> list[SilhouetteInput]:
    """Every source with its silhouettes; names are told apart."""
    count = len(sources)
    most = max(len(options.masks), len(options.boxes), len(options.subjects))
    if most > count:
        raise UsageError(f"{count} inputs cannot have {most} silhouettes, boxes or subjects")

    # Whoever has masks of the first video only need not write None for the second.
    rows = zip_longest(input_names(sources), sources, options.masks, options.boxes, options.subjects)
    inputs = []
    for name, source, masks, box, subject in rows:
        search = SilhouetteOptions(how=options.how, masks=masks, box=box, subject=subject)
        read = read_with_silhouettes(source, search, max_side=max_side, max_frames=max_frames)
        inputs.append(replace(read, name=name))
    return inputs


def train_on_clips(
    request: TrainingRequest,
    inputs: Sequence[SilhouetteInput],
    flip: str | None = None,
    plates: Sequence[Plate | None] | None = None,
    callback: Callback | None = None,
    notify: Notify | None = None,
    resumed: ResumedRun | None = None,
) -> Fitted:
    """Make or open the run, train on clips that were read, and hand back what was trained.

    resumed  the run that `resume_run` gave; looked for where the request wants one
    """
    references = input_references([each.path or each.clip for each in inputs], [each.name for each in inputs])
    silhouettes = {side: each.how for side, each in zip(references, inputs, strict=True)}

    def prepare(method: Method[Any, Any]) -> Data:
        data: Data = method.prepare([each.clip for each in inputs], **_prepare_options(flip, plates))
        return data

    def notes(data: Data) -> list[str]:
        sentences = []
        for each in inputs:
            sentences.append(f"{each.name}: silhouettes {each.how}")
        for each in inputs:
            sentences += each.notes

        hint = facing_hint(data, inputs) if flip is None else None
        return sentences if hint is None else [*sentences, hint]

    resumed = resumed or resume_run(request, references)
    return run_training(request, TrainingInputs(references, prepare, silhouettes, notes, resumed), callback, notify)


def _prepare_options(flip: str | None, plates: Sequence[Plate | None] | None) -> dict[str, Any]:
    options: dict[str, Any] = {} if flip is None else {"flip": flip}
    if plates is not None:
        options["plates"] = [None if found is None else found.still() for found in plates]
    return options
