"""FOMM as a method: transfer, streams, ablations, and checkpoints that are not as they should be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import CheckpointError, UsageError
from muybridge.jobs.settings import make_config
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.methods.fomm.config import FommConfig
from muybridge.methods.fomm.method import Fomm
from muybridge.methods.fomm.networks import Keypoints, transfer
from muybridge.methods.fomm.released import import_released, is_released
from muybridge.video import Clip

TINY = {
    "size": 32,
    "keypoints": 3,
    "perceptual": "weight-free",
    "detector": {"width": 4, "max_width": 8, "blocks": 2, "scale": 0.5, "padding": 3},
    "motion": {"width": 4, "max_width": 8, "blocks": 2, "scale": 0.5},
    "generator": {"width": 4, "max_width": 8, "downs": 1, "blocks": 1},
    "training": {"steps": 2, "batch": 2},
}


def tiny(**changes) -> Fomm:
    torch.manual_seed(0)
    return Fomm(FommConfig.model_validate(TINY | changes)).eval()


def clip(frames: int, size: tuple[int, int] = (32, 32), seed: int = 0) -> Clip:
    return Clip.from_floats(torch.rand(frames, 3, *size, generator=torch.Generator().manual_seed(seed)))


def test_transfer_scales_by_the_root_of_the_hulls_areas() -> None:
    square = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    eye = torch.eye(2).expand(1, 4, 2, 2)
    source, start = Keypoints(square / 2, 2 * eye), Keypoints(square, eye)
    driving = Keypoints(square + 0.2, 3 * eye)
    moved = transfer(source, driving, start)
    torch.testing.assert_close(moved.points, square / 2 + 0.1)
    torch.testing.assert_close(moved.jacobians, 6 * eye)
    torch.testing.assert_close(transfer(source, driving, start, scale=False).points, square / 2 + 0.2)
    torch.testing.assert_close(transfer(source, driving, start, jacobians=False).jacobians, 3 * eye)


@pytest.mark.parametrize("k", [1, 2])
def test_one_or_two_keypoints_move_as_far_as_the_driving_ones(k: int) -> None:
    def keypoints(points: torch.Tensor) -> Keypoints:
        return Keypoints(points, None)

    source, start = torch.rand(1, k, 2), torch.rand(1, k, 2)
    moved = transfer(keypoints(source), keypoints(start + 0.2), keypoints(start)).points
    torch.testing.assert_close(moved, source + 0.2)


def test_a_stream_takes_no_more_frames_than_it_needs() -> None:
    taken = 0

    def endless() -> Iterator[Tensor]:
        nonlocal taken
        while True:
            taken += 1
            yield clip(1, seed=taken).pixels[0]

    made = tiny().stream(endless(), clip(1, (48, 40)), batch=4)
    frames = [next(made) for _ in range(6)]
    assert taken == 8
    assert all(frame.shape == (4, 48, 40) for frame in frames)


def test_batches_do_not_change_the_result() -> None:
    method, driving = tiny(), clip(5)
    one, many = (method.animate(None, driving, clip(1, seed=9), batch=n, precision="float32").clip() for n in (1, 5))
    assert int((one.pixels.int() - many.pixels.int()).abs().max()) <= 1


def test_relative_motion_from_a_reference_leaves_it_where_it_was() -> None:
    method, driving = tiny(), clip(3)
    own = method.animate(None, driving[:1], driving[:1], mode="standard", precision="float32").clip()
    made = method.animate(None, driving, driving[:1], reference=driving.pixels[0], precision="float32").clip()
    assert int((own.pixels[0].int() - made.pixels[0].int()).abs().max()) <= 1
    assert method.nearest_frame(driving, driving[2:]) == 2


def test_wrong_requests_get_a_sentence() -> None:
    method = tiny()
    with pytest.raises(UsageError, match="relative or standard"):
        method.animate(None, clip(2), clip(1), mode="backwards")
    with pytest.raises(UsageError, match="driving"):
        method.animate(None, None, clip(1))
    with pytest.raises(UsageError, match="source"):
        method.animate(None, clip(2), "a")
    with pytest.raises(UsageError, match="VGG-19"):
        tiny(perceptual="vgg19").prepare([clip(2), clip(2)])


@pytest.mark.parametrize("change", [{"jacobian": False}, {"motion": TINY["motion"] | {"occlusion": False}}])
def test_ablations_learn(change: dict) -> None:
    method = tiny(**change).train()
    data = method.prepare([clip(3), clip(3, seed=1)])
    stage = method.stages()[0]
    (turn,) = method.turns(stage, data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu")))
    turn.total.backward()
    assert ("equivariance_jacobian" in turn.losses) == method.config.jacobian
    assert all(p.grad is not None for p in method.parameters())
    with torch.no_grad():
        method.preview(data, stage)


@pytest.mark.parametrize("kind", [FommConfig, ArticulatedConfig])
def test_sizes_that_the_networks_cannot_take(kind: type) -> None:
    """Said when the size is set, and not from inside the first step."""
    for size, said in ((70, "size 70 cannot be halved generator.downs = 2 times: 72 can"), (16, "too small")):
        with pytest.raises(ValidationError, match=said):
            kind(size=size)
    parts = {name: {"scale": 0.5, "blocks": 3} for name in ("detector", "motion")}
    assert kind(size=32, **parts, **({"background": parts["motion"]} if kind is ArticulatedConfig else {}))
    with pytest.raises(ValidationError, match=r"motion sees 8 pixels a side with scale 0\.25, and its 4 halvings need"):
        kind(size=32, **parts | {"motion": {"scale": 0.25, "blocks": 4}})


def test_a_size_that_cannot_be_is_one_sentence() -> None:
    with pytest.raises(UsageError) as refused:
        make_config(Fomm, "draft", {"size": 70})
    assert refused.value.message == (
        "fomm cannot be set up so: size 70 cannot be halved generator.downs = 2 times: 72 can"
    )
    with pytest.raises(UsageError, match="set up so: keypoints: Input should be greater than or equal to 1"):
        make_config(Fomm, "draft", {"keypoints": 0})


@pytest.mark.parametrize("size", [32, 36, 44, 96])
def test_sizes_that_are_allowed_can_be_trained_and_drawn(size: int) -> None:
    method = tiny(size=size, generator=TINY["generator"] | {"downs": 2}).train()
    data = method.prepare([clip(2)])
    stage = method.stages()[0]
    (turn,) = method.turns(stage, data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu")))
    turn.total.backward()
    assert len(method.eval().animate(None, clip(2), clip(1)).clip()) == 2


def test_other_sizes_come_back_from_their_names(tmp_path: Path, shared: Path) -> None:
    """A checkpoint cut down to its networks, without a config: sizes are read off the weights."""
    table = torch.load(shared / "golden" / "fomm" / "checkpoint.pth", weights_only=True)
    torch.save({name: table[name] for name in ("generator", "kp_detector")}, tmp_path / "part.pth")
    config, weights, _ = import_released(tmp_path / "part.pth")
    assert (config.keypoints, config.size, config.align_corners) == (10, 256, False)
    method = Fomm(config)
    assert method.load_state_dict(weights)
    table["kp_detector"]["strange.weight"] = torch.zeros(1)
    torch.save(table, tmp_path / "strange.pth")
    with pytest.raises(CheckpointError, match="strange"):
        import_released(tmp_path / "strange.pth")
    assert not is_released({"generator": {}})
    torch.save({"generator": {}}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="not a checkpoint of FOMM"):
        import_released(tmp_path / "other.pth")


@pytest.mark.parametrize(
    ("line", "change", "said"),
    [
        ("num_blocks: 5}", "num_blocks: 5, bilinear: true}", "kp_detector_params.*not understood: bilinear"),
        (
            "    max_features: 24\n",
            "    max_features: 24\n    skips: true\n",
            "generator_params.*not understood: skips",
        ),
        ("    sn: true", "    sn: true\n    use_style: true", "discriminator_params.*not understood: use_style"),
        ("model_params:", "model_params:\n  flow_params: {}", "model_params.*not understood: flow_params"),
        ("transform_params: {", "transform_params: [5]\n  other: {", "transform_params should hold names"),
        ("model_params:", "model:", "has no model_params"),
    ],
)
def test_options_that_are_not_understood(tmp_path: Path, shared: Path, line: str, change: str, said: str) -> None:
    folder = shared / "golden" / "fomm"
    text = (folder / "config.yaml").read_text(encoding="utf-8").replace(line, change, 1)
    (tmp_path / "other.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match=said):
        import_released(folder / "checkpoint.pth", tmp_path / "other.yaml")
