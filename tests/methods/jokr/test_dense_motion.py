"""The dense motion by known answers: affine motion is found, folds are seen, an untrained network already moves."""

import pytest
import torch

from muybridge.methods.jokr.dense_motion import (
    DenseMotionNetwork,
    affine_motions,
    edge_grid,
    keypoint_shares,
    local_affines,
    look_up,
    mix_distances,
    mix_motions,
    nearest_shares,
    sanity,
    to_edges,
)
from muybridge.methods.jokr.reference_blend import share_out

TURN = torch.tensor([[0.9, -0.3], [0.2, 1.1]])
SHIFT = torch.tensor([0.1, -0.05])


@pytest.fixture
def points() -> torch.Tensor:
    x, y = torch.meshgrid(torch.linspace(-0.8, 0.8, 3), torch.linspace(-0.8, 0.8, 3), indexing="xy")
    even = torch.stack((x, y), -1).flatten(0, 1)
    return even + 0.05 * torch.randn(2, 9, 2, generator=torch.Generator().manual_seed(1))


def test_local_affines_of_points_that_stand_still_are_the_identity(points: torch.Tensor) -> None:
    local, whole = local_affines(points, points)

    torch.testing.assert_close(local, torch.eye(2).expand_as(local))
    torch.testing.assert_close(whole, torch.eye(2).expand_as(whole))


def test_local_affines_lie_between_the_identity_and_the_map_that_moved_all_points(points: torch.Tensor) -> None:
    local, whole = local_affines(points, points @ TURN.T + SHIFT)

    away = (TURN - torch.eye(2)).norm()
    assert float((whole - TURN).norm(dim=(1, 2)).max()) < 0.1 * float(away)
    assert float((local - TURN).norm(dim=(2, 3)).max()) < 0.2 * float(away)


def test_each_keypoint_is_looked_up_where_its_partner_lies(points: torch.Tensor) -> None:
    reference = points @ TURN.T + SHIFT
    motions = affine_motions(points, reference)

    moved = (motions[:, :9, :, :2] * points[:, :, None]).sum(-1) + motions[:, :9, :, 2]
    torch.testing.assert_close(moved, reference)


def test_a_flow_of_one_map_is_that_map_in_each_pixel() -> None:
    motions = torch.cat((TURN, SHIFT[:, None]), 1).expand(1, 3, 2, 3)
    shares = torch.rand(1, 3, 6, 8).softmax(1)

    grid = edge_grid((6, 8), shares)
    torch.testing.assert_close(mix_motions(motions, shares)[0], grid @ TURN.T + SHIFT)


def test_places_at_edges_mean_the_same_at_every_size() -> None:
    picture = torch.linspace(0, 1, 8).expand(1, 1, 4, 8)
    small = look_up(picture, edge_grid((4, 8), picture)[None])
    large = look_up(picture, edge_grid((8, 16), picture)[None])

    torch.testing.assert_close(small, picture)
    torch.testing.assert_close(torch.nn.functional.avg_pool2d(large, 2)[..., 1:-1], picture[..., 1:-1])


def test_corner_pixels_lie_half_a_pixel_inside_the_edges() -> None:
    corners = to_edges(torch.tensor([[[-1.0, -1.0], [1.0, 1.0]]]), (10, 20))

    torch.testing.assert_close(corners, torch.tensor([[[-0.95, -0.9], [0.95, 0.9]]]))


def test_an_unmoved_picture_is_sane_and_a_mirrored_or_smeared_one_is_not() -> None:
    still = edge_grid((16, 24), torch.zeros(1))[None]
    mirrored = still * torch.tensor([-1.0, 1.0])
    smeared = still * torch.tensor([1.0, 6.0])

    assert float(sanity(still).min()) > 0.95
    assert float(sanity(mirrored).max()) < 0.05
    assert float(sanity(smeared).max()) < 0.05


def test_a_turn_is_as_sane_on_a_wide_canvas_as_on_a_square_one() -> None:
    angle = torch.tensor(1.2)
    ratio = 2.0
    turn = torch.tensor([[angle.cos(), -angle.sin() / ratio], [angle.sin() * ratio, angle.cos()]])

    flow = edge_grid((16, 32), torch.zeros(1)) @ turn.T
    assert float(sanity(flow[None]).min()) > 0.95


def test_an_untrained_network_moves_a_picture_with_its_keypoints(points: torch.Tensor) -> None:
    shift = torch.tensor([0.25, 0.0])
    network = DenseMotionNetwork(9, width=4, max_width=8)
    picture = torch.rand(2, 4, 16, 16)

    with torch.no_grad():
        motion = network(points, points + shift, torch.ones(2, 1, 16, 16), picture)
    torch.testing.assert_close(motion.flow, (edge_grid((16, 16), points) + shift).expand(2, -1, -1, -1))
    assert float(motion.residual.abs().max()) == 0
    # A quarter of a picture that spans 2 is two pixels of sixteen.
    torch.testing.assert_close(look_up(picture, motion.flow)[..., :-2], picture[..., 2:])


def test_references_of_one_result_are_moved_as_if_each_had_a_result_of_its_own(points: torch.Tensor) -> None:
    network = DenseMotionNetwork(9, width=4, max_width=8)
    torch.nn.init.normal_(network.head.weight, std=0.1)
    silhouettes = torch.rand(2, 1, 16, 16)
    references = torch.cat((points + 0.1, points.flip(0)))
    pictures = torch.rand(4, 4, 16, 16)
    of = torch.tensor([0, 1, 1, 0])

    with torch.no_grad():
        together = network(points, references, silhouettes, pictures, of)
        apart = network(points[of], references, silhouettes[of], pictures)
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other)


def test_a_reference_counts_where_its_own_pose_is_near() -> None:
    target = torch.tensor([[[-0.7, 0.0], [0.7, 0.0]]])
    left_elsewhere = target + torch.tensor([[0.0, 0.25], [0.0, 0.0]])
    right_elsewhere = target + torch.tensor([[0.0, 0.0], [0.0, 0.25]])

    near = keypoint_shares(nearest_shares((4, 8), target))
    misfit = torch.stack([mix_distances(target, one, near) for one in (left_elsewhere, right_elsewhere)], 1)
    assert float(misfit[0, 0, 0, 2, 1]) == pytest.approx(0.25**2, rel=1e-3)
    assert float(misfit[0, 0, 0, 2, 6]) < 1e-4

    alike = torch.zeros(1, 2, 1, 4, 8)
    shares = share_out(alike, alike, alike, misfit)[0, :, 0, 2]
    torch.testing.assert_close(shares.sum(0), torch.ones(8))
    assert float(shares[0, 6]) > 0.95
    assert float(shares[1, 1]) > 0.95
