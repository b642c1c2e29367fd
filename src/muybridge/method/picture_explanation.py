"""Sheets of what methods that move pictures found: keypoints and their maps, parts, flow and occlusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from muybridge.method.animation import Explanation
from muybridge.picture_animator import PairPreview
from muybridge.video.overlays import (
    colour_flow,
    colour_level,
    colour_maps,
    colour_parts,
    draw_axes,
    draw_lattice,
    enlarge_frame,
)
from muybridge.video.sheets import draw_keypoints

Seen = tuple[Tensor, Tensor, PairPreview]
"""A source frame and a driving frame [3, H, W] in [0, 1], and what is made of the two."""


def explain_pictures(pairs: Sequence[Seen]) -> list[Explanation]:
    """One sheet for each thing that the method has: what it has not is left out."""
    found = [Explanation("keypoints", KEYPOINTS, _keypoint_rows(pairs))]
    first = pairs[0][2]
    if first.shares is not None:
        found.append(Explanation("parts", PARTS, _part_rows(pairs)))
    found.append(Explanation("motion", MOTION, _motion_rows(pairs)))
    return found


KEYPOINTS = "Where the keypoints or regions are on each frame, and the heat map of each in its colour."
PARTS = "Which of the motions has the largest share in each pixel: the parts that move as one, found without labels."
MOTION = "Where each pixel of the result looks in the source, where the source shows what is needed, and what is made."


def _keypoint_rows(pairs: Sequence[Seen]) -> dict[str, list[Tensor]]:
    rows = {"keypoints of the driving frames": _each(pairs, _draw_points)}
    if pairs[0][2].maps is not None:
        rows["their heat maps, each in its keypoint's colour"] = _each(pairs, _draw_maps)
    return rows


def _draw_points(source: Tensor, driving: Tensor, seen: PairPreview) -> Tensor:
    frame = enlarge_frame(driving)
    if seen.axes is not None:
        frame = draw_axes(frame, seen.driving[0], seen.axes[0])
    return draw_keypoints(frame, seen.driving[0], numbered=True)


def _draw_maps(source: Tensor, driving: Tensor, seen: PairPreview) -> Tensor:
    assert seen.maps is not None
    return colour_maps(enlarge_frame(driving), seen.maps[0])


def _part_rows(pairs: Sequence[Seen]) -> dict[str, list[Tensor]]:
    return {
        "driving frames": _each(pairs, lambda source, driving, seen: enlarge_frame(driving)),
        "the motion with the largest share; the background's pixels keep their colours": _each(pairs, _draw_parts),
    }


def _draw_parts(source: Tensor, driving: Tensor, seen: PairPreview) -> Tensor:
    assert seen.shares is not None
    return colour_parts(enlarge_frame(driving), seen.shares[0])


def _motion_rows(pairs: Sequence[Seen]) -> dict[str, list[Tensor]]:
    rows = {"driving frames": _each(pairs, lambda source, driving, seen: enlarge_frame(driving))}
    first = pairs[0][2]
    if first.grid is not None:
        rows["the source, and where a lattice of the result's pixels looks in it"] = _each(pairs, _draw_lattice)
        rows["the same as colours: hue is the direction, white looks straight ahead"] = _each(pairs, _draw_flow)
    if first.occlusion is not None:
        rows["white: the source shows what is needed; black: it has to be made up"] = _each(pairs, _draw_occlusion)
    rows["the source moved by the flow alone"] = _each(
        pairs, lambda source, driving, seen: enlarge_frame(seen.moved[0])
    )
    rows["what is made"] = _each(pairs, lambda source, driving, seen: enlarge_frame(seen.made[0]))
    return rows


def _draw_lattice(source: Tensor, driving: Tensor, seen: PairPreview) -> Tensor:
    assert seen.grid is not None
    return draw_lattice(enlarge_frame(source), seen.grid[0])


def _draw_flow(source: Tensor, driving: Tensor, seen: PairPreview) -> Tensor:
    assert seen.grid is not None
    frame = enlarge_frame(source)
    return colour_flow(seen.grid[0].cpu(), (frame.shape[1], frame.shape[2]))


def _draw_occlusion(source: Tensor, driving: Tensor, seen: PairPreview) -> Tensor:
    assert seen.occlusion is not None
    return colour_level(seen.occlusion[0, 0], enlarge_frame(source))


def _each(pairs: Sequence[Seen], draw: Callable[[Tensor, Tensor, PairPreview], Tensor]) -> list[Tensor]:
    drawn = []
    for source, driving, seen in pairs:
        drawn.append(draw(source, driving, seen))
    return drawn
