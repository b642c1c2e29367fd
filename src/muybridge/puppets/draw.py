"""Drawing: a build doing a motion, placed before a backdrop, as a clip with its silhouettes and joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import UsageError
from muybridge.puppets.backdrop import KINDS, Backdrop, shade
from muybridge.puppets.build import Build
from muybridge.puppets.motion import Motion
from muybridge.puppets.paint import Painter, Placement, normalise_track
from muybridge.video import Clip, Timing

RATE = 25
"""Frames per second."""
FILL = 0.8
"""Part of the frame that a puppet spans at most, in the longer of its directions."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn clip and what is known about it.

    clip    frames and silhouettes
    joints  [T, J, 2] where the build's joints are, (x, y) in [-1, 1]
    names   the J joints
    """

    clip: Clip
    joints: Float[Tensor, "T J 2"]
    names: tuple[str, ...]


def fit(build: Build, *motions: Motion, flip: bool = False) -> Placement:
    """The upright placement in which a build fills the frame and stays inside it, whichever of the motions it does."""
    tracks: list[np.ndarray] = []
    for motion in motions:
        tracks += build.solve(motion).values()

    points = np.concatenate(tracks)
    low = points.min(0) - 0.08
    high = points.max(0) + 0.08
    # The ground is where the build stands, not its lowest joint in the air.
    high[1] = 0.06
    wide, tall = high - low
    scale = float(FILL / max(wide, tall))
    middle = float(low[0] + high[0]) / 2 * (-1 if flip else 1)
    ground = min(0.9, 0.53 + scale * tall / 2)

    return Placement(scale, (0.5 - middle * scale, ground), flip=flip)


def draw(
    build: Build,
    motion: Motion,
    size: int = 256,
    placement: Placement | None = None,
    backdrop: str = "white",
    seed: int = 0,
) -> Drawing:
    """Draw a puppet: the same arguments give the same bytes.

    motion     one of the build's kind
    size       side of the square frames, pixels, 16 to 4096
    placement  where it stands; fitted to the frame if not given
    backdrop   one of backdrop.KINDS; on any but "white" the puppet casts a shadow, which is not in its silhouette
    seed       of the backdrop
    raises     UsageError: a motion of another kind, a size or a backdrop that is not there
    """
    if motion.kind != build.kind:
        raise UsageError(f"the {build.name} is a {build.kind} and cannot do the motion of a {motion.kind}")
    if not 16 <= size <= 4096:
        raise UsageError(f"a puppet's frames are 16 to 4096 pixels wide, not {size}")
    if backdrop not in KINDS:
        raise UsageError(f"no backdrop {backdrop!r}", f"Choose from: {', '.join(KINDS)}")

    placement = placement or fit(build, motion)
    painter = Painter(build, motion, placement, size)
    behind = plates(build, motion, size, placement, backdrop, seed)
    pixels = np.empty((len(motion), size, size, 3), np.uint8)
    mattes = np.empty((len(motion), size, size, 1), np.uint8)

    for t, ground in enumerate(behind):
        picture, matte = painter.frame(t)
        mattes[t, ..., 0] = np.rint(matte * 255)
        whole = np.clip(np.rint(picture + (1 - matte)[..., None] * ground), 0, 255)
        # Outside the silhouette the plate stays as it is, to the last bit.
        pixels[t] = np.where(mattes[t] > 0, whole, ground)

    clip = Clip(_channels_first(pixels), Timing.constant(len(motion), RATE), _channels_first(mattes))
    tracks = placement.apply(build.solve(motion), size)
    joints = np.stack([normalise_track(tracks[name], size) for name in build.joints], 1)

    return Drawing(clip, torch.from_numpy(joints).float(), build.joints)


def plates(
    build: Build, motion: Motion, size: int, placement: Placement, backdrop: str, seed: int
) -> list[Float[np.ndarray, "H W 3"]]:
    """What stands behind the puppet in each frame, its shadow included: whole numbers in [0, 255]."""
    scenery = Backdrop(backdrop, size, placement.ground[1], seed)
    stride = build.stance * placement.scale * size * (-1 if placement.flip else 1)
    # The puppet walks on the spot, and the ground goes the other way.
    moved = np.concatenate([[0.0], np.cumsum(motion.speed)[:-1]]) * stride
    tracks = placement.apply(build.solve(motion), size)
    feet = []
    for name in tracks:
        if name.endswith(("_foot", "_toe")) or name == "root":
            feet.append(name)

    floor = placement.ground[1] * size
    unit = placement.scale * size
    found = []

    for t, way in enumerate(moved):
        picture = scenery.frame(float(way))
        if backdrop != "white":
            spots = []
            for f in feet:
                spots.append((float(tracks[f][t, 0]), floor, 0.13 * unit, _contact(floor - tracks[f][t, 1], unit)))

            # One soft shadow under the body beside those of the feet.
            middle = float(np.mean([tracks[f][t, 0] for f in feet]))
            shade(picture, [*spots, (middle, floor, 0.5 * unit, 0.45)])
        found.append(np.clip(np.rint(picture), 0, 255))

    return found


def _contact(height: float, unit: float) -> float:
    """How dark a foot's shadow is at a height above the ground."""
    return float(0.6 * np.clip(1 - height / (0.25 * unit), 0.1, 1))


def _channels_first(frames: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frames.transpose(0, 3, 1, 2)))
