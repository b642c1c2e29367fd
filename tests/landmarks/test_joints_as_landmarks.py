import pytest
import torch

from muybridge.errors import InputError
from muybridge.geometry import from_pixels
from muybridge.landmarks import from_joints, label_indices
from muybridge.landmarks.layout import PLACE
from muybridge.puppets import scene


def test_dancers_have_a_body_and_face_the_viewer() -> None:
    drawn = scene("dancers", 6, 128)
    for clip, joints in ((drawn.a, drawn.joints_a), (drawn.b, drawn.joints_b)):
        found = from_joints(joints, drawn.joint_names, (128, 128))
        assert found.points.shape == (6, 25, 2)
        assert found.seen[:, :15].all()
        assert found.seen[:, 15:19].all()
        assert not found.seen[:, 19:].any()
        back = from_pixels(found.points, (128, 128))
        assert torch.allclose(back[:, PLACE["left_wrist"]], joints[:, drawn.joint_names.index("left_hand")], atol=1e-5)
        left, right = found.points[:, PLACE["left_shoulder"]], found.points[:, PLACE["right_shoulder"]]
        assert bool((left[:, 0] > right[:, 0]).all())
        assert bool((found.points[:, PLACE["left_ear"], 0] > found.points[:, PLACE["right_ear"], 0]).all())
        # The skeleton lies on the silhouette: what is drawn is the figure's own.
        on = label_indices(found, (128, 128)) > 0
        assert clip.mattes is not None
        inside = (clip.mattes[:, 0] > 127)[on].float().mean()
        assert float(inside) > 0.9


def test_a_mirrored_figure_is_mirrored_as_a_whole() -> None:
    drawn = scene("dancers", 2, 64)
    own = from_joints(drawn.joints_a, drawn.joint_names, (64, 64))
    other = from_joints(drawn.joints_a * torch.tensor([-1.0, 1.0]), drawn.joint_names, (64, 64))
    assert torch.allclose(other.points[:, :19, 0], 63 - own.points[:, :19, 0], atol=1e-3)


def test_a_horse_is_no_body() -> None:
    drawn = scene("cat-horse", 1, 64)
    with pytest.raises(InputError, match="not those of a body"):
        from_joints(drawn.joints_a, drawn.joint_names, (64, 64))
