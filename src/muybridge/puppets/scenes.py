"""Scenes: two puppets, what each does, and the true answer to "what if each moved like the other"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import Sentence, UsageError, Verb
from muybridge.puppets.build import Build
from muybridge.puppets.cast import CAST
from muybridge.puppets.dancer import BALLET, SWING, choreography
from muybridge.puppets.draw import Drawing, draw, fit
from muybridge.puppets.flower import bloom
from muybridge.puppets.gaits import AMBLE, TROT, WALK, Gait
from muybridge.puppets.menagerie import MENAGERIE
from muybridge.puppets.motion import Motion
from muybridge.puppets.paint import Placement
from muybridge.video import Clip

Moves = Callable[[int, int], Motion]
"""(frames, seed) -> motion."""
BUILDS: Mapping[str, Build] = MappingProxyType({**MENAGERIE, **CAST})
"""Every puppet by name."""


@dataclass(frozen=True)
class Tilt:
    """An affine on top of a subject's upright placement.

    turn   radians, clockwise as seen, about the middle of the subject
    scale  factor
    shift  (x, y) as parts of the frame, x to the right, y down
    """

    turn: float = 0.0
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    def place(self, upright: Placement) -> Placement:
        """The placement with this affine."""
        middle = np.array([0.5, 0.5])
        c = np.cos(self.turn)
        s = np.sin(self.turn)
        spin = np.array([[c, -s], [s, c]]) * self.scale
        x, y = spin @ (np.array(upright.ground) - middle) + middle + self.shift
        return replace(
            upright, scale=upright.scale * self.scale, ground=(float(x), float(y)), turn=upright.turn + self.turn
        )


@dataclass(frozen=True)
class Subject:
    """Who stands where and does what."""

    build: str
    moves: Moves
    backdrop: str = "plate"
    flip: bool = False
    tilt: Tilt = Tilt()


@dataclass(frozen=True)
class Scene:
    """A pair of subjects; `about` says what the scene is there for."""

    name: str
    about: str
    a: Subject
    b: Subject
    frames: int = 120


@dataclass(frozen=True, eq=False)
class SceneClips:
    """A drawn scene with its truth. Clips have silhouettes; joints are [T, J, 2], (x, y) in [-1, 1].

    a, b                        the two subjects, each with its own motion
    ab                          true retargeting: a's appearance with b's motion, where a stands, as a faces
    ba                          the reverse
    ab_unaligned, ba_unaligned  the same with the motion giver's turn, scale and shift, as JOKR gives it without T; the
                                clips of ab and ba themselves where the scene has none
    """

    name: str
    joint_names: tuple[str, ...]
    a: Clip
    b: Clip
    ab: Clip
    ba: Clip
    ab_unaligned: Clip
    ba_unaligned: Clip
    joints_a: Float[Tensor, "T J 2"]
    joints_b: Float[Tensor, "T J 2"]
    joints_ab: Float[Tensor, "T J 2"]
    joints_ba: Float[Tensor, "T J 2"]
    joints_ab_unaligned: Float[Tensor, "T J 2"]
    joints_ba_unaligned: Float[Tensor, "T J 2"]


def _moves(gait: Gait, **changes: float | str) -> Moves:
    return replace(gait, **changes).motion  # type: ignore[arg-type]


def _ballet(frames: int, seed: int) -> Motion:
    return choreography(BALLET, frames, seed, beat=18.0)


def _sway(frames: int, seed: int) -> Motion:
    return choreography(SWING, frames, seed, beat=13.0)


def _late(frames: int, seed: int) -> Motion:
    return bloom(frames, seed, start=0.05, end=1.0, pause=0.2, sway=0.07)


def _early(frames: int, seed: int) -> Motion:
    return bloom(frames, seed, start=0.9, end=0.1, pause=0.08, sway=0.16)


def _loop(cycles: int, **changes: float | str) -> Moves:
    """A walk that closes: a whole number of strides in whatever length is asked for."""

    def moves(frames: int, seed: int) -> Motion:
        return _moves(WALK, cycle=frames / cycles, wander=0.0, **changes)(frames, seed)

    return moves


PROWL = _moves(WALK, cycle=32.0, stride=0.58, nod=0.06, swing=0.22, tail=0.1)
PARADE = _moves(TROT)
PACE = _moves(AMBLE, swing=0.3)
STRUT = _moves(WALK, kind="bird", cycle=30.0, stride=0.5, lift=0.2, nod=0.1, pitch=0.03)
PECK = _moves(
    WALK, kind="bird", cycle=21.0, stride=0.42, lift=0.12, nod=0.2, pitch=0.05, neck=-0.12, swing=0.3, wing=0.25
)

_ALL = (
    Scene("cat-horse", "a prowling cat and a trotting horse", Subject("cat", PROWL), Subject("horse", PARADE, "hills")),
    Scene(
        "horse-giraffe", "two builds of long legs", Subject("horse", PARADE, "hills"), Subject("giraffe", PACE, "paper")
    ),
    Scene(
        "dog-cat",
        "near builds, other gaits and tails",
        Subject("dog", _moves(TROT, tail=0.3, swing=0.4), "paper"),
        Subject("cat", PROWL, "plate"),
    ),
    Scene("birds", "a flamingo and a hen", Subject("flamingo", STRUT, "paper"), Subject("hen", PECK, "hills")),
    Scene(
        "dancers",
        "ballet and swing, seen from the front",
        Subject("ballerina", _ballet, "paper"),
        Subject("sailor", _sway, "wall"),
    ),
    Scene(
        "flowers",
        "one opens while the other closes",
        Subject("lily", _late, "paper"),
        Subject("sunflower", _early, "white"),
    ),
    Scene(
        "gif",
        "a short loop on flat white, like the GIFs of the papers",
        Subject("elephant", _loop(1, falls="amble", duty=0.64, swing=0.3, lift=0.12), "white"),
        Subject("giraffe", _loop(2, stride=0.5, nod=0.06), "white"),
        frames=40,
    ),
    Scene(
        "rotated",
        "the horse turned, smaller and shifted against the cat (figure 9 of JOKR)",
        Subject("cat", PROWL, "white"),
        Subject("horse", PARADE, "white", tilt=Tilt(np.deg2rad(25), 0.78, (0.05, -0.04))),
    ),
    Scene(
        "facing",
        "the two look opposite ways",
        Subject("horse", PARADE, "plate"),
        Subject("dog", _moves(WALK, cycle=26.0, tail=0.25, swing=0.35), "hills", flip=True),
    ),
    Scene(
        "panning",
        "textured backgrounds move behind both",
        Subject("cat", _moves(TROT, cycle=24.0), "wall"),
        Subject("giraffe", PACE, "wall"),
    ),
    Scene(
        "legs",
        "thick and long-striding legs that hide each other",
        Subject("elephant", _moves(AMBLE, cycle=30.0, stride=0.7), "paper"),
        Subject("horse", _moves(WALK, cycle=28.0, stride=0.72, lift=0.2), "plate"),
    ),
)
SCENES: Mapping[str, Scene] = MappingProxyType({s.name: s for s in _ALL})
"""Every scene by name."""


def scene(name: str, frames: int | None = None, size: int = 256, seed: int = 0) -> SceneClips:
    """Draw a scene and its truth.

    name    a key of SCENES
    frames  of each clip; the scene's own length (120, or 40 for the loop) if not given
    size    side of the square frames, pixels, 16 to 4096
    seed    of the motions and the backdrops; the same seed gives the same bytes
    raises  UsageError: an unknown scene, no frames, a size out of range
    """
    if name not in SCENES:
        raise UsageError(
            f"no scene {name!r}; there are {', '.join(SCENES)}", Sentence("List them with: ", Verb("puppets"))
        )
    plan = SCENES[name]
    count = plan.frames if frames is None else frames
    if count < 1:
        raise UsageError(f"a scene has at least one frame, not {count}")
    # Two numbers of one seed: the subjects must not move alike.
    motions = plan.a.moves(count, 2 * seed + 1), plan.b.moves(count, 2 * seed + 2)

    def draw_subject(subject: Subject, motion: Motion, tilt: Tilt) -> Drawing:
        build = BUILDS[subject.build]
        # Fitted to both motions: the truth has to fill the same frame as the subject's own clip.
        placement = tilt.place(fit(build, *motions, flip=subject.flip))
        return draw(build, motion, size, placement, subject.backdrop, seed)

    a = plan.a
    b = plan.b
    drawn = {
        "a": draw_subject(a, motions[0], a.tilt),
        "b": draw_subject(b, motions[1], b.tilt),
        "ab": draw_subject(a, motions[1], a.tilt),
        "ba": draw_subject(b, motions[0], b.tilt),
    }
    # Without a turn between the two there is one truth, with T and without.
    apart = a.tilt != b.tilt
    drawn["ab_unaligned"] = draw_subject(a, motions[1], b.tilt) if apart else drawn["ab"]
    drawn["ba_unaligned"] = draw_subject(b, motions[0], a.tilt) if apart else drawn["ba"]
    clips: dict[str, Any] = {side: each.clip for side, each in drawn.items()}
    joints: dict[str, Any] = {}
    for side, each in drawn.items():
        joints[f"joints_{side}"] = each.joints

    return SceneClips(name, drawn["ab"].names, **clips, **joints)
