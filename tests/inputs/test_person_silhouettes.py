"""`--how person`: the pose network's mask as a way of finding silhouettes, wherever silhouettes are found."""

from pathlib import Path

import numpy as np
import pytest
import torch

from muybridge.errors import InputError, MissingWeightsError, UsageError
from muybridge.inputs import driving, silhouettes
from muybridge.inputs.clips import read_with_silhouettes
from muybridge.inputs.driving import read_driving
from muybridge.video import Clip, Timing, write

HIGH, WIDE = 48, 64


def film(count: int = 6, seen: bool = True) -> Clip:
    """Somebody in red who walks to the right, on grey noise."""
    noise = np.random.default_rng(0).integers(90, 130, (1, 1, HIGH, WIDE), np.uint8)
    pixels = torch.from_numpy(np.broadcast_to(noise, (count, 3, HIGH, WIDE)).copy())
    for t in range(count if seen else 0):
        pixels[t, :, 10:40, 5 + 4 * t : 20 + 4 * t] = torch.tensor([220, 30, 30], dtype=torch.uint8)[:, None, None]
    return Clip(pixels, Timing.constant(count))


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> list:
    """A pose network that takes red for a person; the boxes that it was given."""
    given = []

    def find_red(clip: Clip, model: object = None, box: object = None) -> torch.Tensor:
        given.append(box)
        colours = clip.pixels.float()
        return ((colours[:, :1] - colours[:, 1:2]) > 60).float() * 0.9

    monkeypatch.setattr(silhouettes, "find_person_masks", find_red)
    return given


def test_a_person_is_the_mask_that_the_network_draws(boxes: list) -> None:
    found = read_with_silhouettes(film(), how="person", weights="pose.tflite", box=(5, 10, 20, 40))
    assert found.report.how == "person"
    assert found.report.detail == "the mask of the pose network pose.tflite, from a box on frame 0"
    assert boxes == [(5.0, 10.0, 20.0, 40.0)]
    assert found.clip.mattes is not None
    for t in range(6):
        truth = torch.zeros(HIGH, WIDE, dtype=torch.bool)
        truth[10:40, 5 + 4 * t : 20 + 4 * t] = True
        mine = found.clip.mattes[t, 0] > 127
        assert float((mine & truth).sum() / (mine | truth).sum()) > 0.9
    assert min(found.report.confidence) == pytest.approx(0.8, abs=0.05)


def test_a_long_driving_video_is_followed_from_piece_to_piece(
    boxes: list, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(driving, "LONGEST", 16)
    monkeypatch.setattr(driving, "BYTES", 16 * 4 * HIGH * WIDE)
    long = torch.cat([film().pixels] * 4)
    write(tmp_path / "long.mp4", long, Timing.constant(len(long)), quality=95)
    read_driving(tmp_path / "long.mp4", how="person", box=(5, 10, 20, 40))
    assert len(boxes) == 2
    # The second piece looks where the person was at the end of the first one.
    x0, y0, x1, y1 = boxes[1]
    assert abs(x0 - 17) <= 3
    assert abs(x1 - 32) <= 3
    assert (y0, y1) == pytest.approx((10, 40), abs=3)


@pytest.mark.parametrize("hint", [{"masks": "masks"}, {"subject": "person"}, {"rough": (0, torch.ones(HIGH, WIDE))}])
def test_what_the_network_does_not_look_at_is_refused(hint: dict, boxes: list) -> None:
    options = silhouettes.SilhouetteOptions(how="person", **hint)
    with pytest.raises(UsageError, match="looks at no"):
        silhouettes.find_silhouettes(film(), options)
    with pytest.raises(UsageError, match="from the first frame on"):
        read_with_silhouettes(film(), how="person", box=(5, 10, 20, 40), frame=3)
    assert boxes == []


def test_nobody_there_and_no_network_there_are_one_sentence(
    boxes: list, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(InputError):
        read_with_silhouettes(film(seen=False), how="person")
    monkeypatch.undo()
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path))
    with pytest.raises(MissingWeightsError, match="fetch"):
        read_with_silhouettes(film(), how="person")
