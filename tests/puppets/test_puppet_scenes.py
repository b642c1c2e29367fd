"""Scenes: the same seed the same bytes, silhouettes and joints that fit what is drawn, a truth that is true."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from muybridge.errors import OutputExistsError, UsageError
from muybridge.puppets import BUILDS, SCENES, SceneClips, draw, fit, scene, write_scene
from muybridge.puppets.draw import plates
from muybridge.video import read

CLIPS = ("a", "b", "ab", "ba", "ab_unaligned", "ba_unaligned")


@pytest.fixture(scope="module", params=list(SCENES))
def small(request: pytest.FixtureRequest) -> SceneClips:
    return scene(request.param, frames=3, size=64)


def test_every_scene_has_the_subjects_asked_for() -> None:
    assert {"cat", "horse", "giraffe", "dog", "flamingo", "ballerina", "lily", "elephant"} <= BUILDS.keys()
    used = {s.build for plan in SCENES.values() for s in (plan.a, plan.b)}
    assert used == set(BUILDS), "a build that no scene shows is never looked at"
    for plan in SCENES.values():
        assert BUILDS[plan.a.build].kind == BUILDS[plan.b.build].kind
        assert BUILDS[plan.a.build].joints == BUILDS[plan.b.build].joints


def test_shapes_and_ranges(small: SceneClips) -> None:
    for key in CLIPS:
        clip, joints = getattr(small, key), getattr(small, f"joints_{key}")
        assert clip.pixels.shape == (3, 3, 64, 64)
        assert clip.mattes.shape == (3, 1, 64, 64)
        assert joints.shape == (3, len(small.joint_names), 2)
        assert joints.abs().max() < 1


def test_silhouettes_fill_the_frame_and_stay_inside_it(small: SceneClips) -> None:
    for key in CLIPS:
        mattes = getattr(small, key).mattes
        edge = torch.cat([mattes[..., 0, :], mattes[..., -1, :], mattes[..., 0], mattes[..., -1]], -1)
        assert edge.max() == 0, f"{small.name} {key} touches the border"
        shown = mattes.amax((0, 1)) > 127
        span = max(shown.any(0).sum(), shown.any(1).sum()) / 64
        assert (0.35 if small.name == "rotated" else 0.55) <= span <= 0.95
        assert 0.03 < (mattes > 127).float().mean() < 0.6


def test_joints_lie_on_the_silhouette(small: SceneClips) -> None:
    for key in CLIPS:
        near = torch.nn.functional.max_pool2d(getattr(small, key).masks, 3, 1, 1)
        grid = getattr(small, f"joints_{key}")[:, :, None]
        hit = torch.nn.functional.grid_sample(near, grid, align_corners=True)[:, 0, :, 0]
        missed = [small.joint_names[j] for j in (hit < 0.5).any(0).nonzero()[:, 0]]
        assert not missed, f"{small.name} {key}: {missed}"


def test_both_subjects_move_and_differ(small: SceneClips) -> None:
    for key in ("a", "b", "ab", "ba"):
        pixels = getattr(small, key).pixels
        assert all(not torch.equal(x, y) for x, y in pairwise(pixels))
    assert not torch.equal(small.a.pixels, small.b.pixels)
    assert not torch.equal(small.a.pixels, small.ab.pixels)


@pytest.mark.parametrize("name", ["cat-horse", "dancers", "rotated", "facing"])
def test_truth_with_its_own_motion_is_the_clip_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SCENES[name]
    motion = plan.a.moves(2, 9)
    alone = type(plan)(name, plan.about, _fixed(plan.a, motion), _fixed(plan.b, motion))
    monkeypatch.setattr("muybridge.puppets.scenes.SCENES", {name: alone})
    same = scene(name, frames=2, size=32)
    assert torch.equal(same.ab.pixels, same.a.pixels)
    assert torch.equal(same.ba.mattes, same.b.mattes)
    assert torch.equal(same.joints_ab, same.joints_a)


def _fixed(subject, motion):
    return type(subject)(subject.build, lambda frames, seed: motion, subject.backdrop, subject.flip, subject.tilt)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_clip() -> None:
    first, again, other = (scene("cat-horse", frames=2, size=48, seed=s) for s in (3, 3, 4))
    for key in CLIPS:
        assert torch.equal(getattr(first, key).pixels, getattr(again, key).pixels)
        assert torch.equal(getattr(first, key).mattes, getattr(again, key).mattes)
        assert not torch.equal(getattr(first, key).mattes, getattr(other, key).mattes)


@pytest.mark.parametrize("name", ["cat-horse", "gif", "panning"])
def test_outside_the_silhouette_is_the_background(name: str) -> None:
    subject = SCENES[name].b
    build, motion = BUILDS[subject.build], subject.moves(2, 0)
    placement = fit(build, motion)
    drawn = draw(build, motion, 96, placement, subject.backdrop, seed=1)
    assert drawn.clip.mattes is not None
    behind = np.stack(plates(build, motion, 96, placement, subject.backdrop, 1)).transpose(0, 3, 1, 2)
    outside = (drawn.clip.mattes.numpy() == 0).repeat(3, 1)
    assert (drawn.clip.pixels.numpy()[outside] == behind[outside]).all()
    inside = (drawn.clip.mattes.numpy() == 255).repeat(3, 1)
    assert np.abs(drawn.clip.pixels.numpy()[inside] - behind[inside]).mean() > 20


def test_rotated_truth_without_the_affine_is_where_the_motion_giver_stands() -> None:
    s = scene("rotated", frames=2, size=64)
    assert not torch.equal(s.ab.pixels, s.ab_unaligned.pixels)
    assert s.ab_unaligned.masks.sum() < 0.75 * s.ab.masks.sum(), "the horse's scale is 0.78, its area 0.61"
    i, j = s.joint_names.index("rump"), s.joint_names.index("withers")

    def lean(joints: torch.Tensor) -> torch.Tensor:
        way = joints[:, j] - joints[:, i]
        return torch.atan2(way[:, 1], way[:, 0])

    torch.testing.assert_close(
        lean(s.joints_ab_unaligned) - lean(s.joints_ab), torch.full((2,), np.deg2rad(25.0)), atol=1e-3, rtol=0
    )


def test_facing_subjects_keep_their_own_way() -> None:
    s = scene("facing", frames=2, size=64)
    i, j = s.joint_names.index("rump"), s.joint_names.index("nose")
    for key, sign in (("a", 1), ("ab", 1), ("b", -1), ("ba", -1)):
        joints = getattr(s, f"joints_{key}")
        assert ((joints[:, j, 0] - joints[:, i, 0]) * sign > 0.3).all()


def test_the_loop_closes() -> None:
    plan = SCENES["gif"]
    for subject in (plan.a, plan.b):
        motion = subject.moves(41, 0)
        step = motion["near_fore_reach"]
        period = 41 if subject is plan.a else 41 / 2
        assert abs(np.fft.rfft(step - step.mean())).argmax() == round(41 / period)
    assert plan.frames == 40


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "unicorn"}, "no scene"),
        ({"name": "gif", "frames": 0}, "at least one frame"),
        ({"name": "gif", "size": 4}, "16 to 4096"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scene(**arguments)


def test_a_puppet_does_only_motions_of_its_kind() -> None:
    with pytest.raises(UsageError, match="cannot do the motion"):
        draw(BUILDS["cat"], SCENES["flowers"].a.moves(2, 0))
    with pytest.raises(UsageError, match="no backdrop"):
        draw(BUILDS["cat"], SCENES["dog-cat"].b.moves(2, 0), backdrop="moon")


def test_a_written_scene_reads_back(tmp_path) -> None:
    out = write_scene("rotated", tmp_path / "a b ü", frames=3, size=64)
    want = scene("rotated", frames=3, size=64)
    got = read(out / "truth_ab.mp4")
    assert got.pixels.shape == want.ab.pixels.shape
    assert (got.pixels.float() - want.ab.pixels.float()).abs().mean() < 8
    masks = read(out / "a_masks").pixels[:, :1]
    assert torch.equal(masks, want.a.mattes)
    told = json.loads((out / "joints.json").read_text())
    assert tuple(told["names"]) == want.joint_names
    torch.testing.assert_close(torch.tensor(told["truth_ba"]), want.joints_ba, atol=1e-4, rtol=0)
    assert (out / "truth_ab_unaligned.mp4").exists()
    with pytest.raises(OutputExistsError, match="exists already"):
        write_scene("rotated", out, frames=3, size=64)
    write_scene("facing", out, frames=2, size=48, force=True)
    assert len(read(out / "b.mp4")) == 2
    assert not (out / "truth_ab_unaligned.mp4").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["a b ü"], "nothing is left beside the result"
