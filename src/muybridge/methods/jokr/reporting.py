"""What is told of a JOKR training: a preview, figures of its quality, and facts for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from muybridge.data.pair import SIDES, other
from muybridge.data.reference_frames import choose_evenly
from muybridge.method import Stage
from muybridge.methods.jokr.config import JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.dense_motion import look_up
from muybridge.methods.jokr.drawing import (
    batch_size,
    detect_keypoints,
    draw_side,
    reference_bank,
    render_poses,
    transfer_keypoints,
)
from muybridge.methods.jokr.model import JokrModel, inference
from muybridge.methods.jokr.reference_choice import plan_stream
from muybridge.metrics import boundary_f, gradient_energy
from muybridge.tensors import Images, Masks, Points
from muybridge.video import contact_sheet, draw_keypoints

EXPLAINED: Mapping[str, str] = {
    "iou": "overlap (IoU, 1 is perfect) of a frame's silhouette with the one drawn again from its own keypoints",
    "cycle_iou": "the same after the way there and back: keypoints, drawn as the other, keypoints again, drawn again",
    "cycle_points": "how far keypoints end from where they began after that way (the picture spans 2; 0 is perfect)",
    "sharpness": "gradient energy of results inside the subject over that of its own frames, at the crop's size in the "
    "file (1 is as sharp)",
    "edge_f": "share of the outlines that meet (boundary F) at that size, drawn from a frame's own keypoints",
    "step": "how far a keypoint moves from frame to frame (the picture spans 2): small is smooth, zero is frozen",
}
"""Figures of `measure_quality` by the name before the side."""
LOOKED_AT = 12
"""Frames that are measured at full size."""


def draw_preview(model: JokrModel, data: PairData, stage: Stage) -> Tensor:
    """Both subjects with their keypoints, drawn again, and each moving like the other: uint8 [3, H, W]."""
    rows: dict[str, Sequence[Tensor]] = {}
    shapes_only = stage.name == "shape" and model.config.two_steps
    for side in SIDES:
        subject = data.subject(side)
        index = torch.linspace(0, len(subject) - 1, min(6, len(subject))).long()
        points = detect_keypoints(model, subject, index)
        crops = subject.pictures(index)[0]
        rows[f"{side.upper()} with its keypoints"] = [
            draw_keypoints(crop, p.cpu()) for crop, p in zip(crops, points.float(), strict=True)
        ]

        moved = transfer_keypoints(model, points, side)
        again = (f"{side.upper()} drawn again", side, points)
        like = (f"{other(side).upper()} moving like {side.upper()}", other(side), moved)
        for name, target, where in (again, like):
            if stage.name == "motion":
                rows[name] = [(p[:3] * (p[3:] / 255)).byte() for p in render_poses(model, data, target, [where])]
                continue
            rgb, mask = draw_side(model, where, target)
            shown = mask.expand(-1, 3, -1, -1) if shapes_only else rgb
            rows[name] = list(shown.cpu())
    return contact_sheet(rows, columns=6)


def measure_quality(model: JokrModel, data: PairData) -> dict[str, float]:
    """Figures that need no truth, means over the frames that have a silhouette.

    iou_SIDE        of the silhouette drawn from a frame's own keypoints with the given one
    cycle_iou_SIDE  the same after the way there and back: keypoints, drawn as the other, keypoints again, drawn
    cycle_points_SIDE  mean distance of the keypoints after that way, normalised units
    step_SIDE       mean distance of a keypoint between neighbouring frames, normalised units
    sharpness_SIDE  where results are made of the subject's own frames: their gradient energy over that of these frames,
                    at the size of the crop in the file, over some frames in the partner's poses
    edge_f_SIDE     boundary F at that size, of silhouettes drawn from the own keypoints of some frames
    """
    figures: dict[str, float] = {}
    for side in SIDES:
        subject = data.subject(side)
        index = subject.seen.nonzero()[:, 0]
        points = detect_keypoints(model, subject, index)
        truth = subject.pictures(index)[1].to(points.device)
        back = _there_and_back(model, points, side)

        figures[f"iou_{side}"] = _iou(draw_side(model, points, side)[1], truth)
        figures[f"cycle_iou_{side}"] = _iou(draw_side(model, back, side)[1], truth)
        figures[f"cycle_points_{side}"] = float((back - points).norm(dim=-1).mean())
        # Frames without a silhouette are left out, so not all that follow each other are neighbours.
        step = (points[1:] - points[:-1])[(index[1:] - index[:-1]).to(points.device) == 1]
        figures[f"step_{side}"] = float(step.norm(dim=-1).mean())
        if model.uses_frames:
            figures |= {f"{name}_{side}": value for name, value in _figures_at_full_size(model, data, side).items()}
    return figures


def _figures_at_full_size(model: JokrModel, data: PairData, side: str) -> dict[str, float]:
    """`sharpness` and `edge_f` of `measure_quality`."""
    frames = data.references[side]
    some = choose_evenly(torch.arange(len(frames)), LOOKED_AT)
    own = frames.pictures(some.tolist()).float() / 255
    energy = float(gradient_energy(own[:, :3], own[:, 3:]).mean())
    view = frames.view()
    masks = torch.cat([look_up(own[i : i + 1, 3:], frames.grid(int(place), view)) for i, place in enumerate(some)])

    driving = data.subject(other(side))
    shown = choose_evenly(driving.seen.nonzero()[:, 0], LOOKED_AT)
    poses = transfer_keypoints(model, detect_keypoints(model, driving, shown), other(side))
    made = torch.stack(list(render_poses(model, data, side, [poses]))).float() / 255

    points = detect_keypoints(model, data.subject(side), frames.index[some])
    again = torch.stack(list(render_poses(model, data, side, [points]))).float() / 255
    return {
        "sharpness": float(gradient_energy(made[:, :3], made[:, 3:]).mean()) / max(energy, 1e-9),
        "edge_f": float(boundary_f(again[:, 3:], masks).mean()),
    }


def _there_and_back(model: JokrModel, points: Points, side: str) -> Points:
    """Keypoints, drawn as the other subject, found again there, and brought back."""
    there = other(side)
    rgb, mask = draw_side(model, transfer_keypoints(model, points, side), there)
    found = []
    with inference(model):
        for index in torch.arange(len(rgb)).split(batch_size(model)):
            cut, hard = _cut_out(rgb[index], mask[index])
            found.append(model.find_keypoints(cut, hard))
    return transfer_keypoints(model, torch.cat(found), there)


def _cut_out(rgb: Images, mask: Masks) -> tuple[Images, Masks]:
    """A drawn picture as E sees real ones: cut by a silhouette of 0 and 1."""
    hard = (mask > 0.5).to(rgb)
    return rgb * hard, hard


def _iou(made: Masks, truth: Masks) -> float:
    a = made > 0.5
    b = truth > 0.5
    union = (a | b).flatten(1).sum(1).clamp_min(1)
    return float(((a & b).flatten(1).sum(1) / union).mean())


def shared_points(model: JokrModel, data: PairData) -> dict[str, Points]:
    """Keypoints of both subjects as D compares them, a's and T applied to b's, of the frames that have a silhouette,
    in their order: "a" and "b" -> [N, K, 2], normalised units of the canvas."""
    a = detect_keypoints(model, data.a, data.a.seen.nonzero()[:, 0])
    b = detect_keypoints(model, data.b, data.b.seen.nonzero()[:, 0])
    return {"a": a.float().cpu(), "b": transfer_keypoints(model, b, "b").float().cpu()}


def describe_training(model: JokrModel) -> dict[str, str]:
    """Facts for the report: how many keypoints, and the learned map between the two keypoint sets."""
    h, w = model.canvas
    facts = {
        "which JOKR": name_variant(model.config),
        "keypoints": str(model.config.keypoints),
        "canvas": f"{w} x {h} px",
    }
    facts["colours"] = "of the subject's own frames, moved there" if model.uses_frames else "painted by R"
    if model.config.learns_background:
        facts["colours"] = "painted by R, with the scene"
    if model.affine is None:
        return facts | {"T": "none: both subjects' keypoints are used as they are"}

    rows = []
    for name, (x, y, shift) in zip("xy", model.affine().detach()[0].tolist(), strict=True):
        rows.append(f"{name}' = {x:+.3f} x {y:+.3f} y {shift:+.3f}")
    return facts | {"T, from b's keypoints to a's": "; ".join(rows)}


def describe_sources(model: JokrModel, data: PairData) -> dict[str, str]:
    """For both results, runs of frames that are made of the same own frames: "0-14: 33, 71, 90; 15-20: 34, 71, 90"."""
    told: dict[str, str] = {}
    for side in SIDES if model.uses_frames else ():
        driving = data.subject(other(side))
        poses = transfer_keypoints(model, detect_keypoints(model, driving), other(side)).float().cpu()
        planner = reference_bank(model, data, side).planner(model.config.dense_motion.references)
        index = data.references[side].index

        chosen = []
        for _, references in plan_stream(planner, [poses]):
            # Of two frames that fade into each other, the stronger one.
            chosen += [sorted(index[places].tolist()) for places in references.index[:, :, 0]]
        told[f"{side} moving like {other(side)}"] = _join_runs(chosen)
    return told


def _join_runs(chosen: Sequence[list[int]]) -> str:
    runs: list[tuple[int, list[int]]] = []
    for frame, sources in enumerate(chosen):
        if not runs or runs[-1][1] != sources:
            runs.append((frame, sources))

    ends = [start - 1 for start, _ in runs[1:]] + [len(chosen) - 1]
    parts = []
    for (start, sources), end in zip(runs, ends, strict=True):
        span = str(start) if start == end else f"{start}-{end}"
        parts.append(f"{span}: {', '.join(str(source) for source in sources)}")
    return "; ".join(parts)


def name_variant(config: JokrConfig) -> str:
    """Whose JOKR the settings are: the paper's, its authors' program's, or ours."""
    if config.released:
        return "the authors' program's"
    w = config.losses
    ours = config.appearance == "frames" or w.align or w.cyc or w.cover or w.read
    return "ours: the paper's, and what docs/methods/jokr.md adds to it" if ours else "the paper's"


def explain_figure(name: str) -> str:
    """What a figure of `measure_quality` means; "" where it is not one."""
    figure, _, side = name.rpartition("_")
    return f"{side}: {EXPLAINED[figure]}" if figure in EXPLAINED else ""
