"""Monkey-Net's losses, ablations, transfer, streaming and image to video."""

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import InputError, UsageError
from muybridge.method import Batch
from muybridge.methods.monkeynet.config import MonkeyNetConfig
from muybridge.methods.monkeynet.embedding import Keypoints, aligned_sources, displacements, draw_keypoint_maps, heat
from muybridge.methods.monkeynet.method import MonkeyNet
from muybridge.methods.monkeynet.prediction import keypoints_of, numbers_of
from muybridge.methods.monkeynet.transfer import movement_scale, transfer
from muybridge.video import Clip, Timing

SMALL = {"width": 4, "max_width": 16, "blocks": 2}
STAGE = {"steps": 2, "batch": 2, "lr": 1e-3}
TINY: dict[str, Any] = {
    "size": 32,
    "keypoints": 3,
    "detector": SMALL,
    "motion": SMALL,
    "generator": SMALL | {"refinements": 1},
    "critic": SMALL,
    "losses": {"matching": (10, 10, 10)},
    "learn": STAGE,
    "prediction": STAGE | {"hidden": 8, "frames": 4},
}


def made(**changes: Any) -> MonkeyNet:
    """A tiny one, whose keypoints differ from picture to picture and whose flow moves something."""
    config = {
        name: (value | changes.pop(name) if isinstance(value, dict) and isinstance(changes.get(name), dict) else value)
        for name, value in TINY.items()
    }
    torch.manual_seed(0)
    method = MonkeyNet(MonkeyNetConfig.model_validate(config | changes))
    torch.nn.init.normal_(method.detector.head.weight, std=1.0)
    if method.generator.motion is not None:
        torch.nn.init.normal_(method.generator.motion.head.weight, std=0.2)
    return method


def pairs(count: int = 2, size: int = 32) -> Batch:
    generator = torch.Generator().manual_seed(1)
    return {name: torch.rand(count, 3, size, size, generator=generator) for name in ("source", "driving")}


def clip(frames: int = 5, height: int = 40, width: int = 56, seed: int = 2) -> Clip:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (frames, 3, height, width), generator=generator, dtype=torch.uint8)
    return Clip(pixels, Timing.constant(frames, 12))


def some_keypoints(count: int = 2, k: int = 3, seed: int = 0) -> Keypoints:
    generator = torch.Generator().manual_seed(seed)
    factor = 0.1 * torch.randn(count, k, 2, 2, generator=generator)
    covariances = factor @ factor.transpose(-1, -2) + 0.01 * torch.eye(2)
    return Keypoints(torch.rand(count, k, 2, generator=generator) - 0.5, covariances)


def test_losses_are_the_published_ones() -> None:
    method = made(losses={"matching": (10, 7, 3), "deformed": 2.0}).train()
    batch = pairs()
    _, driving, picture = method.reconstruction(batch["source"], batch["driving"])
    losses = method.generator_losses(batch["driving"], driving, picture)
    maps = draw_keypoint_maps(driving, (32, 32), method.config.critic.bumps)
    real = method.critic(torch.cat((batch["driving"], maps), 1))
    fake = method.critic(torch.cat((picture.picture, maps), 1))
    wanted = {
        "gan": (1 - fake[-1]).square().mean(),
        "matching 0": (picture.picture - batch["driving"]).abs().mean(),
        "matching 1": (fake[0] - real[0]).abs().mean(),
        "matching 2": (fake[1] - real[1]).abs().mean(),
        "deformed": (picture.deformed - batch["driving"]).abs().mean(),
    }
    assert losses.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(losses[name], value)
    turns = list(method.turns(method.stages()[0], batch))
    assert [t.group for t in turns] == ["networks", "critic"]
    weighted = 10 * wanted["matching 0"] + 7 * wanted["matching 1"] + 3 * wanted["matching 2"] + 2 * wanted["deformed"]
    torch.testing.assert_close(turns[0].total, wanted["gan"] + weighted)
    both = (1 - real[-1]).square().mean() + fake[-1].square().mean()
    torch.testing.assert_close(turns[1].total, both)


def test_the_critic_may_learn_at_a_rate_of_its_own() -> None:
    learn = made().stages()[0]
    assert {name: group.lr for name, group in made().groups(learn).items()} == {"networks": 1e-3, "critic": 1e-3}
    slower = made(critic={"lr": 2e-4}).groups(learn)
    assert {name: group.lr for name, group in slower.items()} == {"networks": 1e-3, "critic": 2e-4}


@pytest.mark.parametrize("through", [False, True])
def test_the_critic_teaches_keypoints_only_where_it_may(through: bool) -> None:
    method = made(losses={"through_keypoints": through})
    points = some_keypoints()
    means = points.means.requires_grad_()
    picture = method.generator(method.generator.levels(pairs()["source"]), points.detach(), points.detach())
    losses = method.generator_losses(pairs()["driving"], Keypoints(means, points.covariances), picture)
    assert losses["gan"].requires_grad
    gradient = torch.autograd.grad(sum(losses.values()), means, allow_unused=True)[0]
    assert (gradient is not None) == through


def test_without_flow_nothing_is_warped() -> None:
    method = made(motion={"flow": False})
    batch = pairs()
    _, _, picture = method.reconstruction(batch["source"], batch["driving"])
    assert picture.motion is None
    assert torch.equal(picture.deformed, batch["source"])


def test_without_masks_or_residual_the_flow_is_the_rest() -> None:
    batch = pairs()
    coarse = made(motion={"residual": False}).reconstruction(batch["source"], batch["driving"])[2].motion
    assert coarse is not None
    assert coarse.residual is None
    torch.testing.assert_close(coarse.masks.sum(1), torch.ones(2, 32, 32))
    fine = made(motion={"coarse": False}).reconstruction(batch["source"], batch["driving"])[2].motion
    assert fine is not None
    assert fine.masks is None
    still = fine.flow - fine.residual.permute(0, 2, 3, 1)
    torch.testing.assert_close(still[0, 0, 0], torch.tensor([-1.0, -1.0]))
    torch.testing.assert_close(still[1, -1, 0], torch.tensor([-1.0, 1.0]))


TABLE_2: dict[str, dict[str, Any]] = {
    "no deformation": {"motion": {"flow": False}},
    "no residual": {"motion": {"residual": False}},
    "no coarse": {"motion": {"coarse": False}},
    "fixed covariance": {"detector": {"covariance": 0.01}},
    "no source": {"motion": {"source": False}},
    "full": {},
}


@pytest.mark.parametrize("row", TABLE_2)
def test_every_row_of_table_2_learns_with_all_that_it_has(row: str) -> None:
    """Gradients reach every weight and are finite, in both stages; and the run then animates."""
    method = made(**TABLE_2[row]).train()
    data = method.prepare([clip(), clip(seed=3)])
    for stage in method.stages():
        batch = data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu"))
        for turn in method.turns(stage, batch):
            moved = list(method.groups(stage)[turn.group].parameters)
            found = torch.autograd.grad(turn.total, moved, retain_graph=True)
            assert all(bool(g.isfinite().all()) for g in found)
            assert any(bool(g.any()) for g in found)
    assert len(method.eval().animate(None, clip(3), clip(1)).clip()) == 3


@pytest.mark.parametrize("source", [True, False])
def test_the_motion_network_sees_the_source_only_where_it_may(source: bool) -> None:
    method = made(motion={"source": source}).eval()
    a, b = some_keypoints(seed=1), some_keypoints(seed=2)
    one, other = pairs()["source"], pairs()["driving"]
    flows = [method.generator.motion(x, a, b).flow for x in (one, other)]
    assert torch.equal(*flows) != source


def test_a_fixed_covariance() -> None:
    found = made(detector={"covariance": 0.01}).detector(pairs()["source"]).keypoints
    assert torch.equal(found.covariances, (0.01 * torch.eye(2)).expand(2, 3, 2, 2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"losses": {"matching": (1.0, 2.0)}},
        {"motion": {"coarse": False, "residual": False}},
        {"motion": {"heat": False, "source": False}},
        {"detector": {"covariance": -1.0}},
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**wrong)


def test_a_fresh_flow_is_the_identity() -> None:
    torch.manual_seed(0)
    method = MonkeyNet(MonkeyNetConfig.model_validate(TINY))
    points = some_keypoints()
    batch = pairs()
    picture = method.generator(method.generator.levels(batch["source"]), points, points)
    torch.testing.assert_close(picture.deformed, batch["source"], atol=1e-4, rtol=0)
    share = math.exp(2) / (math.exp(2) + 3)
    torch.testing.assert_close(picture.motion.masks[:, 0], torch.full((2, 32, 32), share))


@pytest.mark.parametrize("size", [32, 40])
def test_a_fresh_flow_of_half_the_size_is_the_identity_where_corners_are_aligned(size: int) -> None:
    def away(resampling: str) -> float:
        torch.manual_seed(0)
        changes = {"size": size, "generator": TINY["generator"] | {"resampling": resampling}}
        half = {"motion": SMALL | {"bumps": {"scale": 0.5}}}
        method = MonkeyNet(MonkeyNetConfig.model_validate(TINY | changes | half))
        source, points = pairs(size=size)["source"], some_keypoints()
        drawing = method.generator(method.generator.levels(source), points, points)
        assert drawing.motion is not None
        assert drawing.motion.flow.shape == (2, size // 2, size // 2, 2)
        return (drawing.deformed - source).abs().max().item()

    assert away("aligned") < 1e-4
    assert away("bilinear") > 0.1, "as in the released program"


def test_a_picture_in_bfloat16_has_more_than_eight_bits() -> None:
    method = made()
    torch.nn.init.constant_(method.generator.out.bias, 2.0)
    batch = pairs()
    with torch.autocast("cpu", torch.bfloat16):
        picture = method.reconstruction(batch["source"], batch["driving"])[2].picture
    assert picture.dtype == torch.float32
    assert (picture[picture > 0.5] * 256 % 1 != 0).any()


def test_sources_are_aligned_with_the_driving_keypoints() -> None:
    source = Keypoints(torch.tensor([[[-0.5, 0.0]]]), 0.01 * torch.eye(2)[None, None])
    driving = Keypoints(torch.tensor([[[0.5, 0.25]]]), source.covariances)
    picture = torch.zeros(1, 3, 33, 33)
    picture[:, :, 16, 8] = 1  # at the source's keypoint
    moved = displacements(source, driving, background=True)
    shown = aligned_sources(picture, moved)
    assert torch.equal(shown[:, 0], picture)
    assert shown[0, 1, 0].flatten().argmax() == 20 * 33 + 24
    bumps = MonkeyNetConfig().generator.bumps.model_copy(update={"alpha": 1.0})
    difference = heat(source, driving, (33, 33), bumps)[0, 0]
    assert difference.flatten().argmax() == 20 * 33 + 24
    assert difference.flatten().argmin() == 16 * 33 + 8


def test_relative_transfer() -> None:
    source, driving = some_keypoints(1, seed=1), some_keypoints(4, seed=2)
    first = driving.at(slice(1))
    moved = transfer(source, driving, first)
    torch.testing.assert_close(moved.means[:1], source.means)
    torch.testing.assert_close(moved.means[2] - moved.means[1], driving.means[2] - driving.means[1])
    assert torch.equal(moved.covariances, driving.covariances)
    twice = transfer(source, driving, first, scale=2.0)
    torch.testing.assert_close(twice.means - source.means, 2 * (moved.means - source.means))
    adapted = transfer(source, driving, first, adapt_covariances=True).covariances
    torch.testing.assert_close(adapted[:1], source.covariances, rtol=1e-4, atol=1e-5)
    assert (torch.linalg.eigvalsh(adapted) > 0).all()
    assert transfer(source, driving, first, relative=False) is driving
    far = Keypoints(driving.means * 9, driving.covariances)
    assert transfer(source, far, first, inside=True).means.abs().max() == 1


def test_the_scale_of_a_movement() -> None:
    square = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    cov = torch.eye(2).expand(1, 4, 2, 2)
    assert movement_scale(Keypoints(3 * square, cov), Keypoints(square, cov)) == pytest.approx(3)
    line = square[..., :1].expand(-1, -1, 2)
    for a, b in ((square, line), (line, square), (square, 0 * square), (square[:, :2], square[:, 1:3])):
        assert movement_scale(Keypoints(a, cov), Keypoints(b, cov)) == 1


def test_streamed_frames_are_those_of_the_animation() -> None:
    method, driving, source = made(), clip(), clip(1, 48, 30)
    whole = method.animate(None, driving, source, precision="float32")
    assert whole.size == (48, 30)
    assert whole.timing == driving.timing
    wanted = whole.clip().pixels
    taken = 0

    def frames():
        nonlocal taken
        for frame in driving.pixels:
            taken += 1
            yield frame

    streamed = method.stream(frames(), source, batch=2, precision="float32")
    first = next(streamed)
    assert taken == 2
    got = torch.stack([first, *streamed])
    assert got.shape == (5, 4, 48, 30)
    assert bool((got[:, 3] == 255).all())
    assert int((got[:, :3].int() - wanted.int()).abs().max()) <= 1


def test_modes_and_references() -> None:
    method, driving, source = made(), clip(), clip(1, seed=3)
    relative = method.animate(None, driving, source, mode="relative").clip().pixels
    assert torch.equal(relative, method.animate(None, driving, source).clip().pixels)
    standard = method.animate(None, driving, source, mode="standard").clip().pixels
    assert not torch.equal(relative, standard)
    assert torch.equal(standard, made(relative=False).animate(None, driving, source).clip().pixels)
    index = method.nearest_frame(driving, driving[3:])
    assert index == 3
    options = {"mode": "relative", "reference": driving.pixels[3], "precision": "float32"}
    from_there = method.animate(None, driving, driving[3:], **options).clip()
    own = method.reconstruct(driving[3:]).clip()
    assert int((from_there.pixels[3].int() - own.pixels[0].int()).abs().max()) <= 1
    for changed in ({"scale": True}, {"adapt_covariances": True}):
        made_so = method.animate(None, driving, source, mode="relative", **changed)
        assert not torch.equal(relative, made_so.clip().pixels)
    for wrong in ({"mode": "sideways"}, {"batch": 0}):
        with pytest.raises(UsageError):
            method.animate(None, driving, source, **wrong).clip()
    for driven, shown in ((None, source), (driving, None), (driving, "a")):
        with pytest.raises(UsageError):
            method.animate(None, driven, shown)


@pytest.mark.parametrize("flow", [True, False])
def test_bfloat16_is_taken_where_it_is_good_enough(flow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muybridge.picture_animator.computes_bfloat16", lambda device: True)
    method, driving, source = made(motion={"flow": flow}), clip(), clip(1, seed=3)
    plain = method.animate(None, driving, source, precision="float32").clip().frames
    taken = method.animate(None, driving, source).clip().frames
    assert not torch.equal(plain, taken)
    assert (plain - taken).square().mean() < 1e-4
    monkeypatch.setattr("muybridge.picture_animator.is_good_enough", lambda result, plain: False)
    assert torch.equal(method.animate(None, driving, source).clip().frames, plain)


def test_a_reconstruction_is_not_resampled() -> None:
    method = made()
    small = clip(3, 32, 32)
    got = method.reconstruct(small).clip().frames
    with torch.no_grad():
        points = method.eval().detector(small.frames).keypoints
        levels = method.generator.levels(small.frames[:1])
        want = method.generator(levels, points.at(slice(1)), points).picture
    torch.testing.assert_close(got, want, atol=0.5 / 255 + 1e-4, rtol=0)


@pytest.mark.parametrize("covariances", [False, True])
def test_keypoints_as_numbers(covariances: bool) -> None:
    points = some_keypoints(4)
    rows = numbers_of(points, covariances)
    assert rows.shape == (4, 15 if covariances else 6)
    back = keypoints_of(rows, points.at(slice(1)), covariances)
    torch.testing.assert_close(back.means, points.means)
    wanted = points.covariances if covariances else points.covariances[:1].expand(4, -1, -1, -1)
    torch.testing.assert_close(back.covariances, wanted)


@pytest.mark.parametrize("covariances", [False, True])
def test_image_to_video(covariances: bool) -> None:
    method = made(prediction={"covariances": covariances})
    source = clip(3)
    told = method.predict(None, source, 6)
    assert (len(told.timing), told.size, told.timing.rate) == (6, (40, 56), 12)
    pixels = told.clip().pixels
    first = method.reconstruct(source[:1]).clip().frames[0]
    assert (told_first := pixels[0].float() / 255).shape == first.shape
    assert (told_first - first).square().mean() < 1e-4
    draws = [method.predict(None, source, 6, torch.Generator().manual_seed(s)).clip().pixels for s in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_the_gru_learns_a_swing() -> None:
    """Keypoints that go round: what L1 over the whole sequence must be able to learn."""
    torch.manual_seed(0)
    gru = made(prediction={"hidden": 16}).gru
    assert gru is not None
    angles = torch.linspace(0, 6.28, 9)[:8]
    swing = torch.stack([torch.stack(((a + 0.4 * torch.arange(6)).cos(), (a + 0.4 * torch.arange(6)).sin()), -1)
                         for a in angles]).repeat(1, 1, 3)  # fmt: skip
    optimiser = torch.optim.Adam(gru.parameters(), 1e-2)

    def loss() -> Tensor:
        return (gru(swing[:, 0], 6) - swing).abs().mean()

    before = loss().item()
    for _ in range(40):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    assert loss().item() < before / 3


def test_a_run_without_prediction() -> None:
    method = made(prediction={"steps": 0})
    assert [s.name for s in method.stages()] == ["learn"]
    with pytest.raises(UsageError, match="image to video"):
        method.predict(None, clip())
    with pytest.raises(UsageError, match="at least one"):
        made().predict(None, clip(), 0)
    with pytest.raises(InputError):
        method.prepare([])


def test_sequences_keep_their_direction_and_pairs_may_not() -> None:
    brighter = torch.arange(0, 240, 30, dtype=torch.uint8)[:, None, None, None].expand(8, 3, 32, 32).contiguous()
    method = made(augment={"time_flip": 1.0, "hue": 0.1})
    data = method.prepare([Clip(brighter, Timing.constant(8))] * 2)
    learn, prediction = method.stages()
    for seed in range(4):
        batch = data.batch(prediction, torch.Generator().manual_seed(seed), torch.device("cpu"))
        light = batch["frames"].mean((2, 3, 4))
        assert light.shape == (2, 4)
        assert bool((light.diff(dim=1) > 0).all())
        pair = data.batch(learn, torch.Generator().manual_seed(seed), torch.device("cpu"))
        assert bool((pair["source"].mean((1, 2, 3)) >= pair["driving"].mean((1, 2, 3))).all())
