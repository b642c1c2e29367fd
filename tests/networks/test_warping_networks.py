"""What FOMM and articulated animation share: regions, dense motion, warping generator, folding, spectral norm."""

import pytest
import torch
from torch import nn

from muybridge.geometry import make_grid
from muybridge.networks import (
    DenseMotion,
    HeatRegionPredictor,
    SpectralConv2d,
    WarpingGenerator,
    fold_batch_norms,
    prepare_inference,
    use_spectral_norm,
)
from muybridge.networks.heat_regions import _pool_frames


def settled(network: nn.Module) -> nn.Module:
    """Batch norm with statistics that matter."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, 0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return network.eval()


def still(size: tuple[int, int], batch: int = 2) -> torch.Tensor:
    return make_grid(size, torch.zeros(())).expand(batch, -1, -1, -1)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("maps", "padding", "side"), [(0, 3, 16), (1, 0, 10), (3, 0, 10)])
def test_regions_and_their_frames(maps: int, padding: int, side: int) -> None:
    network = HeatRegionPredictor(3, width=4, max_width=8, blocks=2, scale=0.5, padding=padding, frame_maps=maps).eval()
    found = network(torch.rand(2, 3, 32, 32))
    assert found.heatmaps.shape == (2, 3, side, side)
    torch.testing.assert_close(found.heatmaps.sum((2, 3)), torch.ones(2, 3))
    if maps:
        torch.testing.assert_close(found.frames, torch.eye(2).expand(2, 3, 2, 2), msg="frames begin as the identity")
    else:
        assert found.frames is None


def test_a_flow_is_the_mean_of_its_motions() -> None:
    network = DenseMotion(2, width=4, max_width=8, blocks=2, scale=0.5).eval()
    motions = torch.stack([still((16, 16)), still((16, 16)) + 0.1, still((16, 16)) - 0.2], dim=1)
    flow = network(network.down(torch.rand(2, 3, 32, 32)), torch.rand(2, 2, 16, 16), motions)
    assert flow.deformed.shape == (2, 3, 3, 16, 16)
    torch.testing.assert_close(flow.masks.sum(1), torch.ones(2, 16, 16))
    moved = 0.1 * flow.masks[:, 1] - 0.2 * flow.masks[:, 2]
    torch.testing.assert_close(flow.grid - still((16, 16)), moved[..., None].expand(-1, -1, -1, 2))


def test_with_skips_an_unmoved_source_is_shown_where_the_flow_is_sure() -> None:
    network = WarpingGenerator(width=4, max_width=8, downs=1, blocks=1, skips=True).eval()
    source = torch.rand(2, 3, 16, 16)
    sure = network.draw(source, network.encode(source), still((16, 16)), torch.ones(2, 1, 16, 16))
    torch.testing.assert_close(sure.picture, source)
    unsure = network.draw(source, network.encode(source), still((16, 16)), torch.zeros(2, 1, 16, 16))
    torch.testing.assert_close(unsure.picture, unsure.before_blend)


@pytest.mark.parametrize("skips", [False, True])
def test_one_source_serves_a_batch(skips: bool) -> None:
    network = settled(WarpingGenerator(width=4, max_width=8, downs=2, blocks=1, skips=skips))
    source, flow = torch.rand(1, 3, 16, 16), still((8, 8), 3) + 0.3 * torch.rand(3, 8, 8, 2)
    occlusion = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        together = network.draw(source, network.encode(source), flow, occlusion).picture
        each = [
            network.draw(source, network.encode(source), f[None], o[None]).picture
            for f, o in zip(flow, occlusion, strict=True)
        ]
    torch.testing.assert_close(together, torch.cat(each), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [(16, 16), (18, 14)])
def test_folding_changes_nothing_but_the_cost(size: tuple[int, int]) -> None:
    generator = settled(WarpingGenerator(width=4, max_width=8, downs=1, blocks=2, skips=True))
    motion = settled(DenseMotion(2, width=4, max_width=8, blocks=2, scale=1.0))
    before = {name: x.clone() for name, x in generator.state_dict().items()}
    source, flow, seen = torch.rand(1, 3, *size), still(size, 1) + 0.1, torch.rand(1, 1, *size)
    motions = still(size, 1)[:, None].expand(-1, 3, -1, -1, -1)
    with torch.no_grad():
        for ready in (fold_batch_norms(generator), prepare_inference(generator)):
            want = generator.draw(source, generator.encode(source), flow, seen).picture
            torch.testing.assert_close(
                ready.draw(source, ready.encode(source), flow, seen).picture, want, atol=1e-5, rtol=1e-4
            )
        heat = torch.rand(1, 2, *size)
        torch.testing.assert_close(
            fold_batch_norms(motion)(source, heat, motions).grid, motion(source, heat, motions).grid
        )
    assert not any(isinstance(m, nn.BatchNorm2d) for m in fold_batch_norms(motion).modules())
    assert all(torch.equal(x, before[name]) for name, x in generator.state_dict().items())


def test_half_precision_is_close() -> None:
    generator = nn.ModuleDict({"generator": settled(WarpingGenerator(width=8, max_width=16, downs=1, blocks=1))})
    source = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        plain, half = (
            prepare_inference(generator)["generator"],
            prepare_inference(generator, ("generator",))["generator"],
        )
        assert half.final.weight.dtype == torch.bfloat16
        made = [net.draw(source, net.encode(source), still((16, 16), 1), None).picture for net in (plain, half)]
    assert made[1].dtype == torch.float32
    assert 0 < (made[0] - made[1]).abs().max() < 0.05


def test_spectral_norm_comes_to_one() -> None:
    conv = use_spectral_norm(nn.Sequential(nn.Conv2d(3, 8, 4)))[0]
    assert isinstance(conv, SpectralConv2d)
    first = conv.weight_u.clone()
    for _ in range(60):
        conv(torch.rand(1, 3, 8, 8))
    assert not torch.equal(conv.weight_u, first)
    norm = torch.linalg.matrix_norm(conv.weight_orig.detach().flatten(1), 2)
    impulse = torch.zeros(1, 3, 4, 4)
    impulse[0, 0, 0, 0] = 1
    with torch.no_grad():
        found = conv(impulse)[0, :, 0, 0] - conv.bias
    torch.testing.assert_close(found, conv.weight_orig.detach()[:, 0, 0, 0] / norm, atol=1e-5, rtol=1e-3)
    still_u = conv.eval().weight_u.clone()
    conv(torch.rand(1, 3, 8, 8))
    assert torch.equal(conv.weight_u, still_u)
    with pytest.raises(ValueError, match="without padding"):
        use_spectral_norm(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1)))


@pytest.mark.parametrize("sets", [1, 10], ids=["shared by all", "one each"])
def test_frames_keep_their_digits_on_a_large_map(sets: int) -> None:
    """At 256 px a sum over 65,536 cells; as a matrix product it is four to six times further off than this."""
    draw = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 4 * sets, 256, 256, generator=draw) + 1
    heatmaps = torch.full((2, 10, 256, 256), 1 / 256**2)

    exact = _pool_frames(maps.double(), heatmaps.double())
    found = _pool_frames(maps, heatmaps)

    assert (found - exact).abs().max() < 2e-7
