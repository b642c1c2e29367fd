from pathlib import Path

import pytest
import torch

from muybridge.errors import CheckpointError, MissingWeightsError
from muybridge.masks import find_unchecked
from muybridge.masks.saliency import load_u2net, weights_path
from muybridge.masks.u2net import u2net, u2net_small
from muybridge.video.clip import Clip, Timing


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "u2netp.pth"
    torch.save(u2net_small().state_dict(), path)
    return path


def test_sizes_and_names_are_the_published_ones() -> None:
    with torch.device("meta"):
        networks = u2net(), u2net_small()
    assert [sum(p.numel() for p in n.parameters()) for n in networks] == [44_009_869, 1_131_181]
    names = networks[0].state_dict()
    for name in (
        "stage1.rebnconvin.conv_s1.weight",
        "stage1.rebnconv7.bn_s1.running_mean",
        "stage5.rebnconv4.conv_s1.bias",
        "stage1d.rebnconv6d.conv_s1.weight",
        "stage4d.rebnconv1d.bn_s1.num_batches_tracked",
        "side6.bias",
        "outconv.weight",
    ):
        assert name in names
    assert "stage5.rebnconv5.conv_s1.weight" not in names


def test_odd_sizes_go_through() -> None:
    network = u2net_small().eval()
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 37, 29)).shape == (1, 7, 37, 29)


def test_silhouettes_from_a_checkpoint_file(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muybridge.masks.saliency.SIDE", 64)
    frames = torch.randint(0, 255, (1, 3, 40, 60), dtype=torch.uint8)
    # A network that has learnt nothing finds noise, which `find` would refuse.
    found = find_unchecked(Clip(frames, Timing.constant(1)), how="saliency", weights=checkpoint)
    assert found.mattes.shape == (1, 1, 40, 60)
    assert found.how == "saliency"
    assert "u2netp.pth, sha256 " in found.detail


def test_what_is_missing_or_broken_is_named(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    with pytest.raises(MissingWeightsError, match=r"u2net\.pth"):
        weights_path()
    (tmp_path / "u2net.pth").write_bytes(checkpoint.read_bytes())
    assert weights_path() == tmp_path / "u2net.pth"
    text = tmp_path / "text.pth"
    text.write_text("no weights here")
    with pytest.raises(CheckpointError):
        load_u2net(text)
    other = tmp_path / "other.pth"
    torch.save({"a": torch.zeros(1)}, other)
    with pytest.raises(CheckpointError, match="not a U2-Net"):
        load_u2net(other)
    cut = tmp_path / "cut.pth"
    state = torch.load(checkpoint, weights_only=True)
    del state["outconv.weight"]
    torch.save(state, cut)
    with pytest.raises(CheckpointError, match="published sizes"):
        load_u2net(cut)
