"""The sound goes along: copied or encoded anew, in time, and no longer than the pictures."""

import warnings
from fractions import Fraction

import av
import numpy as np
import pytest

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video import Timing, probe, read, write
from muybridge.video.sound import find_sound


def heard(path) -> tuple[str, np.ndarray, float]:
    """Codec, samples and start in seconds of the first audio stream."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        parts = list(container.decode(stream))
        start = float(parts[0].pts * parts[0].time_base)
        samples = np.concatenate([p.to_ndarray().astype(np.float64)[0] for p in parts])
        return stream.codec_context.name, samples, start


@pytest.mark.parametrize(
    ("suffix", "source", "codec", "expected"),
    [
        (".mp4", ".m4a", "aac", "aac"),
        (".mov", ".m4a", "aac", "aac"),
        (".mkv", ".m4a", "aac", "aac"),
        (".mp4", ".ogg", "libopus", "aac"),
        (".webm", ".ogg", "libopus", "opus"),
        (".webm", ".m4a", "aac", "opus"),
        (".mkv", ".flac", "flac", "flac"),
        (".mp4", ".wav", "pcm_s16le", "aac"),
    ],
)
def test_sound_is_kept_and_cut_to_the_video(suffix, source, codec, expected, moving, sine, tmp_path):
    path = write(tmp_path / f"a{suffix}", moving(25), Timing.constant(25), audio=sine(source, codec))
    assert probe(path).has_audio
    name, samples, start = heard(path)
    assert name in (expected, f"lib{expected}")
    assert len(samples) / 48000 == pytest.approx(1.0, abs=0.06)
    assert abs(start) < 0.03
    middle = samples[12000:36000]
    frequency = np.fft.rfftfreq(len(middle), 1 / 48000)[np.abs(np.fft.rfft(middle)).argmax()]
    assert frequency == pytest.approx(440, abs=4)
    clip = read(path)
    assert len(clip) == 25
    assert clip.audio == path
    assert clip.timing.duration == pytest.approx(1.0, abs=1e-3)


def test_short_sound_ends_by_itself_and_odd_rates_are_taken(moving, sine, tmp_path):
    path = write(tmp_path / "a.mp4", moving(25), Timing.constant(25), audio=sine(".wav", "pcm_s16le", 0.3, 11025))
    assert len(heard(path)[1]) / 48000 == pytest.approx(0.3, abs=0.06)


def test_sound_of_a_video_that_was_written_goes_on_to_the_next(moving, sine, tmp_path):
    first = write(tmp_path / "a.mp4", moving(25), Timing.constant(25), audio=sine())
    for suffix in (".mp4", ".mkv", ".webm"):
        second = write(tmp_path / f"b{suffix}", moving(10), Timing.constant(10), audio=read(first).audio)
        assert len(heard(second)[1]) / 48000 == pytest.approx(0.4, abs=0.06)
    assert not probe(write(tmp_path / "b.gif", moving(4), Timing.constant(4), audio=first)).has_audio


def test_sound_that_is_none_is_an_error_and_leaves_nothing(moving, tmp_path):
    silent = write(tmp_path / "silent.mp4", moving(2), Timing.constant(2))
    for audio, words in ((silent, "has no sound"), (tmp_path / "none.mp3", "no file or folder")):
        with pytest.raises(InputError, match=words):
            write(tmp_path / "a.mp4", moving(2), Timing.constant(2), audio=audio)
    assert [p.name for p in tmp_path.iterdir()] == ["silent.mp4"]


def test_a_script_that_names_other_files_is_no_sound(moving, sine, tmp_path):
    other = sine(".wav", "pcm_s16le")
    script = other.with_name("song.mp3")
    script.write_text(f"ffconcat version 1.0\nfile {other.name}\n")
    with pytest.raises(InputError, match="no sound that can be read"):
        write(tmp_path / "made.mp4", moving(2), Timing.constant(2), audio=script)


# Container, video and audio codec, sample rate: what the web, phones, cameras and recorders have.
FILMS = [
    ("mp4", "libx264", "aac", 44100),
    ("mp4", "libx264", "libmp3lame", 44100),
    ("mp4", "libx264", "ac3", 48000),
    ("mp4", "libx264", "libopus", 48000),
    ("mov", "libx264", "pcm_s16le", 48000),
    ("mov", "libx264", "alac", 44100),
    ("matroska", "libx264", "libopus", 48000),
    ("matroska", "libx264", "vorbis", 44100),
    ("matroska", "libx264", "flac", 48000),
    ("matroska", "libx264", "aac", 22050),
    ("matroska", "libx264", "libmp3lame", 44100),
    ("webm", "libvpx-vp9", "libopus", 48000),
    ("webm", "libvpx", "vorbis", 44100),
    ("avi", "mpeg4", "libmp3lame", 44100),
    ("avi", "mpeg4", "pcm_s16le", 8000),
    ("avi", "mpeg4", "ac3", 48000),
    ("mpegts", "libx264", "aac", 48000),
    ("mpegts", "libx264", "mp2", 48000),
    ("mpeg", "mpeg2video", "mp2", 44100),
    ("flv", "flv1", "libmp3lame", 44100),
    ("flv", "libx264", "aac", 44100),
    ("asf", "wmv2", "wmav2", 44100),
    ("ogg", "libvpx", "vorbis", 44100),
]
ONSET = 0.5


def film(path, frames, container: str, video: str, audio: str, rate: int, tracks: int = 1):
    """Frames at 25 a second with a tone that begins after half a second."""
    with av.open(str(path), "w", format=container) as output:
        picture = output.add_stream(video, rate=25)
        picture.height, picture.width, picture.pix_fmt = *frames.shape[2:], "yuv420p"
        streams = [output.add_stream(audio, rate=rate, options={"strict": "-2"}) for _ in range(tracks)]
        for stream in streams:
            stream.codec_context.layout = "stereo"
            stream.codec_context.bit_rate = 128_000
        seconds = len(frames) / 25
        times = np.arange(int(seconds * rate)) / rate
        tone = (0.5 * np.sin(2 * np.pi * 440 * times) * (times >= ONSET)).astype(np.float32)
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(picture.encode(frame))
            part = tone[index * rate // 25 : (index + 1) * rate // 25]
            for stream in streams:
                sound = av.AudioFrame.from_ndarray(np.stack([part, part]), "fltp", "stereo")
                sound.rate, sound.pts, sound.time_base = rate, index * rate // 25, Fraction(1, rate)
                output.mux(stream.encode(sound))
        output.mux(picture.encode(None))
        for stream in streams:
            output.mux(stream.encode(None))
    return path


def onset(path) -> float:
    """When the tone begins, in seconds of the video."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0))
        start = float(first.pts * first.time_base)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float64)
            samples = samples / (32768 if frame.format.name.startswith("s16") else 1)
            loud = np.flatnonzero(np.abs(samples).max(axis=0) > 0.2)
            if len(loud):
                channels = 1 if frame.format.is_planar else len(frame.layout.channels)
                return float(frame.pts * frame.time_base) + loud[0] / channels / frame.rate - start
    raise AssertionError("nothing is heard")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("kind", FILMS, ids=lambda kind: "-".join(map(str, kind)))
def test_sound_of_every_container_goes_into_every_output(kind, suffix, moving, tmp_path):
    frames = moving(30, 48, 64)
    driving = film(tmp_path / "driving", frames, *kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = write(tmp_path / f"made{suffix}", frames, Timing.constant(30), audio=driving)
    assert onset(made) == pytest.approx(ONSET, abs=0.05)
    with av.open(str(made)) as container:
        times = [packet.dts for packet in container.demux(audio=0) if packet.dts is not None]
    assert times == sorted(set(times))
    assert len(read(made)) == 30


def spoil_first_track(path) -> None:
    """Give the first of two tracks a codec that nobody has: what phones do with spatial sound."""
    data = path.read_bytes()
    path.write_bytes(data.replace(b"mp4a", b"apac", 1).replace(b"esds", b"dapa", 1))


def test_the_first_track_that_can_be_decoded_is_taken(moving, tmp_path):
    frames = moving(30, 48, 64)
    driving = film(tmp_path / "driving.mp4", frames, "mp4", "libx264", "aac", 44100, tracks=2)
    spoil_first_track(driving)
    assert find_sound(driving) == driving
    for suffix in (".mp4", ".webm"):
        made = write(tmp_path / f"made{suffix}", frames, Timing.constant(30), audio=driving)
        assert onset(made) == pytest.approx(ONSET, abs=0.05)


def test_sound_that_nobody_decodes_is_left_out_and_said(moving, tmp_path):
    frames = moving(10, 48, 64)
    driving = film(tmp_path / "driving.mp4", frames, "mp4", "libx264", "aac", 44100)
    spoil_first_track(driving)
    with pytest.warns(MuybridgeWarning, match="cannot be decoded"):
        made = write(tmp_path / "made.mp4", frames, Timing.constant(10), audio=driving)
    assert len(read(made)) == 10
    assert not probe(made).has_audio
    with pytest.warns(MuybridgeWarning, match="cannot be decoded"):
        assert find_sound(driving) is None


def test_what_has_lost_its_sound_is_written_without(moving, tmp_path):
    assert find_sound(None) is None
    with pytest.warns(MuybridgeWarning, match="written without sound"):
        assert find_sound(tmp_path / "gone.mp4") is None


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv"])
@pytest.mark.filterwarnings("ignore::muybridge.errors.MuybridgeWarning")
def test_damaged_sound_never_costs_the_pictures(suffix, moving, tmp_path):
    frames = moving(30, 48, 64)
    data = film(tmp_path / "whole.mkv", frames, "matroska", "libx264", "vorbis", 44100).read_bytes()
    dice = np.random.default_rng(3)
    for round_ in range(12):
        bad = bytearray(data)
        for place in dice.integers(2000, len(bad), 40):
            bad[place] = dice.integers(256)
        driving = tmp_path / f"bad{round_}.mkv"
        driving.write_bytes(bad)
        audio = find_sound(driving)
        made = write(tmp_path / f"made{round_}{suffix}", frames, Timing.constant(30), audio=audio)
        assert len(read(made)) == 30
