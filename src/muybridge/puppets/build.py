"""What a puppet is made of: parts cut along named joints, coats that cover them, and the bones that carry them.

Lengths are in the build's own units (about one for the height of the hips), x forward and y down, with the ground at
y = 0. Every build looks to the right; a scene's placement turns it round. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from muybridge.puppets.motion import Motion

Colour = tuple[int, int, int]
"""RGB, 0 to 255."""
Track = Float[np.ndarray, "T 2"]
"""Where one joint is in each frame."""
Tracks = dict[str, Track]
Dips = tuple[tuple[float | int, Colour], ...]
"""(s, colour): from s on, a part has this colour."""
Widths = tuple[tuple[float | int, float | int, float | int], ...]
"""(s, up, down): half widths along a part."""


@dataclass(frozen=True)
class Coat:
    """Colours of a surface, fixed to the puppet's rest pose so that neighbouring parts match.

    base      the ground colour
    below     the colour towards the lower or rear edge of a part, if it differs
    pattern   "plain", "fur", "stripes", "spots", "patches", "dapple", "veins" or "sailor"
    mark      the colour of the pattern's marks
    grain     size of the marks, in the build's units
    fur       strength of the fine streaks along a part, 0 to 1
    """

    base: Colour
    below: Colour | None = None
    pattern: str = "plain"
    mark: Colour = (60, 50, 45)
    grain: float = 0.2
    fur: float = 0.5


@dataclass(frozen=True)
class Ribbon:
    """A part cut along a smooth line through joints.

    through  joint names from the root of the part to its tip
    widths   (s, up, down): half widths at s, where s = i is the i-th joint; up is the left hand when walking from root
             to tip with y down: the back of a body, the front of a leg
    coat     the key of its coat in `Build.coats`
    layer    parts of one layer share an outline; higher layers lie in front
    caps     how round the two ends are, as a multiple of the half width there
    tips     (s, colour): from s on, the part has this colour (socks, hooves, tail tips)
    shade    brightness; below 1 for the far side
    fade     up to here along the part its outline is left out where it lies on another, as a thigh grows from a body
    """

    through: tuple[str, ...]
    widths: Widths
    coat: str
    layer: int
    caps: tuple[float, float] = (1.0, 1.0)
    tips: Dips = ()
    shade: float = 1.0
    fade: float = 0.0


@dataclass(frozen=True)
class Disc:
    """An ellipse fixed to the bone from one joint to another: an eye, a cheek, a button.

    bone     the two joints
    at       (along, up) from the first joint, in the build's units
    radii    along the bone and across it
    outline  whether it takes part in the layer's outline and silhouette; otherwise it only colours what is there
    """

    bone: tuple[str, str]
    at: tuple[float, float]
    radii: tuple[float, float]
    colour: Colour
    layer: int
    outline: bool = False
    shade: float = 1.0


Part = Ribbon | Disc


@dataclass(frozen=True, eq=False)
class Build:
    """One puppet: its parts in the order of drawing, and how a motion moves its joints.

    name    what it is
    joints  the names that are reported, the same for every build of one kind
    kind    "quadruped", "bird", "dancer" or "flower"; motions belong to kinds
    solve   motion -> {joint: [T, 2]} in the build's units, for every joint that a part names
    ink     colour of the outline
    stance  length that the motion's reach and speed are multiplied by: the height of the hips
    """

    name: str
    kind: str
    joints: tuple[str, ...]
    parts: tuple[Part, ...]
    coats: Mapping[str, Coat]
    solve: Callable[[Motion], Tracks] = field(repr=False)
    ink: Colour = (48, 36, 40)
    stance: float = 1.0
