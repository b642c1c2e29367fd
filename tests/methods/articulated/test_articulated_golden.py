"""Every array that the released program left in the golden file, computed again with this package's parts.

Regions are found with both solvers of the principal axes: the formula gives the signs that LAPACK gives.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from golden_arrays import Golden
from random_vgg19 import random_vgg19
from torch import Tensor, nn

from muybridge import losses
from muybridge.geometry import ThinPlate, moment_gaussians, principal_axes
from muybridge.methods.articulated.avd import AvdNetwork, avd_losses, stretch_regions
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.methods.articulated.networks import ArticulatedNetworks, Regions, Source, motions_to, transfer
from muybridge.methods.articulated.released import PARTS, import_released
from muybridge.networks import load_tensors

Solver = pytest.mark.parametrize("solver", ["svd", "closed"])
Released = tuple[ArticulatedConfig, dict[str, Tensor]]


@pytest.fixture(scope="module")
def golden(shared: Path) -> Iterator[Golden]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Golden(shared / "golden" / "articulated")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def released(shared: Path) -> Released:
    folder = shared / "golden" / "articulated"
    config, weights, stage = import_released(folder / "checkpoint.pth", folder / "config.yaml")
    assert stage == 2
    return config, weights


def built(released: Released, **changes) -> ArticulatedNetworks:
    networks = ArticulatedNetworks(released[0].model_copy(update=changes))
    weights = {name.removeprefix("networks."): x for name, x in released[1].items() if name.startswith("networks.")}
    networks.load_state_dict(weights)
    return networks


def avd_of(released: Released) -> AvdNetwork:
    network = AvdNetwork(released[0].regions, released[0].avd)
    weights = {name.removeprefix("avd."): x for name, x in released[1].items() if name.startswith("avd.")}
    network.load_state_dict(weights)
    return network


def program_names(part: str, network: nn.Module, prefix: str) -> dict[str, str]:
    """Our names of a part's parameters and buffers to the program's."""
    table = {}
    for name in network.state_dict():
        for p, pattern, to in PARTS:
            start = to.replace(r"\1.", "")
            if p != part or not f"{prefix}{name}".startswith(start):
                continue
            rest = f"{prefix}{name}"[len(start) :]
            if "(first|" in pattern:
                if not rest.startswith("bottleneck"):
                    table[name] = rest
            elif r"r(\d+)" in pattern:
                table[name] = f"bottleneck.r{rest}"
            else:
                table[name] = re.sub(r"\\(.)", r"\1", pattern.lstrip("^")) + rest
    return table


def norms(network: nn.Module, part: str, prefix: str) -> dict[str, float]:
    names = program_names(part, network, prefix)
    return {
        names[name]: torch.nan if p.grad is None else p.grad.double().norm().item()
        for name, p in network.named_parameters()
        if name in names
    }


def check_buffers(golden: Golden, where: str, network: nn.Module, part: str, prefix: str) -> None:
    state = network.state_dict()
    for ours, theirs in program_names(part, network, prefix).items():
        if f"{where}/buffer_after/{part}/{theirs}" in golden.arrays:
            golden.check(f"{where}/buffer_after/{part}/{theirs}", state[ours])


def check_regions(golden: Golden, name: str, regions: Regions) -> None:
    golden.check(f"{name}/shift", regions.points)
    golden.check(f"{name}/affine", regions.affines)
    if f"{name}/covar" in golden.arrays:
        golden.check(f"{name}/covar", regions.covariances)


@Solver
def test_regions(golden: Golden, released: Released, solver: str) -> None:
    networks = built(released, solver=solver).eval()
    with torch.no_grad():
        for which in ("source", "driving"):
            images = golden[f"in/{which}"][:2]
            features = networks.detector.trunk(networks.detector.down(images))
            golden.check(f"eval/{which}_logits", networks.detector.head(features[:1]))
            found = networks.detector(images)
            golden.check(f"eval/{which}_region_params/heatmap", found.heatmaps)
            regions = networks.detect(images)
            check_regions(golden, f"eval/{which}_region_params", regions)
            axes = principal_axes(regions.covariances, solver)
            golden.check(f"eval/{which}_region_params/u", axes.directions.flatten(0, 1))
            golden.check(f"eval/{which}_region_params/d", torch.diag_embed(axes.lengths).flatten(0, 1))


@Solver
def test_motion_and_generator(golden: Golden, released: Released, solver: str) -> None:
    networks = built(released, solver=solver).eval()
    with torch.no_grad():
        source, driving = golden["in/source"][:2], golden["in/driving"][:2]
        at, to = networks.detect(source), networks.detect(driving)
        size = (32, 32)
        heat = moment_gaussians(to.points, to.covariances, size) - moment_gaussians(at.points, at.covariances, size)
        golden.check("eval/heatmap_representation", torch.cat((torch.zeros_like(heat[:, :1]), heat), 1))
        golden.check("eval/source_down", networks.motion.down(source))
        background = networks.background_motion(source, driving)
        golden.check("eval/bg_params", background)
        for where, behind in (("eval/with_bg", background), ("eval/no_bg", None)):
            check_drawing(golden, where, networks, source, at, to, behind)


def check_drawing(golden: Golden, where: str, networks, source: Tensor, at: Regions, to: Regions, behind) -> None:
    known = networks.encode(source, at)
    flow = networks.move(known, to, behind)
    drawn = networks.draw(known, flow)
    golden.check(f"{where}/sparse_motions", motions_to(to, at, (32, 32), behind)[:, :, ::2, ::2])
    golden.check(f"{where}/sparse_deformed", flow.deformed)
    golden.check(f"{where}/mask", flow.masks)
    golden.check(f"{where}/optical_flow", flow.grid)
    golden.check(f"{where}/occlusion_map", flow.occlusion)
    golden.check(f"{where}/deformed", networks.generator.warp(source, flow.grid))
    golden.check(f"{where}/prediction", drawn.picture)
    golden.check(f"{where}/image_before_last_blend", drawn.before_blend)
    check_features(golden, where, networks, drawn, known, flow)


def check_features(golden: Golden, where: str, networks, drawn, known: Source, flow) -> None:
    """What the residual blocks and each doubling give."""
    outputs: list[Tensor] = []
    parts = [networks.generator.bottleneck, *networks.generator.up_blocks]
    hooks = [part.register_forward_hook(lambda _m, _i, out: outputs.append(out)) for part in parts]
    networks.draw(known, flow)
    for hook in hooks:
        hook.remove()
    golden.check(f"{where}/feat_bottleneck", outputs[0])
    golden.check(f"{where}/feat_up0", outputs[1])
    golden.check(f"{where}/feat_up1", outputs[2])


@pytest.mark.parametrize(("kind", "theirs"), [("homography", "perspective"), ("shift", "shift")])
def test_other_backgrounds(golden: Golden, released: Released, shared: Path, kind: str, theirs: str) -> None:
    config, weights = released
    other = config.model_copy(update={"background": config.background.model_copy(update={"kind": kind})})
    head = load_tensors(shared / "golden" / "articulated" / "extra_bg_fc.pth")[f"bg_predictor_{theirs}"]
    changed = {f"networks.background.head.{name.removeprefix('fc.')}": x for name, x in head.items()}
    networks = built((other, weights | changed)).eval()
    with torch.no_grad():
        source, driving = golden["in/source"][:2], golden["in/driving"][:2]
        background = networks.background_motion(source, driving)
        golden.check(f"extra_bg/{theirs}/bg_params", background)
        drawn, _ = networks(source, networks.detect(source), networks.detect(driving), background)
        golden.check(f"extra_bg/{theirs}/prediction", drawn.picture)


def test_animation(golden: Golden, released: Released) -> None:
    networks, avd = built(released).eval(), avd_of(released).eval()
    with torch.no_grad():
        picture = golden["in/animate_source"]
        at = networks.detect(picture)
        frames = [networks.detect(frame[None]) for frame in golden["in/animate_driving"]]
        check_regions(golden, "animate/source_region_params", at)
        check_regions(golden, "animate/driving_region_params_initial", frames[0])
        source = networks.encode(picture, at)
        for i, frame in enumerate(frames):
            wanted = {"standard": frame, "relative": transfer(at, frame, frames[0]), "avd": avd(at, frame)}
            for mode, regions in wanted.items():
                check_regions(golden, f"animate/{mode}/{i}/new_region_params", regions)
                drawn = networks.draw(source, networks.move(source, regions))
                golden.check(f"animate/{mode}/{i}/prediction", drawn.picture)
    golden.all_seen("animate/")


@pytest.fixture(scope="module")
def vgg(golden: Golden):
    return random_vgg19(int(golden["meta/vgg_seed"]), golden["meta/vgg_checksum"])


@Solver
def test_training(golden: Golden, released: Released, vgg, solver: str) -> None:
    networks = built(released, solver=solver).train()
    source, driving = golden["in/source"], golden["in/driving"]
    at, to = networks.detect(source), networks.detect(driving)
    drawn, _ = networks(source, at, to, networks.background_motion(source, driving))
    bend = ThinPlate(torch.eye(2, 3) + golden["in/transform_noise"], golden["in/transform_control_params"])
    bent_frame = bend.warp(driving, align_corners=False)
    bent = networks.detect(bent_frame)
    golden.check("train/transformed_frame", bent_frame)
    check_regions(golden, "train/driving_region_params", to)
    check_regions(golden, "train/transformed_region_params", bent)
    golden.check("train/prediction", drawn.picture)
    affine = losses.frame_equivariance(to.affines, bent.affines, bent.points, bend, swaps=True)
    terms = {
        "perceptual": losses.PerceptualPyramid(vgg, [10.0] * 5, [1.0, 0.5, 0.25, 0.125])(drawn.picture, driving),
        "equivariance_shift": 10 * losses.point_equivariance(to.points, bent.points, bend),
        "equivariance_affine": 10 * affine,
    }
    for name, value in terms.items():
        golden.check(f"train/loss/{name}", value)
    total = torch.stack(list(terms.values())).sum()
    golden.check("train/loss/total", total)
    total.backward()
    for part in ("generator", "region_predictor", "bg_predictor"):
        golden.check_gradients(f"train/grad/{part}", norms(networks, part, "networks."))
        check_buffers(golden, "train", networks, part, "networks.")
    golden.all_seen("train/")


def given(golden: Golden, name: str) -> Regions:
    affines = golden[f"in/avd_{name}_affine"]
    return Regions(golden[f"in/avd_{name}_shift"], affines, affines @ affines.transpose(-1, -2))


def test_disentanglement(golden: Golden, released: Released) -> None:
    network = avd_of(released).train()
    identity, pose = given(golden, "id"), given(golden, "pose")
    scaling = released[0].avd.scaling
    scaled = stretch_regions(pose, 1 + scaling * (2 * golden["in/avd_rand_uniform"] - 1))
    check_regions(golden, "train_avd/region_params_pose_scaled", scaled)
    made = network(identity, scaled)
    check_regions(golden, "train_avd/rec", made)
    terms = avd_losses(made, pose)
    for name, value in terms.items():
        golden.check(f"train_avd/loss/rec_{name}", value)
    torch.stack(list(terms.values())).sum().backward()
    golden.check_gradients("train_avd/grad/avd_network", norms(network, "avd_network", "avd."))
    check_buffers(golden, "train_avd", network, "avd_network", "avd.")
    golden.all_seen("train_avd/")
    with torch.no_grad():
        check_regions(golden, "eval/avd_on_random_params", network.eval()(identity, scaled))


def test_the_other_kind_of_checkpoint(released: Released, shared: Path) -> None:
    folder = shared / "golden" / "articulated"
    config, weights, stage = import_released(folder / "checkpoint_reconstruction.pth", folder / "config.yaml")
    assert stage == 1
    assert config == released[0].model_copy(update={"avd": config.avd})
    assert config.avd.steps == 0
    assert weights.keys() == {name for name in released[1] if not name.startswith("avd.")}


def test_every_array_is_asked_for(golden: Golden) -> None:
    parts = ("in/", "meta/", "eval/", "extra_bg/", "animate/", "train/", "train_avd/")
    assert all(name.startswith(parts) for name in golden.arrays)
    if {"train/loss/perceptual", "eval/with_bg/prediction", "eval/avd_on_random_params/shift"} <= golden.seen:
        golden.all_seen("eval/", "extra_bg/")
