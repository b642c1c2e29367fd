"""What the tests of the commands share: a tiny pair, the options that make a job of a second, how a command ended."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from muybridge.video import Clip, Timing
from tiny_jokr import TINY_TRAINING

TINY = ["--preset", "smoke", "--device", "cpu"]
for name, value in TINY_TRAINING.items():
    TINY += ["--set", f"{name}={value}"]
FRAMES = 5
UNEVEN = Timing((0, 1, 2, 5, 6), 2, Fraction(1, 10))
"""Frame times that no constant rate has."""


@dataclass(frozen=True)
class Pair:
    """Two videos on flat white; b has sound and uneven frame times."""

    a: Path
    b: Path
    clips: tuple[Clip, Clip]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]
