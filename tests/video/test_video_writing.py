"""What is written: times, alpha, odd sizes, whole or not at all, with memory that does not grow."""

import resource
import subprocess
import sys
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from muybridge.errors import InputError, MuybridgeError, MuybridgeWarning, OutputExistsError, UsageError
from muybridge.video import Timing, Writer, iter_frames, probe, read, write

VARIABLE = Timing((0, 1001, 2002, 5005, 6006, 10010), 3003, Fraction(1, 30000))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ""])
def test_variable_rates_come_back_exactly(suffix, moving, tmp_path):
    clip = read(write(tmp_path / f"a{suffix}", moving(), VARIABLE))
    assert clip.timing == VARIABLE
    assert (clip.pixels.float() - moving().float()).abs().mean() < 6


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".gif"])
def test_variable_rates_come_back_to_the_tick_of_the_format(suffix, moving, tmp_path):
    clip = read(write(tmp_path / f"a{suffix}", moving(), VARIABLE))
    tick = 1 / 100 if suffix == ".gif" else 1 / 1000
    assert float(clip.timing.time_base) == tick
    assert clip.timing.seconds == pytest.approx(VARIABLE.seconds, abs=tick / 2 + 1e-9)
    assert clip.timing.duration == pytest.approx(VARIABLE.duration, abs=tick / 2 + 1e-9)
    assert (clip.pixels.float() - moving().float()).abs().mean() < 6


def test_the_encoder_takes_no_way_that_gives_another_file_each_time(moving, tmp_path):
    # What x264 was told stands in the stream. With its tree of macroblocks, 9 of 38 files of the same 4 frames of
    # 546 x 280 px were others; without it, none of 235.
    assert b" mbtree=0 " in write(tmp_path / "a.mp4", moving(), VARIABLE).read_bytes()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=8), st.sampled_from([600, 24000, 90000]))
def test_any_times_survive_mp4(tmp_path_factory, moving, gaps, ticks):
    starts = tuple(sum(gaps[:i]) for i in range(len(gaps)))
    timing = Timing(starts, gaps[-1], Fraction(1, ticks))
    path = write(tmp_path_factory.mktemp("times") / "a.mp4", moving(len(gaps), 16, 32), timing)
    assert read(path).timing == timing


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(600, 4000), min_size=2, max_size=8))
def test_gif_times_do_not_drift(tmp_path_factory, moving, gaps):
    starts = tuple(sum(gaps[:i]) for i in range(len(gaps)))
    timing = Timing(starts, gaps[-1], Fraction(1, 24000))
    path = tmp_path_factory.mktemp("times") / "a.gif"
    clip = read(write(path, moving(len(gaps), 16, 32), timing))
    assert clip.timing.seconds == pytest.approx(timing.seconds, abs=0.005 + 1e-9)


def test_gif_leaves_out_what_it_cannot_show(moving, tmp_path):
    with pytest.warns(MuybridgeWarning, match="5 frames were left out"):
        write(tmp_path / "fast.gif", moving(10), Timing.constant(10, 100))
    assert read(tmp_path / "fast.gif").timing.duration == pytest.approx(0.1)


@pytest.mark.parametrize(("suffix", "error"), [(".webm", 4), (".mov", 2), (".gif", 0.01), ("", 0), (".png", 0)])
def test_alpha_round_trip(suffix, error, moving, tmp_path):
    count = 1 if suffix == ".png" else 4
    made = moving(count, 49, 65, alpha=True)
    clip = read(write(tmp_path / f"a{suffix}", made, Timing.constant(count)))
    assert clip.pixels.shape == (count, 3, 49, 65)
    assert clip.mattes is not None
    assert (clip.mattes.float() - made[:, 3:].float()).abs().mean() <= error
    inside = made[:, 3:].expand(-1, 3, -1, -1) == 255
    assert (clip.pixels.float() - made[:, :3].float())[inside].abs().mean() <= max(error, 12 * (error > 0))


def test_background_where_there_is_no_alpha(moving, tmp_path):
    path = write(tmp_path / "a.mp4", moving(2, alpha=True), Timing.constant(2), background=(0, 1, 0))
    assert (read(path).pixels[0, :, 40, 60].int() - torch.tensor([0, 255, 0])).abs().max() < 12


def test_floats_are_taken_as_they_are_in_zero_to_one(tmp_path):
    frame = torch.rand(3, 20, 24)
    clip = read(write(tmp_path / "a.png", [frame], Timing.constant(1)))
    assert torch.equal(clip.pixels[0], (frame * 255).round().to(torch.uint8))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_odd_sides_grow_by_one_repeated_pixel(suffix, moving, tmp_path):
    made = moving(3, 49, 65)
    with pytest.warns(MuybridgeWarning, match="65x49"):
        path = write(tmp_path / f"a{suffix}", made, Timing.constant(3))
    clip = read(path)
    assert clip.pixels.shape[2:] == (50, 66)
    assert (clip.pixels[..., :49, :65].float() - made.float()).abs().mean() < 6


@pytest.mark.parametrize("suffix", [".webm", ".gif", ""])
def test_odd_sides_stay_where_they_can(suffix, moving, tmp_path):
    path = write(tmp_path / f"a{suffix}", moving(2, 49, 65), Timing.constant(2))
    assert probe(path).size == (49, 65)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".gif", ""])
def test_one_frame(suffix, moving, tmp_path):
    clip = read(write(tmp_path / f"a{suffix}", moving(1), Timing((0,), 3, Fraction(1, 10))))
    assert len(clip) == 1
    assert clip.timing.duration == pytest.approx(0.3)


def test_colours_are_those_that_were_given(tmp_path):
    colours = torch.tensor([[200, 30, 60], [20, 180, 90], [40, 60, 220], [250, 250, 250]], dtype=torch.uint8)
    made = colours[:, :, None, None].expand(4, 3, 32, 32)
    for suffix in (".mp4", ".webm", ".mkv"):
        clip = read(write(tmp_path / f"a{suffix}", made, Timing.constant(4), quality=95))
        assert (clip.pixels[:, :, 16, 16].int() - colours.int()).abs().max() <= 5


def test_quality_costs_space(moving, tmp_path):
    made = (moving(8, 96, 128).float() + 20 * torch.randn(8, 3, 96, 128)).clamp(0, 255).to(torch.uint8)
    sizes = [write(tmp_path / f"{q}.mp4", made, Timing.constant(8), quality=q).stat().st_size for q in (20, 60, 95)]
    assert sizes == sorted(sizes)
    assert sizes[2] > 3 * sizes[0]


def test_existing_files_need_force(moving, tmp_path):
    for name in ("a.mp4", "frames"):
        write(tmp_path / name, moving(2), Timing.constant(2))
        with pytest.raises(OutputExistsError, match="force=True"):
            write(tmp_path / name, moving(3), Timing.constant(3))
        assert len(read(tmp_path / name)) == 2
        write(tmp_path / name, moving(3), Timing.constant(3), force=True)
        assert len(read(tmp_path / name)) == 3
    (tmp_path / "frames" / "letter.txt").write_text("dear")
    with pytest.raises(OutputExistsError, match="other things"):
        write(tmp_path / "frames", moving(2), Timing.constant(2), force=True)
    assert (tmp_path / "frames" / "letter.txt").read_text() == "dear"


def test_a_folder_that_a_kill_caught_between_two_names_stands_there(moving, tmp_path):
    frames = tmp_path / "frames"
    write(frames, moving(2), Timing.constant(2))
    frames.rename(tmp_path / ".frames.0123abcd.old")
    with pytest.raises(OutputExistsError, match="force=True"):
        write(frames, moving(3), Timing.constant(3))
    assert len(read(frames)) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "frames", "a.png"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_of_what_failed(name, error, moving, tmp_path):
    def failing():
        yield moving(1)[0]
        if not name.endswith("png"):
            yield moving(2)[1]
        raise error

    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(error):
        write(tmp_path / name, failing(), Timing.constant(5))
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_frames_that_do_not_fit_are_refused(moving, tmp_path):
    path = tmp_path / "a.mp4"
    with pytest.raises(InputError, match="2 frames to write and 3"):
        write(path, moving(2), Timing.constant(3))
    with pytest.raises(InputError, match="more frames"):
        write(path, moving(3), Timing.constant(2))
    with pytest.raises(InputError, match="no frames"), Writer(path, Fraction(1, 25)):
        pass
    with pytest.raises(InputError, match=r"\(3, 16, 16\) after"):
        write(path, [moving(1)[0], torch.zeros(3, 16, 16)], Timing.constant(2))
    with pytest.raises(InputError, match=r"\[3 or 4, H, W\]"):
        write(path, [torch.zeros(1, 16, 16)], Timing.constant(1))
    with pytest.raises(InputError, match="one frame"):
        write(tmp_path / "a.png", moving(2), Timing.constant(2))
    with pytest.raises(UsageError, match=r"a\.xyz"):
        write(tmp_path / "a.xyz", moving(2), Timing.constant(2))
    with pytest.raises(UsageError, match="quality 0"):
        write(path, moving(2), Timing.constant(2), quality=0)
    assert not list(tmp_path.iterdir())


def test_writer_takes_frames_as_they_come(moving, tmp_path):
    with Writer(f"{tmp_path}/deep/er.dir/", Fraction(1, 30)) as writer:
        for t, frame in enumerate(moving(3)):
            writer.add(frame, 100 + 2 * t)
        with pytest.raises(InputError, match="must increase"):
            writer.add(frame, 104)
    assert read(tmp_path / "deep" / "er.dir").timing == Timing((0, 2, 4), 2, Fraction(1, 30))


NAMES = [
    "with space.mp4",
    "quo'te\".mp4",
    "ünï-код.webm",
    "100%d.mp4",
    "%03d.gif",
    "-dash.mkv",
    "a:b.mp4",
    "per%nt dir",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_only_names(name, moving, tmp_path, monkeypatch):
    folder = tmp_path / "http:" / "ф 'o\" %04d"
    folder.mkdir(parents=True)
    path = write(folder / name, moving(2), Timing.constant(2))
    assert len(read(path)) == 2
    monkeypatch.chdir(folder)
    assert len(read(name)) == 2
    assert [p.name for p in folder.iterdir()] == [name]


FULL = """
import resource, signal, sys, torch
from muybridge.errors import MuybridgeError
from muybridge.video import Timing, write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    write(sys.argv[1], (torch.rand(3, 128, 128) for _ in range(30)), Timing.constant(30))
except MuybridgeError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "frames"])
def test_a_full_disk_is_said_in_one_sentence(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / name)], capture_output=True, text=True, timeout=120
    )
    assert "no space left" in done.stdout
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


def test_a_folder_that_may_not_be_written(moving, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(MuybridgeError, match="cannot be written"):
        write(tmp_path / "file" / "a.mp4", moving(1), Timing.constant(1))


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_memory_does_not_grow_with_length(suffix, tmp_path):
    ramp = torch.linspace(0, 255, 320).to(torch.uint8).expand(3, 240, 320)

    def run(count: int) -> None:
        made = (ramp.roll(t, 2) for t in range(count))
        path = write(tmp_path / f"a{suffix}", made, Timing.constant(count), force=True)
        assert sum(1 for _ in iter_frames(path)) == count

    run(30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(250)
    # 220 more frames are 50 MB decoded.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 25 * 1024
