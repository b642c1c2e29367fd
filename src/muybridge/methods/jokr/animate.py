"""What a trained JOKR gives: retargeted frames, and keypoints that can be seen and dragged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from muybridge.data.driving_video import Driving, iter_subjects
from muybridge.data.pair import SIDES, check_side, closest_side, other
from muybridge.data.subject import Subject
from muybridge.errors import Option, Sentence, UsageError
from muybridge.masks.regions import stray_parts
from muybridge.method import Animation, DrawnPose, Pose
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.model import HAZE, JokrModel, inference
from muybridge.methods.jokr.reference_choice import WINDOW, References, plan_stream
from muybridge.methods.jokr.reference_renderer import ReferenceBank, find_lookups, render_references
from muybridge.tensors import Images, Masks, Points
from muybridge.video import Timing

BATCH = 16
"""Frames that go through the networks together."""
TOGETHER = 8
"""Frames whose dense motion is found together."""
APART = 0.02
"""How far from the subject a part stands apart: twice this share of the canvas's shorter side."""


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
    """
    notes: list[str] = []
    if source is None:
        if driving is None or data is None:
            raise UsageError("say which subject should move", 'source is "a" or "b"')
        shown = closest_side(data.a, data.b, driving)
        source = other(shown)
        notes.append(f"the driving clip looks like subject {shown}, so subject {source} is moved")
    check_side(source)

    # Without data there is no frame to put a crop back into.
    appearance = None if data is None else data.subject(source)
    full = appearance if full_frame else None
    motion, timing = _find_motion(model, data, driving, other(source))

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
        for rgba in render_poses(model, data, source, poses()):
            yield put_back(model, data, source, rgba) if full is not None else _mirror_back(rgba, appearance)

    size = crop_size(model, data, source) if full is None else full.frame
    return Animation(frames(), timing, size, tuple(notes), source)


def _find_motion(
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
    motion = iter_subjects(driving, model.canvas, c.margin, flip=flip, squeezed=c.squeezed, follow_size=c.follow_size)
    return motion, driving.timing


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
    for t in [*moves, *([] if frame is None else [frame])]:
        if not 0 <= t < len(driving):
            raise UsageError(f"frame {t} does not exist: the result has the frames 0 to {len(driving) - 1}")

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
        for i, (rgba, sources) in zip(numbers, _render_apart(model, data, side, ways, part), strict=True):
            drawn[i] = DrawnPose(put_back(model, data, side, rgba, part), sources)
    return [drawn[i] for i in range(len(poses))]


def _find_pose(model: JokrModel, data: PairData, pose: Pose) -> tuple[Points, Points]:
    """The side's own keypoints before and after they are moved: [1, K, 2] each."""
    side = pose.side
    from_side = other(side) if pose.result else side
    of = data.subject(from_side)
    if not 0 <= pose.frame < len(of):
        what = "the result" if pose.result else f"subject {side}"
        raise UsageError(f"frame {pose.frame} does not exist: {what} has the frames 0 to {len(of) - 1}")

    points = _keypoints_of(model, data, from_side, pose.frame)
    start = transfer_keypoints(model, points, from_side) if pose.result else points
    return start, start + _find_offset(model, data, pose).to(start)


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


# -- from keypoints to the pixels of a result --------------------------------------------------------------------------


def render_poses(
    model: JokrModel,
    data: PairData | None,
    side: str,
    poses: Iterable[Tensor],
    start: Points | None = None,
    part: int = 1,
) -> Iterator[Tensor]:
    """One subject in poses that come in parts, frame by frame: uint8 [4, H, W] with straight alpha, see `crop_size`.

    poses  [n, K, 2] each, where this side's own keypoints lie
    start  a pose whose references the first ones are near; each is then drawn without a look at those that follow
    part   draw so many times smaller, and then of one reference
    """
    if not model.uses_frames:
        for points in poses:
            rgb, mask = draw_side(model, points, side)
            yield from to_bytes(rgb, soften(mask))
        return

    bank = reference_bank(model, data, side)
    planner = bank.planner(model.config.dense_motion.references if part == 1 else 1)
    window = WINDOW
    if start is not None:
        planner.plan(start.float().cpu())
        window = 1
    for points, references in plan_stream(planner, (some.float().cpu() for some in poses), window):
        for index in torch.arange(len(points)).split(TOGETHER):
            chosen = References(references.index[index], references.shares[index])
            for rgb, alpha in _render_part(model, bank, points[index], side, chosen, part):
                yield to_bytes(rgb[None], alpha[None])[0]


def _render_apart(
    model: JokrModel, data: PairData, side: str, ways: Sequence[tuple[Points, Points]], part: int
) -> Iterator[tuple[Tensor, tuple[int, ...]]]:
    """Poses that have nothing to do with each other, together: what `render_poses` gives of each, and its own frames.

    ways  for each, keypoints [1, K, 2] whose references it is near, and those that are drawn
    """
    if not ways:
        return
    together = min(TOGETHER, batch_size(model))
    if not model.uses_frames:
        for some in torch.cat([pose for _, pose in ways]).split(together):
            rgb, mask = draw_side(model, some, side)
            for rgba in to_bytes(rgb, soften(mask)):
                yield rgba, ()
        return

    bank = reference_bank(model, data, side)
    plans = []
    for start, pose in ways:
        planner = bank.planner(model.config.dense_motion.references if part == 1 else 1)
        planner.plan(start.float().cpu())
        plan = planner.plan(pose.float().cpu())
        plans.append(plan if part == 1 else plan.strongest())

    points = torch.cat([pose for _, pose in ways]).float().cpu()
    for index in torch.arange(len(ways)).split(together):
        chosen = References(*(torch.cat([getattr(plans[i], name) for i in index]) for name in ("index", "shares")))
        rendered = _render_part(model, bank, points[index], side, chosen, part)
        for i, (rgb, alpha) in zip(index.tolist(), rendered, strict=True):
            yield to_bytes(rgb[None], alpha[None])[0], plans[i].name_frames(bank.frames.index)


def _render_part(
    model: JokrModel, bank: ReferenceBank, points: Points, side: str, references: References, part: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Colours [3, H, W] and silhouette [1, H, W] of a few frames, as large as the reference frames or a part of it.

    A part is seen for a moment, while a person drags: of the own frames alone, for R costs a third of a picture.
    """
    with inference(model):
        points = points.to(model.device)
        shape = model.draw_small_shapes(points)[:, SIDES.index(side)][:, None].float()
        if model.config.strays:
            shape = shape * ~_find_strays(shape, model.config.strays)
        painted = None
        if part == 1:
            painted = ((model.refine(shape, points, side).float() + 1) / 2).clamp(0, 1)

        lookups = find_lookups(model.dense_motion, bank, points, shape, references)
        rendered = list(render_references(bank, lookups, painted, shape, part))
    yield from rendered


def crop_size(model: JokrModel, data: PairData | None, side: str) -> tuple[int, int]:
    """(H, W) of what `render_poses` gives."""
    if data is None or side not in data.references or not model.uses_frames:
        return model.canvas
    return data.references[side].size


def put_back(model: JokrModel, data: PairData | None, side: str, rgba: Tensor, part: int = 1) -> Tensor:
    """One picture of `render_poses` where the subject usually is in its own frame: uint8 [4, H, W].

    part  of the frame, which is so many times smaller
    """
    assert data is not None
    subject = data.subject(side)
    if model.uses_frames:
        return data.references[side].put_back(rgba, subject, part)
    return subject.smaller(part).place(rgba)


def reference_bank(model: JokrModel, data: PairData | None, side: str) -> ReferenceBank:
    """A subject's own frames with the keypoints that E finds in them now; UsageError where they are not here."""
    if data is None or side not in data.references:
        raise UsageError("this run makes results of its subjects' own frames, which are not here", "Load it with data.")

    # Parameters count how often they were changed in place; a finished run keeps what was found once.
    known = (id(data), sum(p._version for p in model.detector.parameters()), str(model.device))
    held = model.banks.get(side)
    if held is None or held.known != known:
        frames = data.references[side]
        subject = data.subject(side)
        shown, masks = subject.pictures(frames.index)
        parts = []
        for i in torch.arange(len(masks)).split(BATCH):
            parts.append(model.reference_pictures(shown[i], masks[i]))

        small = torch.cat(parts)
        points = detect_keypoints(model, subject, frames.index).float()
        held = ReferenceBank(frames, small.to(model.device), points, known)
        model.banks[side] = held
    return held


# -- the networks, without gradients and in batches -------------------------------------------------------------------


def batch_size(model: JokrModel) -> int:
    """Frames that go through the networks together: one, where what comes out depends on the others in the batch."""
    c = model.config
    return 1 if c.detector.always_training or c.bumps == "released" else BATCH


def detect_keypoints(model: JokrModel, subject: Subject, index: Tensor | slice = slice(None)) -> Points:
    """Keypoints of some of a subject's frames, in batches: [N, K, 2]."""
    chosen = torch.arange(len(subject))[index]
    parts = []
    with inference(model):
        for part in chosen.split(batch_size(model)):
            frames, masks = subject.pictures(part)
            parts.append(model.find_keypoints(frames.to(model.device), masks.to(model.device)))
        return torch.cat(parts)


def transfer_keypoints(model: JokrModel, points: Points, from_side: str, affine: bool = True) -> Points:
    """`JokrModel.transfer` without gradients."""
    with torch.no_grad():
        return model.transfer(points, from_side, affine)


def draw_side(model: JokrModel, points: Points, side: str) -> tuple[Images, Masks]:
    """Keypoints to pictures [0, 1] and silhouettes [0, 1] of one side, in batches."""
    with inference(model):
        pictures = []
        masks = []
        for part in points.split(batch_size(model)):
            picture, silhouette = model.render(part, side)
            pictures.append(picture)
            masks.append(silhouette)
        rgb = torch.cat(pictures)
        mask = torch.cat(masks)

        if model.config.strays:
            kept = ~_find_strays(mask, model.config.strays)
            rgb = rgb * kept
            mask = mask * kept
        return rgb, mask


def _find_strays(mask: Masks, share: float) -> Tensor:
    """Where what is drawn lies apart from the subject: bool [N, 1, H, W]."""
    reach = max(1, round(APART * min(mask.shape[2:])))
    drawn = (mask[:, 0] > HAZE).cpu().numpy()
    return torch.from_numpy(np.stack([stray_parts(m, share, reach) for m in drawn]))[:, None].to(mask.device)


def soften(mask: Masks) -> Masks:
    """A drawn silhouette as alpha: between a quarter and three quarters its edge is as soft as a camera's, and outside
    it is haze."""
    return ((mask - HAZE) * 2).clamp(0, 1)


def to_bytes(rgb: Images, alpha: Masks) -> Tensor:
    """uint8 [N, 4, h, w] with straight alpha."""
    return (torch.cat((rgb, alpha), 1) * 255).round().to(torch.uint8).cpu()


def _mirror_back(rgba: Tensor, subject: Subject | None) -> Tensor:
    return rgba.flip(-1) if subject is not None and subject.flip else rgba
