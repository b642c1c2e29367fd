"""What the discriminator is shown again, and that a checkpoint keeps it."""

import torch
from torch import Tensor

from muybridge.networks.history import FakeHistory
from muybridge.networks.translator import (
    DiscriminatorSizes,
    FramePredictor,
    PredictorSizes,
    Translator,
    TranslatorSizes,
    make_discriminator,
)


def fake(value: float, count: int = 1) -> Tensor:
    """Pictures of one value, which bytes hold exactly where it is -1, 1 or -0.6."""
    return torch.full((count, 4, 2, 3), value)


def test_while_there_is_room_new_fakes_are_shown_and_kept() -> None:
    history = FakeHistory(3)
    new = torch.stack([fake(v)[0] for v in (-1.0, 1.0)]).requires_grad_()
    shown = history(new)
    assert torch.equal(shown, new)
    assert not shown.requires_grad
    assert history.pictures[:, 0, 0, 0].tolist() == [0, 255]


def test_a_full_history_shows_an_old_one_every_other_time() -> None:
    history = FakeHistory(4)
    history(fake(-1.0, 4))
    torch.manual_seed(0)
    old = 0
    for _ in range(200):
        before = history.pictures.clone()
        shown = history(fake(1.0))
        changed = (history.pictures != before).flatten(1).any(1)
        if float(shown[0, 0, 0, 0]) == -1.0:
            assert int(changed.sum()) == 1  # the new one has taken the place of what was shown
            history.pictures.fill_(0)
            old += 1
        else:
            assert torch.equal(shown, fake(1.0))
            assert not bool(changed.any())
    assert 75 < old < 125


def test_a_history_of_none_shows_what_is_new() -> None:
    history = FakeHistory(0)
    assert torch.equal(history(fake(0.5, 3)), fake(0.5, 3))
    assert history.pictures.numel() == 0


def test_a_checkpoint_brings_the_same_history_back() -> None:
    history = FakeHistory(3)
    for value in (-1.0, 1.0, -0.6):
        history(fake(value))
    again = FakeHistory(3)
    again.load_state_dict(history.state_dict())
    assert torch.equal(again.pictures, history.pictures)
    for one in (history, again):
        torch.manual_seed(4)
        one.shown = [one(fake(0.2)) for _ in range(10)]
    assert all(torch.equal(a, b) for a, b in zip(history.shown, again.shown, strict=True))


@torch.no_grad()
def test_translators_and_predictors_keep_the_size() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(2, 4, 32, 64) * 2 - 1
    sizes = TranslatorSizes(width=4, blocks=1)
    for network in (Translator(sizes), Translator(sizes.model_copy(update={"upsampling": "resize"}))):
        made = network(pictures)
        assert made.shape == pictures.shape
        assert float(made.abs().max()) <= 1
        # A frame alone is translated as it is among others.
        torch.testing.assert_close(network(pictures[:1]), made[:1], rtol=1e-4, atol=1e-5)
    ahead = FramePredictor(PredictorSizes(width=4, max_width=8, blocks=3))
    assert ahead(pictures, pictures).shape == pictures.shape
    assert not torch.equal(ahead(pictures, pictures.flip(0)), ahead(pictures.flip(0), pictures))


def test_a_critic_of_one_scale_sees_patches_of_seventy_pixels() -> None:
    critic = make_discriminator(DiscriminatorSizes(width=4))
    picture = torch.zeros(1, 4, 256, 256, requires_grad=True)
    noise = torch.randn(1, 4, 256, 256, generator=torch.Generator().manual_seed(0))
    # Without norms, which look at the whole picture, for it is the reach of the convolutions that is asked.
    convolutions = [m for m in critic.scales[0].modules() if isinstance(m, torch.nn.Conv2d)]
    x = picture + noise
    for convolution in convolutions:
        x = convolution(x)
    (gradient,) = torch.autograd.grad(x[0, 0, x.shape[2] // 2, x.shape[3] // 2], picture)
    rows = gradient.abs().sum((0, 1, 3)).nonzero()[:, 0]
    assert int(rows.max() - rows.min()) + 1 == 70
