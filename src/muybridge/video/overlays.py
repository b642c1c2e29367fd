"""What networks found and looked at, drawn on frames: heat maps, parts, axes, lattices, flows."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from muybridge.video.sheets import Sheet, distinct_colours

READABLE = 256
"""Shorter side in pixels from which on a person can read what is drawn on a frame."""
LINES = 13
"""Lines of a lattice, each way, at most."""


def enlarge_frame(frame: Tensor, least: int = READABLE) -> Sheet:
    """A frame [3, H, W], uint8 or float in [0, 1], as uint8 with a shorter side of `least` pixels or more."""
    picture = frame.float() / 255 if frame.dtype == torch.uint8 else frame.float()
    short = min(picture.shape[1:])
    if short < least:
        size = tuple(round(side * least / short) for side in picture.shape[1:])
        picture = F.interpolate(picture[None], size, mode="bicubic", antialias=True)[0]
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8).cpu()


def colour_maps(frame: UInt8[Tensor, "3 H W"], maps: Float[Tensor, "K h w"]) -> Sheet:
    """A darkened frame under one map a keypoint, each in the colour that `draw_keypoints` gives it and as bright as its
    own largest value."""
    ground = frame.float() / 255 * 0.45
    level = _fit(maps, frame) / maps.detach().float().cpu().amax((1, 2)).clamp_min(1e-12)[:, None, None]
    strongest, which = level.clamp(0, 1).max(0)
    mixed = torch.lerp(ground, _palette(len(maps))[which].permute(2, 0, 1), strongest)
    return _to_bytes(mixed)


def colour_parts(frame: UInt8[Tensor, "3 H W"], shares: Float[Tensor, "K1 h w"]) -> Sheet:
    """A frame whose pixels have the colour of the part with the largest share there; the first one, the background,
    keeps its own."""
    strongest = _fit(shares, frame).argmax(0)
    tints = torch.cat((torch.zeros(1, 3), _palette(len(shares) - 1)))[strongest].permute(2, 0, 1)
    ground = frame.float() / 255
    return _to_bytes(torch.where(strongest > 0, torch.lerp(ground, tints, 0.65), ground))


def colour_flow(grid: Float[Tensor, "h w 2"], size: tuple[int, int], longest: float = 0.5) -> Sheet:
    """How far each pixel of a result looks away: hue is the direction, and white stands still.

    grid     where it looks, absolute, [-1, 1]
    longest  way in the same units that has the full colour
    """
    field = _fit(grid.permute(2, 0, 1), torch.zeros(3, *size))
    ys = torch.linspace(-1, 1, size[0])[:, None]
    xs = torch.linspace(-1, 1, size[1])[None]
    right = field[0] - xs
    down = field[1] - ys

    hue = (torch.atan2(down, right) / (2 * torch.pi) % 1 * 180).byte()
    saturation = ((right.square() + down.square()).sqrt() / longest * 255).clamp(0, 255).byte()
    hsv = torch.stack((hue, saturation, torch.full_like(hue, 255)), -1).numpy()
    return torch.from_numpy(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)).permute(2, 0, 1).contiguous()


def colour_level(level: Float[Tensor, "h w"], like: Tensor) -> Sheet:
    """A share from 0, black, to 1, white, at the size of a frame."""
    return _to_bytes(_fit(level[None], like).expand(3, -1, -1))


def colour_heat(frame: UInt8[Tensor, "3 H W"], level: Float[Tensor, "h w"]) -> Sheet:
    """One map of any range laid over a frame: from dark blue, its 0, to yellow, its largest value."""
    seen = _fit(level[None], frame)[0] / level.max().detach().float().cpu().clamp_min(1e-12)
    colours = cv2.applyColorMap((seen.clamp(0, 1) * 255).byte().numpy(), cv2.COLORMAP_PLASMA)[..., ::-1].copy()
    return _to_bytes(torch.lerp(frame.float() / 255, torch.from_numpy(colours).permute(2, 0, 1).float() / 255, 0.6))


def draw_axes(
    frame: UInt8[Tensor, "3 H W"], points: Float[Tensor, "K 2"], axes: Float[Tensor, "K 2 2"], longest: float = 0.25
) -> Sheet:
    """The two axes of the affine frame around each keypoint: the columns of its matrix.

    axes     one factor for all makes the longest of them as long as `longest`, in units of [-1, 1]
    returns  uint8 [3, H, W]
    """
    picture = frame.permute(1, 2, 0).contiguous().numpy().copy()
    frames = axes.detach().double().cpu()
    scale = longest / float(frames.square().sum(1).sqrt().max().clamp_min(1e-9))

    places = points.detach().double().cpu()
    for colour, place, matrix in zip(distinct_colours(len(places)), places, frames, strict=True):
        for axis in (matrix[:, 0], matrix[:, 1]):
            ends = torch.stack((place - scale * axis, place + scale * axis))
            _draw_line(picture, ends, (16, 16, 16), 4)
            _draw_line(picture, ends, colour, 2)
    return torch.from_numpy(picture).permute(2, 0, 1).contiguous()


def draw_lattice(frame: UInt8[Tensor, "3 H W"], grid: Float[Tensor, "h w 2"]) -> Sheet:
    """A regular lattice of a result's pixels, drawn on the frame where these look: a straight one looks straight
    ahead.

    grid  where each pixel of the result looks, absolute, [-1, 1]
    """
    picture = frame.permute(1, 2, 0).contiguous().numpy().copy()
    field = grid.detach().float().cpu().permute(2, 0, 1)[None]
    # No more nodes than the grid has cells: what lies between those is nobody's.
    size = (min(LINES, grid.shape[0]), min(LINES, grid.shape[1]))
    nodes = F.interpolate(field, size, mode="bilinear", align_corners=True)[0].permute(1, 2, 0)

    for line in (*nodes, *nodes.transpose(0, 1)):
        _draw_line(picture, line, (16, 16, 16), 2)
        _draw_line(picture, line, (255, 220, 60), 1)
    return torch.from_numpy(picture).permute(2, 0, 1).contiguous()


def _draw_line(picture: np.ndarray, places: Tensor, colour: tuple[int, int, int], width: int) -> None:
    """Through places in [-1, 1]; far outside, cv2's fixed-point coordinates would overflow."""
    height, wide = picture.shape[:2]
    ends = (places.double().clamp(-3, 3) + 1) / 2 * torch.tensor([wide - 1, height - 1])
    line = (ends * 16).round().to(torch.int32).numpy()
    cv2.polylines(picture, [line], False, colour, width, cv2.LINE_AA, 4)


def _fit(maps: Tensor, like: Tensor) -> Float[Tensor, "N H W"]:
    """Maps [N, h, w] at the size of a frame, in memory as that is."""
    size = (like.shape[1], like.shape[2])
    return F.interpolate(maps.detach().float().cpu()[None], size, mode="bilinear", align_corners=True)[0]


def _palette(count: int) -> Float[Tensor, "K 3"]:
    return torch.tensor(distinct_colours(count)).float() / 255


def _to_bytes(picture: Tensor) -> Sheet:
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)
