"""Every array that the released JOKR program left in the golden file, computed again with this package's parts.

The golden file records what rounding alone does to each array (float32 against float64, relative to max(1, |max|));
ten times that is allowed. Gradients of single parameters agree to 1 %, or to 0.1 % of the largest.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from golden_arrays import Golden
from torch import Tensor, nn

from muybridge import geometry as g
from muybridge import losses
from muybridge.methods.jokr.importing import import_released
from muybridge.methods.jokr.method import Jokr
from muybridge.methods.jokr.networks import fit_silhouettes
from muybridge.methods.jokr.presets import CARD
from muybridge.methods.jokr.released import ReleasedCheckpoint, read_released, released_name
from muybridge.networks import Downsample, Lpips, Vgg16, load_lpips_weights


@pytest.fixture(scope="module")
def golden(shared: Path) -> Iterator[Golden]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Golden(shared / "golden" / "jokr")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def first(shared: Path) -> ReleasedCheckpoint:
    folder = shared / "golden" / "jokr"
    return read_released(folder / "checkpoint_stage1.pth", folder / "config.yaml")


@pytest.fixture(scope="module")
def second(shared: Path) -> ReleasedCheckpoint:
    return read_released(shared / "golden" / "jokr" / "checkpoint.pth")


def bumps(points: Tensor, side: int = 256) -> Tensor:
    return g.released_gaussians(points, (side, side), 0.2)


def norms(network: nn.Module, rename=lambda name: name) -> dict[str, float]:
    """L2 norm of each parameter's gradient, under the program's names."""
    return {rename(name): p.grad.double().norm().item() for name, p in network.named_parameters() if p.grad is not None}


def generator_name(name: str) -> str:
    return released_name(name.removeprefix("net."), blocks=9, dropout=True)


def detector_name(name: str) -> str:
    return name.replace("trunk.", "predictor.").replace("head.", "kp.")


def without_dropout(network: nn.Module) -> nn.Module:
    """The golden run was made in training mode with dropout switched off."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def test_units(golden: Golden) -> None:
    a, b, theta = golden["in/unit_kp_a"], golden["in/unit_kp_b"], golden["in/unit_theta"]
    golden.check("unit/transform_kp", g.apply_affine(theta, a))
    golden.check("unit/inverse_transform_kp", g.apply_affine(g.invert_affine(theta), a))
    golden.check("unit/kp_to_heatmap_32", bumps(a, 32))
    golden.check("unit/kp_to_heatmap_33_std0.1", g.released_gaussians(a, (33, 33), 0.1))
    golden.check("unit/kp_to_heatmap_64_frame0_alone", bumps(a[:1], 64)[:, :4])
    for delta in (0.1, 0.12, 0.5):
        golden.check(f"unit/separation_all_delta{delta}", losses.released_separation(a, delta, first=a.shape[1]))
        golden.check(f"unit/separation_first10_delta{delta}", losses.released_separation(a, delta))
    golden.check("unit/temp_loss_alpha13", 13 * losses.temporal(a, b))
    golden.check("unit/temp_loss_alpha1", losses.temporal(a, b))
    maps = bumps(a, 58)
    maps = maps / maps.sum((2, 3), keepdim=True)
    masks = fit_silhouettes(golden["in/seg_a"][:2, :1], (58, 58))
    golden.check("unit/sill_loss_of_normalised_gauss58", losses.silhouette(maps, masks))
    golden.check("kp_input_down", Downsample(4)(golden["in/frames_a"][:2]))
    golden.all_seen("unit/", "kp_input_down")


def test_detector_with_running_statistics(golden: Golden, first: ReleasedCheckpoint) -> None:
    detector = first.build_detector()
    detector.always_training = False
    with torch.no_grad():
        found = detector.eval()(golden["in/frames_a"][:2])
    golden.check("kp_eval_mode/kp_a", found.points)
    golden.check("kp_eval_mode/heatmap_a_frame0", found.heatmaps[:1])
    golden.all_seen("kp_eval_mode/")


class FirstStep:
    """One step of the program's first stage: batch 2, frames 0 and 1, successors 1 and 2, dropout off."""

    def __init__(self, golden: Golden, checkpoint: ReleasedCheckpoint) -> None:
        self.detector = checkpoint.build_detector()
        self.shapes = without_dropout(checkpoint.build_shapes())
        self.discriminator = checkpoint.build_discriminator()
        assert checkpoint.affine is not None
        self.affine = checkpoint.affine.requires_grad_()
        self.frames = {v: golden[f"in/frames_{v}"] for v in "ab"}
        self.masks = {v: golden[f"in/seg_{v}"][:2, :1] for v in "ab"}
        self.found = {v: self.detector(torch.cat((f[:2], f[1:3]))) for v, f in self.frames.items()}
        self.points = {v: d.points[:2] for v, d in self.found.items()}
        self.aligned = g.apply_affine(self.affine, self.points["b"])
        self.theta = {v: g.identity_affine(2) + golden[f"in/theta_noise_{v}"] for v in "ab"}
        self.warped = {
            v: g.warp_affine(f[:2], self.theta[v], padding="reflection", align_corners=False)
            for v, f in self.frames.items()
        }
        self.warped_points = {v: self.detector(w).points for v, w in self.warped.items()}
        # One batch of bumps a video: the largest value of each is its own divisor.
        self.bumps = {v: bumps(p) for v, p in self.points.items()}
        self.decoded = {v: self.shapes(b) for v, b in self.bumps.items()}

    def terms(self) -> dict[str, Tensor]:
        terms = {}
        for i, v in enumerate("ab"):
            heatmaps, points, successors = self.found[v].heatmaps[:2], self.points[v], self.found[v].points[2:]
            masks = fit_silhouettes(self.masks[v], (58, 58))
            terms[f"sill_{v}"] = losses.silhouette(heatmaps, masks)
            terms[f"l2_{v}"] = losses.mse(self.decoded[v][:, i : i + 1], self.masks[v])
            terms[f"eq_{v}"] = losses.equivariance(points, self.warped_points[v], self.theta[v])
            terms[f"sep_{v}"] = losses.released_separation(points, 0.12)
            terms[f"disc_{v}"] = losses.bce(self.discriminator(points if v == "a" else self.aligned), 1.0)
            terms[f"pred_{v}"] = 13 * losses.temporal(points, successors)
        return terms


def check_first_stage_networks(golden: Golden, step: FirstStep) -> None:
    for i, v in enumerate("ab"):
        golden.check(f"stage1/kp_{v}", step.found[v].points)
        golden.check(f"stage1/theta_{v}", step.theta[v])
        golden.check(f"stage1/transformed_kp_{v}", step.warped_points[v])
        golden.check(f"stage1/decoded_{v}_ch0", step.decoded[v][:, i])
    golden.check("stage1/transformed_frame_a", step.warped["a"])
    golden.check("stage1/kp_heatmap_a", step.found["a"].heatmaps)
    golden.check("stage1/kp_heatmap_b_frame0", step.found["b"].heatmaps[:1])
    golden.check("stage1/gauss_heatmap_a", step.bumps["a"])
    golden.check("stage1/gauss_heatmap_a_max", step.bumps["a"].max())
    golden.check("stage1/kp_b_transformed", step.aligned)
    golden.check("stage1/decoded_ab_ch0", step.decoded["a"][:, 1])
    golden.check("stage1/decoded_ba_ch0", step.decoded["b"][:, 0])
    golden.check("stage1/disc_pred_a", step.discriminator(step.points["a"]))
    golden.check("stage1/disc_pred_b", step.discriminator(step.aligned))


def check_first_stage_losses_and_gradients(golden: Golden, step: FirstStep) -> None:
    terms = step.terms()
    for name, value in terms.items():
        golden.check(f"stage1/loss_unweighted/{name}", value)
    weighted = {
        "sill": 0.5 * (terms["sill_a"] + terms["sill_b"]),
        "l2_rec": 50 * (terms["l2_a"] + terms["l2_b"]),
        "eq_a": 2 * terms["eq_a"],
        "eq_b": 2 * terms["eq_b"],
        "sep": 4 * (terms["sep_a"] + terms["sep_b"]),
        "disc": terms["disc_a"] + terms["disc_b"],
        "pred_a": terms["pred_a"],
        "pred_b": terms["pred_b"],
    }
    for name, value in weighted.items():
        golden.check(f"stage1/loss_weighted/{name}", value)
    total = torch.stack(list(weighted.values())).sum()
    golden.check("stage1/loss_weighted/total", total)

    total.backward()
    golden.check_gradients("stage1/grad/G_A", norms(step.shapes, generator_name))
    golden.check_gradients("stage1/grad/KP", norms(step.detector, detector_name))
    want = golden["stage1/grad/learned_t"]
    torch.testing.assert_close(step.affine.grad, want, rtol=1e-2, atol=1e-3 * want.abs().max().item())
    golden.seen.add("stage1/grad/learned_t")
    for name, buffer in step.detector.state_dict().items():
        stored = f"stage1/buffer_after/KP/{detector_name(name)}"
        if stored in golden.arrays:
            golden.check(stored, buffer)

    step.discriminator.zero_grad()
    on_a = losses.bce(step.discriminator(step.points["a"].detach()), 1.0)
    on_b = losses.bce(step.discriminator(step.aligned.detach()), 0.0)
    golden.check("stage1/loss_discriminator/d_a", on_a)
    golden.check("stage1/loss_discriminator/d_b", on_b)
    (on_a + on_b).backward()
    golden.check_gradients("stage1/grad/Disc", norms(step.discriminator))


def test_first_stage(golden: Golden, first: ReleasedCheckpoint) -> None:
    step = FirstStep(golden, first)
    check_first_stage_networks(golden, step)
    check_first_stage_losses_and_gradients(golden, step)
    golden.all_seen("stage1/")


def random_vgg16() -> Vgg16:
    """The weights that torchvision's vgg16(weights=None) draws: every layer's own initialisation first, the three
    linear ones' too, and only then VGG's."""
    vgg = Vgg16()
    for rows, columns in ((4096, 25088), (4096, 4096), (1000, 4096)):
        torch.empty(rows, columns).uniform_()
        torch.empty(rows).uniform_()
    for layer in vgg.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return vgg


@pytest.fixture(scope="module")
def lpips(golden: Golden) -> Lpips:
    torch.manual_seed(int(golden["meta/lpips_seed"]))
    vgg = random_vgg16()
    sums = torch.stack([vgg.features[i].weight.double().sum() for i in (0, 28)])
    torch.testing.assert_close(sums, golden["meta/lpips_vgg16_checksum"], rtol=1e-6, atol=1e-6)
    return Lpips(vgg, load_lpips_weights())


def test_second_stage(golden: Golden, second: ReleasedCheckpoint, lpips: Lpips) -> None:
    detector, shapes = second.build_detector(), second.build_shapes()
    refiners = dict(zip("ab", second.build_refiners(), strict=True))
    total = torch.zeros(())
    for i, v in enumerate("ab"):
        frames = golden[f"in/frames_{v}"][:2]
        with torch.no_grad():
            points = detector(frames).points
            silhouettes = shapes(bumps(points))[:, i : i + 1]
        refined = without_dropout(refiners[v])(silhouettes)
        golden.check(f"stage2/kp_{v}", points)
        golden.check(f"stage2/refined_{v}", refined)
        l1, distance = losses.l1(refined, frames), losses.perceptual(frames, refined, lpips)
        golden.check(f"stage2/loss/l1_{v}", l1)
        golden.check(f"stage2/loss/lpips_randomvgg_{v}", distance)
        (l1 + distance).backward()
        golden.check_gradients(f"stage2/grad/R_{v.upper()}", norms(refiners[v], generator_name))
        total = total + torch.stack((l1, distance)).detach()
    golden.check("stage2/loss/l1_rec_weighted", total[0])
    golden.check("stage2/loss/total", total.sum())
    golden.all_seen("stage2/")


def trainee(folder: Path, checkpoint: str) -> Jokr:
    """An imported checkpoint as the engine trains it."""
    config, weights, _ = import_released(folder / checkpoint, folder / "config.yaml")
    method = Jokr(config)
    method.load_state_dict({**method.state_dict(), **weights})
    method.train()
    return method


def golden_batch(golden: Golden) -> dict[str, Tensor]:
    """Frames 0 and 1 and their successors as `PairData.batch` gives them: in [0, 1], black around the subject."""
    batch = {}
    for v in "ab":
        masks = golden[f"in/seg_{v}"][:, :1]
        frames = (golden[f"in/frames_{v}"] + masks) / 2
        batch |= {f"frames_{v}": frames[:2], f"masks_{v}": masks[:2]}
        batch |= {f"successors_{v}": frames[1:3], f"successor_masks_{v}": masks[1:3]}
        batch[f"equivariance_{v}"] = g.identity_affine(2) + golden[f"in/theta_noise_{v}"]
    return batch


def test_the_preset_released_has_the_options_of_the_golden_command(shared: Path) -> None:
    folder = shared / "golden" / "jokr"
    for checkpoint in ("checkpoint_stage1.pth", "checkpoint.pth"):
        config = import_released(folder / checkpoint, folder / "config.yaml")[0]
        preset = CARD.presets["released"].model_dump()
        # The golden networks are narrower, and an import asks for no other files.
        for part, sizes in {"detector": ("width", "max_width"), "shapes": ("width",), "refiner": ("width",)}.items():
            preset[part] |= {name: getattr(getattr(config, part), name) for name in sizes}
        assert config.model_dump() == preset | {"texture_loss": "weight-free"}


def test_shape_turns_are_the_first_stage(golden: Golden, shared: Path) -> None:
    method = trainee(shared / "golden" / "jokr", "checkpoint_stage1.pth")
    without_dropout(method)
    turns = method.turns(method.stages()[0], golden_batch(golden))
    turn = next(turns)
    weighted = {name: turn.weights[name] * loss for name, loss in turn.losses.items()}
    for name, stored in {"seg": "l2_rec", "sill": "sill", "sep": "sep", "dc": "disc"}.items():
        golden.check(f"stage1/loss_weighted/{stored}", weighted[name])
    for name, stored in {"eq": "eq", "tmp": "pred"}.items():
        both = sum(golden[f"stage1/loss_weighted/{stored}_{v}"] for v in "ab")
        torch.testing.assert_close(weighted[name], both, rtol=1e-5, atol=1e-6)
    assert set(weighted) == {"seg", "sill", "sep", "dc", "eq", "tmp"}
    golden.check("stage1/loss_weighted/total", turn.total)
    assert method.affine is not None
    moved = [*method.shapes.parameters(), *method.detector.parameters(), *method.affine.parameters()]
    turn.total.backward(inputs=moved)
    golden.check_gradients("stage1/grad/G_A", norms(method.shapes, generator_name))
    golden.check_gradients("stage1/grad/KP", norms(method.detector, detector_name))
    want = golden["stage1/grad/learned_t"]
    torch.testing.assert_close(method.affine.matrix.grad, want, rtol=1e-2, atol=1e-3 * want.abs().max().item())
    # Batch norm has seen the same batches in the same order.
    for name, buffer in method.detector.state_dict().items():
        stored = f"stage1/buffer_after/KP/{detector_name(name)}"
        if stored in golden.arrays:
            golden.check(stored, buffer)
    turn = next(turns)
    on_both = sum(golden[f"stage1/loss_discriminator/d_{v}"] for v in "ab")
    torch.testing.assert_close(turn.total, on_both, rtol=1e-5, atol=1e-6)
    turn.total.backward(inputs=list(method.discriminator.parameters()))
    golden.check_gradients("stage1/grad/Disc", norms(method.discriminator))
    assert next(turns, None) is None


def test_texture_turns_are_the_second_stage(golden: Golden, shared: Path, lpips: Lpips) -> None:
    method = trainee(shared / "golden" / "jokr", "checkpoint.pth")
    method.lpips = [lpips]  # the golden run's, of random weights
    for refiner in (method.refiner_a, method.refiner_b):
        without_dropout(refiner)
    (turn,) = method.turns(method.stages()[1], golden_batch(golden))
    for name, stored in {"l1": "l1", "lpips": "lpips_randomvgg"}.items():
        both = sum(golden[f"stage2/loss/{stored}_{v}"] for v in "ab")
        torch.testing.assert_close(turn.losses[name], both, rtol=1e-5, atol=1e-6)
    golden.check("stage2/loss/total", turn.total)
    turn.total.backward()
    golden.check_gradients("stage2/grad/R_A", norms(method.refiner_a, generator_name))
    golden.check_gradients("stage2/grad/R_B", norms(method.refiner_b, generator_name))
    assert all(p.grad is None for part in (method.detector, method.shapes) for p in part.parameters())


def test_probes(golden: Golden, second: ReleasedCheckpoint) -> None:
    a, b = second.build_refiners()
    with torch.no_grad():
        silhouettes = second.build_shapes()(golden["in/probe_heat"])
        golden.check("probe/G_A_mask_a_ch0", silhouettes[:, 0])
        golden.check("probe/G_A_mask_b_ch0", silhouettes[:, 1])
        golden.check("probe/R_A", a(golden["in/probe_mask"][:, :1]))
        golden.check("probe/R_B", b(golden["in/probe_mask"][:, :1]))
    golden.all_seen("probe/")


@pytest.mark.parametrize("i", range(4))
def test_inference(golden: Golden, second: ReleasedCheckpoint, i: int) -> None:
    detector, shapes, affine = second.build_detector(), second.build_shapes(), second.affine
    refine_a, refine_b = second.build_refiners()
    assert affine is not None

    def check(name: str, value: Tensor) -> None:
        golden.check(f"inference/{i}/{name}", value)

    with torch.no_grad():
        kp_a, kp_b = (detector(golden[f"in/frames_{v}"][i : i + 1]).points for v in "ab")
        to_b, to_a = g.apply_affine(g.invert_affine(affine), kp_a), g.apply_affine(affine, kp_b)
        check("kp_a", kp_a)
        check("kp_b", kp_b)
        check("kp_a_inverse_transformed", to_b)
        check("kp_b_transformed", to_a)
        own_a, own_b, ab, ba = (shapes(bumps(p)) for p in (kp_a, kp_b, to_b, to_a))
        check("decoded_a_ch0", own_a[:, 0])
        check("decoded_b_ch0", own_b[:, 1])
        check("decoded_ab_ch0", ab[:, 1])
        check("decoded_ba_ch0", ba[:, 0])
        check("refined_a", refine_a(own_a[:, :1]))
        check("refined_b", refine_b(own_b[:, 1:]))
        check("refined_ab", refine_b(ab[:, 1:]))
        check("refined_ba", refine_a(ba[:, :1]))
        if i == 0:
            check("noaffine_refined_ab", refine_b(own_a[:, 1:]))
            check("noaffine_refined_ba", refine_a(own_b[:, :1]))
    golden.all_seen(f"inference/{i}/")


def test_every_array_is_asked_for(golden: Golden) -> None:
    parts = ("in/", "meta/", "unit/", "kp_", "stage1/", "stage2/", "probe/", *(f"inference/{i}/" for i in range(4)))
    assert all(name.startswith(parts) for name in golden.arrays)
