"""Training a method on what a person gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from muybridge.data.background import plate
from muybridge.engine import Callback
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Box, Source
from muybridge.inputs.folders import open_clips
from muybridge.inputs.landmarks import LandmarkFiles, read_landmark_inputs
from muybridge.jobs.loading import Fitted
from muybridge.jobs.provenance import folder_reference, input_references
from muybridge.jobs.request import make_request
from muybridge.jobs.resume import changed_options, ignored_option_notes, reload_inputs, resume_run, store_plates
from muybridge.jobs.training import Notify, TrainingInputs, read_inputs, run_training, train_on_clips
from muybridge.video import Clip


@fast_kernels()
def fit(
    method: str,
    *inputs: Source,
    out: str | Path,
    preset: str | None = None,
    set: Mapping[str, Any] | None = None,
    masks: Sequence[str | Path | Clip | None] = (),
    boxes: Sequence[Box | None] = (),
    how: str = "auto",
    flip: str | None = None,
    keep_background: bool = False,
    max_frames: int | None = None,
    landmarks: Sequence[LandmarkFiles | None] = (),
    stride: int = 1,
    cache: str = "exact",
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    force: bool = False,
    checkpoint_seconds: float | int = 60,
    callback: Callback | None = None,
    say: Notify | None = None,
) -> Fitted:
    """Train a method.

    method           a name of `muybridge methods`
    inputs           files, folders or clips; a pair method takes two, a folder method one folder of clips or many clips
    out              the run's folder: new, or an old run with `resume` or `force`
    preset, set      the settings, and what is changed of them: {"shape.steps": 500}
    masks, boxes     for each input: given silhouettes, or a box round the subject on its first frame
    how              the way to find silhouettes, see `mask`
    flip             "a" or "b": mirror that input on the way in, and its results on the way out
    landmarks        for each input of a method that needs them: files, see `find_landmarks`; None: found by a network
    max_frames       at most so many of each clip
    stride, cache    of a folder: every so many-th frame; kept `exact`, or `small` (JPEG) where the run grows too large
    keep_background  find each input's own background and keep it in the run, for results that are put back on it
    seed, device, precision, checkpoint_seconds, callback   see `engine.train`
    say              told what a person should know
    Raises the errors of reading, of silhouettes and of training; KeyboardInterrupt leaves a run to resume.
    """
    asked = make_request(
        method, out, preset, set, resume=resume, force=force, device=device, precision=precision, seed=seed
    )
    needs = asked.kind.card.needs
    if needs != "pair" and (any(m is not None for m in (*masks, *boxes)) or flip is not None or keep_background):
        raise UsageError(f"{method} sees whole frames: masks, boxes, flips and backgrounds are for pairs")
    if needs != "landmarks" and landmarks:
        raise UsageError(f"{method} uses no landmarks", Sentence("Leave ", Option("landmarks"), " out."))
    if needs != "folder" and (stride != 1 or cache != "exact"):
        raise UsageError(f"{method} takes every frame as it is: strides and caches are for folders of clips")
    rest = (callback, say, checkpoint_seconds)
    if flip is not None and flip not in ("a", "b"):
        raise UsageError(f"one of the two subjects a and b can be mirrored, not {flip!r}")
    clips = None
    if needs == "folder":
        if cache not in ("exact", "small"):
            raise UsageError(f"frames are kept exact or small, not {cache!r}")
        clips = open_clips(method, inputs, {"max_side": asked.max_side, "max_frames": max_frames, "stride": stride})
    origins = input_references(inputs) if clips is None else {"folder": folder_reference(clips)}
    going = resume_run(asked, origins)
    if going is not None and going.data is not None:
        late = changed_options(going, masks, boxes, how, max_frames)
        others = {"landmarks": any(landmarks), "stride": stride != 1, "cache": cache != "exact"}
        told = ignored_option_notes(going, flip, [*late, *(Option(name) for name, given in others.items() if given)])
        if keep_background:
            again = partial(reload_inputs, going, inputs, asked.max_side)
            store_plates(asked, going, lambda: [plate(each.clip) for each in again()])
        return run_training(asked, TrainingInputs(origins, notes=lambda _: told, going=going), *rest)
    if clips is not None:
        return run_training(asked, TrainingInputs(origins, lambda m: m.prepare(clips, cache=cache), going=going), *rest)
    if needs == "landmarks":
        people = read_landmark_inputs(method, asked.config, inputs, landmarks, asked.max_side, max_frames)
        return run_training(asked, TrainingInputs(origins, people.prepare, notes=people.notes, going=going), *rest)
    given = read_inputs(asked, inputs, masks=masks, boxes=boxes, how=how, max_frames=max_frames)
    plates = [plate(each.clip) for each in given] if keep_background else None
    return train_on_clips(asked, given, flip, plates, *rest)
