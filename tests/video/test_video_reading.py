"""What is read: every kind of source, its sizes, its times, its alpha."""

import json
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.errors import InputError, MuybridgeWarning, UsageError
from muybridge.video import Timing, iter_frames, probe, read, write
from muybridge.video.media_input import LazyFrame, MediaInput
from muybridge.video.paths import natural_key


def png(path: Path, array: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(path.suffix, array)[1].tobytes())


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_containers_give_the_same_frames(suffix, moving, encode, tmp_path):
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    options = {"qscale": "2"} if suffix == ".avi" else {"crf": "10"}
    clip = read(encode(tmp_path / f"a{suffix}", moving(), codec, options=options))
    assert clip.pixels.shape == (6, 3, 48, 64)
    assert clip.timing.seconds == pytest.approx([t / 25 for t in range(6)], abs=5e-4)
    assert clip.timing.duration == pytest.approx(6 / 25, abs=1e-3)
    assert (clip.pixels.float() - moving().float()).abs().mean() < 6
    assert clip.mattes is None
    assert clip.audio is None


def test_the_picture_is_turned_as_the_file_says(moving, encode, tmp_path):
    frame = moving(2)
    for turn in (90, 180, 270):
        path = encode(tmp_path / f"{turn}.mp4", frame, turn=turn)
        clip = read(path)
        expected = torch.rot90(frame, turn // 90, (2, 3))
        assert probe(path).size == tuple(expected.shape[2:])
        assert clip.pixels.shape == expected.shape
        assert (clip.pixels.float() - expected.float()).abs().mean() < 6


def test_pixels_that_are_not_square_are_made_so(moving, encode, tmp_path):
    clip = read(encode(tmp_path / "wide.mp4", moving(2), shape=Fraction(3, 2)))
    assert clip.pixels.shape[2:] == (48, 96)


@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "yuv420p10le"), ("libx264", "yuv444p"), ("libx264", "gray"), ("ffv1", "bgr0")]
)
def test_ten_bits_grey_and_full_colour(codec, pixels, moving, encode, tmp_path):
    clip = read(encode(tmp_path / "a.mkv", moving(2), codec, pixels))
    wanted = moving(2).float()
    if pixels == "gray":
        wanted = (
            wanted.mul(torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True).expand(2, 3, -1, -1)
        )
    # Grey is written over the full range and tagged as the limited one.
    assert (clip.pixels.float() - wanted).abs().mean() < (10 if pixels == "gray" else 6)


def test_folder_in_natural_order_at_twenty_five_a_second(tmp_path):
    for number in (10, 9, 1, 2):
        png(tmp_path / f"frame{number}.png", np.full((20, 30, 3), number, np.uint8))
    (tmp_path / ".hidden.png").write_bytes(b"no")
    (tmp_path / "notes.txt").write_text("no")
    clip = read(tmp_path)
    assert clip.pixels[:, 0, 0, 0].tolist() == [1, 2, 9, 10]
    assert clip.timing == Timing.constant(4)
    assert probe(tmp_path).kind == "folder"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**6), unique=True, max_size=20))
def test_natural_order_is_numeric(numbers: list[int]):
    names = [Path(f"a{n}.png") for n in numbers]
    assert sorted(names, key=natural_key) == [Path(f"a{n}.png") for n in sorted(numbers)]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(16, 40), st.integers(16, 40)), min_size=1, max_size=5))
def test_unequal_frames_stand_at_the_top_left(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("unequal")
    for i, (h, w) in enumerate(sizes):
        png(folder / f"{i}.png", np.full((h, w, 3), 200, np.uint8))
    clip = read(folder)
    assert clip.pixels.shape[2:] == (max(h for h, _ in sizes), max(w for _, w in sizes))
    assert clip.sizes == (None if len(set(sizes)) == 1 else tuple(sizes))
    for t, (h, w) in enumerate(sizes):
        assert (clip.pixels[t, :, :h, :w] == 200).all()
        assert clip.pixels[t].sum() == 200 * 3 * h * w


def test_unequal_frames_shrink_by_one_factor(tmp_path):
    png(tmp_path / "0.png", np.zeros((40, 80, 3), np.uint8))
    png(tmp_path / "1.jpg", np.zeros((60, 40, 3), np.uint8))
    assert read(tmp_path, max_side=40).sizes == ((20, 40), (30, 20))
    assert read(tmp_path, max_side=400).sizes == ((40, 80), (60, 40))


def test_training_layout_gives_silhouettes_by_either_name(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train_seg").mkdir()
    for i in range(3):
        mask = np.zeros((32, 32), np.uint8)
        mask[8:24, 8:24] = 255
        cv2.circle(mask, (4, 4), 2, 90, -1)
        png(tmp_path / "train" / f"{i}.jpg", np.full((32, 32, 3), 100, np.uint8))
        png(tmp_path / "train_seg" / f"{i}.png", mask)
    for path in (tmp_path, tmp_path / "train"):
        clip = read(path)
        assert clip.mattes is not None
        assert set(clip.mattes.unique().tolist()) == {0, 255}
        assert clip.mattes[0].sum() == 255 * 16 * 16
    png(tmp_path / "train_seg" / "1.png", np.zeros((31, 32), np.uint8))
    with pytest.raises(InputError, match="32x31"):
        read(tmp_path)
    (tmp_path / "train_seg" / "1.png").unlink()
    png(tmp_path / "train" / "2.jpg", np.full((32, 32, 3), 200, np.uint8))
    with pytest.warns(MuybridgeWarning, match=r"1 of 3 frames have no mask .*1\.jpg .*left out"):
        clip = read(tmp_path)
    assert len(clip) == 2
    assert clip.pixels.flatten(1).float().mean(1).round().tolist() == [100, 200]
    for i in (0, 2):
        (tmp_path / "train_seg" / f"{i}.png").unlink()
    png(tmp_path / "train_seg" / "other.png", np.zeros((32, 32), np.uint8))
    with pytest.raises(InputError, match="none of the 3 frames has a mask"):
        read(tmp_path)


def test_strips_only_when_obvious_or_asked_for(tmp_path):
    strip = np.concatenate([np.full((24, 24, 3), i * 10, np.uint8) for i in range(5)], 1)
    png(tmp_path / "five.png", strip)
    png(tmp_path / "two.png", strip[:, :48])
    png(tmp_path / "odd.png", strip[:, :50])
    assert read(tmp_path / "five.png").pixels[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40]
    assert read(tmp_path / "five.png", strip=False).pixels.shape == (1, 3, 24, 120)
    assert read(tmp_path / "two.png").pixels.shape == (1, 3, 24, 48)
    assert read(tmp_path / "two.png", strip=True).pixels.shape == (2, 3, 24, 24)
    assert probe(tmp_path / "five.png").frames == 5
    with pytest.raises(UsageError, match="50x24"):
        read(tmp_path / "odd.png", strip=True)


def test_sixteen_bits_are_rounded_and_grey_is_spread(tmp_path):
    values = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    png(tmp_path / "deep.png", values)
    assert np.array_equal(read(tmp_path / "deep.png").pixels[0, 2].numpy(), np.rint(values / 257).astype(np.uint8))
    png(tmp_path / "deep.tiff", np.dstack([values] * 3))
    assert np.array_equal(read(tmp_path / "deep.tiff").pixels[0, 1].numpy(), np.rint(values / 257).astype(np.uint8))


def test_exif_orientation_of_photographs(tmp_path):
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, :10] = 255
    plain = cv2.imencode(".jpg", picture)[1].tobytes()
    tag = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x112, 3, 1, 6, 0) + bytes(4)
    (tmp_path / "phone.jpg").write_bytes(plain[:2] + b"\xff\xe1" + struct.pack(">H", len(tag) + 2) + tag + plain[2:])
    clip = read(tmp_path / "phone.jpg")
    assert clip.pixels.shape[2:] == (40, 20)
    assert clip.pixels[0, :, :8].min() > 200
    assert clip.pixels[0, :, 12:].max() < 50


@pytest.mark.parametrize("suffix", [".webp", ".bmp", ".tiff", ".png", ".jpg"])
def test_one_image_is_a_clip_of_one_frame(suffix, tmp_path):
    png(tmp_path / f"one{suffix}", np.full((20, 30, 3), (10, 120, 240), np.uint8))
    clip = read(tmp_path / f"one{suffix}")
    assert clip.pixels.shape == (1, 3, 20, 30)
    assert (clip.pixels[0, :, 9, 9].int() - torch.tensor([240, 120, 10])).abs().max() < 6
    assert clip.timing == Timing.constant(1)


def test_alpha_counts_only_where_it_is_not_opaque(moving, tmp_path):
    seen = write(tmp_path / "seen", moving(3, alpha=True), Timing.constant(3))
    mattes = read(seen).mattes
    assert mattes is not None
    assert torch.equal(mattes, moving(3, alpha=True)[:, 3:])
    opaque = moving(3, alpha=True)
    opaque[:, 3] = 255
    path = write(tmp_path / "opaque", opaque, Timing.constant(3))
    assert probe(path).has_alpha
    assert read(path).mattes is None


def test_parts_of_a_clip(moving, tmp_path):
    path = write(tmp_path / "a.mp4", moving(10), Timing.constant(10))
    whole = read(path)
    part = read(path, start=2, stride=3, max_frames=2)
    assert torch.equal(part.pixels, whole.pixels[[2, 5]])
    assert part.timing == whole.timing.select([2, 5])
    assert [f.pts for f in iter_frames(path, start=8)] == [8, 9]
    assert read(path, max_side=32).pixels.shape[2:] == (24, 32)
    with pytest.raises(InputError, match="ends before frame 10"):
        read(path, start=10)
    with pytest.raises(UsageError):
        read(path, stride=0)
    with pytest.raises(UsageError):
        iter_frames(path, max_side=0)


def test_folders_remember_their_times(moving, tmp_path):
    timing = Timing((0, 7, 9, 30), 5, Fraction(1001, 30000))
    path = write(tmp_path / "frames", moving(4), timing)
    assert read(path).timing == timing
    told = json.loads((path / "times.json").read_text())
    (path / "times.json").write_text(json.dumps(told | {"pts": [0, 1]}))
    with pytest.raises(InputError, match="2 frame times for 4 images"):
        read(path)
    (path / "times.json").write_text("{}")
    with pytest.raises(InputError, match="does not hold frame times"):
        read(path)


def source(pts: list[int | None], durations: list[int], rate: Fraction | None = None) -> MediaInput:
    shots = [LazyFrame(lambda: np.zeros((1, 1, 3), np.uint8), p, d) for p, d in zip(pts, durations, strict=True)]
    return MediaInput(Path("a.mkv"), "video", Fraction(1, 100), lambda: iter(shots), lambda: 1, rate=rate)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=15, unique=True))
def test_rising_times_are_kept_from_any_first_one(pts: list[int]):
    pts = sorted(pts)
    timed = list(source(pts, [3] * len(pts)).iter_timed())
    assert [shot.pts for shot in timed] == [p - pts[0] for p in pts]
    assert [shot.duration for shot in timed] == [*(b - a for a, b in pairwise(pts)), 3]


def test_times_that_do_not_rise_are_repaired_with_a_warning():
    with pytest.warns(MuybridgeWarning, match="frame 2 is not later"):
        timed = list(source([0, 4, 4, 4, 20], [0] * 5).iter_timed())
    assert [shot.pts for shot in timed] == [0, 4, 5, 6, 20]
    assert timed[-1].duration == 14


def test_missing_times_follow_the_rate():
    timed = list(source([None, None, None], [0] * 3, Fraction(20)).iter_timed())
    assert [(shot.pts, shot.duration) for shot in timed] == [(0, 5), (5, 5), (10, 5)]


def test_missing_times_follow_what_each_frame_says_of_itself():
    """A bare stream of H.264 names no rate that is true, and tells how long its frames stay."""
    timed = list(source([None, None, None], [10] * 3, Fraction(20)).iter_timed())
    assert [(shot.pts, shot.duration) for shot in timed] == [(0, 10), (10, 10), (20, 10)]


def test_real_videos_and_folders(shared):
    fox = read(shared / "data/videos/fox.mp4", max_side=128)
    assert fox.pixels.shape[:2] == (80, 3)
    assert max(fox.pixels.shape[2:]) == 128
    assert fox.timing.rate == pytest.approx(10)
    folder = read(shared / "data/jokr/fox", max_frames=3)
    assert folder.sizes is not None
    assert len(set(folder.sizes)) > 1
    assert folder.mattes is not None
    assert read(shared / "data/strips/driving.png").pixels.shape == (26, 3, 128, 128)
    assert read(shared / "data/strips/source.png").pixels.shape == (11, 3, 128, 128)
