"""What cannot be read: one sentence and a hint each, and not a word on stderr from the libraries underneath."""

import os
import random
import struct
import warnings
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
import torch

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video import Timing, iter_frames, probe, read, write


@pytest.fixture(autouse=True)
def silent(capfd):
    """Each test here fails if anything at all is printed."""
    yield
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == ""


def refused(path, *words: str) -> None:
    for verb in (read, probe, lambda p: list(iter_frames(p))):
        with pytest.raises(InputError) as caught:
            verb(path)
        assert caught.value.hint
        assert "\n" not in caught.value.message
        assert all(word in caught.value.message for word in words)


def png_header(height: int, width: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def test_missing_empty_and_strange(tmp_path):
    refused(tmp_path / "none.mp4", "no file or folder")
    (tmp_path / "empty.mp4").write_bytes(b"")
    refused(tmp_path / "empty.mp4", "0 bytes")
    (tmp_path / "text.mp4").write_text("hello there\n" * 50)
    refused(tmp_path / "text.mp4", "not a video")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "holds no images")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "neither a file nor a folder")
    refused("bad\0name.mp4", "no file or folder")


def test_addresses_and_playlists_lead_nowhere(moving, tmp_path, monkeypatch):
    write(tmp_path / "a.mp4", moving(2), Timing.constant(2))
    monkeypatch.chdir(tmp_path)
    for address in (
        "http://localhost/a.mp4",
        "concat:a.mp4",
        "file:a.mp4",
        "subfile,,start,0,end,0,,:a.mp4",
        "a%d.mp4",
    ):
        refused(address, "no file or folder")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n")
    refused("list.mp4", "not a video")
    (tmp_path / "script.mp4").write_text("ffconcat version 1.0\nfile a.mp4\n")
    refused("script.mp4", "not a video")


def test_sound_without_pictures(sine):
    refused(sine(), "only sound")


def test_broken_images(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for suffix in (".png", ".jpg", ".webp", ".tiff", ".bmp"):
        data = cv2.imencode(suffix, noise)[1].tobytes()
        (tmp_path / f"half{suffix}").write_bytes(data[: len(data) // 2])
        refused(tmp_path / f"half{suffix}", "broken")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "0.png").write_text("not an image")
    refused(tmp_path / "folder", "not an image")


def test_too_large_before_anything_is_decoded(tmp_path):
    (tmp_path / "huge.png").write_bytes(png_header(20000, 20000))
    refused(tmp_path / "huge.png", "20000x20000")
    (tmp_path / "wide.png").write_bytes(png_header(100, 20010))
    with pytest.raises(InputError):
        read(tmp_path / "wide.png")
    plain = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    mark = plain.index(b"\xff\xc0")
    (tmp_path / "huge.jpg").write_bytes(plain[: mark + 5] + struct.pack(">HH", 60000, 60000) + plain[mark + 9 :])
    refused(tmp_path / "huge.jpg", "60000x60000")


def test_too_small_to_use(tmp_path):
    (tmp_path / "dot.png").write_bytes(cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes())
    with pytest.raises(InputError, match="1x1 px"):
        read(tmp_path / "dot.png")
    assert probe(tmp_path / "dot.png").size == (1, 1)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".gif"])
def test_what_is_left_of_a_cut_off_video_is_used(suffix, moving, tmp_path):
    noise = torch.randn(30, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    made = (moving(30, 96, 128) + 30 * noise).clamp(0, 255).byte()
    data = write(tmp_path / f"whole{suffix}", made, Timing.constant(30)).read_bytes()
    path = tmp_path / f"half{suffix}"
    path.write_bytes(data[: len(data) // 2])
    with pytest.warns(MuybridgeWarning, match="damaged or cut off"):
        clip = read(path)
    assert 5 < len(clip) < 30
    path.write_bytes(data[:20])
    with pytest.raises(InputError):
        read(path)


@pytest.mark.filterwarnings("ignore::muybridge.errors.MuybridgeWarning")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".gif", ".png", ".jpg"])
def test_damaged_bytes_give_a_clip_or_one_sentence(suffix, moving, tmp_path):
    if suffix in (".png", ".jpg"):
        picture = moving(1)[0].permute(1, 2, 0).numpy()
        data = cv2.imencode(suffix, picture)[1].tobytes()
    else:
        data = write(tmp_path / f"good{suffix}", moving(4), Timing.constant(4)).read_bytes()
    dice = random.Random(7)
    path = tmp_path / f"bad{suffix}"
    for _ in range(25):
        bad = bytearray(data)
        for _ in range(dice.randint(1, 12)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        path.write_bytes(bad)
        with suppress(InputError):
            assert len(read(path, max_frames=50)) > 0


@pytest.mark.parametrize("suffix", [".png", ".gif"])
@pytest.mark.parametrize("share", [0.35, 0.6, 0.9])
def test_a_moving_picture_that_breaks_off_is_a_clip_or_a_sentence(suffix, share, tmp_path):
    """Frames of these are counted before any is decoded, and the count may run into the break as well."""
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (6, 32, 32, 3), np.uint8)
    pictures = [Image.fromarray(each) for each in noise]
    path = tmp_path / f"moving{suffix}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    data = bytearray(path.read_bytes())
    at = int(share * len(data))
    for damaged in (data[:at], data[:at] + b"\xff" * 40 + data[at:], data[:at] + b"\0\0\0\0" + data[at + 4 :]):
        path.write_bytes(bytes(damaged))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Anything but a clip or a sentence of our own fails here.
            with suppress(InputError):
                assert len(read(path)) >= 1


@pytest.mark.parametrize(("box", "place"), [(b"stts", 8), (b"stsd", 12)], ids=["times", "a sample's description"])
def test_a_count_for_which_no_memory_is_enough_is_told_of_the_file(box, place, moving, tmp_path):
    """libav says that memory is out, which once ended as "there is not enough memory for mask"."""
    data = bytearray(write(tmp_path / "good.mov", moving(4), Timing.constant(4)).read_bytes())
    at = data.index(box) + place
    data[at : at + 4] = b"\x7f\xff\xff\xff"
    path = tmp_path / "damaged.mov"
    path.write_bytes(bytes(data))
    refused(path, str(path), "damaged")
