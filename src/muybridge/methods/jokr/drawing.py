"""From keypoints to the pixels of a result, in batches and without gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from muybridge.data.crop import unsqueeze
from muybridge.data.pair import SIDES
from muybridge.data.subject import Subject
from muybridge.errors import UsageError
from muybridge.masks.regions import stray_parts
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.dense_motion import look_up
from muybridge.methods.jokr.half_precision import CheckedPrecision, in_half
from muybridge.methods.jokr.model import HAZE, JokrModel, inference
from muybridge.methods.jokr.reference_choice import WINDOW, References, plan_stream
from muybridge.methods.jokr.reference_renderer import ReferenceBank, find_lookups, render_references
from muybridge.tensors import Images, Masks, Points

BATCH = 16
"""Frames that go through the networks together."""
TOGETHER = 8
"""Frames whose dense motion is found together."""
OUTLINE = 0.5
"""Silhouette from which on a result of own frames shows something, see `find_outlines`."""
APART = 0.02
"""How far from the subject a part stands apart: twice this share of the canvas's shorter side."""


def render_poses(
    model: JokrModel,
    data: PairData | None,
    side: str,
    poses: Iterable[Tensor],
    start: Points | None = None,
    part: int = 1,
    precision: CheckedPrecision | None = None,
) -> Iterator[Tensor]:
    """One subject in poses that come in parts, frame by frame: uint8 [4, H, W] with straight alpha, see `crop_size`.

    poses  [n, K, 2] each, where this side's own keypoints lie
    start  a pose whose references the first ones are near; each is then drawn without a look at those that follow
    part   draw so many times smaller, and then of one reference
    precision  of results of own frames; None: float32
    """
    if not model.uses_frames:
        for points in poses:
            rgb, mask = draw_side(model, points, side)
            yield from to_bytes(rgb, cover(model, mask, side))
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
            some = points[index]

            def draw(these: slice, half: bool, some: Points = some, chosen: References = chosen) -> list[Tensor]:
                own = References(chosen.index[these], chosen.shares[these])
                return _render_part(model, bank, some[these], side, own, part, half)

            every = slice(len(some))
            yield from draw(every, False) if precision is None else precision.draw(draw, len(some))


def render_apart(
    model: JokrModel, data: PairData | None, side: str, ways: Sequence[tuple[Points, Points]], part: int
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
            for rgba in to_bytes(rgb, cover(model, mask, side)):
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
        for i, rgba in zip(index.tolist(), rendered, strict=True):
            # Where colours were not learned yet, no own frame is in the picture.
            sources = () if side in model.plain else plans[i].name_frames(bank.frames.index)
            yield rgba, sources


def _render_part(
    model: JokrModel,
    bank: ReferenceBank,
    points: Points,
    side: str,
    references: References,
    part: int,
    half: bool = False,
) -> list[Tensor]:
    """A few frames, uint8 [4, H, W] with straight alpha, as large as the reference frames or a part of it.

    A part is seen for a moment, while a person drags: of the own frames alone, for R costs a third of a picture.

    half  with R and the dense motion in bfloat16
    """
    with inference(model):
        points = points.to(model.device)
        shape = model.draw_small_shapes(points)[:, SIDES.index(side)][:, None].float()
        if model.config.strays:
            shape = shape * ~_find_strays(shape, model.config.strays, OUTLINE)
        if side in model.plain:
            return _draw_plain(bank, shape, model.plain[side], part)
        return _draw_of_frames(model, bank, points, shape, side, references, part, half)


def _draw_of_frames(
    model: JokrModel,
    bank: ReferenceBank,
    points: Points,
    shape: Masks,
    side: str,
    references: References,
    part: int,
    half: bool,
) -> list[Tensor]:
    refine = in_half(model, model.refine) if half else model.refine
    move = in_half(model, model.dense_motion) if half else model.dense_motion
    painted = None
    if part == 1:
        painted = ((refine(shape, points, side).float() + 1) / 2).clamp(0, 1)

    lookups = find_lookups(move, bank, points, shape, references)
    return [rgba.cpu() for rgba in render_references(bank, lookups, painted, shape, part)]


def _draw_plain(bank: ReferenceBank, shape: Masks, colour: Tensor, part: int) -> list[Tensor]:
    """What `_render_part` gives where R has learned nothing yet: silhouettes [N, 1, h, w] in one colour [3, 1, 1]."""
    drawn = []
    for each in shape:
        alpha = look_up(soften(each[None]), bank.view(part))[0]
        drawn.append(to_bytes(colour.to(alpha).expand(-1, *alpha.shape[1:])[None], alpha[None])[0])

    return drawn


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
    if model.config.learns_background:
        # Whole, to the frame's last pixel: what is pasted fades at its edges.
        whole = (unsqueeze(rgba.float(), subject.smaller(part).frame, 0.0)).round().clamp(0, 255).to(torch.uint8)
        return whole.flip(-1) if subject.flip else whole
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

        # In a learnt scene what is drawn apart cannot be left out: nothing is known of what stands behind it.
        if model.config.strays and not model.config.learns_background:
            kept = ~_find_strays(mask, model.config.strays, HAZE)
            rgb = rgb * kept
            mask = mask * kept
        if side in model.plain:
            rgb = model.plain[side].to(rgb).expand_as(rgb)
        return rgb, mask


def _find_strays(mask: Masks, share: float, level: float) -> Tensor:
    """Where what is drawn lies apart from the subject: bool [N, 1, H, W].

    level  from which on something shows
    """
    reach = max(1, round(APART * min(mask.shape[2:])))
    drawn = (mask[:, 0] > level).cpu().numpy()
    return torch.from_numpy(np.stack([stray_parts(m, share, reach) for m in drawn]))[:, None].to(mask.device)


def cover(model: JokrModel, mask: Masks, side: str) -> Masks:
    """What of a picture is shown: the subject, or where its scene was learnt everything."""
    if model.config.learns_background and side not in model.plain:
        return torch.ones_like(mask)
    return soften(mask)


def soften(mask: Masks) -> Masks:
    """A drawn silhouette as alpha: between a quarter and three quarters its edge is as soft as a camera's, and outside
    it is haze."""
    return ((mask - HAZE) * 2).clamp(0, 1)


def to_bytes(rgb: Images, alpha: Masks) -> Tensor:
    """uint8 [N, 4, h, w] with straight alpha."""
    return (torch.cat((rgb, alpha), 1) * 255).round().to(torch.uint8).cpu()
