"""Inception and C3D: their layers by name and size, and how their files are found."""

from pathlib import Path

import pytest
import torch
from torch import nn

from muybridge.errors import CheckpointError, InputError, MissingWeightsError
from muybridge.evaluation import load_metric_networks
from muybridge.networks.pretrained.c3d import C3d
from muybridge.networks.pretrained.files import fill_pretrained
from muybridge.networks.pretrained.inception import Inception, load_inception


def test_inception_is_the_published_one() -> None:
    network = Inception().eval()
    # 23.8 million without the classes' own 2 million (Szegedy et al.): 94 convolutions, each with its norm.
    assert sum(p.numel() for p in network.parameters()) == 21_785_568
    state = network.state_dict()
    assert len([name for name in state if name.endswith("conv.weight")]) == 94
    assert state["Mixed_6c.branch7x7dbl_2.conv.weight"].shape == (160, 160, 7, 1)
    assert state["Mixed_7c.branch3x3_2a.bn.running_mean"].shape == (384,)
    with torch.no_grad():
        assert network(torch.rand(1, 3, 40, 40)).shape == (1, 2048)


def test_c3d_looks_at_windows() -> None:
    network = C3d().eval()
    assert sum(p.numel() for p in network.parameters()) == 27_655_936
    with pytest.raises(InputError, match="16 frames"):
        network(torch.rand(15, 3, 32, 32))
    small = C3d()
    for name, layer in [(n, m) for n, m in small.named_children()]:
        setattr(small, name, nn.Conv3d(layer.in_channels, layer.out_channels, 1))
    with torch.no_grad():
        # Two windows of sixteen in twenty frames; 2 x 7 x 7 places each.
        assert small(torch.rand(20, 3, 32, 32)).shape == (2 * 98, 512)


def test_weights_come_from_a_path_or_the_cache(cache: Path) -> None:
    made = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    path = cache / "small.pth"
    torch.save(made.state_dict() | {"fc.weight": torch.zeros(3)}, path)
    for where in (path, None):
        fresh = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
        loaded = fill_pretrained(fresh, where, "small.pth", "a small network")
        assert torch.equal(loaded[0].weight, made[0].weight)
        assert not loaded.training
        assert not any(p.requires_grad for p in loaded.parameters())
    with pytest.raises(CheckpointError, match="a small network"):
        fill_pretrained(nn.Conv2d(3, 4, 1), path, "small.pth", "a small network")
    torch.save(made.state_dict(), cache / "small-00000000.pth")
    with pytest.raises(CheckpointError, match="damaged"):
        fill_pretrained(made, cache / "small-00000000.pth", "small.pth", "a small network")


def test_a_missing_network_is_told_and_a_named_one_must_be_there(cache: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"pt_inception-2015-12-05-6726825d\.pth"):
        load_inception()
    by = load_metric_networks()
    assert (by.lpips, by.inception, by.action) == (None, None, None)
    assert set(by.missing) == {"lpips", "fid", "svfid"}
    assert "c3d.pickle" in by.missing["svfid"]
    with pytest.raises(MissingWeightsError):
        load_metric_networks(action=cache / "none.pth")
