"""Gaits of four-legged animals and of walking birds: when each foot stands, swings and lifts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from muybridge.puppets.motion import Channel, Motion, drift

FOOTFALLS = {
    "walk": {"near_hind": 0.0, "near_fore": 0.25, "far_hind": 0.5, "far_fore": 0.75},
    "amble": {"near_hind": 0.0, "near_fore": 0.1, "far_hind": 0.5, "far_fore": 0.6},
    "trot": {"near_hind": 0.0, "far_fore": 0.02, "far_hind": 0.5, "near_fore": 0.52},
    "canter": {"near_hind": 0.0, "far_hind": 0.18, "near_fore": 0.28, "far_fore": 0.48},
}
"""When each foot comes down, as a part of the stride."""


@dataclass(frozen=True)
class Gait:
    """How an animal goes, whatever its build."""

    falls: str = "walk"
    """One of FOOTFALLS."""
    cycle: float = 30.0
    """Frames per stride."""
    stride: float = 0.62
    """How far a foot moves while it stands, in leg lengths."""
    duty: float = 0.62
    """Part of the stride for which a foot stands."""
    lift: float = 0.16
    """Height of a swinging foot, in leg lengths."""
    flex: float = 0.7
    """How far a swinging foot folds, in radians."""
    bounce: float = 0.02
    """Rise of the body twice a stride, in leg lengths."""
    pitch: float = 0.02
    """Rocking of the trunk once a stride, in radians."""
    neck: float = 0.0
    """How the neck is carried against the build's own way, in radians."""
    nod: float = 0.08
    """Movement of the neck with the stride, in radians."""
    head: float = 0.0
    """How the head is carried against the build's own way, in radians."""
    tail: float = 0.0
    """How the tail is carried against the build's own way, in radians."""
    swing: float = 0.15
    """Movement of the tail, in radians."""
    wing: float = 0.0
    """Beat of the wings, in radians."""
    wander: float = 1.0
    """How far everything strays from the strict period; 0 repeats exactly."""
    kind: str = "quadruped"

    def motion(self, frames: int, seed: int = 0) -> Motion:
        """This gait for some frames; the seed chooses where it begins and how it wanders."""
        rng = np.random.default_rng([seed, 77])
        stray = []
        for _ in range(8):
            stray.append(self.wander * drift(frames, int(rng.integers(1 << 30))))

        # Nobody walks like a clock: pace, head and tail wander a little, each by its own noise.
        pace = (1 + 0.1 * stray[0]) / self.cycle
        phase = np.concatenate([[0.0], np.cumsum(pace)[:-1]]) + (rng.uniform() if self.wander else 0.0)
        turn = 2 * np.pi * phase
        channels: dict[str, Channel] = {
            "bounce": self.bounce * np.cos(2 * turn + 0.6),
            "pitch": self.pitch * np.sin(turn + 0.4) + 0.015 * stray[1],
            "neck": self.neck + self.nod * np.sin(2 * turn if self.falls != "canter" else turn) + 0.09 * stray[2],
            "curve": 0.4 * self.nod * np.sin(2 * turn - 0.8) + 0.06 * stray[3],
            "head": self.head - 0.6 * self.nod * np.sin(2 * turn - 0.5) + 0.1 * stray[3],
            "ear": 0.12 * np.sin(2 * turn + 1) + 0.2 * stray[4],
            "tail": self.tail + self.swing * np.sin(turn) + 0.12 * stray[5],
            "wave": self.swing * 1.3 * np.sin(turn - 1.2) + 0.15 * stray[6],
            "wing": self.wing * (0.5 - 0.5 * np.cos(2 * turn)) * (0.6 + 0.4 * stray[7]),
        }

        for leg, offset in FOOTFALLS[self.falls].items():
            reach, lift, fold = self._foot((phase - offset) % 1.0)
            stretch = 1 + 0.05 * stray[1]
            channels[f"{leg}_reach"] = reach * stretch
            channels[f"{leg}_lift"] = lift * (1 + 0.15 * stray[2])
            channels[f"{leg}_flex"] = fold

        return Motion(self.kind, channels, self.stride / self.duty * pace)

    def _foot(self, phase: Channel) -> tuple[Channel, Channel, Channel]:
        """Reach, lift and fold: back at an even speed while standing, then forward through the air."""
        stands = phase < self.duty
        air = np.clip((phase - self.duty) / (1 - self.duty), 0, 1)
        ease = 0.5 - 0.5 * np.cos(np.pi * air)
        late = air**0.8
        reach = self.stride * np.where(stands, 0.5 - phase / self.duty, ease - 0.5)
        arc = np.sin(np.pi * late)
        lift = np.where(stands, 0.0, self.lift * arc**1.3)
        fold = np.where(stands, 0.0, self.flex * np.sin(np.pi * np.minimum(1.0, air * 1.15)) ** 1.2)

        return reach, lift, fold


WALK = Gait()
TROT = replace(
    WALK, falls="trot", cycle=22.0, stride=0.7, duty=0.48, lift=0.22, flex=0.95, bounce=0.05, nod=0.03, swing=0.1
)
AMBLE = replace(WALK, falls="amble", cycle=38.0, stride=0.6, duty=0.6, lift=0.12, nod=0.1, swing=0.25)
