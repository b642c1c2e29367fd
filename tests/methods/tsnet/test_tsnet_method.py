from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny_tsnet import TINY, tiny
from torch import Tensor

from muybridge.errors import InputError, UsageError
from muybridge.landmarks import Landmarks, face_boxes, from_joints, label_indices, one_hot
from muybridge.method import Turn
from muybridge.method.landmark_performance import bring_to_subject
from muybridge.method.landmark_track import Track, into_box, out_of_box
from muybridge.methods.tsnet.augment import draw_placement, jitter_colours, turn_hue
from muybridge.methods.tsnet.config import SamplingConfig, TsnetConfig
from muybridge.methods.tsnet.data import TsnetData, draw_sample_frames
from muybridge.methods.tsnet.method import Tsnet
from muybridge.methods.tsnet.pictures import label_boxes, match_statistics, to_network, to_rgb
from muybridge.methods.tsnet.similarity import dense_grid
from muybridge.puppets import SceneClips, scene
from muybridge.video import Clip, Timing


class Features(torch.nn.Module):
    """Stands for VGG."""

    def __init__(self, of: Callable[[Tensor], list[Tensor]]) -> None:
        super().__init__()
        self.forward = of


STILL = {"window": 0, "mirror": 0.0, "brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dancers() -> SceneClips:
    return scene("dancers", frames=8, size=96)


@pytest.fixture(scope="module")
def marks(dancers: SceneClips) -> list[Landmarks]:
    return [from_joints(j, dancers.joint_names, (96, 96)) for j in (dancers.joints_a, dancers.joints_b)]


def turns_of(method: Tsnet, data: TsnetData, batch: int = 2) -> list[Turn]:
    stage = method.stages()[0]
    drawn = data.batch(type(stage)("train", 1, batch), torch.Generator().manual_seed(0), CPU)
    return list(method.turns(stage, drawn))


FULL = {"gan", "matching", "multiscale", "gan_face", "matching_face", "multiscale_face"}


@pytest.mark.parametrize(
    ("changes", "losses"),
    [
        ({}, FULL | {"transformation"}),
        ({"branches": "transformation"}, FULL | {"transformation"}),
        ({"branches": "transformation", "losses": {"transformation": 0.0}}, FULL),
        ({"branches": "synthesis"}, FULL),
        ({"combine": "matting"}, FULL | {"transformation"}),
        ({"sampling": {"cross": 0.5}}, FULL | {"transformation"}),
        ({"sampling": {"cross": 1.0}}, {"gan", "gan_face"}),
        ({"gradient": "always"}, FULL | {"transformation", "gradient"}),
        ({"losses": {"alignment": 1.0}}, FULL | {"transformation", "alignment"}),
        ({"face_critic": False}, {"gan", "matching", "multiscale", "transformation"}),
        ({"padded": True, "aspect": 0.5, "size": 64}, FULL | {"transformation"}),
    ],
)
def test_each_ablation_has_its_losses(
    dancers: SceneClips, marks: list[Landmarks], changes: dict[str, Any], losses: set[str]
) -> None:
    method = tiny(**changes)
    critics, generator = turns_of(method, method.prepare([dancers.a, dancers.b], landmarks=marks))
    assert (critics.group, generator.group) == ("critics", "generator")
    assert set(generator.losses) == losses
    assert set(critics.losses) == ({"d", "d_face"} if "gan_face" in losses else {"d"})
    generator.total.backward()
    missing = [n for n, p in method.named_parameters() if p.grad is None]
    assert missing == []


def test_a_face_has_two_labels_and_no_face_critic() -> None:
    method = tiny(kind="face68", sampling={"sources": 1})
    assert method.classes == 2
    assert not hasattr(method, "face_critic")
    batch = {
        "pictures": torch.rand(1, 2, 3, 32, 32),
        "labels": torch.randint(0, 2, (1, 2, 32, 32), dtype=torch.uint8),
        "boxes": torch.ones(1, 2, 1, 32, 32),
        "crossed": torch.zeros(1, dtype=torch.bool),
    }
    found = [turn.losses for turn in method.turns(method.stages()[0], batch)]
    assert "gradient" in found[1]
    assert set(found[0]) == {"d"}


def test_without_masks_every_cell_may_look_everywhere() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 2, 32, 4, 4, generator=generator)
    driving = one_hot(torch.randint(0, 25, (1, 32, 32), dtype=torch.uint8, generator=generator), 25)
    boxes, box = torch.zeros(1, 2, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    boxes[..., 1:3, :2], box[..., 2:, 1:] = 1, 1
    whole = torch.ones(1, 1, 4, 4)
    for aware in (True, False):
        method = tiny(mask_aware=aware).eval()
        with torch.no_grad():
            asked = method.mask_encoder(driving)
            made = method.draw(features, boxes, driving, box)
        assert made.grids is not None
        for k in range(2):
            around = (box, boxes[:, k]) if aware else (whole, whole)
            wanted = dense_grid(asked, features[:, k], *around, method.config.sharpness)
            torch.testing.assert_close(made.grids[:, k], wanted, rtol=1e-4, atol=1e-5)
            # The boxes make a difference here.
            plain = dense_grid(asked, features[:, k], whole, whole, method.config.sharpness)
            assert torch.allclose(wanted, plain) != aware


@pytest.mark.parametrize("sees", ["released", "imagenet"])
def test_what_vgg_is_shown(sees: str) -> None:
    rgb, shown = torch.rand(2, 2, 3, 32, 32), []

    def features(pictures: Tensor) -> list[Tensor]:
        shown.append(pictures)
        return [pictures] * 5

    method = tiny(vgg_sees=sees)
    method.vgg = [Features(features)]
    losses = method._perceptual(to_network(rgb[0]), to_network(rgb[1]))
    assert set(losses) == {"vgg"}
    # The target is looked at first.
    for found, picture in zip(shown, (rgb[1], rgb[0]), strict=True):
        mean, spread = (torch.tensor(x).view(1, 3, 1, 1) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        wanted = (picture - mean) / spread if sees == "imagenet" else to_network(picture)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(losses["vgg"], 47 / 32 * (shown[0] - shown[1]).abs().mean())


def test_transformation_loss_by_hand() -> None:
    # Grids that look where they stand leave the frames as they are, up to the half cell that the program is off by.
    method = tiny()
    frames = torch.zeros(1, 3, 3, 32, 32)
    frames[..., 16:] = 0.5
    frames[:, 2, ..., :16] = 0.5
    frames[:, 2, ..., 16:] = 0.0
    centres = (torch.arange(4) + 0.5) / 2 - 1
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    grids = torch.stack((x, y), -1).expand(1, 2, 4, 4, 2)
    # Both warped frames are the mirror image of the target: half a unit off everywhere, and there are two of them.
    torch.testing.assert_close(method._transformation(grids, frames), torch.tensor(1.0), atol=1e-4, rtol=0)


def test_landmarks_stay_on_the_subject(dancers: SceneClips, marks: list[Landmarks]) -> None:
    config = TsnetConfig.model_validate({**TINY, "size": 96})
    track = Track.from_clip(dancers.a, marks[0], config, "tsnet")
    for name, at in (("frame", marks[0].points), ("back", track.in_frame().points)):
        torch.testing.assert_close(at, marks[0].points, atol=1e-3, rtol=0, msg=name)
    seen = track.landmarks.points[track.landmarks.seen]
    assert float(seen.min()) > 0
    assert float(seen.max()) < 95
    # The hips lie on the ballerina, wherever she is.
    assert dancers.a.mattes is not None
    matte = dancers.a.mattes[:, 0].float() / 255
    hips = marks[0].points[:, 8].round().long()
    assert all(matte[t, y, x] > 0.5 for t, (x, y) in enumerate(hips.tolist()))


def test_pictures_and_labels_are_moved_together(dancers: SceneClips, marks: list[Landmarks]) -> None:
    moved = {**STILL, "scale": 0.2, "shift": 0.1, "mirror": 0.5, "sources": 3}
    config = TsnetConfig.model_validate({**TINY, "size": 96, "sampling": moved})
    silhouettes = dancers.a.mattes
    assert silhouettes is not None
    painted = type(dancers.a)(silhouettes.expand(-1, 3, -1, -1).contiguous(), dancers.a.timing)
    data = TsnetData.from_clips([painted], marks[:1], config)
    stage = type(tiny().stages()[0])("train", 1, 6)
    batch = data.batch(stage, torch.Generator().manual_seed(1), CPU)
    trunk = (batch["labels"] == 6)[:, :, None].expand(-1, -1, 3, -1, -1)
    assert bool(trunk.any())
    assert float(batch["pictures"][trunk].mean()) > 0.9
    inside = batch["boxes"][:, :, 0] > 0.5
    assert bool(inside[batch["labels"] > 0].all())
    assert float(inside.float().mean()) < 0.9


def test_boxes_turn_back(marks: list[Landmarks]) -> None:
    box = torch.tensor([40.0, 50.0, 30.0, 60.0])
    again = out_of_box(into_box(marks[0], box, (64, 32)), box, (64, 32))
    torch.testing.assert_close(again.points, marks[0].points, atol=1e-4, rtol=0)
    corner = Landmarks(torch.full((1, 25, 2), 24.5), torch.ones(1, 25), "body25")
    found = into_box(corner, torch.tensor([40.0, 50.0, 30.0, 60.0]), (60, 30)).points[0, 0]
    assert found.tolist() == pytest.approx([-0.5 + 0.0, 4.5], abs=1e-4)


@pytest.mark.parametrize("count", [2, 3, 4, 10, 40])
def test_sources_and_target_differ(count: int) -> None:
    for window in (0, 10):
        config = SamplingConfig(window=window)
        for seed in range(20):
            sources, target = draw_sample_frames(count, config, torch.Generator().manual_seed(seed))
            assert len(sources) == 3
            assert 0 <= target < count
            assert target not in sources.tolist()
            assert int(sources.min()) >= 0
            assert int(sources.max()) < count
            if window and count == 40:
                assert torch.equal(sources - sources[0], torch.tensor([0, 4, 8]))
                assert (target - int(sources[0])) % 4 == 0
                assert target > int(sources[-1])


def test_colours_change_and_stay_in_range() -> None:
    picture = torch.rand(2, 3, 8, 8)
    config = SamplingConfig()
    changed = jitter_colours(picture, config, torch.Generator().manual_seed(0))
    assert not torch.equal(changed, picture)
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1
    torch.testing.assert_close(turn_hue(picture, 0.0), picture, atol=1e-3, rtol=0)
    red = torch.zeros(1, 3, 1, 1)
    red[:, 0] = 0.5
    assert turn_hue(red, 1 / 3).argmax(1).item() != 0
    still = SamplingConfig.model_validate({**STILL, "scale": 0.0, "shift": 0.0})
    assert torch.equal(draw_placement(still, torch.Generator().manual_seed(0)), torch.eye(2, 3)[None])


def test_pictures_turn_back() -> None:
    rgb = torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(to_rgb(to_network(rgb)), rgb)
    like = torch.rand(1, 3, 6, 6)
    made = match_statistics(rgb, like)
    for found, wanted in zip(torch.std_mean(made, (2, 3)), torch.std_mean(like, (2, 3)), strict=True):
        torch.testing.assert_close(found, wanted)


def test_boxes_and_faces_of_labels() -> None:
    labels = torch.zeros(3, 256, 256, dtype=torch.uint8)
    labels[0, 100:111, 60:81] = 24
    labels[1, 50:61, 100:141] = 2
    boxes = label_boxes(labels, (16, 8))
    assert boxes[0, 0].nonzero().aminmax(dim=0).min.tolist() == [84, 52]
    assert boxes[0, 0].nonzero().aminmax(dim=0).max.tolist() == [125, 87]
    assert not bool(boxes[2].any())
    top, bottom, left, right = face_boxes(labels).T.tolist()
    assert [bottom[i] - top[i] for i in range(3)] == [50, 100, 64]
    assert (left[0] + right[0]) // 2 == 70
    assert (top[2], left[2]) == (32, 96)


def test_batches_of_another_subject(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny(sampling={**STILL, "scale": 0.0, "shift": 0.0, "cross": 0.5})
    data = method.prepare([dancers.a, dancers.b], landmarks=marks)
    batch = data.batch(type(method.stages()[0])("train", 1, 6), torch.Generator().manual_seed(0), CPU)
    # Those come first.
    assert batch["crossed"].tolist() == sorted(batch["crossed"].tolist(), reverse=True)
    assert 0 < int(batch["crossed"].sum()) < 6
    shades = [each.pixels.float().mean((0, 2, 3)) / 255 for each in data.tracks]

    def whose(picture: Tensor) -> int:
        return min((0, 1), key=lambda i: float((picture.mean((1, 2)) - shades[i]).abs().sum()))

    for sample, crossed in zip(batch["pictures"], batch["crossed"], strict=True):
        assert (whose(sample[0]) != whose(sample[-1])) == bool(crossed)


def test_a_small_share_of_a_small_batch_is_right_on_average(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny(sampling={"cross": 0.2})
    data = method.prepare([dancers.a, dancers.b], landmarks=marks)
    stage = type(method.stages()[0])("train", 1, 2)

    def batch(seed: int) -> dict[str, Tensor]:
        return data.batch(stage, torch.Generator().manual_seed(seed), CPU)

    share = sum(int(batch(seed)["crossed"].sum()) for seed in range(200)) / 400
    assert share == pytest.approx(0.2, abs=0.05)
    # A batch is its generator's, so that a training that goes on is the same bit for bit.
    assert all(torch.equal(x, batch(7)[name]) for name, x in batch(7).items())


def test_driving_by_another_video(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny().eval()
    data = method.prepare([dancers.a, dancers.b], landmarks=marks)
    other = dancers.b[:5]
    made = method.animate(data, other, "a", landmarks=marks[1][:5])
    assert made.size == (32, 32)
    shown = made.clip()
    assert len(shown) == 5
    assert shown.timing == other.timing
    by_number = method.animate(data, other, "1", landmarks=marks[1][:5]).clip()
    assert torch.equal(by_number.pixels, shown.pixels)
    clip = method.animate(None, other, dancers.a, landmarks=marks[1][:5], source_landmarks=marks[0]).clip()
    assert torch.equal(clip.pixels, shown.pixels)
    own = method.animate(data, None).clip()
    assert len(own) == 8
    fewer = method.animate(data, other, "b", landmarks=marks[1][:5], sources=1, seed=3).clip()
    assert not torch.equal(fewer.pixels, shown.pixels)


def test_frames_without_anybody_are_told(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny().eval()
    data = method.prepare([dancers.a], landmarks=marks[:1])
    trust = marks[1].confidence.clone()
    trust[7] = 0
    lost = Landmarks(marks[1].points, trust, "body25")
    made = method.animate(data, dancers.b, "a", landmarks=lost, smoothing=1)
    assert "1 driving frames" in made.notes[0]
    frames = made.clip().pixels
    assert torch.equal(frames[7], frames[6])
    with pytest.raises(InputError, match="nobody"):
        method.animate(data, dancers.b, "a", landmarks=Landmarks(marks[1].points, trust * 0, "body25"))


def test_wrong_use_gets_a_sentence(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny()
    with pytest.raises(InputError, match="missing for"):
        method.prepare([dancers.a, dancers.b], landmarks=[marks[0], None])
    with pytest.raises(InputError, match="8 frames"):
        method.prepare([dancers.a], landmarks=[marks[0][:5]])
    with pytest.raises(UsageError, match="face68"):
        tiny(kind="face68").prepare([dancers.a], landmarks=[marks[0]])
    with pytest.raises(UsageError, match="two videos"):
        tiny(sampling={"cross": 0.5}).prepare([dancers.a], landmarks=[marks[0]])
    data = method.prepare([dancers.a], landmarks=marks[:1])
    with pytest.raises(UsageError, match="no subject 'b'"):
        method.animate(data, dancers.b, "b", landmarks=marks[1])
    with pytest.raises(InputError, match="landmarks of the driving clip"):
        method.animate(data, dancers.b, "a")
    with pytest.raises(InputError, match="landmarks of the source clip"):
        method.animate(data, dancers.b, dancers.a, landmarks=marks[1])
    with pytest.raises(UsageError, match="one of its frames at least, not from 0"):
        method.animate(data, dancers.b, "a", landmarks=marks[1], sources=0)
    with pytest.raises(UsageError, match="odd window"):
        method.animate(data, dancers.b, "a", landmarks=marks[1], smoothing=2)
    with pytest.raises(UsageError, match="no subject of its own"):
        method.animate(None, dancers.b, landmarks=marks[1])


@pytest.mark.parametrize(
    "wrong", [{"size": 100}, {"aspect": 1.5, "padded": True}, {"combine": "matting", "branches": "synthesis"}]
)
def test_settings_that_contradict_each_other(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"size|crop|branches"):
        TsnetConfig.model_validate({**TINY, **wrong})


def test_a_few_steps_teach(dancers: SceneClips, marks: list[Landmarks]) -> None:
    method = tiny(sampling={**STILL, "scale": 0.0, "shift": 0.0}, width=8, face_critic=False)
    data = method.prepare([dancers.a], landmarks=marks[:1])
    stage = type(method.stages()[0])("train", 1, 2)
    optimiser = torch.optim.Adam(method.groups(stage)["generator"].parameters, 5e-3, (0.5, 0.999))
    seen = []
    for step in range(20):
        batch = data.batch(stage, torch.Generator().manual_seed(step), CPU)
        *_, turn = method.turns(stage, batch)
        optimiser.zero_grad()
        turn.total.backward()
        optimiser.step()
        seen.append(turn.losses["multiscale"].item())
    assert sum(seen[-5:]) < 0.8 * sum(seen[:5])


def test_labels_drawn_from_moved_landmarks_are_crisp(marks: list[Landmarks]) -> None:
    labels = label_indices(marks[0], (96, 96))
    assert set(labels.unique().tolist()) >= {0, 5, 6, 7, 8, 9, 10, 11, 12}


def test_a_face_drives_another() -> None:
    generator = torch.Generator().manual_seed(0)
    around = torch.linspace(0, 6.28, 69)[:68]
    oval = torch.stack((40 + 18 * around.cos(), 40 + 24 * around.sin()), -1)
    sway = torch.stack((torch.linspace(-3, 3, 6), torch.zeros(6)), -1)[:, None]
    subject = Landmarks(oval + sway, torch.ones(6, 68), "face68")
    larger = Landmarks(1.5 * (oval - 2 * sway) - 20, torch.ones(6, 68), "face68")
    clip = Clip(torch.randint(0, 255, (6, 3, 80, 80), dtype=torch.uint8, generator=generator), Timing.constant(6))
    method = tiny(kind="face68", margin=0.3).eval()
    data = method.prepare([clip], landmarks=[subject])
    made = method.animate(data, clip, landmarks=larger).clip()
    assert tuple(made.pixels.shape) == (6, 3, 32, 32)
    # The driving face is brought to the subject's size, unless told otherwise.
    own = data.tracks[0].landmarks.points
    for aligned, ratio in ((True, 1.0), (False, 1.5)):
        followed = bring_to_subject(larger, (80, 80), data.tracks[0], aligned).points
        heights = [(x[..., 1].amax() - x[..., 1].amin()).item() for x in (followed, own)]
        assert heights[0] / heights[1] == pytest.approx(ratio, rel=0.02)
