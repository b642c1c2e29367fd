"""Every array that the released FOMM program left in the golden file, computed again with this package's parts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from golden_arrays import Golden
from random_vgg19 import random_vgg19
from torch import Tensor, nn

from muybridge import losses
from muybridge.geometry import ThinPlate, normal_gaussians
from muybridge.methods.fomm.config import FommConfig
from muybridge.methods.fomm.method import adversarial_losses, discriminator_loss
from muybridge.methods.fomm.networks import Discriminators, FommNetworks, Keypoints, motions_to, transfer
from muybridge.methods.fomm.released import PARTS, import_released, rename_weights
from muybridge.networks import Downsample, extract_state, load_tensors

SIZES = {"1": 1, "0.5": 2, "0.25": 4, "0.125": 8}


@pytest.fixture(scope="module")
def golden(shared: Path) -> Iterator[Golden]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Golden(shared / "golden" / "fomm")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def checkpoint(shared: Path) -> tuple[FommConfig, dict[str, Tensor], dict[str, Tensor]]:
    """Settings, weights of the networks, weights of the critics."""
    folder = shared / "golden" / "fomm"
    config, weights, _ = import_released(folder / "checkpoint.pth", folder / "config.yaml")
    assert not any(name.startswith("critics") for name in weights), "the config has no adversarial loss"
    table = load_tensors(folder / "checkpoint.pth")
    judged = config.model_copy(update={"losses": config.losses.model_copy(update={"adversarial": 1.0})})
    critics = rename_weights({"discriminator": extract_state(table, "discriminator")}, judged)
    return judged, without(weights, "networks."), without(critics, "critics.")


def without(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): x for name, x in weights.items()}


def built(config: FommConfig, weights: dict[str, Tensor], **changes) -> FommNetworks:
    networks = FommNetworks(config.model_copy(update=changes))
    networks.load_state_dict(weights)
    return networks


def judges(checkpoint) -> Discriminators:
    critics = Discriminators(checkpoint[0])
    critics.load_state_dict(checkpoint[2])
    return critics


def program_names(part: str, network: nn.Module, prefix: str) -> dict[str, str]:
    """Our names of a part's parameters and buffers to the program's."""
    table = {}
    for name in network.state_dict():
        for p, pattern, to in PARTS:
            start = to.replace(r"\1.", "")
            if p != part or not f"{prefix}{name}".startswith(start):
                continue
            rest = f"{prefix}{name}"[len(start) :]
            plain = re.sub(r"\\(.)", r"\1", pattern.lstrip("^"))
            if "(first|" in pattern:
                if rest.startswith("bottleneck"):
                    continue
                table[name] = rest
            elif r"r(\d+)" in pattern:
                table[name] = f"bottleneck.r{rest}"
            elif "discs" in pattern:
                table[name] = f"discs.1.{rest.removeprefix('0.')}"
            else:
                table[name] = plain + rest
    return table


def norms(network: nn.Module, part: str, prefix: str) -> dict[str, float]:
    names = program_names(part, network, prefix)
    return {
        names[name]: torch.nan if p.grad is None else p.grad.double().norm().item()
        for name, p in network.named_parameters()
        if name in names
    }


def test_detector(golden: Golden, checkpoint) -> None:
    networks = built(*checkpoint[:2]).eval()
    with torch.no_grad():
        for which in ("source", "driving"):
            images = golden[f"in/{which}"][:2]
            features = networks.detector.trunk(networks.detector.down(images))
            found = networks.detector(images)
            golden.check(f"eval/{which}_kp_features", features[:1])
            golden.check(f"eval/{which}_logits", networks.detector.head(features[:1]))
            golden.check(f"eval/{which}_heatmap", found.heatmaps)
            golden.check(f"eval/kp_{which}/value", found.points)
            golden.check(f"eval/kp_{which}/jacobian", found.frames)


@pytest.mark.parametrize("corners", [False, True])
def test_motion_and_generator(golden: Golden, checkpoint, corners: bool) -> None:
    networks = built(*checkpoint[:2], align_corners=corners).eval()
    at = "eval_align_corners_true" if corners else "eval"
    with torch.no_grad():
        source, driving = golden["in/source"][:2], golden["in/driving"][:2]
        there, here = networks.detect(source), networks.detect(driving)
        drawn, flow = networks(source, there, here)
        if not corners:
            size = (32, 32)
            heat = normal_gaussians(here.points, size, 0.01) - normal_gaussians(there.points, size, 0.01)
            golden.check("eval/heatmap_representation", torch.cat((torch.zeros_like(heat[:, :1]), heat), 1))
            golden.check("eval/sparse_motions", motions_to(here, there, size)[:, :, ::2, ::2])
            golden.check("eval/source_down", networks.motion.down(source))
        golden.check(f"{at}/sparse_deformed", flow.deformed)
        golden.check(f"{at}/mask", flow.masks)
        golden.check(f"{at}/deformation", flow.grid)
        golden.check(f"{at}/occlusion_map", flow.occlusion)
        golden.check(f"{at}/deformed", networks.generator.warp(source, flow.grid))
        golden.check(f"{at}/prediction", drawn.picture)
    if corners:
        golden.all_seen("eval_align_corners_true/")


def test_pyramid_and_critic(golden: Golden, checkpoint) -> None:
    networks, critics = built(*checkpoint[:2]).eval(), judges(checkpoint).eval()
    with torch.no_grad():
        driving = golden["in/driving"][:2]
        here = networks.detect(driving)
        for name, stride in SIZES.items():
            # Called a prediction there; its full size is the driving frame.
            golden.check(f"eval/pyramid/prediction_{name}", Downsample(stride)(driving))
        *features, score = critics(driving, here.points)[0]
        for i, x in enumerate(features):
            golden.check(f"eval/disc/feature_maps_1/{i}", x)
        golden.check("eval/disc/prediction_map_1", score)


def test_shared_jacobian_map(golden: Golden, checkpoint, shared: Path) -> None:
    state = extract_state(load_tensors(shared / "golden" / "fomm" / "extra_single_jacobian_map.pth"), "kp_detector")
    config = checkpoint[0].model_copy(
        update={"detector": checkpoint[0].detector.model_copy(update={"one_frame_map": True})}
    )
    networks = FommNetworks(config).eval()
    weights = without(rename_weights({"kp_detector": state}, config), "networks.detector.")
    networks.detector.load_state_dict(weights)
    with torch.no_grad():
        found = networks.detect(golden["in/source"][:2])
    golden.check("extra_single_jacobian_map/kp_source/value", found.points)
    golden.check("extra_single_jacobian_map/kp_source/jacobian", found.jacobians)
    golden.all_seen("extra_single_jacobian_map/")


def test_animation(golden: Golden, checkpoint) -> None:
    networks = built(*checkpoint[:2]).eval()
    with torch.no_grad():
        picture = golden["in/animate_source"]
        at = networks.detect(picture)
        frames = [networks.detect(frame[None]) for frame in golden["in/animate_driving"]]
        golden.check("animate/kp_source/value", at.points)
        golden.check("animate/kp_source/jacobian", at.jacobians)
        golden.check("animate/kp_driving_initial/value", frames[0].points)
        golden.check("animate/kp_driving_initial/jacobian", frames[0].jacobians)
        source = networks.encode(picture, at)
        for i, frame in enumerate(frames):
            wanted = {
                "absolute": frame,
                "relative": transfer(at, frame, frames[0], scale=False),
                "relative_adapt": transfer(at, frame, frames[0]),
                "relative_value_only": transfer(at, frame, frames[0], scale=False, jacobians=False),
            }
            for mode, keypoints in wanted.items():
                check_frame(golden, f"animate/{mode}/{i}", networks, source, keypoints)
    golden.all_seen("animate/")


def check_frame(golden: Golden, name: str, networks: FommNetworks, source, keypoints: Keypoints) -> None:
    flow = networks.move(source, keypoints)
    golden.check(f"{name}/kp_norm/value", keypoints.points)
    golden.check(f"{name}/kp_norm/jacobian", keypoints.jacobians)
    golden.check(f"{name}/prediction", networks.draw(source, flow).picture)
    occlusion = flow.occlusion.double()
    stored = f"{name}/occlusion_map@stats"
    want = golden[stored]
    got = torch.stack((occlusion.mean(), occlusion.std()))
    golden.seen.add(stored)
    assert (got - want).abs().max() <= 10 * max(golden.rounding[stored], 2**-24)


class Step:
    """One training step of the program: three forwards of the detector, one of the generator."""

    def __init__(self, golden: Golden, checkpoint) -> None:
        self.networks = built(*checkpoint[:2]).train()
        self.source, self.driving = golden["in/source"], golden["in/driving"]
        self.at = self.networks.detect(self.source)
        self.to = self.networks.detect(self.driving)
        self.picture = self.networks(self.source, self.at, self.to)[0].picture
        noise = golden["in/transform_noise"]
        self.bend = ThinPlate(torch.eye(2, 3) + noise, golden["in/transform_control_params"])
        self.bent_frame = self.bend.warp(self.driving, align_corners=False)
        self.bent = self.networks.detect(self.bent_frame)

    def terms(self, vgg) -> dict[str, Tensor]:
        pyramid = losses.PerceptualPyramid(vgg, [10.0] * 5, [1.0, 0.5, 0.25, 0.125])
        jacobian = losses.frame_equivariance(self.to.jacobians, self.bent.jacobians, self.bent.points, self.bend)
        return {
            "perceptual": pyramid(self.picture, self.driving),
            "equivariance_value": 10 * losses.point_equivariance(self.to.points, self.bent.points, self.bend),
            "equivariance_jacobian": 10 * jacobian,
        }


@pytest.fixture(scope="module")
def vgg(golden: Golden):
    return random_vgg19(int(golden["meta/vgg_seed"]), golden["meta/vgg_checksum"])


def check_gradients(golden: Golden, where: str, networks: FommNetworks) -> None:
    generator = norms(networks, "generator", "networks.")
    golden.check_gradients(f"{where}/grad/generator", generator)
    golden.check_gradients(f"{where}/grad/kp_detector", norms(networks, "kp_detector", "networks."))


def check_buffers(golden: Golden, where: str, network: nn.Module, part: str, prefix: str) -> None:
    state = network.state_dict()
    for ours, theirs in program_names(part, network, prefix).items():
        if f"{where}/buffer_after/{part}/{theirs}" in golden.arrays:
            golden.check(f"{where}/buffer_after/{part}/{theirs}", state[ours])


def test_training(golden: Golden, checkpoint, vgg) -> None:
    step = Step(golden, checkpoint)
    golden.check("train/transformed_frame", step.bent_frame)
    golden.check("train/transformed_kp/value", step.bent.points)
    golden.check("train/transformed_kp/jacobian", step.bent.jacobians)
    golden.check("train/kp_driving/value", step.to.points)
    golden.check("train/kp_driving/jacobian", step.to.jacobians)
    golden.check("train/prediction", step.picture)
    terms = step.terms(vgg)
    for name, value in terms.items():
        golden.check(f"train/loss/{name}", value)
    total = torch.stack(list(terms.values())).sum()
    golden.check("train/loss/total_generator_side", total)
    total.backward()
    check_gradients(golden, "train", step.networks)
    check_buffers(golden, "train", step.networks, "kp_detector", "networks.")
    check_buffers(golden, "train", step.networks, "generator", "networks.")
    # Without an adversarial loss the discriminator is not called.
    check_buffers(golden, "train", judges(checkpoint), "discriminator", "critics.")
    golden.all_seen("train/")


def test_adversarial_training(golden: Golden, checkpoint, vgg) -> None:
    step, critics = Step(golden, checkpoint), judges(checkpoint).train()
    terms = step.terms(vgg)
    adversarial, matching = adversarial_losses(critics, step.picture, step.driving, step.to.points)
    terms |= {"gen_gan": adversarial, "feature_matching": 10 * matching}
    for name, value in terms.items():
        golden.check(f"train_gan/loss/{name}", value)
    total = torch.stack(list(terms.values())).sum()
    golden.check("train_gan/loss/total_generator_side", total)
    total.backward()
    check_gradients(golden, "train_gan", step.networks)
    critics.zero_grad()
    judged = discriminator_loss(critics, step.picture, step.driving, step.to.points)
    golden.check("train_gan/loss/disc_gan", judged)
    judged.backward()
    golden.check_gradients("train_gan/grad/discriminator", norms(critics, "discriminator", "critics."))
    check_buffers(golden, "train_gan", critics, "discriminator", "critics.")
    golden.all_seen("train_gan/")


def test_every_array_is_asked_for(golden: Golden) -> None:
    parts = ("in/", "meta/", "eval/", "eval_align_corners_true/", "extra_", "animate/", "train/", "train_gan/")
    assert all(name.startswith(parts) for name in golden.arrays)
    if {"train/loss/perceptual", "eval/prediction", "eval/kp_source/value"} <= golden.seen:
        golden.all_seen("eval/")
