"""What the ablations of table 2 compute, by numbers: matting, crossed samples, alignment; and how colours vary."""

import pytest
import torch
from tiny_tsnet import tiny
from torch import Tensor, nn

from muybridge.methods.tsnet.augment import jitter_colours
from muybridge.methods.tsnet.config import SamplingConfig
from muybridge.methods.tsnet.method import Made, Tsnet

STILL = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}


def batch_of(crossed: list[bool]) -> dict[str, Tensor]:
    """Two subject frames and a target for each sample."""
    g, count = torch.Generator().manual_seed(1), len(crossed)
    return {
        "pictures": torch.rand(count, 3, 3, 32, 32, generator=g),
        "labels": torch.randint(0, 25, (count, 3, 32, 32), generator=g).to(torch.uint8),
        "boxes": torch.ones(count, 3, 1, 32, 32),
        "crossed": torch.tensor(crossed),
    }


def losses_of(method: Tsnet, batch: dict[str, Tensor]) -> dict[str, float]:
    """Of the generator's turn."""
    turn = list(method.turns(method.stages()[0], batch))[1]
    return {name: float(value.detach()) for name, value in turn.losses.items()}


class Said(nn.Module):
    """Answers with one number, whatever it sees."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def forward(self, first: Tensor, *rest: Tensor) -> Tensor:
        return torch.full_like(first[:, :1], self.number)


class Seen(nn.Module):
    """A decoder that keeps what it is given."""

    def forward(self, joined: Tensor) -> Tensor:
        self.joined = joined
        return joined.new_zeros(len(joined), 3, 32, 32)


@pytest.mark.parametrize(("logit", "share"), [(50.0, 1.0), (-50.0, 0.0), (0.0, 0.5)])
def test_a_matte_shares_between_transformation_and_synthesis(logit: float, share: float) -> None:
    """TS-Net (mat): m x transformed + (1 - m) x synthesised."""
    method = tiny(combine="matting").eval()
    method.matte, method.decoder = Said(logit), Seen()  # type: ignore[assignment]
    g = torch.Generator().manual_seed(0)
    features = torch.randn(1, 2, 32, 4, 4, generator=g)
    driving = torch.zeros(1, 25, 32, 32).scatter_(1, torch.randint(0, 25, (1, 1, 32, 32), generator=g), 1.0)
    with torch.no_grad():
        made = method.draw(features, torch.ones(1, 2, 1, 4, 4), driving, torch.ones(1, 1, 4, 4))
    transformed, synthesised = made.branches
    assert not torch.allclose(transformed, synthesised)
    wanted = share * transformed + (1 - share) * synthesised
    torch.testing.assert_close(method.decoder.joined, wanted)


def test_a_crossed_sample_has_no_truth() -> None:
    """Its driving labels are another's: only the other samples are compared with their targets (section 4.4)."""
    method = tiny().eval()
    batch = batch_of([True, False])
    plain = losses_of(method, batch)
    assert {"multiscale", "transformation"} <= set(plain)
    for sample, same in ((0, True), (1, False)):
        other = {name: x.clone() for name, x in batch.items()}
        other["pictures"][sample, -1] = 1 - other["pictures"][sample, -1]
        found = losses_of(method, other)
        for name in ("multiscale", "transformation"):
            assert (found[name] == plain[name]) == same, name


def test_a_crossed_samples_own_frames_are_not_warped_to_its_target() -> None:
    """L_TRA (eq. 7) of the sample that has a truth, alone and beside a crossed one, is one number."""
    method = tiny().eval()
    both = batch_of([True, False])
    alone = {name: x[1:] for name, x in both.items()}
    assert losses_of(method, both)["transformation"] == pytest.approx(losses_of(method, alone)["transformation"])


@pytest.mark.parametrize(("sign", "wanted"), [(1.0, 0.0), (-1.0, 2.0)])
def test_alignment_is_one_less_the_cosine(monkeypatch: pytest.MonkeyPatch, sign: float, wanted: float) -> None:
    method = tiny(losses={"alignment": 1.0}).eval()
    features = torch.randn(1, 32, 4, 4, generator=torch.Generator().manual_seed(0))
    picture = torch.zeros(1, 3, 32, 32)
    monkeypatch.setattr(method, "draw", lambda *_: Made(picture, None, (features, sign * features)))
    assert losses_of(method, batch_of([False]))["alignment"] == pytest.approx(wanted, abs=1e-5)


def test_each_colour_change_by_hand() -> None:
    pictures = 0.3 + 0.4 * torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    pictures[1] *= 0.5
    drawn = (2 * torch.rand(4, generator=torch.Generator().manual_seed(3)) - 1).tolist()

    def changed(name: str) -> Tensor:
        config = SamplingConfig.model_validate({**STILL, name: 0.2})
        return jitter_colours(pictures, config, torch.Generator().manual_seed(3))

    factors = [1 + 0.2 * x for x in drawn]
    grey = (pictures * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    torch.testing.assert_close(changed("brightness"), (factors[0] * pictures).clamp(0, 1))
    # Contrast is about each picture's own mean grey.
    mean = grey.mean((2, 3), keepdim=True)
    torch.testing.assert_close(changed("contrast"), (mean + factors[1] * (pictures - mean)).clamp(0, 1))
    torch.testing.assert_close(changed("saturation"), (grey + factors[2] * (pictures - grey)).clamp(0, 1))
    turned = changed("hue")
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    torch.testing.assert_close((turned * weights).sum(1, keepdim=True), grey, atol=2e-3, rtol=0)
    assert float((turned - pictures).abs().max()) > 0.02
