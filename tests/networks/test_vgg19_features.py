from pathlib import Path

import pytest
import torch

from muybridge.errors import MissingWeightsError
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.method import Tsnet
from muybridge.networks import Vgg19, load_vgg19


def test_layers_have_torchvisions_names() -> None:
    vgg = Vgg19()
    state = vgg.state_dict()
    assert len(state) == 26
    assert state["features.28.bias"].shape == (512,)
    assert vgg.taps == [1, 6, 11, 20, 29]
    found = vgg(torch.rand(1, 3, 32, 48))
    assert [tuple(x.shape[1:]) for x in found] == [(64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6), (512, 2, 3)]
    assert all((x >= 0).all() for x in found)


def test_weights_come_from_files_alone(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingWeightsError, match=r"vgg19-dcbb9e9d\.pth"):
        load_vgg19()
    chosen, (told,) = Tsnet.resolve_config(TsnetConfig())
    assert chosen.perceptual == "weight-free"
    assert chosen.losses.ssim > 0
    assert "no weights of VGG-19" in told
    vgg = Vgg19()
    monkeypatch.setattr("muybridge.networks.pretrained.vgg.VGG19_FILE", "mine.pth")
    torch.save(vgg.state_dict() | {"classifier.0.bias": torch.zeros(3)}, cache / "mine.pth")
    loaded = load_vgg19()
    assert torch.equal(loaded.features[28].weight, vgg.features[28].weight)
    assert not any(p.requires_grad for p in loaded.parameters())
    assert Tsnet.resolve_config(TsnetConfig())[0].perceptual == "vgg19"
