"""The outline of a result: the one that was drawn small, enlarged smoothly, and how far own frames' outlines count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.reference_frames import ReferenceFrames
from muybridge.geometry import largest_in_disc, smallest_in_disc
from muybridge.methods.jokr.dense_motion import look_up
from muybridge.methods.jokr.reference_blend import blur
from muybridge.tensors import Masks

EDGE = 1.5
"""Width in pixels of the silhouette's soft edge in a result."""
NEAR_OUTLINE = 1.25
"""How far from the drawn outline, in pixels of the shapes, an own frame's outline is believed."""
LARGER = 3
"""How many times larger than the shapes a result is for their grid to show in its outline."""


@dataclass(frozen=True)
class Outline:
    """How the drawn silhouette of a result is made of one at the size of the shapes; see `find_outlines`.

    rim, band  pixels of the shapes
    """

    rim: float
    band: float

    @classmethod
    def of(cls, frames: ReferenceFrames, height: int) -> Outline:
        """For results of these frames; height of the shapes."""
        larger = frames.size[0] / height
        exact = frames.rim == 0 and larger >= LARGER
        return cls(frames.rim / larger, NEAR_OUTLINE if exact else 0.0)

    def find(self, silhouette: Masks, view: Float[Tensor, "1 H2 W2 2"]) -> Float[Tensor, "B M H2 W2"]:
        """See `find_outlines`."""
        return find_outlines(silhouette, view, self.rim, self.band)


def believe_outline(covered: Masks, silhouette: Masks) -> Masks:
    """Where the references' outline counts: wherever they show most of what was drawn round about."""
    around = blur(torch.cat((covered * silhouette, silhouette), 1), 1 / 16)
    shown = around[:, :1] / around[:, 1:].clamp_min(1e-3)
    return ((shown - 0.75) / 0.1).clamp(0, 1)


def find_outlines(
    silhouettes: Masks, view: Float[Tensor, "1 H2 W2 2"], rim: float, band: float
) -> Float[Tensor, "B M H2 W2"]:
    """Silhouettes drawn small, at the size of a result, less their rim: smaller by a band, as they are, and larger;
    without a band, where all three are one, as they are alone.

    rim, band  pixels of the shapes
    """
    smooth = _enlarge_smoothly(silhouettes)
    # Not in squares: where haze lies thin over a leg, they cut stairs into it.
    drawn = smallest_in_disc(smooth, round(4 * rim))
    if band == 0:
        return sharpen_edge(drawn, view)
    reach = round(4 * band)
    return sharpen_edge(torch.cat((smallest_in_disc(drawn, reach), drawn, largest_in_disc(drawn, reach)), 1), view)


def _enlarge_smoothly(silhouettes: Masks) -> Float[Tensor, "B 1 H4 W4"]:
    """Four times as large, bicubic."""
    rows, columns = (_bicubic_matrix(int(side)).to(silhouettes) for side in silhouettes.shape[2:])
    return rows @ (silhouettes @ columns.T)


@lru_cache(64)
def _bicubic_matrix(count: int) -> Float[Tensor, "N4 N"]:
    """What each of four times `count` pixels in a row takes from each of them."""
    with torch.inference_mode(False), torch.autocast("cpu", enabled=False):
        still = torch.eye(count, dtype=torch.float64)[None, None]
        return F.interpolate(still, size=(4 * count, count), mode="bicubic", align_corners=False)[0, 0]


def sharpen_edge(smooth: Float[Tensor, "B C h w"], view: Float[Tensor, "1 H2 W2 2"]) -> Float[Tensor, "B C H2 W2"]:
    """Silhouettes at the size of a result, with an edge as soft as a camera's.

    The outline is the line of one half; across it the mask goes from 0 to 1 within `EDGE` pixels, whatever the factor.

    view  where in the crop each pixel of the result lies, -1 and 1 its outer edges
    """
    found = look_up(smooth, view.expand(len(smooth), -1, -1, -1))
    wide = F.pad(found, (1, 1, 1, 1), mode="replicate")
    across = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2
    down = (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2

    steepness = (across.square() + down.square()).sqrt().clamp_min(1e-3)
    return (0.5 + (found - 0.5) / (steepness * EDGE)).clamp(0, 1)
