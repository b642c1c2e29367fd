"""Keypoints of a trained JOKR that can be seen and dragged, of a subject and of its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from muybridge.data.pair import SIDES, other
from muybridge.data.subject import Subject
from muybridge.errors import UsageError
from muybridge.method import Animation, DrawnPose, Pose
from muybridge.methods.jokr.animate import animate
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.drawing import (
    detect_keypoints,
    put_back,
    reference_bank,
    render_apart,
    render_poses,
    transfer_keypoints,
)
from muybridge.methods.jokr.model import JokrModel
from muybridge.tensors import Points
from muybridge.video import Timing


def edit_keypoints(
    model: JokrModel,
    data: PairData,
    side: str,
    frame: int,
    moves: Mapping[int, tuple[float, float]],
    steps: int = 12,
    quick: bool = False,
) -> Animation:
    """Move keypoints of one frame and draw the frames along the way (figures 6 and 24).

    side   "a" or "b"
    frame  index into that subject's frames
    moves  keypoint -> (dx, dy) in normalised units of the crop, where `api.edit` takes the frame's
    steps  frames drawn, the first with no offset and the last with all of it
    quick  half as large, and of one own frame, where results are made of those: while a person drags
    """
    if not moves or steps < 1:
        raise UsageError("there is no keypoint to move; steps are at least 1")
    subject = data.subject(side)
    points, moved = _find_pose(model, data, Pose(side, frame, moves))
    part = 2 if quick else 1
    way = torch.linspace(0, 1, steps).to(points) if steps > 1 else torch.ones(1).to(points)

    def frames() -> Iterator[Tensor]:
        poses = (points + share * (moved - points) for share in way)
        for rgba in render_poses(model, data, side, poses, start=points, part=part):
            yield put_back(model, data, side, rgba, part)

    return Animation(frames(), Timing.constant(steps, max(1.0, subject.timing.rate)), subject.smaller(part).frame)


def _keypoints_of(model: JokrModel, data: PairData, side: str, frame: int) -> Points:
    """Keypoints of one frame: [1, K, 2]; those that were found for the references are not found again."""
    if model.uses_frames:
        bank = reference_bank(model, data, side)
        places = (bank.frames.index == frame).nonzero()
        if len(places):
            return bank.points[places[0]]
    return detect_keypoints(model, data.subject(side), slice(frame, frame + 1))


def edit_result(
    model: JokrModel,
    data: PairData,
    side: str,
    moves: Mapping[int, Mapping[int, tuple[float, float]]],
    frame: int | None = None,
    quick: bool = False,
) -> Animation:
    """The subject `side` moving as the other one does, with some keypoints of it moved; one frame, or all of them.

    moves  frame -> keypoint -> (dx, dy), where the result's frame spans 2
    quick  of one frame: half as large, and of one own frame
    """
    subject = data.subject(side)
    driving = data.subject(other(side))
    for t in moves:
        _check_frame(data, Pose(side, t, {}, result=True))

    if frame is None:
        offsets = torch.zeros(len(driving), model.config.keypoints, 2)
        for t, of_frame in moves.items():
            offsets[t] = _find_offset(model, data, Pose(side, t, of_frame, result=True))
        return animate(model, data, None, side, offsets=offsets)

    part = 2 if quick else 1
    start, pose = _find_pose(model, data, Pose(side, frame, moves.get(frame, {}), result=True))
    drawn = render_poses(model, data, side, [pose], start=start, part=part)
    frames = (put_back(model, data, side, rgba, part) for rgba in drawn)
    return Animation(frames, driving.timing.select([frame]), subject.smaller(part).frame)


def draw_poses(model: JokrModel, data: PairData, poses: Sequence[Pose], quick: bool = False) -> list[DrawnPose]:
    """Several frames of both subjects at once; see `EditsKeypoints.draw_poses`."""
    part = 2 if quick else 1
    drawn: dict[int, DrawnPose] = {}
    for side in SIDES:
        numbers = [i for i, pose in enumerate(poses) if pose.side == side]
        ways = [_find_pose(model, data, poses[i]) for i in numbers]
        for i, (rgba, sources) in zip(numbers, render_apart(model, data, side, ways, part), strict=True):
            drawn[i] = DrawnPose(put_back(model, data, side, rgba, part), sources)
    return [drawn[i] for i in range(len(poses))]


def _find_pose(model: JokrModel, data: PairData, pose: Pose) -> tuple[Points, Points]:
    """The side's own keypoints before and after they are moved: [1, K, 2] each."""
    side = pose.side
    from_side = other(side) if pose.result else side
    _check_frame(data, pose)
    points = _keypoints_of(model, data, from_side, pose.frame)
    start = transfer_keypoints(model, points, from_side) if pose.result else points
    return start, start + _find_offset(model, data, pose).to(start)


def _check_frame(data: PairData, pose: Pose) -> None:
    """UsageError for a frame that its subject, or its result, does not have."""
    of = data.subject(other(pose.side) if pose.result else pose.side)
    if not 0 <= pose.frame < len(of):
        what = "the result" if pose.result else f"subject {pose.side}"
        raise UsageError(f"frame {pose.frame} does not exist: {what} has the frames 0 to {len(of) - 1}")


def _find_offset(model: JokrModel, data: PairData, pose: Pose) -> Tensor:
    """How far each keypoint is moved, in units of the crop: [K, 2]."""
    k = model.config.keypoints
    wrong = [i for i in pose.moves if not 0 <= i < k]
    if wrong:
        raise UsageError(f"keypoints to move are numbers from 0 to {k - 1}, not {wrong}")

    # A mirrored subject was mirrored on the way in, and its moves are meant as they are seen.
    subject = data.subject(pose.side)
    reach = torch.tensor([-1.0 if subject.flip else 1.0, 1.0])
    if pose.result:
        # Both span 2: the crop is the smaller one, so that a way is longer in it.
        reach = reach * torch.tensor([subject.frame[1], subject.frame[0]]) / _find_box(model, data, pose.side)[2:]

    offset = torch.zeros(k, 2)
    for i, way in pose.moves.items():
        offset[i] = torch.tensor(way) * reach
    return offset


def locate_result(model: JokrModel, data: PairData, side: str) -> Points:
    """The keypoints of the subject `side` moving as the other one does, where they lie in the result: [T, K, 2]."""
    driving = data.subject(other(side))
    points = transfer_keypoints(model, detect_keypoints(model, driving), other(side))
    return _lay_in_frame(model, data.subject(side), points, _find_box(model, data, side)[None])


def _find_box(model: JokrModel, data: PairData, side: str) -> Tensor:
    """Where results of a subject lie in its frame: centre and size in pixels, mirrored where it is."""
    subject = data.subject(side)
    if model.uses_frames:
        return data.references[side].find_box(subject).float().cpu()
    return subject.boxes.median(0).values.float().cpu()


def locate_keypoints(model: JokrModel, data: PairData, side: str) -> Points:
    """A subject's keypoints where they lie in its own frames, as the video shows them: [T, K, 2]."""
    subject = data.subject(side)
    return _lay_in_frame(model, subject, detect_keypoints(model, subject), subject.boxes)


def _lay_in_frame(model: JokrModel, subject: Subject, found: Points, boxes: Tensor) -> Points:
    """Keypoints of crops as places in the subject's frames; boxes [T or 1, 4]."""
    points = found.float().cpu()
    h, w = model.shape_canvas
    frame_h, frame_w = subject.frame
    centre = boxes[:, None, :2]
    size = boxes[:, None, 2:]
    canvas = torch.tensor([w, h])
    frame = torch.tensor([frame_w, frame_h])

    # Box and frame are measured at pixel edges, keypoints at pixel centres.
    places = centre - size / 2 + ((points + 1) / 2 * (canvas - 1) + 0.5) / canvas * size
    shown = (places - 0.5) / (frame - 1) * 2 - 1
    return shown * torch.tensor([-1.0, 1.0]) if subject.flip else shown
