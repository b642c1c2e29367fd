"""What a trained JOKR gives: retargeted frames, edited keypoints, previews, and figures of its quality."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from muybridge.data.footage import Driving, moving
from muybridge.data.pair import SIDES, check_side, closest_side, other
from muybridge.data.subject import Subject
from muybridge.errors import UsageError
from muybridge.masks.regions import strays
from muybridge.method import Animation, Stage
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.pictures import HAZE
from muybridge.tensors import Images, Masks, Points
from muybridge.video import Timing, contact_sheet, draw_keypoints

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr

BATCH = 16
"""Frames that go through the networks together."""
APART = 0.02
"""How far from the subject a part stands apart: twice this share of the canvas's shorter side."""


def batch(method: Jokr) -> int:
    """Frames that go through the networks together: one, where what comes out depends on the others in the batch."""
    c = method.config
    return 1 if c.detector.always_training or c.bumps == "released" else BATCH


def animate(
    method: Jokr,
    data: PairData | None,
    driving: Driving | None,
    source: str | None,
    *,
    affine: bool = True,
    full_frame: bool = True,
    edits: Tensor | None = None,
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
    """
    notes: list[str] = []
    if source is None:
        if driving is None or data is None:
            raise UsageError("say which subject should move", 'source is "a" or "b"')
        shown = closest_side(data.a, data.b, driving)
        source = other(shown)
        notes.append(f"the driving clip looks like subject {shown}, so subject {source} is moved")
    check_side(source)
    appearance = None if data is None else data.subject(source)
    motion, timing = _motion(method, data, driving, other(source))
    full = appearance if full_frame else None

    def frames() -> Iterator[Tensor]:
        begun = 0
        for part in motion:
            for index in torch.arange(len(part)).split(batch(method)):
                points = detect(method, part, index)
                if edits is not None:
                    points = points + edits[begun + index].to(points)
                rgb, mask = draw(method, method_transfer(method, points, other(source), affine), source)
                for rgba in _to_bytes(rgb, mask):
                    yield full.place(rgba) if full is not None else _unflipped(rgba, appearance)
            begun += len(part)

    size = method.canvas if full is None else full.frame
    return Animation(frames(), timing, size, tuple(notes), source)


def _motion(
    method: Jokr, data: PairData | None, driving: Driving | None, side: str
) -> tuple[Iterable[Subject], Timing]:
    """The subject that gives the motion, on the canvas of the training: crops of neighbouring frames, and all times."""
    if driving is None:
        if data is None:
            raise UsageError("an imported checkpoint has no videos of its own", "Name one with --driving.")
        return [data.subject(side)], data.subject(side).timing
    c = method.config
    flip = data is not None and data.subject(side).flip
    motion = moving(driving, method.canvas, c.margin, flip=flip, squeezed=c.squeezed, follow_size=c.follow_size)
    return motion, driving.timing


def edit(
    method: Jokr, data: PairData, side: str, frame: int, moves: Mapping[int, tuple[float, float]], steps: int = 12
) -> Animation:
    """Move keypoints of one frame and draw the frames along the way (figures 6 and 24).

    side   "a" or "b"
    frame  index into that subject's frames
    moves  keypoint -> (dx, dy) in normalised units of the crop, where `api.edit` takes the frame's
    steps  frames drawn, the first with no offset and the last with all of it
    """
    subject = data.subject(side)
    if not 0 <= frame < len(subject):
        raise UsageError(f"frame {frame} does not exist: subject {side} has the frames 0 to {len(subject) - 1}")
    k = method.config.keypoints
    wrong = [i for i in moves if not 0 <= i < k]
    if wrong or not moves or steps < 1:
        raise UsageError(
            f"keypoints to move are numbers from 0 to {k - 1}, not {wrong or 'none'}; steps are at least 1"
        )
    points = detect(method, subject, slice(frame, frame + 1))
    offset = torch.zeros_like(points)
    for i, (dx, dy) in moves.items():
        sign = -1.0 if subject.flip else 1.0
        offset[0, i] = torch.tensor([sign * dx, dy])
    way = torch.linspace(0, 1, steps).to(points) if steps > 1 else torch.ones(1).to(points)

    def frames() -> Iterator[Tensor]:
        for share in way:
            rgb, mask = draw(method, points + share * offset, side)
            yield subject.place(_to_bytes(rgb, mask)[0])

    return Animation(frames(), Timing.constant(steps, max(1.0, subject.timing.rate)), subject.frame)


def detect(method: Jokr, subject: Subject, index: Tensor | slice = slice(None)) -> Points:
    """Keypoints of some of a subject's frames, in batches: [N, K, 2]."""
    chosen = torch.arange(len(subject))[index]
    with _inference(method):
        parts = []
        for part in chosen.split(batch(method)):
            frames, masks = subject.pictures(part)
            parts.append(method.keypoints(frames.to(method.device), masks.to(method.device)))
        return torch.cat(parts)


def overlay(method: Jokr, data: PairData, side: str) -> Points:
    """A subject's keypoints where they lie in its own frames, as the video shows them: [T, K, 2]."""
    subject = data.subject(side)
    points = detect(method, subject).float().cpu()
    (h, w), (frame_h, frame_w) = method.shape_canvas, subject.frame
    centre, size = subject.boxes[:, None, :2], subject.boxes[:, None, 2:]
    canvas = torch.tensor([w, h])
    # Box and frame are measured at pixel edges, keypoints at pixel centres.
    places = centre - size / 2 + ((points + 1) / 2 * (canvas - 1) + 0.5) / canvas * size
    frame = torch.tensor([frame_w, frame_h])
    found = (places - 0.5) / (frame - 1) * 2 - 1
    return found * torch.tensor([-1.0, 1.0]) if subject.flip else found


def draw(method: Jokr, points: Points, side: str) -> tuple[Images, Masks]:
    """Keypoints to pictures [0, 1] and silhouettes [0, 1] of one side, in batches."""
    with _inference(method):
        parts = [method.render(part, side) for part in points.split(batch(method))]
        rgb, mask = torch.cat([rgb for rgb, _ in parts]), torch.cat([mask for _, mask in parts])
        if method.config.strays:
            kept = ~_strays(mask, method.config.strays)
            rgb, mask = rgb * kept, mask * kept
        return rgb, mask


def _strays(mask: Masks, share: float) -> Tensor:
    """Where what is drawn lies apart from the subject: bool [N, 1, H, W]."""
    reach = max(1, round(APART * min(mask.shape[2:])))
    drawn = (mask[:, 0] > HAZE).cpu().numpy()
    return torch.from_numpy(np.stack([strays(m, share, reach) for m in drawn]))[:, None].to(mask.device)


def method_transfer(method: Jokr, points: Points, from_side: str, affine: bool = True) -> Points:
    """`Jokr.transfer` without gradients."""
    with torch.no_grad():
        return method.transfer(points, from_side, affine)


def quality(method: Jokr, data: PairData) -> dict[str, float]:
    """Figures that need no truth, means over the frames that have a silhouette.

    iou_SIDE        of the silhouette drawn from a frame's own keypoints with the given one
    cycle_iou_SIDE  the same after the way there and back: keypoints, drawn as the other, keypoints again, drawn
    cycle_points_SIDE  mean distance of the keypoints after that way, normalised units
    step_SIDE       mean distance of a keypoint between neighbouring frames, normalised units
    """
    figures: dict[str, float] = {}
    for side in SIDES:
        subject, there = data.subject(side), other(side)
        index = subject.seen.nonzero()[:, 0]
        points = detect(method, subject, index)
        truth = subject.pictures(index)[1].to(points.device)
        figures[f"iou_{side}"] = _iou(draw(method, points, side)[1], truth)
        rgb, mask = draw(method, method_transfer(method, points, side), there)
        with _inference(method):
            pairs = zip(rgb.split(batch(method)), mask.split(batch(method)), strict=True)
            again = torch.cat([method.keypoints(*_as_seen(*pair)) for pair in pairs])
        back = method_transfer(method, again, there)
        figures[f"cycle_iou_{side}"] = _iou(draw(method, back, side)[1], truth)
        figures[f"cycle_points_{side}"] = float((back - points).norm(dim=-1).mean())
        step = (points[1:] - points[:-1])[(index[1:] - index[:-1]).to(points.device) == 1]
        figures[f"step_{side}"] = float(step.norm(dim=-1).mean())
    return figures


def draw_preview(method: Jokr, data: PairData, stage: Stage) -> Tensor:
    """Both subjects with their keypoints, as drawn again, and as the other: uint8 [3, H, W]."""
    rows: dict[str, Sequence[Tensor]] = {}
    for side in SIDES:
        subject = data.subject(side)
        index = torch.linspace(0, len(subject) - 1, min(6, len(subject))).long()
        points = detect(method, subject, index)
        crops = subject.pictures(index)[0]
        rows[f"{side} and its keypoints"] = [
            draw_keypoints(crop, p.cpu()) for crop, p in zip(crops, points.float(), strict=True)
        ]
        moved = method_transfer(method, points, side)
        for name, target, where in (("drawn again", side, points), (f"as {other(side)}", other(side), moved)):
            rgb, mask = draw(method, where, target)
            shown = mask.expand(-1, 3, -1, -1) if stage.name == "shape" and method.config.two_steps else rgb
            rows[f"{side} {name}"] = list(shown.cpu())
    return contact_sheet(rows, columns=6)


def _as_seen(rgb: Images, mask: Masks) -> tuple[Images, Masks]:
    """A drawn picture as E sees real ones: cut by a silhouette of 0 and 1."""
    hard = (mask > 0.5).to(rgb)
    return rgb * hard, hard


def _iou(made: Masks, truth: Masks) -> float:
    a, b = made > 0.5, truth > 0.5
    union = (a | b).flatten(1).sum(1).clamp_min(1)
    return float(((a & b).flatten(1).sum(1) / union).mean())


def _to_bytes(rgb: Images, mask: Masks) -> Tensor:
    """uint8 [N, 4, h, w] with straight alpha."""
    # Between a quarter and three quarters the silhouette's edge is as soft as a camera's; outside it is haze.
    alpha = ((mask - HAZE) * 2).clamp(0, 1)
    return (torch.cat((rgb, alpha), 1) * 255).round().to(torch.uint8).cpu()


def _unflipped(rgba: Tensor, subject: Subject | None) -> Tensor:
    return rgba.flip(-1) if subject is not None and subject.flip else rgba


class _inference:
    """no_grad and evaluation mode, put back afterwards; so are the statistics of a detector that is always training,
    which nothing reads, but which would say how often somebody has looked."""

    def __init__(self, method: Jokr) -> None:
        self.method, self.grad = method, torch.no_grad()

    def __enter__(self) -> None:
        self.training = self.method.training
        detector = self.method.detector
        self.statistics = [(b, b.clone()) for b in detector.buffers()] if detector.always_training else []
        self.method.eval()
        self.grad.__enter__()

    def __exit__(self, *exc: Any) -> None:
        self.grad.__exit__(*exc)
        self.method.train(self.training)
        for buffer, before in self.statistics:
            buffer.copy_(before)
