"""What is trained is what the golden files hold: the losses of `turns()`, weights included, on the recorded step."""

from pathlib import Path
from typing import Any

import pytest
import torch
from golden_arrays import Golden
from random_vgg19 import random_vgg19

from muybridge import catalogue
from muybridge.geometry import ThinPlate
from muybridge.losses import PerceptualPyramid
from muybridge.methods.fomm.released import rename_weights
from muybridge.networks import extract_state, load_tensors

CASES = {
    "fomm": ("train/loss/total_generator_side", None),
    "fomm, adversarial": ("train_gan/loss/total_generator_side", "train_gan/loss/disc_gan"),
    "articulated": ("train/loss/total", None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_turns_total_is_the_programs(case: str, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = case.split(",")[0]
    folder = shared / "golden" / name
    golden = Golden(folder)
    kind: Any = catalogue.find(name)
    config, weights, _ = kind.import_checkpoint(folder / "checkpoint.pth", folder / "config.yaml")
    total, critic = CASES[case]
    if critic is not None:
        config = config.model_copy(update={"losses": config.losses.model_copy(update={"adversarial": 1.0})})
        table = load_tensors(folder / "checkpoint.pth")
        weights |= rename_weights({"discriminator": extract_state(table, "discriminator")}, config)
    method = kind(config)
    assert not method.load_state_dict(weights, strict=False).unexpected_keys
    vgg = random_vgg19(int(golden["meta/vgg_seed"]), golden["meta/vgg_checksum"])
    method._distance.pyramid = PerceptualPyramid(vgg, config.losses.perceptual, config.losses.scales)
    bend = ThinPlate(torch.eye(2, 3) + golden["in/transform_noise"], golden["in/transform_control_params"])
    monkeypatch.setattr(f"muybridge.methods.{name}.method.random_thin_plate", lambda *a, **k: bend)
    batch = {"source": golden["in/source"], "driving": golden["in/driving"]}
    turns = method.train().turns(method.stages()[0], batch)
    golden.check(total, next(turns).total.detach())
    if critic is not None:
        golden.check(critic, next(turns).total.detach())
    assert next(turns, None) is None
