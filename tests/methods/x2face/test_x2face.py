"""X2Face: its grids, its losses, and that it learns."""

import pytest
import torch

from muybridge.engine import train
from muybridge.geometry import make_grid, normal_gaussians
from muybridge.losses import l1
from muybridge.method import Stage
from muybridge.methods.x2face.config import X2FaceConfig
from muybridge.methods.x2face.method import X2Face
from muybridge.methods.x2face.networks import Embedded, Pose, X2FaceNetworks, to_grid
from muybridge.video import Clip, Timing

SIZES = {"width": 4, "max_width": 16, "blocks": 3}
TINY = X2FaceConfig.model_validate(
    {
        "size": 32,
        "content": "none",
        "embedding": SIZES,
        "driving": SIZES | {"vector": 8},
        "learn": {"steps": 150, "batch": 4, "lr": 3e-3},
        "identity": {"steps": 0},
    }
)


def test_a_grid_starts_by_looking_straight_ahead() -> None:
    straight = make_grid((4, 6), torch.zeros(1))
    assert torch.allclose(to_grid(torch.zeros(1, 2, 4, 6))[0], straight)
    far = to_grid(torch.full((1, 2, 4, 6), 50.0))[0]
    assert torch.allclose(far, straight + 2)


def test_a_result_is_the_sources_pixels_moved_twice() -> None:
    torch.manual_seed(0)
    networks = X2FaceNetworks(TINY).eval()
    source = torch.rand(1, 3, 32, 32)
    pose = Pose(torch.zeros(3, 8))
    face = Embedded(source, make_grid((32, 32), source)[None])
    with torch.no_grad():
        networks.decoder.head.weight.zero_()
        assert torch.allclose(networks.animate(face, pose), source.expand(3, -1, -1, -1), atol=1e-5)
        # Half a picture to the right: tanh(x) = 1/4 is a way of one half.
        networks.decoder.head.bias[0] = torch.atanh(torch.tensor(0.25))
        moved = networks.animate(face, pose)
    # In pixels: 0.5 of 2 is 7.75 of 31, between two columns.
    wanted = 0.25 * source[..., 7] + 0.75 * source[..., 8]
    assert torch.allclose(moved[0, :, :, 0], wanted[0], atol=1e-4)


def test_only_the_vector_says_how_it_is_posed() -> None:
    torch.manual_seed(0)
    networks = X2FaceNetworks(TINY).eval()
    a, b = torch.rand(2, 3, 32, 32).split(1)
    with torch.no_grad():
        assert torch.equal(
            networks.encode(a, Pose(torch.zeros(1, 8))).picture, networks.encode(a, networks.detect(b)).picture
        )
        assert networks.detect(a).points.shape == (1, 4, 2)


def test_the_first_stage_is_the_photometric_loss_alone() -> None:
    torch.manual_seed(0)
    method = X2Face(TINY).eval()
    source, driving = torch.rand(2, 4, 3, 32, 32)
    (turn,) = method.turns(Stage("learn", 1, 4), {"source": source, "driving": driving})
    assert list(turn.losses) == ["photometric"]
    pose = method.networks.detect(driving)
    made = method.networks.animate(method.networks.encode(source, pose), pose)
    assert torch.allclose(turn.total, l1(made, driving))


def test_the_second_stage_lets_somebody_else_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    config = TINY.model_copy(update={"content": "vgg19", "identity": TINY.learn})
    method = X2Face(config).eval()
    assert [stage.name for stage in method.stages()] == ["learn", "identity"]
    asked: list[tuple[torch.Tensor, torch.Tensor]] = []

    def distance(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        asked.append((made, wanted))
        return (made - wanted).abs().mean()

    monkeypatch.setattr(method, "_content", distance)
    monkeypatch.setattr(method, "_identity", distance)
    source, driving = torch.rand(2, 2, 3, 32, 32)
    (turn,) = method.turns(Stage("identity", 1, 2), {"source": source, "driving": driving})
    assert list(turn.losses) == ["photometric", "content", "identity"]
    assert torch.equal(asked[0][1], driving)
    assert torch.equal(asked[1][1], source)
    pose = method.networks.detect(driving)
    face = method.networks.encode(source, pose)
    assert torch.allclose(asked[1][0], method.networks.animate(face, Pose(pose.vector.flip(0))))


@pytest.mark.parametrize("changes", [{"size": 36}, {"content": "none", "identity": {"steps": 5}}])
def test_settings_that_cannot_be(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"halved|second stage"):
        X2FaceConfig.model_validate(TINY.model_dump() | changes)


def blob(height: float) -> Clip:
    """A soft spot that crosses the picture."""
    at = torch.stack((torch.linspace(-0.4, 0.4, 8), torch.full((8,), height)), -1)[:, None]
    pixels = (normal_gaussians(at, (32, 32), 0.05) * 255).byte().expand(-1, 3, -1, -1)
    return Clip(pixels.contiguous(), Timing.constant(8))


def test_it_learns_to_follow() -> None:
    torch.manual_seed(0)
    method = X2Face(TINY)
    data = method.prepare([blob(-0.3), blob(0.3)])
    batch = data.batch(method.stages()[0], torch.Generator().manual_seed(1), torch.device("cpu"))
    still = float(l1(batch["source"], batch["driving"]))
    train(method, data, None, device="cpu", precision="float32", preview_seconds=1e9)
    with torch.no_grad():
        (turn,) = method.train().turns(method.stages()[0], batch)
    assert float(turn.losses["photometric"]) < 0.9 * still, "better than leaving the source as it is"
