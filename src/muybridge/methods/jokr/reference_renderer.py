"""Results made of a subject's own frames: moved by the dense motion, blended, and merged with what R paints."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.reference_frames import ReferenceFrames
from muybridge.methods.jokr.dense_motion import DenseMotionNetwork, look_up, sanity, to_edges
from muybridge.methods.jokr.reference_blend import EVERYWHERE, blur, merge_bands, share_out, trust
from muybridge.methods.jokr.reference_choice import ReferencePlanner, References
from muybridge.tensors import Grid, Images, Masks, Points

HELD = 192 * 2**20
"""Bytes of decoded reference frames that are held."""
SEEN = 0.02
"""Share from which on a fading reference is looked at."""
EDGE = 1.5
"""Width in pixels of the silhouette's soft edge in a result."""
NEAR_OUTLINE = 1.25
"""How far from the drawn outline, in pixels of the shapes, an own frame's outline is believed."""
FOREMOST = 2
"""Power of a reference's share in the fine band: details of several that do not quite agree would blur each other."""
LARGER = 3
"""How many times larger than the shapes a result is for their grid to show in its outline."""


@dataclass(eq=False)
class ReferenceBank:
    """One subject's reference frames as the dense motion sees them.

    frames  at full size, compressed
    small   [R, 4, h, w]  colours carried on and silhouette, at the size of the shapes
    points  [R, K, 2]     keypoints, measured at pixel centres
    known   what tells whether these keypoints are still those of the detector
    """

    frames: ReferenceFrames
    small: Float[Tensor, "R 4 h w"]
    points: Float[Tensor, "R K 2"]
    known: tuple[object, ...] = ()
    decoded: OrderedDict[int, Tensor] = field(default_factory=OrderedDict, repr=False)
    views: dict[int, Grid] = field(default_factory=dict, repr=False)
    last: tuple[int, Tensor] | None = field(default=None, repr=False)
    """The reference that was asked for last, as `picture` gave it: while a person drags, that is always the same."""

    @property
    def canvas(self) -> tuple[int, int]:
        """(h, w) of the shapes."""
        return self.small.shape[2], self.small.shape[3]

    @property
    def edge_points(self) -> Float[Tensor, "R K 2"]:
        """Keypoints measured at pixel edges."""
        return to_edges(self.points, self.canvas)

    def view(self, part: int) -> Grid:
        """See `ReferenceFrames.view`; made once."""
        if part not in self.views:
            self.views[part] = self.frames.view(part).to(self.small)
        return self.views[part]

    def planner(self, count: int) -> ReferencePlanner:
        """Chooses among these frames, `count` for each frame of a result."""
        return ReferencePlanner(self.edge_points.cpu(), self.frames.index, count)

    def picture(self, place: int) -> Float[Tensor, "1 4 H W"]:
        """A reference at full size in [0, 1], on the device of the small ones."""
        if self.last is not None and self.last[0] == place:
            return self.last[1]
        if place not in self.decoded:
            self.decoded[place] = self.frames.pictures([place])
            while len(self.decoded) > 1 and len(self.decoded) * self.decoded[place].numel() > HELD:
                self.decoded.popitem(last=False)
        self.decoded.move_to_end(place)
        self.last = (place, self.decoded[place].to(self.small.device).float() / 255)
        return self.last[1]


@dataclass(frozen=True, eq=False)
class Lookups:
    """Where some result frames look, one entry for each reference of each frame that counts.

    frame   [E]           which of the result frames
    place   [E]           which reference
    flow    [E, h, w, 2]  at pixel edges
    shares  [E, 1, h, w]  sum to 1 over the entries of a frame
    sane    [E, 1, h, w]  see `sanity`
    """

    frame: Int64[Tensor, "E"]
    place: Int64[Tensor, "E"]
    flow: Grid
    shares: Masks
    sane: Masks


def find_lookups(
    network: DenseMotionNetwork, bank: ReferenceBank, points: Points, silhouettes: Masks, references: References
) -> Lookups:
    """Run the dense motion for result frames of these keypoints.

    points       [N, K, 2]     measured at pixel centres
    silhouettes  [N, 1, h, w]  what G drew, at the size of the shapes
    """
    count, slots = references.index.shape[:2]
    fading = references.shares.to(points.device)
    # References that hardly count are left out, since each costs a run of the network.
    frame, slot, mix = (fading > SEEN).nonzero().unbind(1)
    place = references.index.to(points.device)[frame, slot, mix]
    share = fading[frame, slot, mix][:, None, None, None]

    target = to_edges(points, bank.canvas)
    small = bank.small[place]
    motion = network(target[frame], bank.edge_points[place], silhouettes[frame], small)
    sane = sanity(motion.flow)
    cover = look_up(small[:, 3:], motion.flow)

    known = torch.cat((motion.visibility, cover, sane), 1) * share
    gathered = known.new_zeros(count * slots, *known.shape[1:]).index_add_(0, frame * slots + slot, known)
    measures = gathered.unflatten(0, (count, slots))[:, :, :, None].unbind(2)
    shares = share_out(*measures).flatten(0, 1)[frame * slots + slot] * share
    return Lookups(frame, place, motion.flow, shares, sane)


def render_references(
    bank: ReferenceBank, lookups: Lookups, painted: Images | None, silhouettes: Masks, part: int = 1
) -> Iterator[tuple[Float[Tensor, "3 H W"], Float[Tensor, "1 H W"]]]:
    """Colours and silhouette of each result frame, at the size of the reference frames.

    painted      [N, 3, h, w]  what R paints, in [0, 1]; None: the own frames show what they can, and nothing fills in
    silhouettes  [N, 1, h, w]  what G drew
    part         draw it so many times smaller
    """
    view = bank.view(part)
    larger = bank.frames.size[0] / silhouettes.shape[2]
    exact = bank.frames.rim == 0 and larger >= LARGER
    for n in range(len(silhouettes)):
        outlines = find_outlines(silhouettes[n : n + 1], view, bank.frames.rim / larger, NEAR_OUTLINE if exact else 0.0)
        seen = outlines[0, 2] > 0
        entries = (lookups.frame == n).nonzero()[:, 0].tolist()

        # Pixel by pixel, and only where something is seen: the rest is more than half of a picture.
        places = view[:, seen][:, None]
        paint = None if painted is None else painted[n : n + 1]
        colours, matte, trusted = _merge(bank, lookups, entries, paint, silhouettes[n : n + 1], places)
        inner, drawn, outer = outlines[0, :, seen]
        # The own frames' outline, as far as it lies near the one that was drawn; that one where they show nothing, and
        # everywhere where the own silhouettes are loose.
        own = torch.minimum(torch.maximum(matte[0, 0, 0], inner), outer)
        picture = silhouettes.new_zeros(3, *seen.shape)
        picture[:, seen] = colours[0, :, 0].clamp(0, 1)
        alpha = silhouettes.new_zeros(1, *seen.shape)
        alpha[0, seen] = drawn + trusted[0, 0, 0] * (own - drawn)
        yield picture, alpha


def _merge(
    bank: ReferenceBank,
    lookups: Lookups,
    entries: list[int],
    painted: Images | None,
    silhouette: Masks,
    places: Float[Tensor, "1 1 N 2"],
) -> tuple[Float[Tensor, "1 3 1 N"], Float[Tensor, "1 1 1 N"], Float[Tensor, "1 1 1 N"]]:
    """One result frame at some places of its crop, -1 and 1 its outer edges: colours, the references' silhouettes, and
    how far these are to be believed."""
    colours = silhouette.new_zeros(1, 3, 1, places.shape[2])
    weight = silhouette.new_zeros(1, 1, 1, places.shape[2])
    matte = silhouette.new_zeros(1, 1, 1, places.shape[2])
    covered = silhouette.new_zeros(1, 1, *silhouette.shape[2:])
    small = silhouette.new_zeros(1, 4, *silhouette.shape[2:])

    for e in entries:
        place = int(lookups.place[e])
        flow = lookups.flow[e : e + 1]
        share = lookups.shares[e : e + 1]
        found = look_up(torch.cat((flow.permute(0, 3, 1, 2), share), 1), places)
        moved = look_up(bank.picture(place), bank.frames.grid(place, found[:, :2].permute(0, 2, 3, 1)))
        counts = found[:, 2:] ** FOREMOST * (moved[:, 3:] + EVERYWHERE)
        colours += counts * moved[:, :3]
        weight += counts
        matte += found[:, 2:] * moved[:, 3:]

        # The same at the size of the shapes, where the coarse bands meet.
        seen = look_up(bank.small[place][None], flow)
        counts = share * (seen[:, 3:] + EVERYWHERE)
        small += counts * torch.cat((seen[:, :3], torch.ones_like(seen[:, 3:])), 1)
        covered += share * lookups.sane[e : e + 1] * seen[:, 3:]

    # Where no reference reaches, the quotient is not to blow up.
    fine = colours / weight.clamp_min(1e-4)
    believed = look_up(believe_outline(covered, silhouette), places)
    outline = (4 * matte - 1.5).clamp(0, 1)
    if painted is None:
        return fine, outline, believed

    blended = small[:, :3] / small[:, 3:].clamp_min(1e-4)
    merged = merge_bands(painted, blended, fine, trust(covered), lambda picture: look_up(picture, places))
    return merged, outline, believed


def believe_outline(covered: Masks, silhouette: Masks) -> Masks:
    """Where the references' outline counts: wherever they show most of what was drawn round about."""
    around = blur(torch.cat((covered * silhouette, silhouette), 1), 1 / 16)
    shown = around[:, :1] / around[:, 1:].clamp_min(1e-3)
    return ((shown - 0.75) / 0.1).clamp(0, 1)


def find_outlines(
    silhouettes: Masks, view: Float[Tensor, "1 H2 W2 2"], rim: float, band: float
) -> Float[Tensor, "B 3 H2 W2"]:
    """Silhouettes drawn small, at the size of a result, less their rim: smaller by a band, as they are, and larger.

    rim, band  pixels of the shapes
    """
    smooth = F.interpolate(silhouettes, scale_factor=4, mode="bicubic", align_corners=False)
    drawn = _grow(smooth, -round(4 * rim))
    # Without a band all three are one, which need not be enlarged three times.
    if band == 0:
        return sharpen_edge(drawn, view).expand(-1, 3, -1, -1)
    reach = round(4 * band)
    return sharpen_edge(torch.cat((_grow(drawn, -reach), drawn, _grow(drawn, reach)), 1), view)


def _grow(masks: Masks, reach: int) -> Masks:
    """Masks with their outline moved out by so many pixels, or in."""
    if reach < 0:
        return -_grow(-masks, -reach)
    # The largest of a square is the largest of the largest of its rows.
    size = 2 * reach + 1
    return F.max_pool2d(F.max_pool2d(masks, (size, 1), 1, (reach, 0)), (1, size), 1, (0, reach))


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
