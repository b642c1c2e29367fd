"""Released checkpoints of every size and kind, and files that are something else."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from muybridge.errors import CheckpointError
from muybridge.methods.jokr.importing import import_released
from muybridge.methods.jokr.networks import KeypointDetector, PointDiscriminator, Refiner, ShapeGenerator
from muybridge.methods.jokr.released import read_released, released_name
from muybridge.networks import gaussian_taps


def released_generator(network: nn.Module, blocks: int, dropout: bool) -> dict[str, Tensor]:
    """A generator's weights under the program's names."""
    state = network.state_dict()
    return {released_name(n.split(".", 1)[1], blocks, dropout): x for n, x in state.items()}


def released_detector(detector: KeypointDetector, stride: int) -> dict[str, Tensor]:
    taps = gaussian_taps(stride)
    state = {n.replace("trunk.", "predictor.").replace("head.", "kp."): x for n, x in detector.state_dict().items()}
    return state | {"down.weight": (taps[:, None] * taps).expand(3, 1, -1, -1).clone()}


def small_stage1(keypoints: int = 5, blocks: int = 2, dropout: float = 0.5) -> dict[str, Any]:
    detector = KeypointDetector(keypoints, width=4, max_width=12, blocks=3, padding=0, norm="batch", scale=0.5)
    shapes = ShapeGenerator(keypoints, width=3, blocks=blocks, dropout=dropout)
    return {
        "G_A": released_generator(shapes, blocks, dropout > 0),
        "KP": released_detector(detector, 2),
        "Disc": PointDiscriminator(keypoints, 16).state_dict(),
        "learned_t": torch.eye(2, 3)[None].requires_grad_(),
        "epoch": 7,
    }


def write(tmp_path: Path, table: object) -> Path:
    path = tmp_path / "checkpoint"
    torch.save(table, path)
    return path


@pytest.mark.parametrize("blocks", [1, 6])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_sizes_are_read_from_the_tensors(tmp_path: Path, blocks: int, dropout: float) -> None:
    table = small_stage1(blocks=blocks, dropout=dropout)
    found = read_released(write(tmp_path, table))
    assert (found.stage, found.keypoints, found.epoch, found.resolution) == (1, 5, 7, 256)
    assert found.shapes == {"keypoints": 5, "width": 3, "blocks": blocks, "dropout": dropout}
    assert found.discriminator == {"keypoints": 5, "width": 16}
    assert found.detector["scale"] == 0.5
    assert (found.detector["width"], found.detector["max_width"], found.detector["blocks"]) == (4, 12, 3)
    assert found.affine is not None
    assert not found.affine.requires_grad
    detector = found.build_detector().eval()
    assert detector.training
    assert detector(torch.rand(1, 3, 48, 48)).points.shape == (1, 5, 2)
    torch.testing.assert_close(found.build_shapes().net.out.weight, table["G_A"][f"model.{17 + blocks}.weight"])


def test_second_stage_without_affine(tmp_path: Path) -> None:
    table = small_stage1()
    del table["Disc"]
    for name in ("R_A", "R_B"):
        table[name] = released_generator(Refiner(in_channels=3, width=4, blocks=3, dropout=0.5), 3, True)
    table["learned_t"] = None
    found = read_released(write(tmp_path, table))
    assert found.stage == 2
    assert found.affine is None
    assert found.refiner == {"in_channels": 3, "width": 4, "blocks": 3, "dropout": 0.5}
    a, b = found.build_refiners()
    assert not a.training
    assert a(torch.rand(1, 1, 16, 16)).shape == (1, 3, 16, 16)
    assert not torch.equal(a.net.out.weight, b.net.out.weight)
    with pytest.raises(CheckpointError, match="no discriminator"):
        found.build_discriminator()


def test_strong_detector(tmp_path: Path) -> None:
    strong = KeypointDetector(5, variant="strong", width=3, blocks=2, norm="instance", dropout=0.5)
    taps = gaussian_taps(4)
    table = small_stage1()
    table["KP"] = {"predictor." + released_name(n, 2, True): x for n, x in strong.trunk.state_dict().items()} | {
        "down.weight": (taps[:, None] * taps).expand(3, 1, -1, -1).clone()
    }
    found = read_released(write(tmp_path, table))
    assert found.detector["variant"] == "strong"
    detector = found.build_detector().eval()
    pictures = torch.rand(1, 3, 32, 32)
    # As in the released program, dropout is on for ever: two looks at a picture differ.
    assert not torch.equal(detector(pictures).points, detector(pictures).points)
    detector.always_training = False
    detector.eval()
    torch.testing.assert_close(detector(pictures).points, strong.eval()(pictures).points)


def test_options_say_what_tensors_cannot(tmp_path: Path) -> None:
    options = tmp_path / "options.yaml"
    options.write_text("stage1: {resize_w: 128, bs: 4}\nkp_detector: {pad: 3, temperature: 0.2}\n")
    found = read_released(write(tmp_path, small_stage1()), options)
    assert (found.resolution, found.detector["padding"], found.detector["temperature"]) == (128, 3, 0.2)
    assert found.options["stage1"]["bs"] == 4
    options.write_text("resize_w: 64\n")
    assert read_released(write(tmp_path, small_stage1()), options).resolution == 64
    options.write_text("- 1\n")
    with pytest.raises(CheckpointError, match="names with values"):
        read_released(write(tmp_path, small_stage1()), options)


def test_what_neither_tensors_nor_options_say_is_the_programs(tmp_path: Path) -> None:
    config = import_released(write(tmp_path, small_stage1()))[0]
    assert (config.losses.dc, config.losses.sep, config.losses.perceptual) == (1.0, 4.0, 1.0)
    assert (config.shape.steps, config.texture.steps, config.margin) == (45001, 30001, 0.2)
    assert config.released
    alone = small_stage1() | {"learned_t": None}
    losses = import_released(write(tmp_path, alone))[0].losses
    assert (losses.dc, losses.sep) == (0.5, 1.0)
    options = tmp_path / "options.yaml"
    options.write_text("stage1: {lambda_disc: 0.2, iters: 9, pad_factor_a: 0.1}\nstage2: {lambda_vgg: 5, bs: 3}\n")
    config = import_released(write(tmp_path, alone), options)[0]
    assert (config.losses.dc, config.losses.sep, config.losses.perceptual) == (0.2, 1.0, 5.0)
    assert (config.shape.steps, config.texture.batch, config.margin) == (9, 3, 0.1)


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("plain", [True, False])
def test_a_pickle_bomb_does_not_go_off(tmp_path: Path, plain: bool) -> None:
    path, crater = tmp_path / "checkpoint", tmp_path / "crater"
    if plain:
        path.write_bytes(pickle.dumps({"G_A": Bomb(crater)}))
    else:
        torch.save({"G_A": Bomb(crater)}, path)
    with pytest.raises(CheckpointError, match="asks to run code"):
        read_released(path)
    assert not crater.exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "empty"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "git-lfs pointer"),
        (b"hello", "a text that begins"),
        (b"hello\xff\x00", "cannot|damaged"),
        (b"PK\x03\x04 cut off", "cut off"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, named: str) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=named):
        read_released(path)


def test_truncated_checkpoint_missing_file_and_foreign_zip(tmp_path: Path) -> None:
    path = write(tmp_path, small_stage1())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="cut off"):
        read_released(path)
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        read_released(tmp_path / "none")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat/00001.png", b"")
    with pytest.raises(CheckpointError, match=r"cat/00001\.png"):
        read_released(path)


def damaged(change: str) -> object:
    table = small_stage1()
    if change == "other method":
        return {"generator": {}, "kp_detector": {}, "epoch": 3}
    if change == "list":
        return [1, 2, 3]
    if change == "not tensors":
        table["G_A"] = {"model.1.weight": 3}
    if change == "lost layer":
        del table["G_A"]["model.4.bias"]
    if change == "lost head":
        del table["KP"]["predictor.decoder.up_blocks.2.conv.weight"]
    if change == "other norm":
        table["G_A"]["model.2.running_mean"] = torch.zeros(3)
    if change == "other keypoints":
        table["Disc"] = PointDiscriminator(4, 16).state_dict()
    if change == "other kernel":
        table["KP"]["down.weight"] = torch.zeros(3, 1, 5, 5)
    if change == "false size":
        table["Disc"]["classify.0.weight"] = torch.zeros(1, 1).expand(10**9, 10)
    if change == "odd affine":
        table["learned_t"] = torch.zeros(3, 3)
    return table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("other method", "not a checkpoint of JOKR.*kp_detector"),
        ("list", "holds a list"),
        ("not tensors", "not a table of tensors"),
        ("lost layer", "G_A"),
        ("lost head", "released layout"),
        ("other norm", "G_A.*running_mean"),
        ("other keypoints", "disagree"),
        ("other kernel", "Gaussian"),
        ("false size", "not a plain tensor"),
        ("odd affine", "learned_t"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_released(write(tmp_path, damaged(change)))
