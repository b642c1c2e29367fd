"""Containers and streams of every kind that people have: trimmed, interlaced, raw, mirrored, foreign."""

import gc
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video import Timing, probe, read, write

KINDS = {
    ".ts": ("libx264", {}),
    ".mts": ("libx264", {"format": "mpegts"}),
    ".mpg": ("mpeg2video", {"format": "mpeg"}),
    ".flv": ("flv1", {"format": "flv"}),
    ".wmv": ("wmv2", {"format": "asf"}),
    ".ogv": ("libvpx", {"format": "ogg"}),
    ".h264": ("libx264", {"format": "h264"}),
    ".mjpeg": ("mjpeg", {"format": "mjpeg"}),
    ".y4m": ("wrapped_avframe", {"format": "yuv4mpegpipe"}),
    ".ivf": ("libvpx-vp9", {"format": "ivf"}),
    ".nut": ("mpeg4", {"format": "nut"}),
}


def encode(path, frames, codec, format=None, pixels="yuv420p", options=None, flags=()):
    with av.open(str(path), "w", format=format) as output:
        stream = output.add_stream(codec, rate=25, options={"q": "2"} | (options or {}))
        stream.height, stream.width = frames.shape[2:]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else pixels
        stream.codec_context.bit_rate = 4_000_000
        for name in flags:
            stream.codec_context.flags |= name
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.permute(1, 2, 0).numpy()), "rgb24")
            picture = picture.reformat(format=stream.pix_fmt)
            picture.pts, picture.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.filterwarnings("ignore::muybridge.errors.MuybridgeWarning")
def test_what_pyav_reads_is_read(suffix, moving, tmp_path):
    codec, options = KINDS[suffix]
    frames = moving(10, 96, 128)
    path = encode(tmp_path / f"a{suffix}", frames, codec, **options)
    assert probe(path).size == (96, 128)
    clip = read(path)
    assert clip.pixels.shape == frames.shape
    assert clip.timing.rate == pytest.approx(25, rel=0.05)
    assert (clip.pixels.float() - frames.float()).abs().mean() < 10


def test_a_picture_with_smaller_versions_is_one_picture(moving, tmp_path):
    """Phones put a second JPEG behind the first; a film of JPEG pictures has no such remark in its first."""
    frames = moving(2)
    one, two = (cv2.imencode(".jpg", f.permute(1, 2, 0).numpy()[:, :, ::-1].copy())[1].tobytes() for f in frames)
    (tmp_path / "film.jpg").write_bytes(one + two)
    assert len(read(tmp_path / "film.jpg")) == 2
    remark = b"\xff\xe2\x00\x08MPF\0\0\0"
    (tmp_path / "phone.jpg").write_bytes(one[:2] + remark + one[2:] + two)
    assert len(read(tmp_path / "phone.jpg")) == 1
    (tmp_path / "motion.jpg").write_bytes(one + b"\0\0\0\x18ftypmp42" + bytes(100))
    assert len(read(tmp_path / "motion.jpg")) == 1


def trim(source, path, start):
    """Copy all packets, under an edit list that begins later, as programs do that trim without encoding."""
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = given.streams.video[0]
        copy = output.add_stream_from_template(stream)
        shift = round(start / stream.time_base)
        for packet in given.demux(stream):
            if packet.dts is None:
                continue
            packet.pts -= shift
            packet.dts -= shift
            packet.stream = copy
            output.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_frames_that_an_edit_list_leaves_out_are_no_damage(suffix, moving, tmp_path):
    frames = moving(30, 96, 128)
    whole = encode(tmp_path / f"whole{suffix}", frames, "libx264", options={"bf": "2", "g": "30", "crf": "4"})
    path = trim(whole, tmp_path / f"cut{suffix}", Fraction(10, 25))
    clip = read(path)
    assert len(clip) == 20
    assert probe(path).frames == 20
    assert (clip.pixels.float() - frames[10:].float()).abs().mean() < 6


def test_a_trimmed_file_that_is_cut_off_is_damaged_all_the_same(moving, tmp_path):
    noise = torch.randint(0, 255, (30, 3, 96, 128), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    whole = encode(tmp_path / "whole.mp4", noise, "libx264", options={"g": "30", "movflags": "faststart"})
    fast = trim(whole, tmp_path / "cut.mp4", Fraction(10, 25))
    with av.open(str(fast)) as given, av.open(str(tmp_path / "fast.mp4"), "w", options={"movflags": "faststart"}) as to:
        copy = to.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                to.mux(packet)
    data = (tmp_path / "fast.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[: len(data) * 3 // 4])
    with pytest.warns(MuybridgeWarning, match="damaged or cut off"):
        read(tmp_path / "half.mp4")


@pytest.mark.parametrize(("codec", "suffix"), [("mpeg2video", ".mpg"), ("libx264", ".mkv"), ("libx264", ".ts")])
def test_interlaced_frames_are_made_whole_and_said(codec, suffix, tmp_path):
    """A bar that moves between the two halves of a frame leaves a comb, which is gone."""
    count, height, width = 12, 96, 128
    fields = torch.full((2 * count, 3, height, width), 30, dtype=torch.uint8)
    for t in range(2 * count):
        fields[t, :, :, 4 * t : 4 * t + 16] = 220
    woven = fields[::2].clone()
    woven[:, :, 1::2] = fields[1::2][:, :, 1::2]
    flags = (av.codec.context.Flags.interlaced_dct, av.codec.context.Flags.interlaced_me)
    options = {"x264-params": "interlaced=1:tff=1"} if codec == "libx264" else {}
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w", format="mpeg" if suffix == ".mpg" else None) as output:
        stream = output.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.bit_rate = 4_000_000
        if codec == "mpeg2video":
            for flag in flags:
                stream.codec_context.flags |= flag
        graph = av.filter.Graph()
        source = graph.add_buffer(width=width, height=height, format="yuv420p", time_base=Fraction(1, 25))
        mark, sink = graph.add("setfield", "tff"), graph.add("buffersink")
        source.link_to(mark)
        mark.link_to(sink)
        graph.configure()
        for index, frame in enumerate(woven):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.permute(1, 2, 0).numpy()), "rgb24")
            picture = picture.reformat(format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            source.push(picture)
            output.mux(stream.encode(sink.pull()))
        output.mux(stream.encode(None))
    with pytest.warns(MuybridgeWarning, match="interlaced"):
        clip = read(path)
    assert len(clip) == count
    assert clip.timing.rate == pytest.approx(25, rel=0.02)
    comb = (clip.pixels[2:-2, :, 1:].float() - clip.pixels[2:-2, :, :-1].float()).abs().mean()
    before = (woven[2:-2, :, 1:].float() - woven[2:-2, :, :-1].float()).abs().mean()
    assert comb < before / 6


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_turned_and_mirrored_as_the_track_says(degrees, mirrored, suffix, moving, tmp_path):
    frames = moving(2)
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "8"})
        stream.height, stream.width, stream.pix_fmt = *frames.shape[2:], "yuv420p"
        stream.set_display_rotation(degrees, hflip=mirrored[0], vflip=mirrored[1])
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.permute(1, 2, 0).numpy()), "rgb24")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    expected = torch.rot90(frames, degrees // 90, (2, 3))
    if mirrored[0]:
        expected = expected.flip(3)
    if mirrored[1]:
        expected = expected.flip(2)
    clip = read(path)
    gc.collect()
    assert clip.pixels.shape == expected.shape
    assert (clip.pixels.float() - expected.float()).abs().mean() < 6


FOREIGN = {
    "a.pdf": (b"%PDF-1.7\n", "PDF"),
    "a.psd": (b"8BPS\0\1", "Photoshop"),
    "a.jxl": (b"\xff\x0a\0\0", "JPEG XL"),
    "a.svg": (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "a.html": (b"<!DOCTYPE html><html>", "web page"),
    "a.zip": (b"PK\3\4", "ZIP"),
    "a.rm": (b".RMF\0\0", "RealMedia"),
    "a.m3u8": (b"#EXTM3U\n", "playlist"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_formats_are_named(name, tmp_path):
    start, words = FOREIGN[name]
    (tmp_path / name).write_bytes(start + b" " * 500)
    with pytest.raises(InputError, match=words):
        read(tmp_path / name)


@pytest.mark.parametrize("address", ["https://example.org/fox.mp4", "HTTP://example.org/a", "rtsp://host/stream"])
def test_an_address_is_told_to_be_downloaded(address):
    with pytest.raises(InputError, match="address") as caught:
        read(address)
    assert "Download" in caught.value.hint


@pytest.mark.parametrize(
    "told",
    ['{"pts": [1e400], "last": 1, "time_base": [1, 25]}', "[" * 100000, '{"pts": 3}', "\xff"]
    + [f'{{"pts": [0], "last": {last}, "time_base": [1, {base}]}}' for last, base in ((10**300, 25), (1, 10**300))],
)
def test_times_that_are_none_are_one_sentence(told, moving, tmp_path):
    folder = write(tmp_path / "frames", moving(1), Timing.constant(1))
    (folder / "times.json").write_text(told, encoding="latin-1")
    with pytest.raises(InputError, match="does not hold frame times"):
        read(folder)
