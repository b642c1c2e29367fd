"""The discriminator of Monkey-Net and FOMM, and tables of weights from elsewhere."""

import pytest
import torch
from torch import nn

from muybridge.errors import CheckpointError, InputError
from muybridge.networks import BlockDiscriminator, extract_state, fill_network


@pytest.mark.parametrize(("pool_last", "sides"), [(True, [30, 13, 5, 1]), (False, [30, 13, 5, 2])])
def test_sizes_of_the_features(pool_last: bool, sides: list[int]) -> None:
    critic = BlockDiscriminator(5, width=4, max_width=12, blocks=4, pool_last=pool_last)
    features = critic(torch.rand(2, 5, 64, 64))
    assert [f.shape[2] for f in features] == [*sides, sides[-1]]
    assert [f.shape[1] for f in features] == [8, 12, 12, 12, 1]
    assert critic.down_blocks[0].norm is None


@pytest.mark.parametrize("pool_last", [True, False])
def test_the_smallest_picture(pool_last: bool) -> None:
    critic = BlockDiscriminator(3, width=4, blocks=3, pool_last=pool_last)
    left = 1 if pool_last else 2
    assert critic(torch.rand(1, 3, critic.smallest, critic.smallest))[-1].shape == (1, 1, left, left)
    with pytest.raises(InputError, match="pixels"):
        critic(torch.rand(1, 3, critic.smallest - 1, 64))


def test_its_norm_is_of_each_map_of_each_picture() -> None:
    critic = BlockDiscriminator(3, width=4, blocks=2)
    pictures = torch.rand(3, 3, 40, 40)
    norm = nn.InstanceNorm2d(16, affine=True)
    block = critic.down_blocks[1]
    norm.load_state_dict(block.norm.state_dict())
    x = critic(pictures)[0]
    wanted = nn.functional.avg_pool2d(nn.functional.leaky_relu(norm(block.conv(x)), 0.2), 2)
    torch.testing.assert_close(block(x), wanted)


def test_tables_of_weights_are_copied_and_checked() -> None:
    weights = {"module.weight": torch.ones(2, 2), "module.bias": torch.zeros(2)}
    state = extract_state({"net": weights}, "net")
    state["weight"].zero_()
    assert weights["module.weight"].sum() == 4
    assert fill_network(nn.Linear(2, 2), extract_state({"net": weights}, "net"), "net").weight.sum() == 4
    with pytest.raises(CheckpointError, match="not a table"):
        extract_state({"net": {"weight": 3}}, "net")
    with pytest.raises(CheckpointError, match="not a table"):
        extract_state({}, "net")
    with pytest.raises(CheckpointError, match="not a plain tensor"):
        extract_state({"net": {"weight": torch.ones(1).expand(10**6)}}, "net")
    with pytest.raises(CheckpointError, match="other layers"):
        fill_network(nn.Linear(3, 2), state, "net")
