import pytest
import torch

from muybridge.errors import InputError
from muybridge.landmarks import Landmarks, colour_labels, count_labels, label_indices, label_maps
from muybridge.landmarks.layout import BODY25, CONTOURS, LIMBS


def body(count: int = 25) -> Landmarks:
    """Points on a grid of their own, all seen."""
    at = torch.stack([20 + 12.0 * (torch.arange(count) % 16), 20 + 12.0 * (torch.arange(count) // 16)], -1)
    return Landmarks(at[None], torch.ones(1, count), "body25")


def only(landmarks: Landmarks, *rows: int) -> Landmarks:
    trust = torch.zeros_like(landmarks.confidence)
    trust[:, list(rows)] = 1
    return Landmarks(landmarks.points, trust, landmarks.kind)


def test_every_limb_has_the_label_of_its_part() -> None:
    parts = {1: "ear", 5: "neck", 6: "hip", 9: "right_wrist", 12: "left_wrist", 15: "right", 18: "left"}
    for a, b, label in LIMBS:
        drawn = label_indices(only(body(), a, b), (256, 256))
        labels = {x for x, y, n in LIMBS if {x, y} == {a, b} for x in (0, n)}
        assert set(drawn.unique().tolist()) == labels
        if label in parts:
            assert any(parts[label] in BODY25[i] for i in (a, b))


PARTS = {
    1: "right_ear right_eye",
    2: "right_eye nose",
    3: "nose left_eye",
    4: "left_eye left_ear",
    5: "nose neck",
    6: "neck mid_hip",
    7: "neck right_shoulder",
    8: "right_shoulder right_elbow",
    9: "right_elbow right_wrist",
    10: "neck left_shoulder",
    11: "left_shoulder left_elbow",
    12: "left_elbow left_wrist",
    13: "mid_hip right_hip",
    14: "right_hip right_knee",
    15: "right_knee right_ankle",
    16: "mid_hip left_hip",
    17: "left_hip left_knee",
    18: "left_knee left_ankle",
}
"""As the released weights were trained (docs/methods/tsnet.md):
head 1-4, trunk 5-6, arms 7-9, 10-12, legs 13-15, 16-18."""


@pytest.mark.parametrize("label", PARTS)
def test_the_released_weights_know_each_limb_by_its_number(label: int) -> None:
    ends = [BODY25.index(name) for name in PARTS[label].split()]
    assert set(label_indices(only(body(), *ends), (256, 256)).unique().tolist()) == {0, label}


@pytest.mark.parametrize("finger", range(5))
@pytest.mark.parametrize("wrist", [25, 46])
def test_fingers_are_numbered_from_the_thumb(finger: int, wrist: int) -> None:
    points = [wrist, *range(wrist + 1 + 4 * finger, wrist + 5 + 4 * finger)]
    assert set(label_indices(only(body(137), *points), (256, 256)).unique().tolist()) == {0, 19 + finger}


def test_a_limb_is_three_pixels_wide_at_256_and_grows_with_the_picture() -> None:
    points = torch.zeros(1, 25, 2)
    points[0, 1], points[0, 8] = torch.tensor([40.0, 20.0]), torch.tensor([40.0, 60.0])
    trunk = only(Landmarks(points, torch.ones(1, 25), "body25"), 1, 8)
    small = label_indices(trunk, (256, 128))[0]
    assert small[40].nonzero().flatten().tolist() == [39, 40, 41]
    assert set(small.unique().tolist()) == {0, 6}
    large = label_indices(trunk.transform(2), (512, 256))[0]
    assert int((large[80] == 6).sum()) == 6


def test_hands_and_face_lie_over_the_body() -> None:
    whole = body(137)
    labels = set(label_indices(whole, (256, 256)).unique().tolist())
    assert {19, 20, 21, 22, 23, 24} <= labels
    points = whole.points.clone()
    points[0, 0], points[0, 1] = torch.tensor([50.0, 100.0]), torch.tensor([150.0, 100.0])
    points[0, 67:84] = torch.stack([torch.full((17,), 100.0), torch.linspace(80, 120, 17)], -1)
    drawn = label_indices(only(Landmarks(points, whole.confidence, "body25"), 0, 1, *range(67, 84)), (256, 256))[0]
    assert drawn[100, 100] == 24
    assert drawn[100, 90] == 5


def test_what_is_not_sure_is_not_drawn() -> None:
    whole = body(137)
    trust = torch.full((1, 137), 0.3)
    labels = set(label_indices(Landmarks(whole.points, trust, "body25"), (256, 256)).unique().tolist())
    assert 24 not in labels
    assert {6, 19} <= labels
    none = Landmarks(whole.points, 0 * trust, "body25")
    assert not label_indices(none, (256, 256)).any()
    assert not none.present.any()


def test_a_face_is_its_lines() -> None:
    angle = torch.linspace(0, 6, 68)
    points = torch.stack([64 + 40 * angle.cos(), 64 + 40 * angle.sin()], -1)[None]
    face = Landmarks(points, torch.ones(1, 68), "face68")
    drawn = label_indices(face, (128, 128))[0]
    assert count_labels("face68") == 2
    assert set(drawn.unique().tolist()) == {0, 1}
    for contour in CONTOURS:
        for i in contour:
            x, y = points[0, i].round().int().tolist()
            assert drawn[y - 1 : y + 2, x - 1 : x + 2].any()


def test_label_maps_are_one_hot_of_the_indices() -> None:
    whole = body(137)
    maps = label_maps(whole, (64, 80))
    assert maps.shape == (1, 25, 64, 80)
    assert bool((maps.sum(1) == 1).all())
    assert bool((maps.argmax(1) == label_indices(whole, (64, 80))).all())
    assert colour_labels(label_indices(whole, (64, 80)), 25).shape == (1, 3, 64, 80)


def test_points_far_away_break_nothing() -> None:
    points = torch.full((1, 25, 2), 1e9)
    assert not label_indices(Landmarks(points, torch.ones(1, 25), "body25"), (32, 32)).any()


def test_resizing_keeps_borders_in_place() -> None:
    points = torch.zeros(1, 25, 2)
    points[0, 1] = torch.tensor([-0.5, 99.5])
    small = Landmarks(points, torch.ones(1, 25), "body25").resize((100, 200), (50, 50))
    assert small.points[0, 1].tolist() == [-0.5, 49.5]


@pytest.mark.parametrize("count", [17, 68, 136])
def test_other_counts_are_no_body(count: int) -> None:
    with pytest.raises(InputError, match="137 with hands"):
        Landmarks(torch.zeros(1, count, 2), torch.ones(1, count), "body25")


def test_missing_points_are_not_nan() -> None:
    with pytest.raises(InputError, match="finite"):
        Landmarks(torch.full((1, 25, 2), float("nan")), torch.ones(1, 25), "body25")
