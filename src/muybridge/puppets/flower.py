"""Flowers that open: a stem that sways, leaves, and petals that fold outwards round a heart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muybridge.puppets.bones import way
from muybridge.puppets.build import Build, Coat, Disc, Part, Ribbon, Tracks
from muybridge.puppets.motion import Motion, drift

PETALS = 9
"""Of each ring; every flower has the same number so that motions fit all."""
JOINTS = ("stem_low", "stem", "heart", "leaf_left", "leaf_right", *(f"petal_{i}" for i in range(PETALS)))


@dataclass(frozen=True)
class Flower:
    """Proportions of a flower; lengths in units, angles in radians."""

    name: str
    stem: float
    petal: tuple[float, float]
    """Length and half width."""
    spread: float
    """Angle of the outermost petals from the stem's line when fully open."""
    tip: float
    """Width of a petal's end against its middle: small is pointed."""
    leaf: tuple[float, float]
    heart: float
    """Radius of the heart."""
    coats: dict[str, Coat]
    """"petal", "back" (the ring behind), "heart", "stem", "leaf"."""


def solve(q: Flower, m: Motion) -> Tracks:
    """Where the joints of a flower are; `open` goes from 0 (bud) to 1, `sway` bends the stem."""
    sway = m["sway"]
    opened = m["open"]
    root = np.zeros((len(m), 2))
    joints: Tracks = {"root": root, "stem_low": root + q.stem * 0.4 * way(np.pi / 2 - 0.3 * sway)}
    joints["stem"] = joints["stem_low"] + q.stem * 0.35 * way(np.pi / 2 - 0.9 * sway)
    up = np.pi / 2 - 1.5 * sway - m["tilt"]
    joints["heart"] = joints["stem"] + q.stem * 0.25 * way(up)

    for side, sign in (("left", 1), ("right", -1)):
        rise = np.pi / 2 + sign * (0.75 + 0.12 * m["leaf"] - 0.5 * sway)
        joints[f"leaf_{side}_mid"] = joints["stem_low"] * (0.35, 0.35) + q.leaf[0] * 0.55 * way(rise)
        joints[f"leaf_{side}_root"] = joints["stem_low"] * 0.35
        joints[f"leaf_{side}"] = joints[f"leaf_{side}_mid"] + q.leaf[0] * 0.45 * way(rise + sign * 0.4)

    for ring, name in ((0, "petal"), (1, "back")):
        for i in range(PETALS):
            place = (i / (PETALS - 1) * 2 - 1) if ring == 0 else ((i + 0.5) / PETALS * 2 - 1)
            # Outer petals open first, those in the middle follow.
            lag = np.clip(1.25 * opened - 0.25 * (1 - abs(place)), 0, 1)
            out = place * (0.14 + (q.spread - 0.14) * lag) + 0.06 * m["sway"] * place
            long = q.petal[0] * (0.82 + 0.18 * lag) * (1.0 if ring == 0 else 1.06)
            curl = place * lag * 0.35
            joints[f"{name}_{i}_mid"] = joints["heart"] + 0.55 * long[:, None] * way(up - out + 0.8 * curl * (1 - lag))
            joints[f"{name}_{i}"] = joints[f"{name}_{i}_mid"] + 0.45 * long[:, None] * way(up - out - curl)

    return joints


def build_flower(q: Flower) -> Build:
    """Cut the parts of a flower; the petals at the sides lie behind those in the middle."""
    w = q.petal[1]
    shape = ((0, w * 0.3, w * 0.3), (0.7, w * 0.85, w * 0.85), (1.3, w, w), (2, w * q.tip, w * q.tip))
    leaf = ((0, 0.3 * q.leaf[1], 0.3 * q.leaf[1]), (0.9, q.leaf[1], q.leaf[1]), (2, 0.08 * q.leaf[1], 0.08 * q.leaf[1]))
    parts: list[Part] = []
    for side in ("left", "right"):
        parts.append(Ribbon((f"leaf_{side}_root", f"leaf_{side}_mid", f"leaf_{side}"), leaf, "leaf", 0))

    parts.append(Ribbon(("root", "stem_low", "stem", "heart"), ((0, 0.035, 0.035), (3, 0.028, 0.028)), "stem", 1))
    # From the sides inwards: the petals in the middle lie on top.
    order = sorted(range(PETALS), key=lambda i: -abs(i - (PETALS - 1) / 2))

    for ring, (name, coat) in enumerate((("back", "back"), ("petal", "petal"))):
        for n, i in enumerate(order):
            joints = ("heart", f"{name}_{i}_mid", f"{name}_{i}")
            parts.append(Ribbon(joints, shape, coat, 2 + ring * PETALS + n, fade=1.3))

    last = 2 + 2 * PETALS
    parts.append(
        Disc(("stem", "heart"), (q.stem * 0.25, 0.0), (q.heart * 0.8, q.heart), q.coats["heart"].base, last, True)
    )
    return Build(q.name, "flower", JOINTS, tuple(parts), q.coats, lambda m: solve(q, m))


def bloom(
    frames: int, seed: int, start: float = 0.0, end: float = 1.0, pause: float = 0.15, sway: float = 0.1
) -> Motion:
    """From a bud to a flower, not quite evenly; a seed of its own wind."""
    t = np.linspace(0, 1, frames)
    s = np.clip((t - pause) / (1 - 2 * pause), 0, 1)
    # It hesitates on the way, but begins and ends where it should.
    s = np.clip(s + 0.06 * drift(frames, seed, frames * 0.6) * np.sin(np.pi * t), 0, 1)
    ease = s * s * (3 - 2 * s)
    channels = {
        "open": start + (end - start) * ease + 0.02 * drift(frames, seed + 5, 23.0),
        "sway": sway * drift(frames, seed + 1, 45.0),
        "tilt": 1.2 * sway * drift(frames, seed + 2, 60.0),
        "leaf": drift(frames, seed + 3, 40.0),
    }

    return Motion("flower", channels, np.zeros(frames))
