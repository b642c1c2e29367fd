"""The sound goes along: copied or encoded anew, in time, and no longer than the pictures."""

import av
import numpy as np
import pytest

from muybridge.errors import InputError
from muybridge.video import Timing, probe, read, write


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
