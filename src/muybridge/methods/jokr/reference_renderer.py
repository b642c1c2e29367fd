"""Results made of a subject's own frames: moved by the dense motion, blended, and merged with what R paints."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from muybridge.data.reference_frames import ReferenceFrames
from muybridge.geometry import sample_cubic
from muybridge.methods.jokr.dense_motion import Motion, look_up, sanity, to_edges
from muybridge.methods.jokr.reference_blend import EVERYWHERE, merge_bands, part_bands, share_out, trust
from muybridge.methods.jokr.reference_choice import ReferencePlanner, References
from muybridge.methods.jokr.reference_outlines import Outline, believe_outline
from muybridge.tensors import Grid, Images, Masks, Points

HELD = 192 * 2**20
"""Bytes of decoded reference frames that are held."""
SEEN = 0.02
"""Share from which on a fading reference is looked at."""
READY = 48 * 2**20
"""Bytes of those of them that are held as they are looked up."""


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
    ready: OrderedDict[int, Tensor] = field(default_factory=OrderedDict, repr=False)
    """References as `picture` gave them: one frame of a result mostly looks at those of the frame before."""

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
        """Chooses among these frames, `count` for each frame of a result, by keypoints measured at pixel centres."""
        return ReferencePlanner(self.points.cpu(), self.frames.index, count)

    def picture(self, place: int) -> Float[Tensor, "1 4 H W"]:
        """A reference at full size in [0, 1], on the device of the small ones."""
        if place not in self.ready:
            if place not in self.decoded:
                _keep(self.decoded, place, self.frames.pictures([place]), HELD)
            self.decoded.move_to_end(place)
            _keep(self.ready, place, self.decoded[place].to(self.small.device).float().div_(255), READY)
        self.ready.move_to_end(place)
        return self.ready[place]


def _keep(held: OrderedDict[int, Tensor], place: int, picture: Tensor, most: int) -> None:
    """Put a picture among those that are held, and let those go that were not asked for longest, until no more than
    `most` bytes are left, or one."""
    held[place] = picture
    while len(held) > 1 and len(held) * picture.nbytes > most:
        held.popitem(last=False)


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
    network: Callable[..., Motion], bank: ReferenceBank, points: Points, silhouettes: Masks, references: References
) -> Lookups:
    """Run the dense motion for result frames of these keypoints.

    network      a `DenseMotionNetwork`
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
    motion = network(target, bank.edge_points[place], silhouettes, small, frame)
    sane = sanity(motion.flow)
    cover = look_up(small[:, 3:], motion.flow)

    known = torch.cat((motion.visibility, cover, sane, motion.misfit), 1) * share
    gathered = known.new_zeros(count * slots, *known.shape[1:]).index_add_(0, frame * slots + slot, known)
    measures = gathered.unflatten(0, (count, slots))[:, :, :, None].unbind(2)
    shares = share_out(*measures).flatten(0, 1)[frame * slots + slot] * share
    return Lookups(frame, place, motion.flow, shares, sane)


def render_references(
    bank: ReferenceBank, lookups: Lookups, painted: Images | None, silhouettes: Masks, part: int = 1
) -> Iterator[UInt8[Tensor, "4 H W"]]:
    """Each result frame with straight alpha, at the size of the reference frames.

    painted      [N, 3, h, w]  what R paints, in [0, 1]; None: the own frames show what they can, and nothing fills in
    silhouettes  [N, 1, h, w]  what G drew
    part         draw it so many times smaller
    """
    view = bank.view(part)
    outline = Outline.of(bank.frames, silhouettes.shape[2])
    for n in range(len(silhouettes)):
        silhouette = silhouettes[n : n + 1]
        outlines = outline.find(silhouette, view)[0]

        # Pixel by pixel, and only where something is seen: the rest is more than half of a picture.
        seen = outlines[-1].flatten().nonzero()[:, 0]
        places = view.flatten(1, 2).index_select(1, seen)[:, None]
        found = []
        for e in (lookups.frame == n).nonzero()[:, 0].tolist():
            place = int(lookups.place[e])
            one = slice(e, e + 1)
            found.append(
                look_through(
                    Through(lookups.flow[one], lookups.shares[one], lookups.sane[one], bank.small[place][None]),
                    bank.picture(place),
                    partial(bank.frames.grid, place),
                    places,
                    sharp=part == 1,
                )
            )
        paint = None if painted is None else painted[n : n + 1]
        colours, alpha = merge(add_up(found), paint, silhouette, outlines.flatten(1).index_select(1, seen), places)
        yield lay_out(colours, alpha, seen, (outlines.shape[1], outlines.shape[2]))


def lay_out(
    colours: Float[Tensor, "3 N"], alpha: Float[Tensor, "N"], seen: Int64[Tensor, "N"], size: tuple[int, int]
) -> UInt8[Tensor, "4 H W"]:
    """A picture of `size` (h, w) of those of its pixels that show something, counted row by row; the others are 0."""
    rgba = (torch.cat((colours, alpha[None])) * 255).round().to(torch.uint8)
    picture = rgba.new_zeros(4, size[0] * size[1])
    return picture.index_copy(1, seen, rgba).unflatten(1, size)


class Through(NamedTuple):
    """Entries of `Lookups`, with what the dense motion saw of their references.

    flow    [E, h, w, 2]
    shares  [E, 1, h, w]
    sane    [E, 1, h, w]
    small   [E, 4, h, w]  the references at the size of the shapes
    """

    flow: Grid
    shares: Masks
    sane: Masks
    small: Tensor


class Found(NamedTuple):
    """What references show, added up.

    colours  [1, 4, 1, N]  weighed colours at the places asked for, and their weight
    matte    [1, 1, 1, N]  the silhouettes there
    small    [1, 4, h, w]  weighed colours and their weight at the size of the shapes
    covered  [1, 1, h, w]  where the subject is shown without folds
    """

    colours: Tensor
    matte: Tensor
    small: Tensor
    covered: Tensor


def look_through(
    through: Through,
    pictures: Float[Tensor, "E 4 H W"],
    grid: Callable[[Tensor], Tensor],
    places: Float[Tensor, "1 1 N 2"],
    sharp: bool = True,
) -> Found:
    """What some references show of one result frame at some places of its crop, -1 and 1 its outer edges.

    pictures  the references at full size in [0, 1]
    grid      from places in a reference's crop to places in its picture
    sharp     look them up with cubic convolution; False: bilinearly, which is softer and takes a seventh of the time
    """
    flow, share, sane, small = through
    # Places in the references' pictures are found small: enlarging them afterwards gives the same.
    found = look_up(torch.cat((grid(flow).permute(0, 3, 1, 2), share), 1), places.expand(flow.shape[0], -1, -1, -1))
    looks = sample_cubic if sharp else look_up
    moved = looks(pictures, found[:, :2].permute(0, 2, 3, 1))
    shares = found[:, 2:]
    counts = foremost(shares) * (moved[:, 3:] + EVERYWHERE)
    colours = torch.cat((counts * moved[:, :3], counts), 1)
    matte = shares * moved[:, 3:]

    # The same at the size of the shapes, where the coarse bands meet.
    seen = look_up(small, flow)
    counts = share * (seen[:, 3:] + EVERYWHERE)
    coarse = torch.cat((counts * seen[:, :3], counts), 1)
    covered = share * sane * seen[:, 3:]
    return Found(*(x.sum(0, keepdim=True) for x in (colours, matte, coarse, covered)))


def foremost(shares: Tensor) -> Tensor:
    """How much references count in the fine band, by their shares: the fifth power, for details of several that do not
    quite agree would blur each other."""
    return shares.square().square() * shares


def add_up(found: Sequence[Found]) -> Found:
    """Of several lots of references together."""
    return Found(*(sum(parts[1:], parts[0]) for parts in zip(*found, strict=True)))


def merge(
    found: Found,
    painted: Images | None,
    silhouette: Masks,
    outlines: Float[Tensor, "M N"],
    places: Float[Tensor, "1 1 N 2"],
) -> tuple[Float[Tensor, "3 N"], Float[Tensor, "N"]]:
    """One result frame at some places of its crop: colours in [0, 1], and alpha.

    outlines  the drawn silhouette there, see `Outline.find`
    """
    # Where no reference reaches, the quotient is not to blow up.
    colours = found.colours[:, :3] / found.colours[:, 3:].clamp_min(1e-4)
    small = []
    if painted is not None:
        blended = found.small[:, :3] / found.small[:, 3:].clamp_min(1e-4)
        small.append(part_bands(painted, blended, trust(found.covered)))
    # Where the own silhouettes are loose, the outline is the one that was drawn.
    own_outline = len(outlines) == 3
    if own_outline:
        small.append(believe_outline(found.covered, silhouette))

    enlarged = look_up(torch.cat(small, 1), places) if small else colours[:, :0]
    if painted is not None:
        colours = merge_bands(colours, enlarged[:, :7])
    shown = colours[0, :, 0].clamp(0, 1)
    if not own_outline:
        return shown, outlines[0]

    # The own frames' outline, as far as it lies near the one that was drawn; that one where they show nothing.
    inner, drawn, outer = outlines
    own = torch.minimum(torch.maximum((4 * found.matte - 1.5).clamp(0, 1)[0, 0, 0], inner), outer)
    return shown, drawn + enlarged[0, -1, 0] * (own - drawn)
