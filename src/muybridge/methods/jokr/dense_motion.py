"""Where each pixel of a result looks in one of the subject's own frames: local affine motion, and a network.

Places are measured at pixel edges here, -1 and 1 the outer edges of the crop, so that a flow means the same at every
size. Keypoints come as everywhere, measured at pixel centres; `to_edges` brings them over.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from muybridge.geometry import axis, full_precision, inverse_2x2, make_grid, product_2x2, sample, smallest_around
from muybridge.methods.jokr.reference_choice import FAR
from muybridge.networks import Hourglass
from muybridge.tensors import Grid, Images, Masks, Points

REACH = 0.25
"""Distance over which neighbouring keypoints say how the surroundings of a keypoint turn and stretch."""
STIFFNESS = 0.1
"""How much they are pulled towards the one affine map of all keypoints."""
NEAR = 0.09
"""Distance over which a keypoint's own motion counts, before the network has learnt better."""
BUMP = 0.1
"""Width of the keypoints' bumps that the network sees."""
RESIDUAL = 0.1
"""Farthest that the network may move a pixel beyond the affine motions."""
FOLDED = 0.25
"""Determinant of the flow's Jacobian below which the picture folds over."""
STRETCHED = 3.2
"""Norm of the Jacobian above which it is smeared."""


class Motion(NamedTuple):
    """How a reference is moved.

    flow        [B, h, w, 2]  where each pixel looks, absolute
    visibility  [B, 1, h, w]  logit: larger where the reference shows what belongs there
    residual    [B, h, w, 2]  the part of the flow that is not affine
    misfit      [B, 1, h, w]  how far the keypoints round each pixel lie elsewhere in the reference, squared
    """

    flow: Grid
    visibility: Tensor
    residual: Grid
    misfit: Tensor


class DenseMotionNetwork(nn.Module):
    """From two sets of keypoints to a flow and a visibility.

    A U-Net at half the size sees the silhouette to be filled, the reference moved by the affine motions alone, and
    both sets of keypoints; it gives the share of each motion in each pixel, a residual and a visibility. Its last layer
    starts at zero, so that an untrained network gives each pixel the motion of the nearest keypoints.
    """

    def __init__(self, keypoints: int, width: int = 20, max_width: int = 96, blocks: int = 2) -> None:
        super().__init__()
        self.keypoints = keypoints
        self.unfold = nn.PixelUnshuffle(2)
        self.fold = nn.PixelShuffle(2)
        seen = 4 * (1 + 4) + 4 + 2 * keypoints
        self.trunk = Hourglass(seen, width, max_width, blocks, "group")
        self.head = nn.Conv2d(self.trunk.out_channels, 4 * (keypoints + 4), 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(
        self,
        target: Float[Tensor, "N K 2"],
        reference: Float[Tensor, "B K 2"],
        silhouette: Float[Tensor, "N 1 h w"],
        picture: Float[Tensor, "B 4 h w"],
        of: Int64[Tensor, "B"] | None = None,
    ) -> Motion:
        """
        target      [N, K, 2]     keypoints of results, at pixel edges
        reference   [B, K, 2]     keypoints of the references, at pixel edges
        silhouette  [N, 1, h, w]  what is to be filled; h and w even
        picture     [B, 4, h, w]  the references: colours and silhouette in [0, 1]
        of          [B]           which result each of them is moved for; None: each for its own
        """
        size = (silhouette.shape[2], silhouette.shape[3])
        half = (size[0] // 2, size[1] // 2)
        # What tells nothing of a reference is found once for all references of a result.
        nearness = nearest_shares(size, target)
        known: tuple[Tensor, ...]
        known = (target, silhouette, nearness, nearness.softmax(1), keypoint_shares(nearness), edge_bumps(half, target))
        if of is not None:
            known = tuple(x[of] for x in known)
        target, silhouette, nearness, nearest, near_keypoints, bumps = known

        motions = affine_motions(target, reference)
        moved = look_up(picture, mix_motions(motions, nearest))
        # Where the subject stands says nothing about its pose, so the reference is brought to the target's place.
        centred = reference - reference.mean(1, keepdim=True) + target.mean(1, keepdim=True)
        seen = (
            self.unfold(torch.cat((silhouette, moved), 1)),
            F.avg_pool2d(picture, 2),
            bumps,
            edge_bumps(half, centred),
        )
        out = full_precision(self.fold(self.head(self.trunk(torch.cat(seen, 1)))))

        shares, residual, visibility = out.split((self.keypoints + 1, 2, 1), 1)
        residual = RESIDUAL * torch.tanh(residual).permute(0, 2, 3, 1)
        flow = mix_motions(motions, (nearness + 4 * shares).softmax(1)) + residual
        misfit = mix_distances(target, reference, near_keypoints)
        return Motion(flow, visibility, residual, misfit)


def to_edges(points: Points, size: tuple[int, int]) -> Points:
    """Keypoints measured at pixel centres of a picture of `size` (h, w), as measured at its edges."""
    return points * points.new_tensor([(size[1] - 1) / size[1], (size[0] - 1) / size[0]])


def edge_grid(size: tuple[int, int], like: Tensor) -> Float[Tensor, "H W 2"]:
    """The (x, y) of every pixel, measured at edges: [H, W, 2]."""
    return to_edges(make_grid(size, like), size)


def look_up(pictures: Images, flow: Float[Tensor, "B H2 W2 2"]) -> Float[Tensor, "B C H2 W2"]:
    """Pictures [B, C, H, W] where a flow [B, h, w, 2] looks; beyond the picture its edge goes on."""
    return sample(pictures, flow, padding="border", align_corners=False)


def local_affines(target: Points, reference: Points) -> tuple[Float[Tensor, "B K 2 2"], Float[Tensor, "B 2 2"]]:
    """How the surroundings of each keypoint turn and stretch from target to reference, and how all of it does.

    Moving least squares (Schaefer et al. 2006): a keypoint's matrix A is the best one for its neighbours,
    sum_j w_j |A (t_j - t_k) - (r_j - r_k)|^2, pulled towards the best one for all; that, towards the identity.

    target, reference  [B, K, 2]
    returns            [B, K, 2, 2] and [B, 2, 2]
    """
    from_target = target[:, None] - target[:, :, None]
    from_reference = reference[:, None] - reference[:, :, None]
    eye = torch.eye(2).to(target)

    alike = torch.ones_like(from_target[..., 0])
    whole = _least_squares(alike, from_target, from_reference, eye, 0.5).mean(1)
    weights = torch.exp(-from_target.square().sum(-1) / (2 * REACH**2))
    local = _least_squares(weights, from_target, from_reference, whole[:, None], STIFFNESS)
    return local, whole


def _least_squares(
    weights: Float[Tensor, "B K J"],
    x: Float[Tensor, "B K J 2"],
    y: Float[Tensor, "B K J 2"],
    prior: Tensor,
    pull: float,
) -> Float[Tensor, "B K 2 2"]:
    """The A that minimises sum_j w_j |A x_j - y_j|^2 + pull |A - prior|^2."""
    weighted = weights[..., None] * x
    squares = _outer_products(weighted, x) + pull * torch.eye(2).to(x)
    mixed = _outer_products(weights[..., None] * y, x) + pull * prior
    return product_2x2(mixed, inverse_2x2(squares))


def _outer_products(first: Float[Tensor, "B K J 2"], second: Float[Tensor, "B K J 2"]) -> Float[Tensor, "B K 2 2"]:
    """Sum over J of the outer products."""
    return (first[..., :, None] * second[..., None, :]).sum(2)


def affine_motions(target: Points, reference: Points) -> Float[Tensor, "B K1 2 3"]:
    """The maps [M | t] from result to reference: of the surroundings of each keypoint, and last of the whole body."""
    local, whole = local_affines(target, reference)
    linear = torch.cat((local, whole[:, None]), 1)
    start = torch.cat((target, target.mean(1, keepdim=True)), 1)
    end = torch.cat((reference, reference.mean(1, keepdim=True)), 1)

    shift = end - (linear * start[:, :, None]).sum(-1)
    return torch.cat((linear, shift[..., None]), -1)


def mix_motions(motions: Float[Tensor, "B K1 2 3"], shares: Float[Tensor, "B K1 h w"]) -> Grid:
    """The flow whose pixels have the mean of affine maps, weighed by shares that sum to 1 in each pixel."""
    height, width = shares.shape[2:]
    # The mean of the maps first, and then one map a pixel: a twentieth of the work. Never in 8 bits, which are too few
    # for a place.
    with torch.autocast(shares.device.type, enabled=False):
        mixed = motions.flatten(2).transpose(1, 2) @ full_precision(shares).flatten(2)
    across, down, shift = mixed.unflatten(1, (2, 3)).unflatten(3, (height, width)).unbind(2)
    x, y = _edge_axes((height, width), motions)
    return (across * x + down * y[:, None] + shift).permute(0, 2, 3, 1)


def nearest_shares(size: tuple[int, int], target: Points) -> Float[Tensor, "B K1 h w"]:
    """Logits that give each pixel to the nearest keypoints, and to the whole body far from all of them."""
    dx, dy = _edge_offsets(size, target)
    near = dx.square() / (-2 * NEAR**2) + dy.square() / (-2 * NEAR**2)
    return torch.cat((near, torch.full_like(near[:, :1], -4.0)), 1)


def keypoint_shares(nearness: Float[Tensor, "B K1 h w"]) -> Float[Tensor, "B K h w"]:
    """The share of each keypoint round a pixel, the whole body left out."""
    return full_precision(nearness[:, :-1]).softmax(1)


def mix_distances(target: Points, reference: Points, shares: Float[Tensor, "B K h w"]) -> Masks:
    """Squared distances of a reference's keypoints from where the result has them, those round each pixel.

    shares  of `keypoint_shares`
    """
    away = (target - reference).square().sum(-1).clamp_max(FAR**2)
    with torch.autocast(shares.device.type, enabled=False):
        return (away[:, None] @ shares.flatten(2)).unflatten(2, shares.shape[2:])


def edge_bumps(size: tuple[int, int], points: Points) -> Float[Tensor, "B K h w"]:
    """A Gaussian round each keypoint that is measured at edges."""
    dx, dy = _edge_offsets(size, points)
    return torch.exp(dx.square() / (-2 * BUMP**2)) * torch.exp(dy.square() / (-2 * BUMP**2))


def _edge_axes(size: tuple[int, int], like: Tensor) -> tuple[Float[Tensor, "W"], Float[Tensor, "H"]]:
    """The x of every column and the y of every row, measured at edges."""
    height, width = size
    return axis(width, like) * ((width - 1) / width), axis(height, like) * ((height - 1) / height)


def _edge_offsets(size: tuple[int, int], points: Points) -> tuple[Float[Tensor, "B K 1 w"], Float[Tensor, "B K h 1"]]:
    """How far every column and every row lies from each keypoint: what is left to do per pixel is one sum."""
    x, y = _edge_axes(size, points)
    return x - points[..., 0, None, None], y[:, None] - points[..., 1, None, None]


def sanity(flow: Grid) -> Masks:
    """1 where a flow neither folds the picture over nor smears it, 0 where it does: [B, 1, h, w].

    The Jacobian is taken in pixels, so that an unmoved picture has the identity.
    """
    height, width = flow.shape[1:3]
    places = flow.permute(0, 3, 1, 2)
    across = F.pad((places[..., 2:] - places[..., :-2]) * (width / 4), (1, 1, 0, 0), mode="replicate")
    down = F.pad((places[..., 2:, :] - places[..., :-2, :]) * (height / 4), (0, 0, 1, 1), mode="replicate")

    # In pixels, x and y have different units on a canvas that is not square.
    ratio = height / width
    determinant = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
    norm = (across[:, 0] ** 2 + (across[:, 1] * ratio) ** 2 + (down[:, 0] / ratio) ** 2 + down[:, 1] ** 2).sqrt()

    sane = torch.sigmoid((determinant - FOLDED) / 0.08) * torch.sigmoid((STRETCHED - norm) / 0.3)
    # The differences look one pixel to each side, so neighbours of a fold are not to be trusted either.
    eroded = smallest_around(sane[:, None], 1)
    return F.avg_pool2d(eroded, 3, 1, 1, count_include_pad=False)
