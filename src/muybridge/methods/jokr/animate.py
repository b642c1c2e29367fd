"""What a trained JOKR gives: one subject moving as the other one does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from muybridge.data.driving_video import Driving, iter_subjects
from muybridge.data.pair import check_side, closest_side, other
from muybridge.data.subject import Subject
from muybridge.errors import Option, Sentence, UsageError
from muybridge.method import Animation
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.drawing import (
    batch_size,
    crop_size,
    detect_keypoints,
    put_back,
    render_poses,
    transfer_keypoints,
)
from muybridge.methods.jokr.half_precision import CheckedPrecision
from muybridge.methods.jokr.model import JokrModel
from muybridge.picture_animator import Precision
from muybridge.tensors import Points
from muybridge.video import Timing


def animate(
    model: JokrModel,
    data: PairData | None,
    driving: Driving | None,
    source: str | None,
    *,
    affine: bool = True,
    full_frame: bool = True,
    edits: Tensor | None = None,
    offsets: Tensor | None = None,
    precision: Precision = "auto",
) -> Animation:
    """The subject `source` moving as the other one does.

    data        None for an imported checkpoint, which comes without its videos: then `driving` and `source` are
                needed, and results are crops
    driving     a video of the other subject, with silhouettes; None: the clip that was trained on
    source      "a" or "b"; None where the driving video tells which subject it shows by its colours
    affine      with the learned affine map, so that the source keeps its own rotation, scale and place in the crop;
                without, those of the driving subject come along
    full_frame  put back into frames of the source's size; False: the crop as it is
    edits       [T, K, 2] added to the driving keypoints, normalised units
    offsets     the same for the keypoints of the result, in units of its own crop
    precision   of results of own frames, see `CheckedPrecision`
    """
    notes: list[str] = []
    if source is None:
        source = guess_source(data, driving)
        notes.append(f"the driving clip looks like subject {other(source)}, so subject {source} is moved")
    check_side(source)

    # Without data there is no frame to put a crop back into.
    appearance = None if data is None else data.subject(source)
    full = appearance if full_frame else None
    motion, timing = find_motion(model, data, driving, other(source))

    def poses() -> Iterator[Points]:
        begun = 0
        for part in motion:
            for index in torch.arange(len(part)).split(batch_size(model)):
                points = detect_keypoints(model, part, index)
                if edits is not None:
                    points = points + edits[begun + index].to(points)
                moved = transfer_keypoints(model, points, other(source), affine)
                yield moved if offsets is None else moved + offsets[begun + index].to(moved)
            begun += len(part)

    def frames() -> Iterator[Tensor]:
        checked = CheckedPrecision(model, precision, len(timing))
        for rgba in render_poses(model, data, source, poses(), precision=checked):
            yield put_back(model, data, source, rgba) if full is not None else _mirror_back(rgba, appearance)

    size = crop_size(model, data, source) if full is None else full.frame
    return Animation(frames(), timing, size, tuple(notes), source)


def guess_source(data: PairData | None, driving: Driving | None) -> str:
    """The subject that the driving clip does not show, by its colours; UsageError where nothing tells."""
    if driving is None or data is None:
        raise UsageError("say which subject should move", 'source is "a" or "b"')
    return other(closest_side(data.a, data.b, driving))


def find_motion(
    model: JokrModel, data: PairData | None, driving: Driving | None, side: str
) -> tuple[Iterable[Subject], Timing]:
    """The subject that gives the motion, on the canvas of the training: crops of neighbouring frames, and all times."""
    if driving is None:
        if data is None:
            raise UsageError(
                "an imported checkpoint has no videos of its own", Sentence("Name one with ", Option("driving"), ".")
            )
        return [data.subject(side)], data.subject(side).timing

    c = model.config
    flip = data is not None and data.subject(side).flip
    how = {"flip": flip, "squeezed": c.whole_frames, "follow_size": c.follow_size}
    motion = iter_subjects(driving, model.canvas, c.border, **how)
    return motion, driving.timing


def _mirror_back(rgba: Tensor, subject: Subject | None) -> Tensor:
    return rgba.flip(-1) if subject is not None and subject.flip else rgba
