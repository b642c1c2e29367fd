"""Trim, crop and speed of an upload: always of the file itself, however often it is cut."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

from muybridge.errors import InputError
from muybridge.puppets import scene
from muybridge.studio.cuts import Cut
from muybridge.studio.decode_upload import _decode
from muybridge.video import read, write

ORDER = {"frames": 600, "side": 64, "source_side": 8192, "source_pixels": 10**9, "glance": False}
CLIP = {"name": "walk", "frames": 10, "width": 64, "height": 64}


def _ignore(event: str, **more: Any) -> None:
    pass


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = scene("gif", 10, 64).a
    # GIF keeps every pixel of so few colours, and frames can be told apart.
    return Path(write(tmp_path_factory.mktemp("cut") / "upload.gif", drawn.pixels, drawn.timing))


def test_frames_part_and_speed(upload: Path, tmp_path: Path) -> None:
    whole = read(upload)
    cut = Cut().cut_again(CLIP, 2, 5, (16.0, 8.0, 48.0, 56.0), 2.0)
    told = _decode(upload, tmp_path, {**ORDER, "cut": cut.store()}, _ignore)
    kept = read(tmp_path / "frames")
    assert (told["frames"], told["width"], told["height"]) == (4, 32, 48)
    assert torch.equal(kept.pixels, whole.pixels[2:6, :, 8:56, 16:48])
    assert kept.timing.seconds[1] == pytest.approx(whole.timing.seconds[1] / 2)
    assert told["notes"] == ["cut: frames 3 to 6 of the file, a part of the picture, 2 times as fast; without sound"]
    assert not told["has_audio"]


def test_what_is_cut_twice_is_cut_of_the_file(upload: Path, tmp_path: Path) -> None:
    once = Cut().cut_again(CLIP, 2, 8, (16.0, 16.0, 48.0, 48.0), 0.5)
    twice = Cut.read(once.store()).cut_again(
        {**CLIP, "frames": 7, "width": 32, "height": 32}, 1, 3, (0.0, 8.0, 16.0, 32.0), 2.0
    )
    assert twice == Cut(3, 5, (0.25, 0.375, 0.5, 0.75), 1.0)
    _decode(upload, tmp_path, {**ORDER, "cut": twice.store()}, _ignore)
    assert torch.equal(read(tmp_path / "frames").pixels, read(upload).pixels[3:6, :, 24:48, 16:32])


def test_all_of_it_is_as_if_nothing_was_cut(upload: Path, tmp_path: Path) -> None:
    plain = _decode(upload, tmp_path / "plain", ORDER, _ignore)
    assert _decode(upload, tmp_path / "again", {**ORDER, "cut": Cut().store()}, _ignore) == plain
    assert Cut().describe() == []


def test_a_part_is_read_as_large_as_is_kept() -> None:
    assert Cut().find_side((2160, 3840), 640) == 640
    assert Cut(box=(0.25, 0.25, 0.5, 0.5)).find_side((2160, 3840), 640) == 2560
    assert Cut(box=(0.4, 0.4, 0.5, 0.5)).find_side((480, 640), 640) == 640
    assert Cut(speed=4.0).change_ticks(Fraction(1, 25)) == Fraction(1, 100)


@pytest.mark.parametrize(
    ("first", "last", "box"),
    [
        (5, 4, None),
        (0, 10, None),
        (-1, 3, None),
        (0, 9, (0.0, 0.0, 8.0, 64.0)),
        (0, 9, (60.0, 0.0, 90.0, 64.0)),
        (0, 9, (40.0, 0.0, 20.0, 64.0)),
    ],
)
def test_nothing_is_not_cut_out(first: int, last: int, box: tuple[float, ...] | None) -> None:
    with pytest.raises(InputError):
        Cut().cut_again(CLIP, first, last, box, 1.0)


def test_frames_before_the_first_count_as_read(upload: Path, tmp_path: Path) -> None:
    order = {**ORDER, "source_pixels": 5 * 64 * 64, "cut": Cut(8, 9).store()}
    with pytest.raises(InputError, match="too much to read"):
        _decode(upload, tmp_path, order, _ignore)
