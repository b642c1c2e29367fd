"""The pieces of a puppet against values known by hand: strips, bones, gaits, coats, backdrops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.puppets import BUILDS, Motion, Placement, fit
from muybridge.puppets.backdrop import KINDS, Backdrop, shade
from muybridge.puppets.bones import bend, way
from muybridge.puppets.build import Ribbon
from muybridge.puppets.dancer import BALLET, choreography
from muybridge.puppets.gaits import AMBLE, FOOTFALLS, TROT, WALK
from muybridge.puppets.motion import drift, still
from muybridge.puppets.paint import normalise_track
from muybridge.puppets.quadruped import JOINTS, LEGS
from muybridge.puppets.ribbon import Strip, cover


def _straight(half: float, caps: tuple[float, float] = (1.0, 1.0)) -> tuple[Strip, dict[str, np.ndarray]]:
    strip = Strip.cut(Ribbon(("a", "b"), ((0, half, half), (1, half, half)), "body", 0, caps=caps))
    return strip, {"a": np.array([[20.0, 32.0]]), "b": np.array([[44.0, 32.0]])}


def test_a_straight_strip_covers_a_bar_with_round_ends() -> None:
    strip, joints = _straight(6.0)
    centres, normals = strip.lay(joints)
    laid = cover(centres[0], normals[0], strip.up, strip.down, 64, 3.0)
    assert laid is not None
    area = np.clip(laid.inside + 0.5, 0, 1).sum()
    assert area == pytest.approx(24 * 12 + np.pi * 36, rel=0.01)
    tip = (laid.rows == 32) & (laid.columns == 47)
    assert laid.inside[tip] == pytest.approx([3.0], abs=0.1)
    above = (laid.rows == 29) & (laid.columns == 32)
    assert laid.across[above] == pytest.approx([0.5], abs=0.01), "up is to the left of the way from a to b"


def test_a_strip_passes_through_its_joints() -> None:
    strip = Strip.cut(Ribbon(("a", "b", "c"), ((0, 1, 1), (2, 2, 2)), "body", 0))
    joints = {name: np.array([at]) for name, at in (("a", [0.0, 0.0]), ("b", [3.0, 4.0]), ("c", [9.0, 2.0]))}
    centres, normals = strip.lay(joints)
    for i, name in enumerate("abc"):
        np.testing.assert_allclose(centres[0, np.isclose(strip.s, i)][0], joints[name][0], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-6)


def test_a_strip_outside_the_frame_covers_nothing() -> None:
    strip, joints = _straight(3.0)
    centres, normals = strip.lay({k: v + 500 for k, v in joints.items()})
    assert cover(centres[0], normals[0], strip.up, strip.down, 64, 2.0) is None


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.1, 1), st.floats(0.1, 1), st.floats(-np.pi, np.pi), st.floats(0.05, 1.9), st.sampled_from([-1.0, 1.0])
)
def test_two_bones_keep_their_lengths_and_reach_what_they_can(upper, lower, angle, far, side) -> None:
    start = np.zeros((1, 2))
    want = far * way(angle)
    joint, end = bend(start, want, upper, lower, side)
    assert np.linalg.norm(joint - start) == pytest.approx(upper, rel=1e-3)
    assert np.linalg.norm(end - joint) == pytest.approx(lower, rel=1e-3)
    if abs(upper - lower) * 1.05 < far < (upper + lower) * 0.99:
        np.testing.assert_allclose(end, want, atol=1e-6)
        across = want[0, 0] * joint[0, 1] - want[0, 1] * joint[0, 0]
        assert across * side <= 1e-6, "the joint bends to the side asked for"


@pytest.mark.parametrize("gait", [WALK, TROT, AMBLE])
def test_a_standing_foot_moves_with_the_ground(gait) -> None:
    motion = type(gait)(**{**vars(gait), "wander": 0.0}).motion(6 * int(gait.cycle))
    assert motion.speed == pytest.approx(np.full(len(motion), gait.stride / gait.duty / gait.cycle))
    for leg in FOOTFALLS[gait.falls]:
        stands = motion[f"{leg}_lift"] == 0
        assert stands.mean() == pytest.approx(gait.duty, abs=0.08)
        both = stands[1:] & stands[:-1] & (np.diff(motion[f"{leg}_reach"]) < 0)
        np.testing.assert_allclose(np.diff(motion[f"{leg}_reach"])[both], -motion.speed[:-1][both], rtol=0.02)


def test_gaits_differ_in_their_footfalls_and_seeds_in_their_course() -> None:
    assert not np.allclose(WALK.motion(30, 1)["near_fore_reach"], WALK.motion(30, 2)["near_fore_reach"])
    trot = TROT.motion(200, 3)
    pair = np.corrcoef(trot["near_hind_reach"], trot["far_fore_reach"])[0, 1]
    same = np.corrcoef(trot["near_hind_reach"], trot["near_fore_reach"])[0, 1]
    assert pair > 0.95 > -0.8 > same
    assert np.abs(drift(500, 4)).max() <= 1
    walk = WALK.motion(400, 5)
    table = np.stack([walk[k] for k in sorted(walk.channels)], 1)
    gaps = np.abs(table[:, None] - table[None]).max(-1) + np.eye(400)
    assert gaps.min() > 1e-3, "no moment comes back exactly"


@pytest.mark.parametrize("name", [n for n, b in BUILDS.items() if b.kind == "quadruped"])
def test_bones_keep_their_lengths_and_feet_stay_above_ground(name: str) -> None:
    build = BUILDS[name]
    assert build.joints == JOINTS
    for motion in (WALK.motion(40, 1), TROT.motion(40, 2)):
        tracks = build.solve(motion)
        for leg in LEGS:
            for start, end in (("top", "knee"), ("knee", "ankle"), ("ankle", "foot")):
                bone = np.linalg.norm(tracks[f"{leg}_{start}"] - tracks[f"{leg}_{end}"], axis=1)
                assert np.ptp(bone) < 1e-3 * bone.mean() + 1e-9
            assert tracks[f"{leg}_foot"][:, 1].max() < 0.03
            assert tracks[f"{leg}_foot"][:, 1].max() > -0.08


def test_a_motion_is_at_rest_where_nothing_is_said() -> None:
    motion = Motion("quadruped", {"neck": np.ones(3)}, np.zeros(3))
    assert (motion["tail"] == 0).all()
    assert len(motion) == 3
    rest = still("dancer", jump=0.5)
    assert rest["jump"].tolist() == [0.5]


def test_choreographies_come_from_their_poses() -> None:
    motion = choreography(BALLET, 300, 2)
    highest = max(p.get("left_arm", 0) for p in BALLET)
    assert motion["left_arm"].max() < highest * 1.1 + 0.06
    assert motion["left_arm"].max() > highest * 0.85
    assert (motion["jump"] >= 0).all()


@pytest.mark.parametrize("flip", [False, True])
def test_placements_mirror_and_measure(flip: bool) -> None:
    placed = Placement(0.25, (0.5, 0.75), flip=flip).apply({"p": np.array([[1.0, -1.0]])}, 101)["p"]
    np.testing.assert_allclose(placed, [[(0.25 if flip else 0.75) * 101 - 0.5, 0.5 * 101 - 0.5]])
    np.testing.assert_allclose(normalise_track(np.array([[0.0, 100.0], [50.0, 50.0]]), 101), [[-1, 1], [0, 0]])


def test_fitting_takes_every_motion_into_account() -> None:
    build = BUILDS["cat"]
    low, high = WALK.motion(10, 1), type(WALK)(tail=1.5, neck=0.5).motion(10, 1)
    assert fit(build, low, high).scale <= min(fit(build, low).scale, fit(build, high).scale) + 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_backdrops_are_the_same_each_time_and_scroll_by_what_is_asked(kind: str) -> None:
    one, two = Backdrop(kind, 48, 0.8, 3), Backdrop(kind, 48, 0.8, 3)
    assert (one.frame(1.5) == two.frame(1.5)).all()
    still_one, moved = one.frame(0.0), one.frame(6.0)
    assert still_one.shape == (48, 48, 3)
    assert still_one.min() >= 0
    if kind in ("white", "paper"):
        assert (still_one == moved).all()
    else:
        floor = slice(44, 48)
        np.testing.assert_allclose(moved[floor, :-6], still_one[floor, 6:], atol=1e-3)
        np.testing.assert_allclose(one.frame(3 * 48.0)[floor], still_one[floor], atol=1e-3)


def test_shadows_darken_and_stay_in_the_frame() -> None:
    picture = np.full((32, 32, 3), 200, np.float32)
    shade(picture, [(16.0, 28.0, 6.0, 0.6), (-40.0, 28.0, 6.0, 0.6), (16.0, 90.0, 6.0, 0.6)])
    assert picture[28, 16].max() < 170
    assert (picture[:20] == 200).all()
