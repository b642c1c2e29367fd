"""Released checkpoints of both classes and any width, and files that are something else."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from muybridge import catalogue
from muybridge.api import import_checkpoint, load
from muybridge.errors import CheckpointError
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.method import Tsnet
from muybridge.methods.tsnet.networks import Decoder, Discriminator, Encoder, Fusion
from muybridge.methods.tsnet.released import NAMES, read_released, released_name


def small(
    classes: int = 2, width: int = 3, critic_width: int = 5, blocks: int = 2, pose: bool = False
) -> dict[str, Any]:
    """A checkpoint as the program writes it."""
    nets = {
        "img_enc": Encoder(3 + classes, width=width, blocks=3),
        "lbl_enc": Encoder(classes, width=width, blocks=0),
        "dec": Decoder(16 * width, width=width, blocks=blocks),
        "fuse_net": Fusion(8 * width),
        "netD": Discriminator(3 + classes, critic_width),
    }
    if pose:
        nets["netDF"] = Discriminator(3, critic_width)
    table: dict[str, Any] = {"example": 1050}
    for name, net in nets.items():
        table[name] = {released_name(name, n, blocks): x for n, x in net.state_dict().items()}
    return table


def write(tmp_path: Path, table: object) -> Path:
    path = tmp_path / "checkpoint.pth"
    torch.save(table, path)
    return path


@pytest.mark.parametrize("pose", [False, True])
@pytest.mark.parametrize("blocks", [0, 4])
def test_both_classes_of_any_size(tmp_path: Path, pose: bool, blocks: int) -> None:
    table = small(25 if pose else 2, blocks=blocks, pose=pose)
    path = write(tmp_path, table)
    found = read_released(path)
    assert found.kind == ("pose" if pose else "face")
    assert (found.width, found.critic_width, found.pictures) == (3, 5, 1050)
    assert (found.image_blocks, found.mask_blocks, found.decoder_blocks) == (3, 0, blocks)
    config, weights, stage = Tsnet.import_checkpoint(path)
    assert stage == 1
    assert (config.kind, config.padded) == (("body25", True) if pose else ("face68", False))
    method = Tsnet(config)
    method.load_state_dict(weights)
    assert torch.equal(method.decoder.out.weight, table["dec"][f"model{blocks + 3}.1.weight"])


@pytest.mark.parametrize(("pose", "preset"), [(True, "standard"), (False, "face")])
def test_crops_and_samples_are_the_presets(tmp_path: Path, pose: bool, preset: str) -> None:
    config = Tsnet.import_checkpoint(write(tmp_path, small(25 if pose else 2, pose=pose)))[0]
    like = Tsnet.card.presets[preset]
    assert isinstance(like, TsnetConfig)
    assert (config.kind, config.crop, config.margin) == (like.kind, like.crop, like.margin)
    assert config.sampling == like.sampling
    # Facts, Training: faces are shifted and scaled by 20 %, of every frame; bodies less, of every fourth.
    s = config.sampling
    assert (s.scale, s.shift, s.stride) == ((0.07, 0.05, 4) if pose else (0.2, 0.2, 1))


def test_a_checkpoint_becomes_a_run(tmp_path: Path) -> None:
    path = write(tmp_path, small())
    made = import_checkpoint(path, out=tmp_path / "run")
    assert made.run.record.method == "tsnet"
    again = load(tmp_path / "run", device="cpu")
    assert again.data is None
    state = again.method.state_dict()
    assert all(torch.equal(x, state[name]) for name, x in made.method.state_dict().items())
    assert isinstance(again.method, catalogue.find("tsnet"))


def test_names_follow_the_recorded_ones(shared: Path) -> None:
    listed = (shared / "golden" / "tsnet" / "state_dict_keys.txt").read_text(encoding="utf-8")
    wanted = {line.split(" ")[0] for line in listed.splitlines() if line and not line.startswith("#")}
    table = small(25, width=8, critic_width=8, blocks=4, pose=True)
    table["img_enc"] = {released_name("img_enc", n): x for n, x in Encoder(28, width=8, blocks=9).state_dict().items()}
    assert {f"{net}.{key}" for net in NAMES for key in table[net]} == wanted


class Trap:
    """Runs code where a checkpoint is unpickled without care."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('the file was run')",))


def test_files_that_are_something_else(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a checkpoint of TS-Net"):
        read_released(write(tmp_path, {"G_A": {}, "KP": {}}))
    bad = tmp_path / "bad.pth"
    bad.write_bytes(pickle.dumps({"img_enc": Trap()}))
    with pytest.raises(CheckpointError, match="loaded safely"):
        read_released(bad)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_released(tmp_path / "none.pth")
    table = small()
    table["dec"]["model9.0.weight"] = torch.zeros(1)
    with pytest.raises(CheckpointError, match="does not write"):
        read_released(write(tmp_path, table))
    table = small()
    table["lbl_enc"] = small(classes=4)["lbl_enc"]
    with pytest.raises(CheckpointError, match="disagree"):
        read_released(write(tmp_path, table))
    with pytest.raises(CheckpointError, match="not a table"):
        read_released(write(tmp_path, small() | {"netD": [1, 2]}))
    with pytest.raises(CheckpointError, match="7 classes"):
        Tsnet.import_checkpoint(write(tmp_path, small(classes=7)))


def test_options_of_another_checkpoint(tmp_path: Path) -> None:
    path = write(tmp_path, small())
    options = tmp_path / "config.yaml"
    options.write_text("ngf: 3\nn_source: 5\n", encoding="utf-8")
    assert Tsnet.import_checkpoint(path, options)[0].sampling.sources == 5
    options.write_text("ngf: 64\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="ngf 64"):
        Tsnet.import_checkpoint(path, options)
    options.write_text("- 1\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="names with values"):
        Tsnet.import_checkpoint(path, options)
    options.write_text("n_source: some\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="n_source"):
        Tsnet.import_checkpoint(path, options)
