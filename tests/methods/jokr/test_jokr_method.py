"""JOKR as a method: what its turns minimise, its ablations, what comes out. The golden file has the numbers."""

from typing import Any

import pytest
import torch
from tiny_draft import TINY
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from muybridge.data.pair import closest_side
from muybridge.data.reference_frames import carry_colours_on, trim_rim
from muybridge.errors import InputError, MissingSilhouettesError, UsageError
from muybridge.geometry import apply_affine, normal_gaussians
from muybridge.losses import temporal
from muybridge.method import Pose
from muybridge.methods.jokr.config import GeneratorConfig, JokrConfig
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.drawing import draw_side, reference_bank, render_poses
from muybridge.methods.jokr.editing import edit_keypoints
from muybridge.methods.jokr.method import Jokr
from muybridge.methods.jokr.model import HAZE
from muybridge.methods.jokr.networks import LearnedAffine
from muybridge.methods.jokr.presets import CARD
from muybridge.methods.jokr.reference_choice import pose_costs
from muybridge.methods.jokr.reporting import measure_quality
from muybridge.puppets import scene
from muybridge.video import Clip


@pytest.fixture(scope="module")
def clips() -> tuple[Clip, Clip]:
    drawn = scene("cat-horse", frames=4, size=64)
    return drawn.a, drawn.b


def made(clips: tuple[Clip, Clip], config: JokrConfig) -> tuple[Jokr, PairData]:
    torch.manual_seed(0)
    method = Jokr(config)
    data = method.prepare(clips)
    method.begin(method.stages()[0], data, torch.Generator())
    return method, data


@pytest.mark.parametrize("appearance", ["frames", "paint"])
def test_a_training_that_ended_before_its_colours_shows_mean_ones(clips: tuple[Clip, Clip], appearance: str) -> None:
    """R, which has learned nothing then, draws neon noise."""
    method, data = made(clips, TINY.model_copy(update={"appearance": appearance}))
    method.eval()
    for stage, plain in (("shape", True), ("texture", False)):
        method.recall(stage, data)
        frames = torch.stack(list(method.animate(data, None, "a", full_frame=False).frames))
        drawn = frames[:, :3].permute(1, 0, 2, 3)[:, frames[:, 3] > 200].float()
        assert (drawn.std(1).max() < 1) == plain
        (moved,) = method.draw_poses(data, [Pose("a", 0, {0: (0.1, 0.0)})])
        assert bool(moved.sources) == (appearance == "frames" and not plain), "no own frame is in mean colours"
        if plain:
            shown, masks = data.a.pictures()
            mean = 255 * shown.sum((0, 2, 3)) / masks.sum()
            assert torch.allclose(drawn.mean(1), mean, atol=1.5)


def first_turn(clips: tuple[Clip, Clip], config: JokrConfig, stage: int = 0) -> tuple[dict[str, float], list[str]]:
    method, data = made(clips, config)
    which = method.stages()[stage]
    batch = data.batch(which, torch.Generator().manual_seed(0), torch.device("cpu"))
    turns = list(method.turns(which, batch))
    return {name: float(value.detach()) for name, value in turns[0].losses.items()}, [turn.group for turn in turns]


def changed(**losses: float) -> JokrConfig:
    return TINY.model_copy(update={"losses": TINY.losses.model_copy(update=losses)})


def test_every_term_of_eq_10_then_the_discriminator(clips: tuple[Clip, Clip]) -> None:
    losses, groups = first_turn(clips, TINY)
    paper = {"seg", "dc", "tmp", "eq", "sep", "sill"}
    assert set(losses) == paper | {"cover", "align", "cyc"}
    assert groups == ["shape", "discriminator"]
    assert set(first_turn(clips, changed(cover=0.0, align=0.0, cyc=0.0))[0]) == paper


def test_the_papers_temporal_term_is_a_sum_over_keypoints(clips: tuple[Clip, Clip]) -> None:
    paper = CARD.presets["paper"]
    points = torch.zeros(2, paper.keypoints, 2)
    steps = 0.01 * torch.arange(1.0, paper.keypoints + 1)
    # In both frames keypoint l goes l hundredths, by 3 : 4: 0.01 + 0.02 + ... + 0.14.
    successors = (steps[:, None] * torch.tensor([0.6, 0.8])).expand(2, -1, 2)
    assert paper.losses.tmp * float(temporal(points, successors)) == pytest.approx(1.05)


def test_the_energy_distance_remembers_the_keypoints_of_earlier_steps(clips: tuple[Clip, Clip]) -> None:
    plain = TINY.augment.model_copy(update={"flat": 0.0})
    method, data = made(clips, TINY.model_copy(update={"memory": 6, "augment": plain}))
    stage = method.stages()[0]
    assert stage.batch == 4
    for step in range(2):
        batch = data.batch(stage, torch.Generator().manual_seed(step), torch.device("cpu"))
        before = method.seen_a.clone()
        found = method.find_keypoints(batch["frames_a"], batch["masks_a"])
        list(method.turns(stage, batch))
        places = [0, 1, 2, 3] if step == 0 else [4, 5, 0, 1]
        kept = [i for i in range(6) if i not in places]
        assert torch.equal(method.seen_a[kept], before[kept])
        torch.testing.assert_close(method.seen_a[places], found.detach())


def test_shapes_at_half_the_size_are_drawn_at_the_whole(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY)
    h, w = data.a.canvas
    assert method.shape_scale == 2
    assert method.shape_canvas == (h // 2, w // 2)
    assert method.render(torch.zeros(2, 5, 2), "a")[1].shape == (2, 1, h, w)


def test_reading_moves_the_detector_alone(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY)
    stage = method.stages()[1]
    moved = {id(p) for p in method.groups(stage)["detector"].parameters}
    assert moved == {id(p) for p in method.detector.parameters()}
    turn = list(method.turns(stage, data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu"))))[1]
    assert set(turn.losses) == {"seg", "read"}
    turn.total.backward(inputs=list(method.groups(stage)["detector"].parameters))
    assert any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in method.detector.parameters())


def test_a_look_at_a_training_with_the_programs_habits_changes_nothing(clips: tuple[Clip, Clip]) -> None:
    small = {"size": 64, "keypoints": 11, "discriminator_width": 16, "texture_loss": "weight-free"}
    generator = GeneratorConfig(width=8, blocks=1, upsampling="transposed", dropout=0.5)
    detector = CARD.presets["released"].detector.model_copy(update={"width": 4, "max_width": 16, "blocks": 2})
    sizes = small | {"detector": detector, "shapes": generator, "refiner": generator}
    method, data = made(clips, CARD.presets["released"].model_copy(update=sizes))
    stage = method.stages()[0]
    batch = data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu"))
    losses = next(iter(method.turns(stage, batch))).losses
    assert set(losses) == {"seg", "dc", "tmp", "eq", "sep", "sill"}
    before = {name: t.clone() for name, t in method.state_dict().items()}
    method.preview(data, stage)
    method.animate(data, None, "a").clip()
    assert all(torch.equal(t, before[name]) for name, t in method.state_dict().items())


@pytest.mark.parametrize("term", ["tmp", "eq"])
def test_an_ablated_term_is_not_even_computed(clips: tuple[Clip, Clip], term: str) -> None:
    losses, _ = first_turn(clips, changed(**{term: 0.0}))
    assert term not in losses


def test_texture_alone_and_with_critics(clips: tuple[Clip, Clip]) -> None:
    losses, groups = first_turn(clips, TINY, stage=1)
    assert set(losses) == {"l1", "multiscale", "ssim"}
    assert groups == ["texture", "detector"]
    assert first_turn(clips, changed(read=0.0), stage=1)[1] == ["texture"]
    losses, groups = first_turn(clips, changed(adversarial=1.0), stage=1)
    assert {"adversarial", "matching"} <= set(losses)
    assert groups == ["texture", "critic", "detector"]


def test_one_step_instead_of_two_draws_pictures(clips: tuple[Clip, Clip]) -> None:
    one = TINY.model_copy(update={"two_steps": False})
    method, data = made(clips, one)
    assert [stage.name for stage in method.stages()] == ["shape"]
    rgb, mask = method.render(torch.zeros(2, 5, 2), "a")
    assert rgb.shape == (2, 3, *data.a.canvas)
    assert mask.shape == (2, 1, *data.a.canvas)
    assert "seg" in first_turn(clips, one)[0]


def test_the_refiner_may_see_the_pose_too(clips: tuple[Clip, Clip]) -> None:
    points = torch.rand(2, TINY.keypoints, 2) - 0.5
    for seen, differs in (("silhouette", False), ("pose", True)):
        method, _ = made(clips, TINY.model_copy(update={"refiner_input": seen}))
        silhouettes = torch.ones(2, 1, *method.canvas)
        pictures = method.refine(silhouettes, points, "b")
        assert pictures.shape == (2, 3, *method.canvas)
        assert torch.allclose(pictures[0], pictures[1], atol=1e-6) is not differs
    assert set(first_turn(clips, TINY.model_copy(update={"refiner_input": "pose"}), stage=1)[1]) == {
        "texture",
        "detector",
    }


def test_without_the_affine_nothing_is_transferred(clips: tuple[Clip, Clip]) -> None:
    method, _ = made(clips, TINY.model_copy(update={"affine": False}))
    points = torch.rand(3, 5, 2)
    assert torch.equal(method.transfer(points, "b"), points)


def test_transfer_there_and_back(clips: tuple[Clip, Clip]) -> None:
    method, _ = made(clips, TINY)
    points = torch.rand(3, 5, 2) * 2 - 1
    there = method.transfer(points, "b")
    assert torch.allclose(there, apply_affine(method.affine(), points))
    assert torch.allclose(method.transfer(there, "a"), points, atol=1e-5)
    assert torch.equal(method.transfer(points, "b", use_affine=False), points)


def where_and_how_wide(frame: Tensor) -> tuple[float, float, float]:
    """Centre (x, y) and width of a silhouette uint8 [h, w], in normalised units."""
    rows, columns = (torch.linspace(-1, 1, side) for side in frame.shape)
    weight = frame.float() / frame.sum()
    x, y = (weight.sum(0) * columns).sum(), (weight.sum(1) * rows).sum()
    return float(x), float(y), float((weight.sum(0) * (columns - x).square()).sum().sqrt())


@pytest.mark.parametrize("source", ["a", "b"])
def test_with_t_the_result_lies_where_the_source_does_and_without_where_the_driving_subject_does(
    clips: tuple[Clip, Clip], source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A square of keypoints: A's lies to the left above and is half as wide as B's, and T is what takes B's there.
    square = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [0.0, 0.0]])
    lies = {"a": (-0.4, -0.3, 0.2), "b": (0.3, 0.2, 0.4)}
    points = {s: torch.tensor([x, y]) + half * square for s, (x, y, half) in lies.items()}
    method, data = made(clips, TINY.model_copy(update={"affine_pace": 1.0, "strays": 0.0}))
    with torch.no_grad():
        method.affine.matrix.copy_(torch.tensor([[[0.5, 0.0, -0.55], [0.0, 0.5, -0.4]]]))
    driving = "b" if source == "a" else "a"
    torch.testing.assert_close(method.transfer(points[driving][None], driving)[0], points[source])

    def drawn(where: Tensor) -> Tensor:
        """The silhouette is where the bumps are, for both subjects."""
        spots = (normal_gaussians(where, method.shape_canvas, 0.01).amax(1, keepdim=True) > 0.5).float()
        return spots.expand(-1, 2, -1, -1)

    monkeypatch.setattr(method, "draw_small_shapes", drawn)
    monkeypatch.setattr(method, "find_points", lambda pictures: points[driving].expand(len(pictures), -1, -1))
    for affine, whose in ((True, source), (False, driving)):
        mattes = method.animate(data, None, source, affine=affine, full_frame=False).clip().mattes
        x, y, spread = where_and_how_wide(mattes[0, 0])
        # A pixel of such a small crop is 0.04 wide.
        assert (x, y) == pytest.approx(lies[whose][:2], abs=0.05)
        # Four of five spots are half a side away from the middle.
        assert spread == pytest.approx(lies[whose][2] * 0.8**0.5, abs=0.04)


@pytest.mark.parametrize("pace", [1.0, 10.0])
def test_the_affine_learns_at_its_own_pace(pace: float) -> None:
    affine = LearnedAffine(0.05, pace)
    before = affine().detach().clone()
    assert 0.001 < (before - torch.eye(2, 3)).abs().mean() < 0.2
    optimiser = torch.optim.Adam(affine.parameters(), lr=1e-3)
    affine().sum().backward()
    optimiser.step()
    assert torch.allclose(before - affine(), torch.full((1, 2, 3), 1e-3 * pace), atol=1e-6)


def test_domain_confusion_warms_up(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, changed(dc=0.5, dc_warmup=10))
    stage = method.stages()[0]
    batch = data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu"))
    weights = [next(iter(method.turns(stage, batch))).weights["dc"] for _ in range(12)]
    assert weights[0] == 0
    assert weights[5] == pytest.approx(0.25)
    assert weights[11] == pytest.approx(0.5)


class NoValueAsked(TorchDispatchMode):
    """Refuses what makes a CPU wait for an accelerator: a tensor's value, or a size that depends on values."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default), func
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("stage", [0, 1])
def test_a_step_asks_the_device_for_no_value(clips: tuple[Clip, Clip], stage: int) -> None:
    method, data = made(clips, TINY)
    which = method.stages()[stage]
    batch = data.batch(which, torch.Generator().manual_seed(0), torch.device("cpu"))
    with NoValueAsked():
        for turn in method.turns(which, batch):
            torch.autograd.backward(turn.total, inputs=list(method.groups(which)[turn.group].parameters))
    with NoValueAsked(), pytest.raises(AssertionError):
        method.shape_steps.item()


def test_the_count_of_steps_comes_with_the_weights(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY)
    batch = data.batch(method.stages()[0], torch.Generator().manual_seed(0), torch.device("cpu"))
    for _ in range(3):
        list(method.turns(method.stages()[0], batch))
    again = Jokr(TINY)
    again.load_state_dict(method.state_dict())
    assert method.steps_of_shapes == int(method.shape_steps) == again.steps_of_shapes == 3


def test_batches_are_made_where_they_are_asked_for(clips: tuple[Clip, Clip]) -> None:
    _, data = made(clips, TINY)
    elsewhere = torch.device("meta")
    for stage in Jokr(TINY).stages():
        here, there = (data.batch(stage, torch.Generator().manual_seed(0), d) for d in (torch.device("cpu"), elsewhere))
        assert {name: t.shape for name, t in here.items()} == {name: t.shape for name, t in there.items()}
        assert all(t.device == elsewhere for t in there.values())
        assert all(t.device.type == "cpu" for t in here.values())
    # The bytes went there once, and the data's own stayed.
    assert set(data.there) == {("a", elsewhere), ("b", elsewhere)}
    kept = dict(data.there)
    data.batch(stage, torch.Generator().manual_seed(1), elsewhere)
    assert all(data.there[key] is subject for key, subject in kept.items())
    assert data.a.pixels.device.type == "cpu"


def test_keypoints_are_augmented_before_the_discriminator_only(clips: tuple[Clip, Clip]) -> None:
    where = TINY.augment.model_copy(update={"where": "keypoints", "share": 1.0})
    method, data = made(clips, TINY.model_copy(update={"augment": where}))
    stage = method.stages()[0]
    batch = data.batch(stage, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert {"maps_a", "maps_b"} <= set(batch)
    crops = data.a.pictures()[0]
    assert any(torch.allclose(batch["frames_a"][0], crop, atol=1e-6) for crop in crops)
    assert bool(torch.isfinite(next(iter(method.turns(stage, batch))).total))


def test_a_clip_without_silhouettes_is_refused(clips: tuple[Clip, Clip]) -> None:
    with pytest.raises(MissingSilhouettesError, match="no silhouettes"):
        Jokr(TINY).prepare([clips[0].with_masks(None), clips[1]])


def test_one_frame_is_refused(clips: tuple[Clip, Clip]) -> None:
    with pytest.raises(InputError, match="at least two"):
        Jokr(TINY).prepare([clips[0][:1], clips[1]])


def test_the_driving_clip_tells_whom_it_shows(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY)
    assert closest_side(data.a, data.b, clips[0][1:]) == "a"
    assert closest_side(data.a, data.b, clips[1][1:]) == "b"
    animation = method.animate(data, clips[1])
    assert animation.size == (clips[0].height, clips[0].width)
    assert "subject a is moved" in animation.notes[0]
    assert len(animation.clip()) == len(clips[1])


def test_a_flipped_subject_comes_out_flipped_back(clips: tuple[Clip, Clip]) -> None:
    method, _ = made(clips, TINY)
    plain = method.prepare(clips)
    mirrored = method.prepare((clips[0].mirror(), clips[1]), flip="a")
    assert (plain.a.pixels.float() - mirrored.a.pixels.float()).abs().max() <= 1
    one = method.animate(plain, None, "a").clip()
    two = method.animate(mirrored, None, "a").clip()
    assert (one.mirror().pixels.float() - two.pixels.float()).abs().mean() < 1


def test_edits_start_at_the_frame_itself(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY)
    way = edit_keypoints(method, data, "b", 1, {2: (0.3, 0.0)}, steps=3).clip()
    still = edit_keypoints(method, data, "b", 1, {2: (0.0, 0.0)}, steps=3).clip()
    assert torch.equal(way.pixels[0], still.pixels[0])
    assert not torch.equal(way.pixels[2], still.pixels[2])
    with pytest.raises(UsageError, match="0 to 4"):
        edit_keypoints(method, data, "b", 1, {9: (0.1, 0.0)})
    with pytest.raises(UsageError, match="frame 40"):
        edit_keypoints(method, data, "b", 40, {0: (0.1, 0.0)})


def test_what_stands_apart_is_not_drawn(clips: tuple[Clip, Clip]) -> None:
    method, _data = made(clips, TINY.model_copy(update={"strays": 0.1}))
    h, w = method.canvas
    silhouette = torch.zeros(1, 2, h, w)
    silhouette[..., h // 2 :, : w // 2] = 1
    silhouette[..., :3, -3:] = 1
    method.draw_shapes = lambda points: silhouette.expand(len(points), -1, -1, -1)  # type: ignore[method-assign]
    rgb, mask = draw_side(method, torch.zeros(3, TINY.keypoints, 2), "a")
    assert torch.equal(mask[:, :, h // 2 :], silhouette[:, :1, h // 2 :].expand(3, -1, -1, -1))
    assert float(mask[:, :, : h // 2].abs().max()) == 0
    assert float(rgb[:, :, : h // 2].abs().max()) == 0
    whole, _ = made(clips, TINY.model_copy(update={"strays": 0.0}))
    whole.draw_shapes = method.draw_shapes  # type: ignore[method-assign]
    assert float(draw_side(whole, torch.zeros(3, TINY.keypoints, 2), "a")[1][:, :, :3, -3:].min()) == 1


def test_haze_connects_nothing_in_a_result_of_own_frames(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY.model_copy(update={"strays": 0.1}))
    h, w = method.shape_canvas
    silhouette = torch.zeros(1, 2, h, w)
    silhouette[:, :, h // 2 :, : w // 2] = 1
    silhouette[:, :, h // 2 - 8 : h // 2, 2:4] = 0.4
    silhouette[:, :, h // 2 - 10 : h // 2 - 7, 1:5] = 1
    method.draw_small_shapes = lambda points: silhouette.expand(len(points), -1, -1, -1)  # type: ignore[method-assign]
    points = reference_bank(method, data, "a").points[:1]
    above = torch.stack(list(render_poses(method, data, "a", [points])))[:, 3]
    top = above[:, : above.shape[1] // 2 - above.shape[1] // 10]
    assert int(above.max()) == 255
    assert int(top.max()) < 128


def test_an_own_pose_is_that_of_its_own_frame(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY)
    bank = reference_bank(method, data, "b")
    assert float(pose_costs(bank.points, bank.planner(1).bank).diagonal().max()) == 0


def test_quality_has_a_figure_for_each_side(clips: tuple[Clip, Clip]) -> None:
    figures = measure_quality(*made(clips, TINY))
    named = ("iou", "cycle_iou", "cycle_points", "step", "sharpness", "edge_f")
    assert set(figures) == {f"{n}_{s}" for n in named for s in "ab"}
    assert all(0 <= figures[f"edge_f_{s}"] <= 1 for s in "ab")
    assert all(0 <= figures[f"iou_{s}"] <= 1 for s in "ab")


def test_colours_are_spread_beyond_the_silhouette() -> None:
    masks = torch.zeros(1, 1, 13, 20)
    masks[..., 3:10, 4:9] = 1.0
    masks[..., 5, 9:18] = 1.0  # a tail
    colours = torch.tensor([0.2, 0.4, 0.9])[:, None, None].expand(1, 3, 13, 20).clone()
    frames = colours * masks
    torch.testing.assert_close(carry_colours_on(frames, masks), colours)
    frames[..., 3:5, :] *= 0.5
    spread = carry_colours_on(frames, masks)
    assert torch.equal(spread * masks, frames)
    share = spread / colours
    assert float(share.min()) >= 0.5 - 1e-6
    assert float(share.max()) <= 1 + 1e-6
    assert float(share[0, :, 1, 5].max()) < float(share[0, :, 11, 5].min())


def test_a_rim_is_left_out_and_a_thin_tail_is_not() -> None:
    masks = torch.zeros(1, 1, 16, 24)
    masks[..., 4:12, 3:11] = 1.0
    masks[..., 7, 11:22] = 1.0
    kept = trim_rim(masks.expand(1, 3, 16, 24), masks, 1)
    assert torch.equal(kept[0], kept[1].expand(1, 3, 16, 24))
    assert kept[1][0, 0, 4:12, 3:11].sum() == 36
    assert bool((kept[1][0, 0, 7, 13:22] == 1).all())
    assert torch.equal(trim_rim(masks, masks, 0)[1], masks)


def test_what_is_painted_beyond_has_no_grey_at_a_soft_edge(clips: tuple[Clip, Clip]) -> None:
    method, data = made(clips, TINY.model_copy(update={"surround": "subject"}))
    points = torch.zeros(1, TINY.keypoints, 2)
    rgb, mask = method.render(points, "b")
    painted = (method.refine_at_own_size(mask, points, "b") + 1) / 2
    assert bool((mask > HAZE).any())
    assert torch.equal(rgb, painted.clamp(0, 1) * (mask > HAZE))
    assert rgb.shape[2:] == data.b.canvas


LEARNT = TINY.model_copy(update={"background": "learnt"})


def test_a_scene_is_learnt_where_the_frames_show_it() -> None:
    drawn = scene("dancers", frames=6, size=64)
    method, data = made((drawn.a, drawn.b), LEARNT)
    shape, texture = method.stages()
    assert not data.references
    assert data.a.canvas == (64, 64)
    method.begin(texture, data, torch.Generator())
    true = data.a.pixels.float() / 255
    assert torch.allclose((method.scene("a") + 1) / 2, true.mean(0), atol=1e-5)

    batch = data.batch(texture, torch.Generator().manual_seed(0), torch.device("cpu"))
    assert (batch["scenes_a"] * batch["masks_a"] - batch["frames_a"]).abs().max() < 1e-6, "frames stay where they are"
    assert "scenes_a" not in data.batch(shape, torch.Generator(), torch.device("cpu"))

    learners = method.groups(texture)["texture"].parameters
    assert any(p is method.get_parameter("scene_a") for p in learners)
    before = sum(float(v.detach()) for v in next(method.turns(texture, batch)).losses.values())
    optimiser = torch.optim.Adam(learners, lr=1e-3)
    for _ in range(30):
        optimiser.zero_grad()
        turn = next(method.turns(texture, batch))
        sum(turn.losses.values()).backward()
        optimiser.step()
    assert sum(float(v.detach()) for v in turn.losses.values()) < 0.7 * before


def test_a_result_in_its_learnt_scene_covers_the_whole_frame() -> None:
    drawn = scene("dancers", frames=4, size=96)
    method, data = made((drawn.a, drawn.b), LEARNT)
    method.begin(method.stages()[1], data, torch.Generator())
    method.eval()
    frames = torch.stack(list(method.animate(data, None, "a").frames))
    assert frames.shape == (4, 4, 96, 96)
    assert frames[:, 3].min() == 255
    assert method.draws_scene("a")
    method.recall("shape", data)
    assert not method.draws_scene("a")
    assert next(iter(method.animate(data, None, "a").frames))[3].min() < 255, "before R has learnt, silhouettes alone"


def test_a_scene_needs_the_two_steps() -> None:
    with pytest.raises(ValueError, match="two steps"):
        JokrConfig(background="learnt", two_steps=False)
