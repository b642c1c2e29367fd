"""Released checkpoints of every size and option, and files that are something else."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn

import muybridge
from muybridge.errors import CheckpointError
from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.methods.monkeynet.method import MonkeyNet
from muybridge.methods.monkeynet.released import import_released, is_released, read_released, released_name

SIZES = {"block_expansion": 4, "max_features": 12, "num_blocks": 2}
EMBEDDED = {"norm_const": 100, "heatmap_type": "difference", "use_heatmap": True}


def options(**changes: Any) -> dict[str, Any]:
    """A YAML file of the program, as a table; `changes` replace whole sections of the model."""
    motion = SIZES | {
        "use_mask": True,
        "use_correction": True,
        "scale_factor": 0.5,
        "num_group_blocks": 1,
        "mask_embedding_params": EMBEDDED | {"use_deformed_source_image": True, "use_difference": True},
    }
    model = {
        "common_params": {"num_kp": 4, "kp_variance": "matrix", "num_channels": 3},
        "kp_detector_params": SIZES | {"temperature": 0.1, "scale_factor": 0.5, "clip_variance": 0.001},
        "generator_params": SIZES
        | {"num_refinement_blocks": 2, "dense_motion_params": motion, "kp_embedding_params": EMBEDDED},
        "discriminator_params": SIZES | {"kp_embedding_params": {"norm_const": 100}},
    }
    return {
        "dataset_params": {"image_shape": [32, 32, 3]},
        "model_params": model | changes,
        "train_params": {
            "detach_kp_generator": True,
            "num_epochs": 30,
            "epoch_milestones": [20],
            "batch_size": 5,
            "lr": 1e-3,
            "loss_weights": {"reconstruction": [10, 10, 1], "reconstruction_deformed": 10, "generator_gan": 1},
        },
        "transfer_params": {"normalization_params": {"move_location": True}},
    }


def network(**changes: Any) -> MonkeyNet:
    """What `options` describes, with weights of its own."""
    sizes = {"width": 4, "max_width": 12, "blocks": 2}
    config: dict[str, Any] = {
        "size": 32,
        "keypoints": 4,
        "detector": sizes | {"scale": 0.5},
        "motion": sizes | {"displacement": True, "group_blocks": 1, "bumps": {"scale": 0.5}},
        "generator": sizes | {"refinements": 2},
        "critic": sizes,
        "losses": {"matching": (1, 1, 1)},
        "prediction": {"steps": 0, "batch": 1, "lr": 1e-3},
    }
    for name, change in changes.items():
        config[name] = config[name] | change
    torch.manual_seed(3)
    made = MonkeyNet(MonkeyNetConfig.model_validate(config))
    for part in (made.generator.motion, made.generator, made.detector):
        for p in part.parameters() if part is not None else ():
            nn.init.normal_(p, std=0.3)
    return made.eval()


def released(method: MonkeyNet) -> dict[str, Any]:
    """The network's weights as the program writes them."""

    def table(part: nn.Module, rename: bool = True) -> dict[str, Tensor]:
        return {
            released_name(name) if rename else name: x[:, :, None] if x.ndim == 4 else x
            for name, x in part.state_dict().items()
        }

    return {
        "generator": table(method.generator),
        "kp_detector": table(method.detector),
        "discriminator": table(method.critic, rename=False),
        "optimizer_generator": {"state": {}, "param_groups": []},
        "epoch": 29,
        "it": 119,
    }


def write(tmp_path: Path, table: object, said: object | None) -> tuple[Path, Path]:
    checkpoint, config = tmp_path / "00000029-checkpoint.pth.tar", tmp_path / "config.yaml"
    torch.save(table, checkpoint, _use_new_zipfile_serialization=False)
    config.write_text(said if isinstance(said, str) else yaml.safe_dump(said), encoding="utf-8")
    return checkpoint, config


def same_pictures(a: MonkeyNet, b: MonkeyNet) -> None:
    generator = torch.Generator().manual_seed(0)
    source, driving = torch.rand(2, 2, 3, 32, 32, generator=generator).unbind(0)
    with torch.no_grad():
        made = [m.reconstruction(source, driving)[2].picture for m in (a, b)]
    assert made[0].std() > 0.01
    assert torch.equal(*made)


def motion_options(**changes: Any) -> dict[str, Any]:
    """Changes of the dense motion's section, and of its embedding as `embedding`."""
    section = options()["model_params"]["generator_params"]
    motion = section["dense_motion_params"]
    motion = motion | {"mask_embedding_params": motion["mask_embedding_params"] | changes.pop("embedding", {})}
    return {"generator_params": section | {"dense_motion_params": motion | changes}}


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "no flow": (
        {"motion": {"flow": False}},
        {"generator_params": SIZES | {"num_refinement_blocks": 2, "kp_embedding_params": EMBEDDED}},
    ),
    "no masks": ({"motion": {"coarse": False}}, motion_options(use_mask=False)),
    "no residual": ({"motion": {"residual": False}}, motion_options(use_correction=False)),
    "no source": (
        {"motion": {"source": False}},
        motion_options(embedding={"use_deformed_source_image": False}),
    ),
    "no background, no displacement, no groups": (
        {"motion": {"background": False, "displacement": False, "group_blocks": 0}},
        motion_options(embedding={"use_difference": False}, num_group_blocks=0),
    ),
    "sums": (
        {"motion": {"bumps": {"scale": 0.5, "alpha": "sum"}}},
        motion_options(embedding={"norm_const": "sum"}),
    ),
    "bilinear": (
        {"generator": {"resampling": "bilinear"}},
        {"generator_params": options()["model_params"]["generator_params"] | {"interpolation_mode": "trilinear"}},
    ),
    "fixed variance": (
        {"detector": {"covariance": 0.01}},
        {"common_params": {"num_kp": 4, "kp_variance": 0.01, "num_channels": 3}},
    ),
    "generator without maps": (
        {"generator": {"bumps": None}},
        {"generator_params": options()["model_params"]["generator_params"] | {"kp_embedding_params": None}},
    ),
    "critic without maps": ({"critic": {"bumps": None}}, {"discriminator_params": SIZES}),
    "other sizes": (
        {"detector": {"width": 3, "max_width": 7, "blocks": 3}, "critic": {"width": 5, "max_width": 9}},
        {},
    ),
}


@pytest.mark.parametrize("kind", VARIANTS)
def test_variants_come_back_whole(tmp_path: Path, kind: str) -> None:
    ours, theirs = VARIANTS[kind]
    method = network(**ours)
    config, weights, stage = import_released(*write(tmp_path, released(method), options(**theirs)))
    assert stage == 1
    again = MonkeyNet(config)
    again.load_state_dict(weights)
    same_pictures(method, again.eval())
    both = torch.rand(1, 3, 32, 32), method.detector(torch.rand(1, 3, 32, 32)).keypoints
    with torch.no_grad():
        for x, y in zip(method._judge(*both), again._judge(*both), strict=True):
            assert torch.equal(x, y)


def test_what_the_options_say_of_training(tmp_path: Path) -> None:
    found = read_released(*write(tmp_path, released(network()), options()))
    c = found.config
    assert found.epoch == 29
    assert (c.losses.matching, c.losses.deformed, c.losses.through_keypoints) == ((10, 10, 1), 10, False)
    assert (c.learn.steps, c.learn.batch, c.learn.lr) == (120, 5, 1e-3)
    assert c.learn.drops == pytest.approx((2 / 3,))
    assert c.relative
    assert not read_released(*write(tmp_path, released(network()), options() | {"transfer_params": {}})).config.relative


def test_a_file_without_the_critic_animates_all_the_same(tmp_path: Path) -> None:
    method = network()
    table = released(method)
    del table["discriminator"]
    said = options(discriminator_params={"block_expansion": 3, "max_features": 9, "num_blocks": 2})
    checkpoint, config = write(tmp_path, table, said)
    found, weights, _ = import_released(checkpoint, config)
    assert (found.critic.width, found.critic.max_width, found.critic.blocks) == (3, 9, 2)
    again = MonkeyNet(found)
    assert {name.split(".")[0] for name in again.load_state_dict(weights, strict=False).missing_keys} == {"critic"}
    same_pictures(method, again.eval())
    with pytest.raises(CheckpointError, match="no discriminator"):
        read_released(checkpoint, config).build_discriminator()
    run = muybridge.import_checkpoint(checkpoint, config, out=tmp_path / "run")
    assert run.method.config == found


def test_another_width_of_the_cap(tmp_path: Path) -> None:
    method = network(generator={"width": 2, "max_width": 64, "blocks": 4})
    found = read_released(*write(tmp_path, released(method), options()))
    assert (found.config.generator.width, found.config.generator.blocks) == (2, 4)
    torch.testing.assert_close(found.build_generator().out.weight, method.generator.out.weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kp_detector_params": {"strange": 1}}, "not understood: strange"),
        ({"common_params": {"kp_variance": "single"}}, "kp_variance 'single'"),
        ({"discriminator_params": {"kp_embedding_params": {"heatmap_type": "square"}}}, "heatmap_type"),
        (motion_options(embedding={"use_difference": False}), "takes 30 maps"),
        (
            {"generator_params": options()["model_params"]["generator_params"] | {"interpolation_mode": "area"}},
            "resampling",
        ),
        ({"generator_params": [1]}, "should hold names"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_released(*write(tmp_path, released(network()), options(**change)))


def test_files_that_are_something_else(tmp_path: Path) -> None:
    table = released(network())
    checkpoint, config = write(tmp_path, table, options())
    with pytest.raises(CheckpointError, match="needs the YAML"):
        read_released(checkpoint, None)
    with pytest.raises(CheckpointError, match="not a YAML file"):
        read_released(checkpoint, write(tmp_path, table, "- 3")[1])
    with pytest.raises(CheckpointError, match="not a YAML file"):
        read_released(checkpoint, write(tmp_path, table, "a: [")[1])
    with pytest.raises(CheckpointError, match="image_shape"):
        read_released(*write(tmp_path, table, options() | {"dataset_params": {"image_shape": [64, 32, 3]}}))
    with pytest.raises(CheckpointError, match="not a checkpoint of Monkey-Net: it holds generator"):
        read_released(*write(tmp_path, {"generator": {}}, options()))
    checkpoint.write_text("<!DOCTYPE html><html>quota</html>")
    with pytest.raises(CheckpointError, match="HTML"):
        read_released(checkpoint, config)
    assert is_released(table)
    assert not is_released({"generator": {"first.conv.weight": 1}})


@pytest.mark.parametrize("broken", ["missing", "time", "shape"])
def test_weights_that_do_not_fit(tmp_path: Path, broken: str) -> None:
    table = released(network())
    name = "video_decoder.up_blocks.1.conv.weight"
    if broken == "missing":
        del table["generator"][name.replace("weight", "bias")]
    elif broken == "time":
        table["generator"][name] = table["generator"][name].repeat(1, 1, 3, 1, 1)
    else:
        table["generator"]["refinement_module.r1.conv1.weight"] = torch.zeros(3, 3, 1, 3, 3)
    with pytest.raises(CheckpointError):
        read_released(*write(tmp_path, table, options()))
