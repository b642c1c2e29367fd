import pytest
import torch
from figures import face, walk

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.landmarks import Landmarks, align, from_joints
from muybridge.landmarks.layout import PLACE
from muybridge.puppets import scene


def faces(*each: torch.Tensor) -> Landmarks:
    return Landmarks(torch.stack(each), torch.ones(len(each), 68), "face68")


def test_a_body_on_itself_stays() -> None:
    near = walk([(100.0 + t, 200.0) for t in range(30)])
    assert torch.allclose(align(near, near).points, near.points, atol=1e-3)
    coming = walk([(100.0, 200.0 + 3 * t) for t in range(60)], [8 + t / 20 for t in range(60)])
    back = align(coming, coming)
    known = coming.seen
    assert float((back.points - coming.points)[known].norm(dim=-1).max()) < 3


def test_size_and_place_are_the_subjects() -> None:
    small = walk([(50.0 + t, 90.0) for t in range(11)], 5.0)
    large = walk([(300.0, 400.0)] * 7, 20.0)
    out = align(small, large)
    feet = out.points[:, PLACE["left_ankle"], 1]
    assert torch.allclose(feet, torch.full((11,), 400.0), atol=1e-2)
    tall = out.points[:, PLACE["left_ankle"], 1] - out.points[:, PLACE["nose"], 1]
    assert torch.allclose(tall, torch.full((11,), 160.0), atol=1e-2)
    # In the middle of its way it stands where the subject stands, and its steps are four times as wide.
    hips = out.points[:, PLACE["mid_hip"], 0]
    assert float(hips[5]) == pytest.approx(300, abs=1e-3)
    assert float(hips[6] - hips[5]) == pytest.approx(4, abs=1e-3)


def test_a_jump_stays_a_jump() -> None:
    steps = [(100.0, 200.0)] * 20 + [(100.0, 180.0)] * 4 + [(100.0, 200.0)] * 20
    out = align(walk(steps), walk([(100.0, 300.0)] * 5, 20.0))
    feet = out.points[:, PLACE["left_ankle"], 1]
    assert float(feet[10]) == pytest.approx(300, abs=1e-2)
    assert float(feet[22]) == pytest.approx(260, abs=1e-2)


def test_coming_nearer_is_the_subjects_own_way_of_coming_nearer() -> None:
    count = 200
    driving = walk([(100.0, 100.0 + 0.2 * t) for t in range(count)], [5 + t / 80 for t in range(count)])
    subject = walk([(100.0, 300.0 + 0.5 * t) for t in range(count)], [10 + t / 20 for t in range(count)])
    out = align(driving, subject)
    feet = out.points[:, PLACE["left_ankle"], 1]
    assert float(feet[20]) == pytest.approx(310, abs=8)
    assert float(feet[180]) == pytest.approx(390, abs=8)
    tall = out.points[:, PLACE["left_ankle"], 1] - out.points[:, PLACE["nose"], 1]
    assert float(tall[180] / tall[20]) > 1.3


def test_bent_knees_are_not_a_smaller_body() -> None:
    standing = walk([(100.0, 200.0)] * 20)
    points = standing.points.clone()
    upper = [i for n, i in PLACE.items() if n not in ("left_ankle", "right_ankle", "left_knee", "right_knee")]
    points[10:, upper, 1] += 12
    for side, out in (("left", 8), ("right", -8)):
        points[10:, PLACE[f"{side}_knee"], 0] += out
    bent = Landmarks(points, standing.confidence, "body25")
    out = align(bent, standing)
    assert torch.allclose(out.points[:, PLACE["neck"]], points[:, PLACE["neck"]], atol=2.0)


def test_without_feet_the_trunk_is_compared_and_told() -> None:
    def half(landmarks: Landmarks) -> Landmarks:
        trust = landmarks.confidence.clone()
        trust[:, [i for n, i in PLACE.items() if "ankle" in n or "knee" in n]] = 0
        return Landmarks(landmarks.points, trust, "body25")

    with pytest.warns(MuybridgeWarning, match="ankles are never seen"):
        out = align(half(walk([(50.0, 90.0)] * 4, 5.0)), walk([(300.0, 400.0)] * 4, 20.0))
    assert torch.allclose(out.points[0, PLACE["neck"]], torch.tensor([300.0, 260.0]), atol=1e-2)
    assert torch.allclose(out.points[0, PLACE["mid_hip"]], torch.tensor([300.0, 320.0]), atol=1e-2)


def test_missing_frames_do_not_spoil_the_others() -> None:
    driving = walk([(50.0, 90.0)] * 6, 5.0)
    trust = driving.confidence.clone()
    trust[2:4] = 0
    points = driving.points.clone()
    points[2:4] = 0
    out = align(Landmarks(points, trust, "body25"), walk([(300.0, 400.0)] * 4, 20.0))
    assert torch.allclose(out.points[5, PLACE["left_ankle"]], torch.tensor([310.0, 400.0]), atol=1e-2)
    assert out.present.tolist() == [True, True, False, False, True, True]


def test_a_face_on_itself_stays_and_a_larger_one_becomes_the_subjects() -> None:
    own = faces(face((50, 60), 20), face((52, 60), 20, mouth=2))
    assert torch.allclose(align(own, own).points, own.points, atol=1e-3)
    far = own.transform(3, (7, -5))
    assert torch.allclose(align(far, own).points, own.points, atol=1e-3)


def test_each_part_of_a_face_takes_the_subjects_size_and_keeps_its_own_movement() -> None:
    subject = faces(*[face((50, 60), 20, eyes=2.0)] * 3)
    driving = faces(face((80, 90), 40, mouth=0.5), face((80, 90), 40, mouth=1.0), face((80, 90), 40, mouth=1.5))
    out = align(driving, subject).points
    eyes = out[:, 36:42, 1].amax(1) - out[:, 36:42, 1].amin(1)
    asked = subject.points[:, 36:42, 1].amax(1) - subject.points[:, 36:42, 1].amin(1)
    assert torch.allclose(eyes, asked, rtol=0.02)
    mouth = out[:, 48:60, 1].amax(1) - out[:, 48:60, 1].amin(1)
    assert float(mouth[2] / mouth[0]) == pytest.approx(3, rel=0.02)
    assert torch.allclose(
        mouth.mean(), subject.points[0, 48:60, 1].max() - subject.points[0, 48:60, 1].min(), rtol=0.02
    )


def without(own: Landmarks, frames: list[int], rows: range) -> Landmarks:
    """The same with these points not found, as detectors write it: at (0, 0) with confidence 0."""
    points, trust = own.points.clone(), own.confidence.clone()
    for frame in frames:
        points[frame, list(rows)], trust[frame, list(rows)] = 0.0, 0.0
    return Landmarks(points, trust, "face68")


def nodding(count: int) -> Landmarks:
    """A face that goes its way, turns in the picture, comes nearer and speaks."""
    each = []
    for t in range(count):
        turn = torch.tensor(0.05 * t)
        way = torch.stack([torch.stack([turn.cos(), -turn.sin()]), torch.stack([turn.sin(), turn.cos()])])
        each.append(face((0, 0), 30 + t, mouth=1 + 0.3 * (t % 3)) @ way.T + torch.tensor([90.0 + 2 * t, 80.0 + t]))
    return faces(*each)


def test_an_eye_that_is_not_found_moves_nothing_else() -> None:
    subject = faces(*[face((50, 60), 20, eyes=2.0)] * 3)
    driving, eye = nodding(9), range(36, 42)
    wanted, out = align(driving, subject), align(without(driving, [2, 3, 8], eye), subject)
    others = [i for i in range(68) if i not in eye]
    assert torch.allclose(out.points[:, others], wanted.points[:, others], atol=0.05)
    assert float((out.points - wanted.points).norm(dim=-1).max()) < 0.5
    assert out.confidence[2, 36] == 0
    # Nor where it belongs to the subject.
    assert torch.allclose(
        align(driving, without(subject, [0, 1], eye)).points[:, others], wanted.points[:, others], atol=1e-3
    )


def test_a_face_is_known_from_frames_that_lack_a_few_points() -> None:
    subject, driving = faces(*[face((50, 60), 20)] * 4), nodding(8)
    holed = driving
    for t in range(8):
        holed = without(holed, [t], range(5 * t, 5 * t + 4))
    assert not bool(holed.seen.all(1).any())
    wanted, out = align(driving, subject), align(holed, subject)
    assert float((out.points - wanted.points)[out.seen].norm(dim=-1).max()) < 0.5


def test_points_that_a_face_never_shows_are_where_the_others_has_them() -> None:
    one, eye = faces(*[face((50, 60), 20)] * 3), range(36, 42)
    far = one.transform(3, (7, -5))
    for driving, subject in ((far, without(one, [0, 1, 2], eye)), (without(far, [0, 1, 2], eye), one)):
        assert torch.allclose(align(driving, subject).points, one.points, atol=1e-3)
    blind = align(without(far, [0, 1, 2], eye), without(one, [0, 1, 2], eye))
    assert torch.allclose(blind.points[blind.seen], one.points[blind.seen], atol=0.5)
    assert bool(blind.points.isfinite().all())


def test_what_cannot_be_aligned_is_told() -> None:
    body, one = walk([(50.0, 90.0)]), faces(face((50, 60), 20))
    with pytest.raises(InputError, match="cannot drive"):
        align(body, one)
    gone = Landmarks(one.points, 0 * one.confidence, "face68")
    with pytest.raises(InputError, match="subject's face is seen nearly whole on no frame"):
        align(one, gone)
    with pytest.raises(InputError, match="never seen whole enough"), pytest.warns(MuybridgeWarning):
        align(Landmarks(body.points, 0 * body.confidence, "body25"), body)


def test_puppets_come_nearer_to_the_truth() -> None:
    drawn = scene("dancers", 40, 64)

    def of(joints: torch.Tensor) -> Landmarks:
        return from_joints(joints, drawn.joint_names, (64, 64)).transform(3)

    def off(one: Landmarks, other: Landmarks) -> float:
        return float((one.points - other.points)[:, :15].norm(dim=-1).mean())

    a, b, truth = of(drawn.joints_a), of(drawn.joints_b), of(drawn.joints_ab)
    far = b.transform(0.6, (70.0, -20.0))
    assert off(align(b, a), truth) < 0.95 * off(b, truth)
    assert torch.allclose(align(far, a).points, align(b, a).points, atol=0.05)
    assert off(align(far, a), truth) < 0.1 * off(far, truth)
