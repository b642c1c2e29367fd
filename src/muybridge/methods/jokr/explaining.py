"""Pictures of what a JOKR found: keypoints and their bumps, silhouettes, and where a result looks in the own frames."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from muybridge.data.driving_video import Driving
from muybridge.data.pair import SIDES, check_side, other
from muybridge.data.subject import Subject
from muybridge.method import Explanation
from muybridge.methods.jokr.animate import find_motion, guess_source
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.dense_motion import look_up
from muybridge.methods.jokr.drawing import detect_keypoints, reference_bank, render_apart, transfer_keypoints
from muybridge.methods.jokr.model import JokrModel, inference
from muybridge.methods.jokr.reference_blend import trust
from muybridge.methods.jokr.reference_choice import References
from muybridge.methods.jokr.reference_renderer import ReferenceBank, find_lookups
from muybridge.tensors import Images, Points
from muybridge.video import colour_flow, colour_level, colour_maps, draw_keypoints, draw_lattice, enlarge_frame

KEYPOINTS = "Keypoints that both subjects share, their bumps, and what is drawn of them as the other subject."
MOTION = "For each frame the own frame with the largest share, where the result looks in it, and how much that covers."
GREY = 0.5
"""What results are shown on."""


class Look(NamedTuple):
    """Where one result frame looks.

    place    of the reference with the largest share, in the bank
    flow     [h, w, 2]  into it, at pixel edges
    covered  [h, w]     where the result is made of own frames, 1, and where R paints, 0
    """

    place: int
    flow: Tensor
    covered: Tensor


def explain(
    model: JokrModel, data: PairData | None, driving: Driving | None, source: str | None, frames: int
) -> list[Explanation]:
    """Some frames of the driving clip, and how `source` is made to follow them.

    source  "a" or "b"; None: the one that the driving clip does not show
    Raises UsageError.
    """
    source = guess_source(data, driving) if source is None else source
    check_side(source)

    crops, points = _find_shown(model, data, driving, other(source), frames)
    moved = transfer_keypoints(model, points, other(source))
    result = {f"the result, {source} (on grey)": _draw_results(model, data, source, moved)}
    keypoints = _keypoint_rows(model, source, crops, points, moved)
    found = [Explanation("keypoints", KEYPOINTS, keypoints | result)]

    # Before the dense motion and R have learnt anything, results are one colour and look nowhere.
    if model.uses_frames and source not in model.plain:
        bank = reference_bank(model, data, source)
        assert data is not None
        motion = _motion_rows(model, bank, data.subject(source), source, moved)
        found.append(Explanation("motion", MOTION, motion | result))
    return found


def _find_shown(
    model: JokrModel, data: PairData | None, driving: Driving | None, side: str, count: int
) -> tuple[Images, Points]:
    """Crops of some frames, spread over the clip, and their keypoints."""
    motion, timing = find_motion(model, data, driving, side)
    wanted = torch.linspace(0, len(timing) - 1, min(count, len(timing))).round().long()
    crops = []
    points = []
    begun = 0
    for part in motion:
        index = wanted[(wanted >= begun) & (wanted < begun + len(part))] - begun
        begun += len(part)
        if len(index):
            crops.append(part.pictures(index)[0])
            points.append(detect_keypoints(model, part, index))

    return torch.cat(crops), torch.cat(points).float()


def _keypoint_rows(
    model: JokrModel, source: str, crops: Images, points: Points, moved: Points
) -> dict[str, list[Tensor]]:
    driving = other(source)
    with inference(model):
        bumps = model.draw_bumps(points, model.canvas)
        shapes = model.draw_shapes(moved)[:, SIDES.index(source)] if model.config.two_steps else None

    on_frames = []
    on_bumps = []
    on_shapes = []
    for i, crop in enumerate(crops):
        frame = enlarge_frame(crop)
        on_frames.append(draw_keypoints(frame, points[i], numbered=True))
        on_bumps.append(colour_maps(frame, bumps[i]))
        if shapes is not None:
            on_shapes.append(draw_keypoints(colour_level(shapes[i], frame), moved[i], numbered=True))

    rows = {f"keypoints of {driving}'s frames": on_frames, "their bumps, each in its keypoint's colour": on_bumps}
    if on_shapes:
        rows[f"the same keypoints brought to {source} by T, and the silhouette that G draws of them"] = on_shapes
    return rows


def _draw_results(model: JokrModel, data: PairData | None, source: str, moved: Points) -> list[Tensor]:
    """Each pose by itself, for frames of a whole clip are no neighbours; on grey."""
    ways = [(pose, pose) for pose in moved.split(1)]
    drawn = []
    for rgba, _ in render_apart(model, data, source, ways, 1):
        alpha = rgba[3:].float() / 255
        drawn.append(enlarge_frame(rgba[:3].float() / 255 * alpha + GREY * (1 - alpha)))
    return drawn


def _motion_rows(
    model: JokrModel, bank: ReferenceBank, own: Subject, source: str, moved: Points
) -> dict[str, list[Tensor]]:
    on_frames = []
    colours = []
    levels = []
    for pose in moved.split(1):
        look = _find_look(model, bank, source, pose)
        frame = enlarge_frame(own.pictures(bank.frames.index[look.place : look.place + 1])[0][0])
        # From pixel edges to pixel centres.
        h, w = look.flow.shape[:2]
        flow = look.flow.cpu() * torch.tensor([w / (w - 1), h / (h - 1)])
        on_frames.append(draw_lattice(frame, flow))
        colours.append(colour_flow(flow, (frame.shape[1], frame.shape[2])))
        levels.append(colour_level(look.covered, frame))

    return {
        f"{source}'s own frame with the largest share, and where a lattice of the result looks in it": on_frames,
        "the same as colours: hue is the direction, white looks straight ahead": colours,
        "white: made of own frames; black: painted by R": levels,
    }


def _find_look(model: JokrModel, bank: ReferenceBank, source: str, pose: Points) -> Look:
    planner = bank.planner(model.config.dense_motion.references)
    # Planned twice, as `render_apart` does: the first frame of a plan has no choice before it.
    planner.plan(pose.cpu())
    references: References = planner.plan(pose.cpu())
    with inference(model):
        shape = model.draw_small_shapes(pose)[:, SIDES.index(source)][:, None].float()
        lookups = find_lookups(model.dense_motion, bank, pose, shape, references)
        seen = look_up(bank.small[lookups.place][:, 3:], lookups.flow)
        covered = trust((lookups.shares * lookups.sane * seen).sum(0, keepdim=True)) * shape

    # Where the subject is: beside it nothing is shown of any frame.
    best = int((lookups.shares * shape).sum((1, 2, 3)).argmax())
    return Look(int(lookups.place[best]), lookups.flow[best], covered[0, 0])
