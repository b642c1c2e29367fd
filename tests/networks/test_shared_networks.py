import pytest
import torch
from torch import nn
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.methods.jokr.networks import KeypointDetector, PointDiscriminator, Refiner, ShapeGenerator
from muybridge.networks import (
    Downsample,
    Hourglass,
    PatchDiscriminator,
    ResnetGenerator,
    gaussian_taps,
    make_norm,
    patch_scores,
)
from muybridge.networks.resnet import LastConv, ReflectConv
from muybridge.settings.choices import Norm

NETWORKS = {
    "detector": lambda: KeypointDetector(4, width=4, max_width=16, blocks=3),
    "released detector": lambda: KeypointDetector(4, width=4, max_width=16, blocks=2, padding=0, norm="batch"),
    "strong detector": lambda: KeypointDetector(4, variant="strong", width=4, blocks=1),
    "critic": lambda: PatchDiscriminator(3, width=4, layers=2),
    "generator": lambda: ResnetGenerator(3, 2, width=4, blocks=1),
    "resizing generator": lambda: ResnetGenerator(3, 2, width=4, blocks=1, norm="group", upsampling="resize"),
}


def flat(x: object) -> list[torch.Tensor]:
    return [x] if isinstance(x, torch.Tensor) else [t for part in x for t in flat(part)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NETWORKS)
def test_rectangles_layouts_and_precisions_agree(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]().eval()
    pictures = torch.rand(2, 3, 48, 80)
    plain = flat(network(pictures))
    last = flat(network.to(memory_format=torch.channels_last)(pictures.to(memory_format=torch.channels_last)))
    with torch.autocast("cpu", torch.bfloat16):
        low = flat(network(pictures))
    wide = flat(network.double()(pictures.double()))
    for a, b, c, d in zip(plain, last, low, wide, strict=True):
        # Group norm rounds more where pictures are channels-last.
        torch.testing.assert_close(b, a, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(d.float(), a, atol=1e-4, rtol=1e-3)
        assert d.dtype == torch.float64
        assert (c.float() - a).abs().mean() < 0.1 * max(a.abs().mean().item(), 0.1)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_learns(name: str) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]()
    found = flat(network(torch.rand(2, 3, 48, 64)))
    torch.stack([(x * torch.randn_like(x)).sum() for x in found]).sum().backward()
    for parameter, p in network.named_parameters():
        assert p.grad is not None, parameter
        assert torch.isfinite(p.grad).all(), parameter
        assert p.grad.any(), parameter


@pytest.mark.parametrize("stride", [1, 2, 4, 8])
def test_downsampling_is_the_published_blur_then_every_nth_pixel(stride: int) -> None:
    pictures = torch.rand(1, 3, 40, 56)
    taps = gaussian_taps(stride)
    assert len(taps) == 4 * (stride - 1) + 1
    assert taps.sum().item() == pytest.approx(1.0)
    kernel = (taps[:, None] * taps).expand(3, 1, -1, -1)
    blurred = F.conv2d(pictures, kernel, padding=len(taps) // 2, groups=3)
    torch.testing.assert_close(Downsample(stride)(pictures), blurred[..., ::stride, ::stride])


def test_downsampling_weights_by_hand() -> None:
    # stride 2: standard deviation 1/2, so exp(-2 i^2)
    want = torch.exp(-2 * torch.tensor([4.0, 1.0, 0.0, 1.0, 4.0]))
    torch.testing.assert_close(gaussian_taps(2), want / want.sum())


def test_hourglass_widths_and_any_size() -> None:
    network = Hourglass(3, width=8, max_width=24, blocks=4)
    outs = [b.conv.out_channels for b in network.encoder.down_blocks]
    assert outs == [16, 24, 24, 24]
    assert [b.conv.in_channels for b in network.decoder.up_blocks] == [24, 48, 48, 32]
    pictures = torch.rand(1, 3, 35, 50)
    found = network(pictures)
    assert found.shape == (1, network.out_channels, 35, 50)
    # The picture itself is the last skip.
    assert torch.equal(found[:, -3:], pictures)


def test_instance_norm_is_torchs() -> None:
    x = torch.randn(2, 5, 6, 7) * 3 + 1
    want = nn.InstanceNorm2d(5)(x)
    torch.testing.assert_close(make_norm("instance", 5)(x), want)
    last = make_norm("instance", 5)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(last, want)
    assert last.is_contiguous(memory_format=torch.channels_last)
    # Where a picture is a single pixel, nothing is left of it.
    alone = x[..., :1, :1].contiguous(memory_format=torch.channels_last)
    assert make_norm("instance", 5)(alone).abs().max() < 1e-3


@pytest.mark.parametrize("last", [False, True])
def test_instance_norm_has_the_gradient_of_torchs(last: bool) -> None:
    x, weight = torch.randn(3, 4, 6, 8, dtype=torch.float64), torch.randn(3, 4, 6, 8, dtype=torch.float64)
    own = x.clone(memory_format=torch.channels_last if last else torch.contiguous_format).requires_grad_()
    other = x.clone().requires_grad_()
    (make_norm("instance", 4)(own) * weight).sum().backward()
    (nn.InstanceNorm2d(4)(other) * weight).sum().backward()
    torch.testing.assert_close(own.grad, other.grad)


@pytest.mark.parametrize("size", [(12, 16), (11, 16), (12, 15)])
@pytest.mark.parametrize(("layer", "channels", "kernel"), [(ReflectConv, 5, 3), (LastConv, 2, 7), (LastConv, 9, 7)])
def test_convolutions_are_torchs(layer: type[ReflectConv], channels: int, kernel: int, size: tuple[int, int]) -> None:
    own = layer(4, channels, kernel).double()
    other = nn.Conv2d(4, channels, kernel, padding=kernel // 2, padding_mode="reflect").double()
    other.load_state_dict(own.state_dict())
    pictures = torch.randn(2, 4, *size, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(own(pictures), other(pictures))
    wanted = [torch.autograd.grad(net(pictures).square().sum(), [pictures, *net.parameters()]) for net in (own, other)]
    torch.testing.assert_close(*wanted)


def test_mirroring_keeps_half_precision() -> None:
    layer, pictures = ReflectConv(3, 4, 3), torch.rand(1, 3, 8, 8, dtype=torch.bfloat16)
    seen: list[torch.dtype] = []
    layer.convolve = lambda padded: seen.append(padded.dtype) or F.conv2d(padded, layer.weight)  # type: ignore
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(pictures).dtype == torch.bfloat16
    assert seen == [torch.bfloat16]


@pytest.mark.parametrize(("norm", "depends"), [("batch", True), ("instance", False), ("group", False)])
def test_only_batch_norm_makes_keypoints_depend_on_the_batch(norm: Norm, depends: bool) -> None:
    torch.manual_seed(0)
    detector = KeypointDetector(4, width=4, blocks=2, norm=norm)
    pictures = torch.rand(3, 3, 48, 48)
    alone, together = detector(pictures[:1]).points, detector(pictures).points[:1]
    assert ((alone - together).abs().max() > 1e-4) == depends


def test_batch_norm_does_not_count() -> None:
    norm = make_norm("batch", 2)
    norm(torch.randn(3, 2, 4, 4))
    state = norm.state_dict()
    assert state["num_batches_tracked"] == 0
    assert state["running_mean"].abs().max() > 0


def test_detector_gives_distributions_and_their_means() -> None:
    found = KeypointDetector(3, width=4, blocks=2)(torch.rand(2, 3, 64, 96))
    assert found.heatmaps.shape == (2, 3, 16, 24)
    torch.testing.assert_close(found.heatmaps.sum((2, 3)), torch.ones(2, 3))
    assert found.points.abs().max() <= 1
    cropped = KeypointDetector(3, width=4, blocks=2, padding=0)(torch.rand(2, 3, 64, 96))
    assert cropped.heatmaps.shape == (2, 3, 10, 18)


def test_always_training_survives_eval() -> None:
    assert KeypointDetector(3, width=4, blocks=1, always_training=True).eval().trunk.training
    assert not KeypointDetector(3, width=4, blocks=1).eval().trunk.training


def test_heads_have_their_ranges() -> None:
    masks = ShapeGenerator(3, width=4, blocks=1)(torch.rand(1, 3, 16, 20) * 50)
    assert masks.shape == (1, 2, 16, 20)
    assert ((masks >= 0) & (masks <= 1)).all()
    pictures = Refiner(width=4, blocks=1)(masks[:, :1])
    assert ((pictures >= -1) & (pictures <= 1)).all()


def test_one_mask_fills_three_released_channels() -> None:
    refiner = Refiner(in_channels=3, width=4, blocks=1)
    masks = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(refiner(masks), refiner.net(masks.repeat(1, 3, 1, 1)))


def test_generator_names_the_sizes_that_it_takes() -> None:
    with pytest.raises(InputError, match="multiples of 4, not 18x16"):
        ResnetGenerator(3, 3, width=4, blocks=1)(torch.rand(1, 3, 16, 18))


def test_dropout_is_there_only_when_asked_for() -> None:
    assert not any(isinstance(m, nn.Dropout) for m in ResnetGenerator(3, 3, width=4, blocks=2).modules())
    dropping = ResnetGenerator(3, 3, width=4, blocks=2, dropout=0.5)
    assert sum(isinstance(m, nn.Dropout) for m in dropping.modules()) == 2


def test_critic_sees_each_scale_and_ends_with_scores() -> None:
    verdicts = PatchDiscriminator(3, width=4, layers=3, scales=2)(torch.rand(2, 3, 64, 64))
    assert [len(features) for features in verdicts] == [5, 5]
    assert [f.shape[1] for f in verdicts[0]] == [4, 8, 16, 32, 1]
    assert [tuple(s.shape[2:]) for s in patch_scores(verdicts)] == [(11, 11), (7, 7)]


def test_discriminator_keeps_full_precision_under_autocast() -> None:
    judge, points = PointDiscriminator(4, 16), torch.rand(3, 4, 2)
    with torch.autocast("cpu", torch.bfloat16):
        low = judge(points)
    assert torch.equal(low, judge(points))
    assert ((low > 0) & (low < 1)).all()
