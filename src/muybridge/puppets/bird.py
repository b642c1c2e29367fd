"""Birds that walk: two long legs, a neck that holds the head still and then throws it forward, folded wings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from muybridge.puppets.bones import FAR, bend, way
from muybridge.puppets.build import Build, Coat, Dips, Part, Ribbon, Tracks, Widths
from muybridge.puppets.motion import Motion

LEGS = ("near_hind", "far_hind")
JOINTS = (
    *("nose", "poll", "neck", "withers", "back", "rump", "tail_tip", "wing", "wing_tip"),
    *(f"{leg}_{joint}" for leg in LEGS for joint in ("top", "knee", "ankle", "foot")),
)


@dataclass(frozen=True)
class Bird:
    """Proportions of a bird that looks to the right; lengths in units, angles in radians above +x."""

    name: str
    trunk: tuple[float, float]
    """Length of the body, rump to breast, and its angle."""
    hip: float
    """Height of the middle of the body."""
    neck: tuple[float, float, float]
    """Length, angle, and curve of the S."""
    head: tuple[float, float]
    """From the back of the head to the tip of the beak, and its angle."""
    tail: tuple[float, float]
    """Length and angle."""
    leg: tuple[float, float, float]
    """Thigh, shank, and the foot's long bone up to the heel, which bends backwards."""
    toe: float
    body: Widths
    neck_width: Widths
    face: Widths
    beak: Widths
    """s from 0 (where the face ends) to 1 (tip)."""
    shank: Widths
    """s from 0 (top) to 3 (foot)."""
    tail_width: Widths
    wing: tuple[float, float, float]
    """Length, half width, and angle against the body."""
    coats: dict[str, Coat]
    """"body", "wing", "beak", "leg"; "neck", "head" and "tail" where they differ."""
    tuft: Dips = ()
    extras: tuple[Part, ...] = field(default=())


def solve(q: Bird, m: Motion) -> Tracks:
    """Where every joint of a bird is; the head stays behind and catches up once a step."""
    length, angle = q.trunk
    tilt = angle + 1.5 * m["pitch"]
    centre = np.stack([np.zeros(len(m)), -q.hip * (1 + m["bounce"])], -1)
    joints: Tracks = {
        "back": centre,
        "rump": centre - length / 2 * way(tilt),
        "withers": centre + length / 2 * way(tilt),
    }
    long, steep, curve = q.neck
    # The neck is an S of two bones: what one bends forwards, the other bends back.
    low = steep - curve + m["neck"] - m["curve"]
    high = steep + curve + m["neck"] + m["curve"]
    joints["neck"] = joints["withers"] + long / 2 * way(low)
    joints["poll"] = joints["neck"] + long / 2 * way(high)
    gaze = way(q.head[1] + m["head"] + 0.3 * m["neck"])
    joints["face"] = joints["poll"] + q.head[0] * 0.45 * gaze
    joints["nose"] = joints["poll"] + q.head[0] * gaze
    joints["bill"] = joints["poll"] + q.head[0] * 0.78 * gaze
    joints["comb"] = joints["poll"] + q.head[0] * 0.2 * gaze + (0.0, -0.1)
    joints["tail_tip"] = joints["rump"] + q.tail[0] * way(q.tail[1] + 0.8 * m["tail"] + m["pitch"])
    # Folded, the wing lies along the back and points to the tail.
    spread = np.pi + tilt + q.wing[2] - m["wing"]
    joints["shoulder"] = centre + 0.3 * length * way(tilt)
    joints["wing"] = joints["shoulder"] + 0.5 * q.wing[0] * way(spread)
    joints["wing_tip"] = joints["wing"] + 0.5 * q.wing[0] * way(spread - 0.25 - 0.5 * m["wing"])
    for leg in LEGS:
        joints |= _leg(q, m, leg, centre)

    return joints


def _leg(q: Bird, m: Motion, leg: str, centre: np.ndarray) -> Tracks:
    far = leg.startswith("far")
    upper, lower, last = q.leg
    # The far leg stands a little ahead and higher, as perspective has it.
    top = centre + np.array([0.05 if far else 0.0, 0.06])
    stance = q.hip - 0.06
    ground = -0.035 if far else 0.0
    fold = m[f"{leg}_flex"]
    swing = m[f"{leg}_reach"]
    foot = np.stack([0.06 + (0.04 if far else 0) + swing * stance, ground - m[f"{leg}_lift"] * stance * 1.3], -1)
    lean = -0.12 - 0.45 * swing + 1.2 * fold
    ankle = foot - last * way(-np.pi / 2 - lean)
    # Where the leg is too short to reach the place, the ankle gives way, and the foot with it.
    knee, ankle = bend(top, ankle, upper, lower, 1.0)
    foot = ankle + last * way(-np.pi / 2 - lean)
    toe = foot + q.toe * way(-1.1 * fold)
    spur = foot + 0.35 * q.toe * way(np.pi - 1.1 * fold)

    return {
        f"{leg}_top": top,
        f"{leg}_knee": knee,
        f"{leg}_ankle": ankle,
        f"{leg}_foot": foot,
        f"{leg}_toe": toe,
        f"{leg}_spur": spur,
    }


def _leg_parts(q: Bird, name: str, layer: int) -> list[Part]:
    shade = FAR if name.startswith("far") else 1.0
    w = q.shank[-1][1]
    toes = ((0, w * 0.7, w * 0.7), (1, w, w), (2, w, w * 0.7))
    thigh = tuple((s, up * 1.02, down * 1.02) for s, up, down in q.shank if s <= 1)
    joints = (f"{name}_top", f"{name}_knee", f"{name}_ankle", f"{name}_foot")

    return [
        Ribbon((f"{name}_spur", f"{name}_foot", f"{name}_toe"), toes, "leg", layer, shade=shade),
        Ribbon(joints, q.shank, "leg", layer, shade=shade),
        Ribbon(joints[:2], thigh, "body", layer, shade=shade, fade=0.4),
    ]


def build_bird(q: Bird) -> Build:
    """Cut the parts of a bird along its bones."""

    def coat(name: str) -> str:
        return name if name in q.coats else "body"

    w = q.wing[1]
    wing = ((0, w * 0.7, w * 0.6), (0.8, w, w * 0.85), (1.5, w * 0.62, w * 0.6), (2, w * 0.14, w * 0.14))
    parts: list[Part] = [
        # Layers from the back to the front: what stands later is drawn over it.
        *_leg_parts(q, "far_hind", 0),
        Ribbon(("rump", "tail_tip"), q.tail_width, coat("tail"), 1, tips=q.tuft),
        Ribbon(("rump", "back", "withers"), q.body, "body", 2),
        Ribbon(("withers", "neck", "poll"), q.neck_width, coat("neck"), 2, caps=(0.6, 0.8), fade=0.6),
        Ribbon(("face", "nose"), q.beak, "beak", 2, caps=(0.3, 1.0)),
        Ribbon(("poll", "face"), q.face, coat("head"), 2),
        *q.extras,
        *_leg_parts(q, "near_hind", 3),
        Ribbon(("shoulder", "wing", "wing_tip"), wing, "wing", 4),
    ]
    return Build(q.name, "bird", JOINTS, tuple(parts), q.coats, lambda m: solve(q, m), stance=q.hip - 0.06)
