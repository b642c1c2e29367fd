"""Dancers seen from the front: two arms, two legs, and choreographies made of held poses."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from muybridge.puppets.bones import way
from muybridge.puppets.build import Build, Coat, Colour, Dips, Disc, Part, Ribbon, Tracks, Widths
from muybridge.puppets.motion import Channel, Motion, drift

SIDES = (("left", 1.0), ("right", -1.0))
JOINTS = (
    *("head", "neck", "chest", "pelvis"),
    *(f"{side}_{joint}" for side, _ in SIDES for joint in ("shoulder", "elbow", "hand", "hip", "knee", "ankle")),
)


@dataclass(frozen=True)
class Dancer:
    """Proportions of a dancer; lengths in units (legs about one), half widths where a number stands alone."""

    name: str
    torso: float
    shoulders: float
    hips: float
    neck: float
    head: tuple[float, float]
    """Radii: up and across."""
    arm: tuple[float, float]
    leg: tuple[float, float]
    foot: float
    body: Widths
    """s from 0 (pelvis) to 1 (neck)."""
    sleeve: Widths
    """s from 0 (shoulder) to 2 (hand)."""
    trouser: Widths
    """s from 0 (hip) to 2 (ankle)."""
    coats: dict[str, Coat]
    """"body", "arm", "leg", "shoe", "skin"; "skirt" where there is one."""
    hair: Colour
    sleeves: Dips = ()
    stockings: Dips = ()
    skirt: tuple[float, float] = (0.0, 0.0)
    """Length and half width, if there is one."""
    extras: tuple[Part, ...] = field(default=())


def solve(q: Dancer, m: Motion) -> Tracks:
    """Joint angles from the pelvis outwards; the lower foot stands on the ground unless `jump` lifts both."""
    lean = np.pi / 2 - m["lean"]
    joints: Tracks = {"pelvis": np.zeros((len(m), 2))}
    joints["chest"] = q.torso * 0.55 * way(lean)
    joints["neck"] = joints["chest"] + q.torso * 0.45 * way(lean - m["twist"])
    joints["head"] = joints["neck"] + (q.neck + q.head[0] * 0.8) * way(lean - m["twist"] - m["nod"])

    for side, sign in SIDES:
        # Shoulders and hips are set at right angles to the spine.
        across = way(lean - m["twist"] - np.pi / 2) * sign
        joints[f"{side}_shoulder"] = joints["neck"] + q.shoulders * across - 0.06 * way(lean)
        joints[f"{side}_hip"] = q.hips * sign * way(lean - np.pi / 2)
        raised = -np.pi / 2 + sign * (0.25 + m[f"{side}_arm"]) - m["lean"]
        joints[f"{side}_elbow"] = joints[f"{side}_shoulder"] + q.arm[0] * way(raised)
        joints[f"{side}_hand"] = joints[f"{side}_elbow"] + q.arm[1] * way(raised + sign * m[f"{side}_elbow"])
        out = -np.pi / 2 + sign * (0.06 + m[f"{side}_leg"]) - 0.3 * m["lean"]
        shin = out - sign * m[f"{side}_knee"]
        joints[f"{side}_knee"] = joints[f"{side}_hip"] + q.leg[0] * way(out)
        joints[f"{side}_ankle"] = joints[f"{side}_knee"] + q.leg[1] * way(shin)
        joints[f"{side}_toe"] = joints[f"{side}_ankle"] + q.foot * way(shin + sign * (0.9 - 0.7 * m[f"{side}_point"]))

    joints["hem"] = q.skirt[0] * way(lean + np.pi)
    # The angles say nothing of height: the lower foot is put on the ground afterwards.
    lowest = np.maximum(joints["left_toe"][:, 1], joints["right_toe"][:, 1])
    height = sum(q.leg) + q.foot
    lift = np.stack([0.8 * m["step"] * height, -lowest - m["jump"] * height - 0.03], -1)

    table = {}
    for name, at in joints.items():
        table[name] = at + lift

    return table


def build_dancer(q: Dancer) -> Build:
    """Cut the parts of a dancer along the bones."""
    parts: list[Part] = []
    for n, (side, _) in enumerate(reversed(SIDES)):
        leg = (f"{side}_hip", f"{side}_knee", f"{side}_ankle")
        w = q.trouser[-1][1]
        parts.append(
            Ribbon((leg[2], f"{side}_toe"), ((0, w, w), (0.6, w * 1.1, w * 1.1), (1, w * 0.7, w * 0.7)), "shoe", n)
        )
        parts.append(Ribbon(leg, q.trouser, "leg", n, tips=q.stockings))

    parts.append(Ribbon(("chest", "neck", "head"), ((0, 0.05, 0.05), (2, 0.05, 0.05)), "skin", 2))
    parts.append(Ribbon(("pelvis", "chest", "neck"), q.body, "body", 2, caps=(0.7, 0.5)))
    if q.skirt[0]:
        # The skirt widens downwards and hides where the legs begin.
        w = q.skirt[1]
        parts.append(
            Ribbon(
                ("chest", "pelvis", "hem"),
                ((0, w * 0.2, w * 0.2), (0.7, w * 0.32, w * 0.32), (1.4, w * 0.8, w * 0.8), (2, w, w)),
                "skirt",
                3,
                caps=(0.1, 0.12),
            )
        )

    for side, _ in reversed(SIDES):
        arm = (f"{side}_shoulder", f"{side}_elbow", f"{side}_hand")
        parts.append(Ribbon(arm, q.sleeve, "arm", 4, tips=q.sleeves, fade=0.25))

    # Hair behind, face, eyes and cheeks before it: discs that turn with the bone.
    bone = ("neck", "head")
    along = q.neck + q.head[0] * 0.8
    up, wide = q.head
    parts.append(Disc(bone, (along + 0.035, 0.0), (up * 1.04, wide * 1.1), q.hair, 5, True))
    parts.append(Disc(bone, (along - 0.02, 0.0), (up * 0.86, wide * 0.88), q.coats["skin"].base, 6, True))

    for sign in (1, -1):
        parts.append(Disc(bone, (along - 0.01, sign * wide * 0.36), (0.021, 0.017), (44, 32, 34), 6))
        parts.append(Disc(bone, (along - 0.07, sign * wide * 0.52), (0.025, 0.035), (232, 140, 122), 6))

    parts.append(Disc(bone, (along - 0.095, 0.0), (0.012, 0.035), (176, 70, 72), 6))
    parts.append(Disc(bone, (along + up * 0.62, wide * 0.1), (up * 0.26, wide * 0.74), q.hair, 6))
    parts += q.extras

    return Build(q.name, "dancer", JOINTS, tuple(parts), q.coats, lambda m: solve(q, m), stance=sum(q.leg))


CHANNELS = (
    "lean",
    "twist",
    "nod",
    "step",
    "jump",
    *(f"{s}_{c}" for s, _ in SIDES for c in ("arm", "elbow", "leg", "knee", "point")),
)
Pose = dict[str, float]
BALLET: tuple[Pose, ...] = (
    {"left_arm": 0.5, "right_arm": 0.5, "left_elbow": 0.5, "right_elbow": 0.5, "left_point": 0.3, "right_point": 0.3},
    {
        "left_arm": 2.3,
        "right_arm": 1.2,
        "left_elbow": 0.5,
        "right_elbow": 0.2,
        "right_leg": 0.95,
        "right_point": 1,
        "lean": -0.14,
        "nod": 0.15,
        "left_point": 0.9,
    },
    {
        "left_arm": 2.5,
        "right_arm": 2.5,
        "left_elbow": 0.65,
        "right_elbow": 0.65,
        "right_leg": 0.75,
        "right_knee": 1.75,
        "right_point": 1,
        "left_point": 1,
        "jump": 0.0,
    },
    {
        "left_arm": 1.25,
        "right_arm": 1.25,
        "left_elbow": 0.25,
        "right_elbow": 0.25,
        "left_leg": 0.6,
        "right_leg": 0.6,
        "left_point": 1,
        "right_point": 1,
        "jump": 0.14,
    },
    {
        "left_arm": 1.2,
        "right_arm": 2.4,
        "left_elbow": 0.2,
        "right_elbow": 0.5,
        "left_leg": 1.15,
        "left_point": 1,
        "lean": 0.22,
        "nod": -0.15,
        "right_point": 0.5,
    },
)
SWING: tuple[Pose, ...] = (
    {
        "left_arm": 0.6,
        "right_arm": 0.6,
        "left_elbow": 1.6,
        "right_elbow": 1.6,
        "left_leg": 0.3,
        "right_leg": 0.3,
        "left_knee": 0.55,
        "right_knee": 0.55,
        "twist": 0.12,
        "step": -0.03,
    },
    {
        "left_arm": 1.5,
        "right_arm": 0.4,
        "left_elbow": 1.3,
        "right_elbow": 1.9,
        "left_leg": 0.75,
        "left_knee": 1.3,
        "lean": 0.12,
        "twist": -0.18,
        "nod": 0.1,
        "left_point": 0.7,
        "step": 0.03,
    },
    {
        "left_arm": 0.7,
        "right_arm": 1.8,
        "left_elbow": 1.8,
        "right_elbow": 0.9,
        "right_leg": 0.7,
        "right_knee": 0.2,
        "lean": -0.2,
        "twist": 0.18,
        "nod": -0.12,
        "left_leg": 0.25,
        "left_knee": 0.5,
        "step": -0.04,
    },
    {
        "left_arm": 2.2,
        "right_arm": 2.2,
        "left_elbow": -0.5,
        "right_elbow": -0.5,
        "left_leg": 0.45,
        "right_leg": 0.45,
        "left_knee": 0.8,
        "right_knee": 0.8,
        "jump": 0.1,
        "nod": 0.08,
    },
)


def choreography(poses: tuple[Pose, ...], frames: int, seed: int, beat: float = 16.0) -> Motion:
    """From pose to pose, eased, each held a little; the seed chooses order, timing and small differences."""
    rng = np.random.default_rng([seed, 31])
    count = int(frames / (beat * 0.8)) + 3
    # Every pose comes once before any comes again, and never twice in a row.
    order = [int(i) for i in rng.permutation(len(poses))]
    while len(order) < count:
        order += [int(i) for i in rng.permutation(len(poses)) if i != order[-1]]
    times = np.concatenate([[0.0], np.cumsum(beat * rng.uniform(0.85, 1.2, count - 1))])
    t = np.arange(frames)
    i = np.clip(np.searchsorted(times, t, "right") - 1, 0, count - 2)
    part = np.clip((t - times[i]) / (times[i + 1] - times[i]) * 1.15, 0, 1)
    # Eased at both ends; the factor above makes each pose held for a moment.
    part = part * part * (3 - 2 * part)
    channels: dict[str, Channel] = {}

    for n, name in enumerate(CHANNELS):
        held = np.array([poses[k].get(name, 0.0) * rng.uniform(0.9, 1.1) for k in order[:count]])
        small = 0.0 if name == "jump" else 0.01 if name == "step" else 0.05
        channels[name] = held[i] * (1 - part) + held[i + 1] * part + small * drift(frames, seed * 97 + n, 33.0)

    return Motion("dancer", channels, np.zeros(frames))
