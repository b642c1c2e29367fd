import hashlib
import pickle
from pathlib import Path

import pytest
import torch

from muybridge.errors import CheckpointError, MissingWeightsError
from muybridge.networks import LEVELS, Lpips, Vgg16, load_lpips, load_lpips_weights, load_vgg16


@pytest.fixture(scope="module")
def vgg() -> Vgg16:
    torch.manual_seed(0)
    return Vgg16()


def test_layers_have_torchvisions_names(vgg: Vgg16) -> None:
    state = vgg.state_dict()
    assert len(state) == 26
    assert state["features.0.weight"].shape == (64, 3, 3, 3)
    assert state["features.28.bias"].shape == (512,)
    assert vgg.taps == [3, 8, 15, 22, 29]
    found = vgg(torch.rand(1, 3, 32, 48))
    assert [tuple(x.shape[1:]) for x in found] == [(64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6), (512, 2, 3)]
    assert all((x >= 0).all() for x in found)


def test_missing_weights_are_named(cache: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"vgg16-397923af\.pth") as caught:
        load_vgg16()
    assert str(cache) in str(caught.value)
    with pytest.raises(MissingWeightsError, match="channel weights of LPIPS"):
        load_lpips_weights(cache / "none.pth")


def test_weights_are_taken_from_a_path_or_the_cache(cache: Path, vgg: Vgg16, monkeypatch: pytest.MonkeyPatch) -> None:
    # torchvision's file also holds the classifier, which is not needed.
    path = cache / "mine.pth"
    torch.save(vgg.state_dict() | {"classifier.0.bias": torch.zeros(3)}, path)
    loaded = load_vgg16(path)
    assert torch.equal(loaded.features[28].weight, vgg.features[28].weight)
    assert not any(p.requires_grad for p in loaded.parameters())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    named = path.rename(cache / f"vgg16-{digest}.pth")
    monkeypatch.setattr("muybridge.networks.pretrained.vgg.VGG16_FILE", named.name)
    assert torch.equal(load_vgg16().features[0].bias, vgg.features[0].bias)
    distance = load_lpips()
    a = torch.rand(2, 3, 32, 32) * 2 - 1
    assert distance(a, a).tolist() == [0, 0]
    assert (distance(a, -a) > 0).all()


def test_a_file_with_the_wrong_digest_is_refused(cache: Path) -> None:
    (cache / "vgg16-397923af.pth").write_bytes(b"half a download")
    with pytest.raises(CheckpointError, match="damaged"):
        load_vgg16()


def test_other_tables_are_refused(cache: Path) -> None:
    path = cache / "other.pth"
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="does not hold VGG-16"):
        load_vgg16(path)
    with pytest.raises(CheckpointError, match="does not hold LPIPS"):
        load_lpips_weights(path)
    path.write_bytes(pickle.dumps({"a": print}))
    with pytest.raises(CheckpointError, match="loaded safely"):
        load_vgg16(path)


def test_packaged_channel_weights_are_those_of_the_paper() -> None:
    weights = load_lpips_weights()
    assert [w.shape[1] for w in weights] == list(LEVELS)
    assert all((w >= 0).all() for w in weights)


def test_distance_by_hand(vgg: Vgg16) -> None:
    """With one channel counted at one level, the distance is the mean squared difference of its unit features."""
    counted = [torch.zeros(1, c, 1, 1) for c in LEVELS]
    counted[1][0, 7] = 2.0
    distance = Lpips(vgg, counted)
    a, b = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)
    maps = [vgg((x - distance.mean) / distance.std)[1] for x in (a, b)]
    units = [(m / m.norm(dim=1, keepdim=True).clamp_min(1e-8))[:, 7] for m in maps]
    want = 2 * (units[0] - units[1]).square().mean()
    torch.testing.assert_close(distance(a, b), want.detach()[None], rtol=1e-4, atol=1e-7)
