"""References over a clip: the cheapest path, steady in time, cross-faded, the same whatever the parts."""

from itertools import pairwise, product

import pytest
import torch

from muybridge.methods.jokr.reference_choice import (
    FADE,
    NEIGHBOURS,
    WINDOW,
    ReferencePlanner,
    change_prices,
    cheapest_path,
    cross_fade,
    plan_stream,
    pose_costs,
)


def test_the_cheapest_path_is_the_cheapest_of_all() -> None:
    generator = torch.Generator().manual_seed(3)
    costs = torch.rand(5, 4, generator=generator) * 0.05
    price = change_prices(torch.tensor([0, 2, 9, 30]))

    def total(path: tuple[int, ...]) -> float:
        stay = sum(float(costs[t, r]) for t, r in enumerate(path))
        return stay + sum(float(price[a, b]) for a, b in pairwise(path))

    best = min(product(range(4), repeat=5), key=total)
    assert tuple(cheapest_path(costs, price).tolist()) == best


def test_a_path_starts_from_where_the_last_one_ended() -> None:
    costs = torch.tensor([[0.001, 0.0]])
    price = change_prices(torch.tensor([0, 50]))

    assert cheapest_path(costs, price).tolist() == [1]
    assert cheapest_path(costs, price, before=0).tolist() == [0]


def test_staying_is_free_and_a_neighbour_costs_less_than_a_stranger() -> None:
    price = change_prices(torch.tensor([0, 1, 100]))

    assert torch.equal(price.diagonal(), torch.zeros(3))
    assert 0 < float(price[0, 1]) < float(price[0, 2])


def test_a_frame_in_the_bank_is_made_of_itself() -> None:
    bank = 0.3 * torch.rand(20, 6, 2, generator=torch.Generator().manual_seed(0))
    planner = ReferencePlanner(bank, torch.arange(20) * (NEIGHBOURS + 1), count=2)

    references = planner.plan(bank[7:8])
    assert references.index[0, 0, 0] == 7
    assert float(references.shares[0, 0, 0]) == 1
    assert references.index[0, 1, 0] != 7


def test_the_second_reference_has_what_the_first_has_elsewhere() -> None:
    pose = torch.zeros(1, 6, 2)
    bank = torch.zeros(3, 6, 2)
    bank[0, 0] = 0.2  # right but for one leg
    bank[1, 5] = 0.22  # nearly as good in the whole pose, and that leg is right
    bank[2] = 0.1  # a little off everywhere
    bank[2, 0] = 0.12

    planner = ReferencePlanner(bank, torch.arange(3) * (NEIGHBOURS + 1), count=2)
    assert planner.plan(pose).index[0, :, 0].tolist() == [0, 1]

    # Where the other one has the same fault, what is a little off everywhere improves more.
    bank[1, 5] = 0.0
    bank[1, 0] = 0.21
    planner = ReferencePlanner(bank, torch.arange(3) * (NEIGHBOURS + 1), count=2)
    assert planner.plan(pose).index[0, :, 0].tolist() == [0, 2]


def test_a_lost_keypoint_counts_no_more_than_any_other_that_is_far() -> None:
    near = torch.zeros(1, 4, 2)
    lost = near.clone()
    lost[0, 0] = 1.9

    assert float(pose_costs(near, lost)) == pytest.approx(0.3**2 / 4)


def test_a_change_is_spread_over_the_frames_around_it() -> None:
    paths = torch.tensor([[0], [0], [0], [0], [1], [1], [1], [1]])
    references = cross_fade(paths, [], len(paths))

    of_second = (references.shares * (references.index == 1)).sum(-1)[:, 0]
    torch.testing.assert_close(references.shares.sum(-1), torch.ones(8, 1))
    assert of_second.tolist() == sorted(of_second.tolist())
    assert float(of_second[3 - FADE]) == 0
    assert 0 < float(of_second[3]) < 0.5 < float(of_second[4]) < 1


@pytest.mark.parametrize("parts", [[2 * WINDOW + 30], [1] * (2 * WINDOW + 30), [50, 100, 72]])
def test_references_do_not_depend_on_the_parts_in_which_poses_come(parts: list[int]) -> None:
    generator = torch.Generator().manual_seed(5)
    bank = torch.rand(12, 5, 2, generator=generator)
    poses = torch.rand(2 * WINDOW + 30, 5, 2, generator=generator)
    count = sum(parts)

    whole = list(plan_stream(ReferencePlanner(bank, torch.arange(12) * 9), [poses[:count]]))
    again = list(plan_stream(ReferencePlanner(bank, torch.arange(12) * 9), poses[:count].split(parts)))
    assert torch.equal(torch.cat([p for p, _ in again]), poses[:count])
    for (_, a), (_, b) in zip(whole, again, strict=True):
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.shares, b.shares)


def test_steady_poses_keep_their_reference() -> None:
    generator = torch.Generator().manual_seed(2)
    bank = torch.rand(30, 5, 2, generator=generator)
    poses = bank[4:5] + 0.02 * torch.randn(40, 5, 2, generator=generator)

    references = ReferencePlanner(bank, torch.arange(30) * 9, count=1).plan(poses)
    assert set(references.index[:, 0, 0].tolist()) == {4}
