"""Four-legged builds: bones from a few proportions, and parts along them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from muybridge.puppets.bones import FAR, bend, way
from muybridge.puppets.build import Build, Coat, Dips, Disc, Part, Ribbon, Track, Tracks, Widths
from muybridge.puppets.motion import Channel, Motion

LEGS = ("near_fore", "far_fore", "near_hind", "far_hind")
JOINTS = (
    *("nose", "poll", "neck", "withers", "back", "rump", "tail_mid", "tail_tip"),
    *(f"{leg}_{joint}" for leg in LEGS for joint in ("top", "knee", "ankle", "foot")),
)


@dataclass(frozen=True)
class Quadruped:
    """Proportions of a four-legged animal that looks to the right; lengths in units, angles in radians above +x."""

    name: str
    trunk: float
    """Rump to withers."""
    shoulder: float
    """Height of the withers."""
    hip: float
    """Height of the rump."""
    neck: tuple[float, float, float]
    """Length, angle, and how much it curves."""
    head: tuple[float, float]
    """Length and angle."""
    tail: tuple[float, float, float]
    """Length, angle and curl."""
    fore: tuple[float, float, float]
    """Upper leg, lower leg, and foot from the ankle down."""
    hind: tuple[float, float, float]
    body: Widths
    """Half widths of the trunk, s from 0 (rump) over 1 (back) to 2 (withers)."""
    neck_width: Widths
    """s from 0 (withers) to 2 (poll)."""
    face: Widths
    """s from 0 (poll) to 1 (nose)."""
    foreleg: Widths
    """s from 0 (top) over knee and ankle to 3 (foot)."""
    hindleg: Widths
    tail_width: Widths
    """s from 0 (rump) to 3 (tip)."""
    coats: dict[str, Coat]
    """"body" at least; "neck", "head", "leg" and "tail" where they differ."""
    ear: tuple[float, float, float] = (0.16, 1.2, 0.05)
    """Length, angle against the head, and half width at the root."""
    ear_tip: float = 0.2
    """Width of the ear's tip against its root."""
    ear_root: tuple[float, float] = (0.0, 0.1)
    """Where the ear grows: along the head from the poll, and up."""
    muzzle: Dips = ()
    """Colours of the face by s."""
    sock: Dips = ()
    """Colours of the lower leg by s."""
    tuft: Dips = ()
    """Colours of the tail by s."""
    tops: tuple[tuple[float, float], tuple[float, float]] = ((-0.03, 0.22), (0.06, 0.16))
    """Where the fore leg begins below the withers, and the hind leg below the rump (forward, down)."""
    foot: float = 0.08
    """Length of the paw or hoof before the ankle."""
    slant: tuple[float, float] = (0.0, 0.25)
    """How far the feet's last bones lean at rest, fore and hind."""
    fold: float = 1.0
    """How far a swinging foot folds against the motion; thick legs fold less."""
    trunk_nose: float = 0.0
    """Length of a trunk, for an elephant."""
    extras: tuple[Part, ...] = field(default=())
    """Eyes, horns, manes and whatever else makes the animal; drawn with the head's layer."""
    behind: tuple[Part, ...] = field(default=())
    """Parts drawn behind everything."""


def solve(q: Quadruped, m: Motion) -> Tracks:
    """Where every joint of a four-legged animal is: feet where the motion puts them, the rest follows."""
    tall = (q.shoulder + q.hip) / 2
    slope = np.arcsin((q.shoulder - q.hip) / q.trunk)
    axis = slope + m["pitch"]
    centre = np.stack([np.zeros(len(m)), -tall * (1 + m["bounce"])], -1)
    rump = centre - q.trunk / 2 * way(axis)
    withers = centre + q.trunk / 2 * way(axis)
    joints: Tracks = {"rump": rump, "withers": withers, "back": centre + 0.02 * way(axis - np.pi / 2)}
    # The neck is an S of two bones: what one bends forwards, the other bends back.
    length, angle, curve = q.neck
    low = angle + m["neck"] - curve - m["curve"]
    high = angle + m["neck"] + curve + m["curve"]
    joints["neck"] = withers + length * 0.5 * way(low)
    joints["poll"] = joints["neck"] + length * 0.5 * way(high)
    gaze = q.head[1] + m["head"] + 0.4 * m["neck"]
    joints["nose"] = joints["poll"] + q.head[0] * way(gaze)

    # The far ear is turned a little, as a head seen not quite from the side has it.
    for side, lean in (("near", 0.0), ("far", 0.28)):
        along, up = q.ear_root
        root = joints["poll"] + (along + 0.2 * lean) * way(gaze) + up * way(gaze + np.pi / 2)
        joints[f"{side}_ear_root"] = root
        joints[f"{side}_ear"] = root + q.ear[0] * way(gaze + q.ear[1] + m["ear"] - lean)

    # Horns and tusks hang on the head, whether this animal shows them or not.
    joints["horn_root"] = joints["poll"] + 0.02 * way(gaze) + 0.08 * way(gaze + np.pi / 2)
    joints["horn"] = joints["horn_root"] + 0.13 * way(gaze + 1.9)
    joints["tusk_root"] = joints["nose"] + 0.05 * way(gaze - np.pi / 2)
    joints["tusk"] = joints["tusk_root"] + 0.24 * way(gaze + 0.6)
    joints |= _tail(q, m, rump) | _trunk(q, m, joints["nose"])
    for leg in LEGS:
        joints |= _leg(q, m, leg, rump if "hind" in leg else withers, axis - slope)

    return joints


def _tail(q: Quadruped, m: Motion, root: Track) -> Tracks:
    length, angle, curl = q.tail
    joints = {}
    at = root
    for i, name in enumerate(("tail_low", "tail_mid", "tail_tip")):
        at = at + length / 3 * way(angle + i * curl - m["tail"] - m["wave"] * i * 0.5)
        joints[name] = at
    return joints


def _trunk(q: Quadruped, m: Motion, nose: Track) -> Tracks:
    joints = {}
    at = nose
    for i in range(3):
        at = at + q.trunk_nose / 3 * way(-1.5 + 0.38 * i + 0.6 * m["wave"] * (i + 1) / 2 + m["head"])
        joints[f"trunk_{i}"] = at
    return joints


def _leg(q: Quadruped, m: Motion, leg: str, root: Track, pitch: Channel) -> Tracks:
    hind = "hind" in leg
    far = leg.startswith("far")
    upper, lower, last = q.hind if hind else q.fore
    forward, down = q.tops[hind]
    # The hip and the shoulder turn with the trunk.
    c = np.cos(pitch)
    s = np.sin(pitch)
    top = root + np.stack([forward * c + down * s, down * c - forward * s], -1)
    if far:
        top = top + np.array([0.05, -0.02])
    stance = (q.hip if hind else q.shoulder) - down
    home = (q.trunk / 2 * (-1 if hind else 1)) + forward + (0.05 if far else 0.0) - (0.04 if hind else 0.0)
    ground = -0.035 if far else 0.0
    swing = m[f"{leg}_reach"]
    foot = np.stack([home + swing * stance, ground - m[f"{leg}_lift"] * stance], -1)
    fold = q.fold * m[f"{leg}_flex"]
    # The last bone leans against the swing, and folds when the foot is lifted.
    lean = q.slant[hind] - 0.5 * swing + (0.9 if hind else 1.3) * fold
    ankle = foot + last * way(np.pi / 2 + lean)
    # Where the leg is too short to reach the place, the ankle gives way, and the foot with it.
    knee, ankle = bend(top, ankle, upper, lower, 1.0 if hind else -1.0 if q.slant[0] >= 0 else 1.0)
    foot = ankle - last * way(np.pi / 2 + lean)
    toe = foot + q.foot * way(-lean * 0.5 - 0.9 * fold)

    return {f"{leg}_top": top, f"{leg}_knee": knee, f"{leg}_ankle": ankle, f"{leg}_foot": foot, f"{leg}_toe": toe}


def build_quadruped(q: Quadruped) -> Build:
    """Cut the parts of a four-legged animal along its bones."""

    def coat(name: str) -> str:
        return name if name in q.coats else "body"

    def leg(name: str, layer: int) -> list[Part]:
        shade = FAR if name.startswith("far") else 1.0
        widths = q.hindleg if "hind" in name else q.foreleg
        # A foot is as wide as the leg that ends in it.
        w = widths[-1][1]
        tips = ((0.0, q.sock[-1][1]),) if q.sock else ()
        joints = (f"{name}_top", f"{name}_knee", f"{name}_ankle", f"{name}_foot")

        return [
            Ribbon(
                (f"{name}_foot", f"{name}_toe"),
                ((0, w, w * 0.9), (1, w * 0.9, w * 0.8)),
                coat("leg"),
                layer,
                tips=tips,
                shade=shade,
            ),
            Ribbon(joints, widths, coat("leg"), layer, tips=q.sock, shade=shade, fade=0.75),
        ]

    def ear(side: str, layer: int) -> Ribbon:
        w = q.ear[2]
        shade = FAR if side == "far" else 1.0
        widths = ((0, w, w), (0.5, w * 0.85, w * 0.85), (1, w * q.ear_tip, w * q.ear_tip))
        return Ribbon((f"{side}_ear_root", f"{side}_ear"), widths, coat("ear"), layer, shade=shade, fade=0.4)

    # From the back to the front: what stands later is drawn over it.
    parts: list[Part] = [*q.behind, *leg("far_fore", 0), *leg("far_hind", 0), ear("far", 0)]
    parts.append(Ribbon(("rump", "tail_low", "tail_mid", "tail_tip"), q.tail_width, coat("tail"), 1, tips=q.tuft))
    parts.append(Ribbon(("rump", "back", "withers"), q.body, "body", 2))
    parts.append(Ribbon(("withers", "neck", "poll"), q.neck_width, coat("neck"), 2, caps=(0.6, 0.8), fade=0.8))
    parts.append(Ribbon(("poll", "nose"), q.face, coat("head"), 2, tips=q.muzzle))
    for e in q.extras:
        if e.layer == 2:
            parts.append(e)

    parts += [*leg("near_hind", 3), *leg("near_fore", 3)]
    parts += [ear("near", 4), *(e for e in q.extras if e.layer == 4)]
    return Build(q.name, "quadruped", JOINTS, tuple(parts), q.coats, lambda m: solve(q, m), stance=q.hip - q.tops[1][1])


def eye(along: float, up: float, radius: float, layer: int = 2) -> tuple[Disc, ...]:
    """An eye on the head, with a glint."""
    bone = ("poll", "nose")
    return (
        Disc(bone, (along, up), (radius, radius), (34, 26, 28), layer),
        Disc(bone, (along + radius * 0.25, up + radius * 0.4), (radius * 0.34, radius * 0.34), (255, 252, 244), layer),
    )
