"""Articulated animation as a method: modes, ablations, streams."""

from pathlib import Path

import pytest
import torch

from muybridge.errors import CheckpointError, UsageError
from muybridge.methods.articulated.avd import stretch_regions
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.methods.articulated.method import Articulated
from muybridge.methods.articulated.networks import Regions, gram, transfer
from muybridge.methods.articulated.released import import_released
from muybridge.video import Clip

HOURGLASS = {"width": 4, "max_width": 8, "blocks": 2, "scale": 0.5}
TINY = {
    "size": 32,
    "regions": 3,
    "perceptual": "weight-free",
    "detector": HOURGLASS | {"padding": 3},
    "background": HOURGLASS,
    "motion": HOURGLASS,
    "generator": {"width": 4, "max_width": 8, "downs": 1, "blocks": 1},
    "training": {"steps": 2, "batch": 2},
    "avd": {"steps": 2, "batch": 8, "widths": (8,), "identity": 4, "pose": 4},
}


def tiny(**changes) -> Articulated:
    torch.manual_seed(0)
    return Articulated(ArticulatedConfig.model_validate(TINY | changes)).eval()


def clip(frames: int, seed: int = 0) -> Clip:
    return Clip.from_floats(torch.rand(frames, 3, 32, 32, generator=torch.Generator().manual_seed(seed)))


def test_relative_transfer_keeps_the_driving_covariances() -> None:
    affines = torch.eye(2).expand(1, 3, 2, 2) + 0.1 * torch.rand(1, 3, 2, 2)
    start = Regions(torch.rand(1, 3, 2), affines, gram(affines))
    driving = Regions(start.points + 0.1, 2 * affines, gram(2 * affines))
    moved = transfer(start, driving, start)
    torch.testing.assert_close(moved.points, driving.points)
    torch.testing.assert_close(moved.affines, driving.affines)
    assert moved.covariances is driving.covariances


@pytest.mark.parametrize("k", [1, 2])
def test_one_or_two_regions_move_as_far_as_the_driving_ones(k: int) -> None:
    source, start = torch.rand(1, k, 2), torch.rand(1, k, 2)
    moved = transfer(*(Regions(points, None, None) for points in (source, start + 0.2, start))).points
    torch.testing.assert_close(moved, source + 0.2)


def test_stretching_moves_places_and_axes() -> None:
    regions = Regions(torch.ones(1, 3, 2), torch.ones(1, 3, 2, 2), torch.ones(1, 3, 2, 2))
    wide = stretch_regions(regions, torch.tensor([[2.0, 0.5]]))
    torch.testing.assert_close(wide.points[0, 0], torch.tensor([2.0, 0.5]))
    torch.testing.assert_close(wide.affines[0, 0], torch.tensor([[2.0, 2.0], [0.5, 0.5]]))


@pytest.mark.parametrize("mode", ["relative", "standard", "avd"])
def test_every_mode_animates(mode: str) -> None:
    made = tiny().animate(None, clip(3), clip(1, 5), mode=mode).clip()
    assert made.pixels.shape == (3, 3, 32, 32)
    assert int(made.pixels.float().std(0).max()) > 0, "frames differ"


def test_a_reconstruction_moves_the_background() -> None:
    method = tiny()
    still = method.reconstruct(clip(2)).clip()
    torch.nn.init.constant_(method.networks.background.head.bias, 0.7)
    assert not torch.equal(method.reconstruct(clip(2)).clip().pixels, still.pixels)
    unmoved = method.animate(None, clip(2), clip(2)[:1], mode="standard").clip()
    assert torch.equal(unmoved.pixels, tiny().animate(None, clip(2), clip(2)[:1], mode="standard").clip().pixels)


@pytest.mark.parametrize(
    "change",
    [
        {"frames": "regression"},
        {"frames": "none"},
        {"background": {"kind": "none"}},
        {"background": HOURGLASS | {"kind": "shift"}},
        {"motion": HOURGLASS | {"covariance": False, "deformed": False}},
        {"generator": TINY["generator"] | {"skips": False}},
        {"solver": "svd", "swaps": False},
    ],
)
def test_ablations_learn(change: dict) -> None:
    method = tiny(**change).train()
    data = method.prepare([clip(3), clip(3, 1)])
    for stage in method.stages():
        (turn,) = method.turns(stage, data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu")))
        turn.total.backward()
        moved = [p for group in method.groups(stage).values() for p in group.parameters]
        assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in moved)
    assert (method.avd is None) == (method.config.frames == "none")


def test_without_its_network_there_is_no_avd() -> None:
    method = tiny(avd={"steps": 0})
    assert [stage.name for stage in method.stages()] == ["learn"]
    with pytest.raises(UsageError, match="avd"):
        method.animate(None, clip(2), clip(1), mode="avd")


def test_options_are_taken_from_the_config(tmp_path: Path, shared: Path) -> None:
    """`pad` absent means 3, as in the program's config for vox; without a config, as for TaiChi."""
    folder = shared / "golden" / "articulated"
    text = (folder / "config.yaml").read_text(encoding="utf-8").replace("pad: 0, ", "").replace("skips: true", "")
    (tmp_path / "vox.yaml").write_text(text, encoding="utf-8")
    config, weights, stage = import_released(folder / "checkpoint.pth", tmp_path / "vox.yaml")
    assert (config.detector.padding, config.generator.skips, stage) == (3, False, 2)
    assert Articulated(config).load_state_dict(weights)
    plain, _, _ = import_released(folder / "checkpoint.pth")
    assert (plain.detector.padding, plain.generator.skips, plain.background.kind) == (0, True, "affine")


@pytest.mark.parametrize(
    ("line", "change", "said"),
    [
        ("fast_svd: false", "fast_svd: false, strange: 1", "region_predictor_params.*not understood: strange"),
        ("bg_type: affine", "bg_type: affine, blur: 2", "bg_predictor_params.*not understood: blur"),
        ("    skips: true", "    spade: true", "generator_params.*not understood: spade"),
        ("use_covar_heatmap: true", "use_covar: true", "pixelwise_flow_predictor_params.*not understood: use_covar"),
        ("id_bottle_size: 64", "deep: true", "avd_network_params.*not understood: deep"),
        ("num_channels: 3", "num_regons: 3", "model_params.*not understood: num_regons"),
    ],
)
def test_options_that_are_not_understood(tmp_path: Path, shared: Path, line: str, change: str, said: str) -> None:
    folder = shared / "golden" / "articulated"
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    assert line in text
    (tmp_path / "other.yaml").write_text(text.replace(line, change, 1), encoding="utf-8")
    with pytest.raises(CheckpointError, match=said):
        import_released(folder / "checkpoint.pth", tmp_path / "other.yaml")
