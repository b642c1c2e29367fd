"""Every array that the released Monkey-Net program left in the golden file, computed again with this package's parts.

The golden file records what rounding alone does to each array; ten times that is allowed. Gradients of single
parameters agree to 1 %, or to 0.1 % of the largest.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from golden_arrays import Golden
from torch import Tensor, nn

from muybridge.methods.monkeynet.embedding import Keypoints, displacements, draw_keypoint_maps, movement, shrink
from muybridge.methods.monkeynet.method import MonkeyNet
from muybridge.methods.monkeynet.networks import Drawing
from muybridge.methods.monkeynet.released import ReleasedCheckpoint, read_released, released_name
from muybridge.methods.monkeynet.transfer import movement_scale, transfer

MODES = {"true": True, "false": False}


@pytest.fixture(scope="module")
def golden(shared: Path) -> Iterator[Golden]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Golden(shared / "golden" / "monkeynet")
    torch.set_num_threads(threads)


def released(shared: Path, align_corners: bool = True) -> ReleasedCheckpoint:
    folder = shared / "golden" / "monkeynet"
    found = read_released(folder / "checkpoint.pth", folder / "config.yaml")
    config = found.config.model_copy(update={"align_corners": align_corners})
    return ReleasedCheckpoint(config, found.states, found.epoch)


def over_time(x: Tensor) -> Tensor:
    """[B, ...] to the program's [B, 1, ...]."""
    return x[:, None]


@pytest.mark.parametrize("mode", MODES)
def test_every_stage(golden: Golden, shared: Path, mode: str) -> None:
    checkpoint = released(shared, MODES[mode])
    detector, generator, critic = (
        checkpoint.build_detector(),
        checkpoint.build_generator(),
        checkpoint.build_discriminator(),
    )
    name = f"eval_align_corners_{mode}"

    def check(part: str, value: Tensor) -> None:
        if mode == "true" or any(key.startswith(f"{name}/{part}") for key in golden.arrays):
            golden.check(f"{name}/{part}", value)

    source, driving = golden["in/source"][:2, :, 0], golden["in/video"][:2, :, 0]
    with torch.no_grad():
        found = {"source": detector(source), "driving": detector(driving)}
        for which, (points, maps) in found.items():
            check(f"{which}_heatmap", maps)
            check(f"kp_{which}/mean", over_time(points.means))
            check(f"kp_{which}/var", over_time(points.covariances))
        a, b = found["source"].keypoints, found["driving"].keypoints
        bumps = checkpoint.config.motion.bumps.model_copy(update={"alpha": 1.0})
        check("gaussian_driving_unnormalised", draw_keypoint_maps(b, (64, 64), bumps)[..., ::2, ::2])
        c = checkpoint.config.motion
        seen = movement(shrink(source, c.bumps.scale), a, b, c, MODES[mode])
        check("mask_embedding", seen)
        check("group_block0", generator.motion.groups[0](seen))
        moved = displacements(a, b, background=True)
        check("difference_embedding", moved.flatten(1)[..., None, None].expand(-1, -1, 64, 64))
        made = generator(generator.levels(source), a, b)
        check("kp_embedding", made.heat)
        check("mask", made.motion.masks)
        check("correction", made.motion.residual)
        flow = made.motion.flow
        flow = torch.cat((flow, torch.zeros_like(flow[..., :1])), -1)
        # It has its coordinates last, so the one that is stored smaller does not say so in its name.
        check("deformation_absolute", flow if mode == "true" else flow[:, ::2, ::2])
        check("decoder_features", made.features)
        check("video_deformed", made.deformed)
        check("video_prediction", made.picture)
        maps = draw_keypoint_maps(b, (128, 128), checkpoint.config.critic.bumps)
        for which, picture in (("real", driving), ("generated", made.picture)):
            for i, features in enumerate(critic(torch.cat((picture, maps), 1)), 1):
                check(f"disc_{which}/{i}", features)
    golden.all_seen(f"{name}/")


TRANSFERS = {
    "absolute": {"relative": False},
    "relative": {},
    "relative_clip": {"inside": True},
    "relative_mult": {"scale": "hull"},
    "relative_adapt_variance": {"adapt_covariances": True},
}


@pytest.mark.parametrize("kind", TRANSFERS)
@pytest.mark.parametrize("mode", MODES)
def test_transfers(golden: Golden, shared: Path, mode: str, kind: str) -> None:
    name = f"transfer/{kind}" if mode == "true" else f"transfer_align_corners_false/{kind}"
    if not any(key.startswith(f"{name}/") for key in golden.arrays):
        assert (mode, kind) != ("false", "relative")
        return
    checkpoint = released(shared, MODES[mode])
    detector, generator = checkpoint.build_detector(), checkpoint.build_generator()
    picture, frames = golden["in/transfer_source"][:, :, 0], golden["in/transfer_driving"][0].transpose(0, 1)
    with torch.no_grad():
        source, driving = detector(picture).keypoints, detector(frames).keypoints
        options = dict(TRANSFERS[kind])
        if "scale" in options:
            options["scale"] = movement_scale(source, driving.at(slice(1)))
        moved = transfer(source, driving, driving.at(slice(1)), **options)
        made = generator(generator.levels(picture), source, moved)
    for which, points in (("norm", moved), ("driving", driving), ("source", source)):
        if which == "norm" or kind == "absolute":
            over = (lambda x: x[None]) if which != "source" else over_time
            golden.check(f"{name}/kp_{which}/mean", over(points.means))
            golden.check(f"{name}/kp_{which}/var", over(points.covariances))
    golden.check(f"{name}/video_prediction", made.picture.transpose(0, 1)[None])
    golden.check(f"{name}/video_deformed", made.deformed.transpose(0, 1)[None])
    golden.all_seen(f"{name}/")


class Step:
    """One step of the program's training: four pairs, batch statistics, weights as in the checkpoint."""

    def __init__(self, golden: Golden, checkpoint: ReleasedCheckpoint) -> None:
        self.method = MonkeyNet(checkpoint.config)
        for net, state in checkpoint.states.items():
            getattr(self.method, net).load_state_dict(state)
        self.method.train()
        stage = self.method.stages()[0]
        self.pairs = {"source": golden["in/source"][:, :, 0], "driving": golden["in/video"][:, :, 0]}
        self.made: list[tuple[Keypoints, Keypoints, Drawing]] = []
        reconstruct = self.method.reconstruction

        def remembered(source: Tensor, driving: Tensor) -> tuple[Keypoints, Keypoints, Drawing]:
            self.made.append(reconstruct(source, driving))
            return self.made[-1]

        self.method.reconstruction = remembered  # type: ignore[method-assign]
        self.turns = self.method.turns(stage, self.pairs)


@pytest.mark.parametrize("mode", MODES)
def test_training_step(golden: Golden, shared: Path, mode: str) -> None:
    step = Step(golden, released(shared, MODES[mode]))
    name = f"train_align_corners_{mode}"
    method = step.method
    first = next(step.turns)
    source, driving, made = step.made[0]
    golden.check(f"{name}/kp_joined/mean", torch.stack((source.means, driving.means), 1))
    golden.check(f"{name}/kp_joined/var", torch.stack((source.covariances, driving.covariances), 1))
    golden.check(f"{name}/video_prediction", made.picture[:, :, None])
    golden.check(f"{name}/video_deformed", made.deformed[:, :, None])
    for i in range(5):
        weighted = first.weights[f"matching {i}"] * first.losses[f"matching {i}"]
        golden.check(f"{name}/loss/layer-{i}_rec", weighted)
    golden.check(f"{name}/loss/gen_gan", first.losses["gan"])
    golden.check(f"{name}/loss/total_generator_side", first.total)
    first.total.backward(inputs=list(method.groups(method.stages()[0])["networks"].parameters))
    for net, theirs in (("generator", "generator"), ("detector", "kp_detector")):
        golden.check_gradients(f"{name}/grad/{theirs}", norms(getattr(method, net), released_name))
    second = next(step.turns)
    golden.check(f"{name}/loss/disc_gan", second.total)
    second.total.backward()
    golden.check_gradients(f"{name}/grad/discriminator", norms(method.critic))
    states = {"kp_detector": method.detector.state_dict(), "generator": method.generator.state_dict()}
    for theirs, state in states.items():
        for key, buffer in state.items():
            stored = f"{name}/buffer_after/{theirs}/{released_name(key)}"
            if stored in golden.arrays:
                golden.check(stored, buffer)
    golden.all_seen(f"{name}/")


def norms(network: nn.Module, rename: Callable[[str], str] = str) -> dict[str, float]:
    """L2 norm of each parameter's gradient, under the program's names."""
    return {rename(name): p.grad.double().norm().item() for name, p in network.named_parameters() if p.grad is not None}


def test_every_array_is_asked_for(golden: Golden) -> None:
    modes = [f"{part}_align_corners_{mode}/" for part in ("eval", "train") for mode in MODES]
    parts = ("in/", "meta/", "transfer/", "transfer_align_corners_false/relative/", *modes)
    assert all(name.startswith(parts) for name in golden.arrays)
    kinds = {name.split("/")[1] for name in golden.arrays if name.startswith("transfer/")}
    assert kinds == set(TRANSFERS)
