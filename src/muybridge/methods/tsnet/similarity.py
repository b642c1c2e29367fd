"""Where each driving cell looks in a subject frame: the transformation branch (paper, eq. 1 and 2).

The indices of eq. 2 read the other way round in the released program: each driving cell averages subject coordinates.
A pair of which one cell lies inside its bounding box and the other outside has similarity 0, and so the weight exp(0).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from muybridge.geometry import full_precision, make_grid, sample
from muybridge.tensors import Grid, Images, Masks

PAIRS = 2**20
"""Entries of a block of the similarity matrix, at most, unless a single row has more."""
Rows = Float[Tensor, "N C"]


def dense_similarity(
    driving: Images, subject: Images, driving_box: Masks, subject_box: Masks
) -> Float[Tensor, "B N N"]:
    """Cosine similarity of every driving cell with every subject cell, 0 where the boxes rule a pair out (eq. 1).

    driving, subject          [B, C, h, w]
    driving_box, subject_box  [B, 1, h, w]  1 inside
    returns                   [B, h w, h w]  driving cells in rows
    """
    rows = _cells(driving)
    columns = _cells(subject)
    alike = driving_box.flatten(2).mT == subject_box.flatten(2)
    return torch.einsum("bqc,bpc->bqp", rows, columns) * alike


def dense_grid(
    driving: Images, subject: Images, driving_box: Masks, subject_box: Masks, sharpness: float = 100.0
) -> Grid:
    """Eq. 2 from the whole matrix; `sampling_grid` gives the same without it.

    sharpness  tau
    returns    [B, h, w, 2]  (x, y) in [-1, 1]
    """
    weights = (sharpness * dense_similarity(driving, subject, driving_box, subject_box)).softmax(-1)
    size = (driving.shape[2], driving.shape[3])
    return (weights @ make_grid(size, weights).flatten(0, 1)).unflatten(1, size)


def sampling_grid(
    driving: Images,
    subject: Images,
    driving_box: Masks,
    subject_box: Masks,
    sharpness: float = 100.0,
    pairs: int = PAIRS,
) -> Grid:
    """Eq. 2 from the pairs that the boxes allow, block by block.

    All cells on the other side of the subject's box weigh exp(0) each: together they are one more column, with the
    logarithm of their number for its logit and the mean of their coordinates for its place. While gradients are
    recorded, blocks are computed again on the way back rather than kept.

    driving, subject          [B, C, h, w]
    driving_box, subject_box  [B, 1, h, w]  1 inside
    sharpness                 tau
    pairs                     entries of a block
    returns                   [B, h, w, 2]  (x, y) in [-1, 1]
    """
    size = (driving.shape[2], driving.shape[3])
    rows = _cells(driving)
    columns = _cells(subject)
    places = make_grid(size, rows).flatten(0, 1)
    inner = driving_box.flatten(1) > 0.5
    outer = subject_box.flatten(1) > 0.5

    # Times tau, a product of 8 bits would move cells by whole cells.
    with torch.autocast(driving.device.type, enabled=False):
        grids = []
        for each in zip(rows, columns, inner, outer, strict=True):
            grids.append(_match_frames(*each, places, sharpness, pairs))

    return torch.stack(grids).unflatten(1, size)


def warp_features(features: Images, grid: Grid) -> Images:
    """Features looked up where the grid says (section 3.1).

    The grid's -1 and 1 are centres of corner cells, while the released program samples with corners at outer edges;
    kept, for its weights have learnt with it (docs/methods/tsnet.md).
    """
    return sample(features, grid, align_corners=False)


def warp_patches(pictures: Images, grid: Float[Tensor, "B h w 2"]) -> Images:
    """A picture whose patches of 8x8 pixels are moved as the grid moves features (eq. 7).

    pictures  [B, 3, 8 h, 8 w]
    grid      [B, h, w, 2]
    """
    cell = pictures.shape[2] // grid.shape[1]
    return F.pixel_shuffle(warp_features(F.pixel_unshuffle(pictures, cell), grid), cell)


def _match_frames(
    rows: Rows,
    columns: Rows,
    row_inside: Bool[Tensor, "N"],
    column_inside: Bool[Tensor, "N"],
    places: Float[Tensor, "N 2"],
    sharpness: float,
    pairs: int,
) -> Float[Tensor, "N 2"]:
    """The grid of one driving frame and one subject frame, cells in a row."""
    looked_up = []
    order = []
    for side in (True, False):
        asking = (row_inside == side).nonzero()[:, 0]
        if not len(asking):
            continue
        allowed = column_inside == side
        others = column_inside != side
        count = others.sum().to(places)
        # Where no cell lies on the other side, the logarithm of 0 takes the column out of the softmax.
        far = places[others].sum(0, keepdim=True) / count.clamp_min(1)
        keys = columns[allowed]
        where = torch.cat((places[allowed], far))
        blocks = rows[asking].split(max(1, pairs // max(1, len(keys))))
        # Kept for the way back, the blocks would fill the memory that cutting them saves.
        again = len(blocks) > 1 and torch.is_grad_enabled()
        for block in blocks:
            arguments = (block, keys, where, count.log(), sharpness)
            looked_up.append(checkpoint(_block, *arguments, use_reentrant=False) if again else _block(*arguments))
        order.append(asking)

    # Cells inside the box came first, so they are put back where they lie.
    return torch.cat(looked_up)[torch.cat(order).argsort()]


def _block(
    rows: Float[Tensor, "Q C"],
    keys: Float[Tensor, "P C"],
    where: Float[Tensor, "P1 2"],
    far: Float[Tensor, ""],
    sharpness: float,
) -> Float[Tensor, "Q 2"]:
    """Weighted mean of places: each key's by its similarity, the last one's by the logit `far`."""
    logits = torch.cat((sharpness * (rows @ keys.mT), far.expand(len(rows), 1)), 1)
    return logits.softmax(1) @ where


def _cells(features: Images) -> Float[Tensor, "B N C"]:
    """Features of unit length, a cell a row, at least float32: tau makes small errors large."""
    return F.normalize(full_precision(features).flatten(2), dim=1).mT
