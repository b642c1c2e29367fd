"""What a method gives to a page that draws without Python: networks, data and a program in JavaScript."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from muybridge.method.ability import Ability
from muybridge.networks.onnx_files import OnnxPart
from muybridge.tensors import Points


@dataclass(frozen=True, eq=False)
class SharedView:
    """Something that a person moves on the page: a result, or a subject's own clip.

    side    "a" or "b", whose appearance it has
    driver  "a" or "b", whose frames it has the times of
    points  [T, K, 2]  where the keypoints lie, in the method's own units
    place   (scale x, shift x, scale y, shift y) from those units to the picture: -1 and 1 are the centres of its
            corner pixels
    size    (H, W) of the picture
    flip    it is shown mirrored
    """

    side: str
    driver: str
    points: Points
    place: tuple[float, float, float, float]
    size: tuple[int, int]
    flip: bool


@dataclass(frozen=True, eq=False)
class SharedDrawing:
    """All that a browser needs to draw a run's poses.

    program   JavaScript: a module that defines `prepare(given)` and `draw(wish)`, see docs/adding-a-method.md
    networks  by name
    views     "ab" and "ba" are the results, "a" and "b" the subjects' own clips
    settings  numbers of the program, as JSON
    arrays    by name
    pictures  files of pictures, by name
    """

    program: Path
    networks: Mapping[str, OnnxPart]
    views: Mapping[str, SharedView]
    settings: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Shaped[np.ndarray, "..."]] = field(default_factory=dict)
    pictures: Mapping[str, Sequence[bytes]] = field(default_factory=dict)


class SharesDrawing(Ability):
    """A pair method whose poses a browser can draw: `muybridge share`."""

    name = "share"
    what = "a page on which keypoints are dragged without a server"
    lack = "has no poses that a browser could draw"

    @abstractmethod
    def share_drawing(self, data: Any, quality: int) -> SharedDrawing:
        """What a page needs.

        quality  of the pictures that are kept for it, 1 to 100
        """
