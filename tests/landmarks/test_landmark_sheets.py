from pathlib import Path

import pytest
import torch
from figures import walk

from muybridge.errors import InputError
from muybridge.landmarks import Landmarks, draw_overlay, draw_sheet, read, to_json
from muybridge.landmarks.reading import LANDMARKS_FILE
from muybridge.video.clip import Clip, Timing


def grey(count: int) -> Clip:
    return Clip(torch.full((count, 3, 120, 160), 90, dtype=torch.uint8), Timing.constant(count))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    own = walk([(80.123456, 100.0 + t) for t in range(4)])
    trust = own.confidence.clone()
    trust[2] = 0
    own = Landmarks(own.points, trust, own.kind)
    (tmp_path / LANDMARKS_FILE).write_text(to_json(own, (120, 160)))
    back, report = read(tmp_path, 4)
    assert back.kind == "body25"
    assert back.points.shape == (4, 25, 2)
    assert float((back.points - own.points)[own.present].abs().max()) < 1e-3
    assert report.size == (120, 160)
    assert report.missing == (2,)
    # Frames that are named from 1 are not mistaken for the places in the file.
    again, _ = read(tmp_path, 4, names=["1.png", "2.png", "3.png", "4.png"])
    assert again.points.equal(back.points)
    (tmp_path / LANDMARKS_FILE).write_text(to_json(own, (120, 160)).replace("body25", "face68"))
    with pytest.raises(InputError, match="broken file of landmarks"):
        read(tmp_path)


def test_landmarks_are_drawn_over_darker_frames() -> None:
    drawn = draw_overlay(grey(1), walk([(80.0, 100.0)]))
    assert drawn[0, :, 0, 0].tolist() == [60, 60, 60]
    assert drawn[0, :, 45, 80].tolist() != [60, 60, 60]
    with pytest.raises(InputError, match="has 2 frames, and its landmarks have 1"):
        draw_overlay(grey(2), walk([(80.0, 100.0)]))


def test_the_sheet_is_cut_to_the_subject() -> None:
    there = walk([(80.0, 100.0)] * 3)
    drawn = draw_sheet(grey(3), there, columns=3, rows=1, height=100)
    # Two rows of a bar and a frame each; the subject is 85 x 30 px with its margin and not 120 x 160.
    assert drawn.shape[1] == 2 * (24 + 100)
    assert drawn.shape[2] < 3 * 80
    gone = Landmarks(there.points, 0 * there.confidence, "body25")
    assert draw_sheet(grey(3), gone, columns=3, rows=1, height=120).shape[2] == 3 * 160 + 8
    outside = there.transform(1, (5000, 0))
    assert draw_sheet(grey(3), outside, columns=3, rows=1, height=120).shape[2] == 3 * 160 + 8
