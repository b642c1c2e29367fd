"""Going on with a training that was begun: what it has already, and what is not looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from muybridge.data.background import Plate
from muybridge.data.pair import SIDES
from muybridge.data.subject import Subject
from muybridge.engine import resolve_device
from muybridge.errors import Option, RunError, Sentence, UsageError
from muybridge.inputs.clips import SilhouetteInput, Source, input_names, resolve_masks
from muybridge.jobs.loading import restore_data
from muybridge.jobs.options import PairOptions
from muybridge.jobs.provenance import InputReference, is_same_input
from muybridge.jobs.request import TrainingRequest
from muybridge.masks import OLD_WAYS, Report, find, name_of_masks, way_of
from muybridge.method import Data, SubjectPair
from muybridge.run import Run
from muybridge.video import Clip, read

SAME_INPUTS = Sentence("Name the same inputs as before, or choose another ", Option("out"), ".")


@dataclass(frozen=True, eq=False)
class ResumedRun:
    """A run to go on with.

    data  what it trains on; None where it was stopped before that was stored
    """

    run: Run
    data: Data | None

    @property
    def subjects(self) -> list[Subject]:
        """Both subjects of a pair as they are trained on; none where there is no such thing."""
        return [self.data.a, self.data.b] if isinstance(self.data, SubjectPair) else []


def resume_run(request: TrainingRequest, references: Mapping[str, InputReference]) -> ResumedRun | None:
    """The run that a request goes on with, None for a new one; RunError where it was made from other inputs."""
    if not request.options.resume:
        return None

    run = Run.open(request.out, request.method_class.card.name)
    before = run.record.inputs
    same = before.keys() == references.keys()
    if not same or not all(is_same_input(run, side, each) for side, each in references.items()):
        now = [reference.typed for reference in references.values()]
        # The same names with other contents: repeating them would say nothing.
        others = "other files of these names" if now == list(before.values()) else " and ".join(now)
        raise RunError(f"{request.out} was made from {' and '.join(before.values())}, not from {others}", SAME_INPUTS)

    data = restore_data(request.method_class, run) if run.has_data else None
    return ResumedRun(run, data)


def check_flip(resumed: ResumedRun, flip: str | None) -> None:
    """UsageError for a flip that the run was not begun with."""
    flipped = []
    for side, subject in zip(SIDES, resumed.subjects, strict=False):
        if subject.flip:
            flipped.append(side)

    if flip is not None and resumed.subjects and flipped != [flip]:
        raise UsageError(
            Sentence(f"{resumed.run.path} was started with another ", Option("flip"), ": a run goes on with its own"),
            Sentence("Leave ", Option("flip"), " out, or start anew with ", Option("force", True), "."),
        )


def ignored_option_notes(late: Sequence[Option]) -> list[str]:
    """What a person should know of options that come too late."""
    if not late:
        return []
    verb = "is" if len(late) == 1 else "are"
    named: list[str | Option] = []
    for option in late:
        if named:
            named.append(", ")
        named.append(option)

    return [Sentence("this training goes on with the frames that it has: ", *named, f" {verb} not looked at again")]


def changed_options(resumed: ResumedRun, options: PairOptions, max_frames: int | None) -> list[Option]:
    """Those of a pair's options that say something else than what the run is known to have."""
    before = resumed.run.record.silhouettes
    changed = []
    for side, masks in zip(SIDES, options.masks, strict=False):
        if masks is not None and before.get(side) != f"given: {name_of_masks(resolve_masks(masks))}":
            changed.append(Option("masks", side=side))

    for side, box in zip(SIDES, options.boxes, strict=False):
        if box is not None:
            changed.append(Option("boxes", side=side))

    for side, subject in zip(SIDES, options.subjects, strict=False):
        if subject is not None:
            changed.append(Option("subjects", side=side))

    # An old name of a way is still the same way.
    how = OLD_WAYS.get(options.how, options.how)
    if how != "auto" and any(way_of(each) != how for each in before.values()):
        changed.append(Option("how"))
    if max_frames is not None and any(len(subject) != max_frames for subject in resumed.subjects):
        changed.append(Option("max_frames"))
    return changed


def reload_inputs(resumed: ResumedRun, inputs: Sequence[Source], max_side: int | None) -> list[SilhouetteInput]:
    """Both inputs of a pair with the silhouettes that are trained on: none are found anew.

    Raises RunError where an input has another number of frames than before.
    """
    silhouettes = resumed.run.record.silhouettes
    reread = []

    for side, subject, source, name in zip(SIDES, resumed.subjects, inputs, input_names(inputs), strict=True):
        # Only as many frames as were trained on: `max_frames` may have cut the file.
        clip = source if isinstance(source, Clip) else read(source, max_side=max_side, max_frames=len(subject))
        if len(clip) != len(subject):
            raise RunError(
                f"{name} has {len(clip)} frames, and {resumed.run.path} was made from {len(subject)}",
                SAME_INPUTS,
            )
        how, _, detail = silhouettes.get(side, "given: before").partition(": ")
        # Alpha costs nothing to read again, and is finer than what was cropped.
        alpha = how == "alpha" and clip.mattes is not None
        clip = find(clip, how="alpha")[0] if alpha else subject.silhouettes(clip)
        empty = tuple(map(int, (~subject.seen).nonzero()[:, 0]))
        path = "" if isinstance(source, Clip) else str(source)
        reread.append(SilhouetteInput(name, path, clip, Report(how, detail, (), empty)))

    return reread


def store_plates(request: TrainingRequest, resumed: ResumedRun, plates: Callable[[], Sequence[Plate | None]]) -> None:
    """Store backgrounds with what a run trains on, where it has none yet."""
    subjects = resumed.subjects
    if (
        not subjects
        or all(bool(s.plate.any()) for s in subjects)
        or not resolve_device(request.options.device, "float32").main
    ):
        return

    assert resumed.data is not None

    for side, subject, found in zip(SIDES, subjects, plates(), strict=True):
        if found is not None:
            setattr(resumed.data, side, replace(subject, plate=found.still()))

    # Another process may be training here, and its data must not change meanwhile.
    with resumed.run.hold_lock():
        resumed.run.save_data(resumed.data.tensors())
