"""Motion as data: each file comes back as it was written, and scripts of other programs say what was meant."""

import errno
import json
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from muybridge.errors import InputError, MissingExtraError, MuybridgeError, UsageError
from muybridge.motion import MotionTrack, read_motion, scale_strength, smooth_motion, write_motion
from muybridge.motion.filters import SMOOTHERS
from muybridge.video.clip import Timing

UNEVEN = Timing((0, 3000, 9000, 12000, 15000, 18000), 4500, Fraction(1, 90000))


def track(frames: int = 6, timing: Timing | None = UNEVEN) -> MotionTrack:
    """Three points on straight ways in frames of 320 x 240; the third is not found on the second frame."""
    t = np.arange(frames, dtype=np.float32)[:, None]
    ways = np.array([[1, 0], [0, 2], [-1, 1]], np.float32)
    points = np.array([[50, 60], [100, 80], [200, 90]], np.float32) + t[..., None] * ways
    confidence = np.full((frames, 3), 0.875, np.float32)
    confidence[1, 2] = 0
    names = ("nose", "left_hip", "tail_base")
    return MotionTrack(points, confidence, names, timing or Timing.constant(frames), (240, 320))


def assert_same(found: MotionTrack, wanted: MotionTrack) -> None:
    assert found.names == wanted.names
    assert found.size == wanted.size
    assert np.allclose(found.confidence > 0, wanted.confidence > 0)
    seen = wanted.confidence > 0
    assert np.allclose(found.points[seen], wanted.points[seen], atol=1e-3)


@pytest.mark.parametrize("name", ["motion.csv", "motion.json"])
def test_our_own_files_come_back_with_their_times(tmp_path: Path, name: str) -> None:
    found = read_motion(write_motion(track(), tmp_path / name))
    assert_same(found, track())
    assert np.allclose(found.confidence, track().confidence, atol=1e-3)
    assert found.timing.seconds == pytest.approx(UNEVEN.seconds)
    assert found.timing.duration == pytest.approx(UNEVEN.duration)


def test_times_that_a_file_says_are_kept_beside_its_video(tmp_path: Path) -> None:
    found = read_motion(write_motion(track(), tmp_path / "motion.csv"), (480, 640), Timing.constant(9))
    assert found.timing.seconds == pytest.approx(UNEVEN.seconds)
    assert found.size == (240, 320)


def test_deeplabcut_comes_back_with_its_video(tmp_path: Path) -> None:
    path = write_motion(track(), tmp_path / "mouse.csv", "deeplabcut")
    lines = path.read_text().splitlines()
    assert lines[0].startswith("scorer,muybridge,")
    assert lines[1].startswith("bodyparts,nose,nose,nose,left_hip")
    assert lines[2].startswith("coords,x,y,likelihood")
    assert_same(read_motion(path, (240, 320), UNEVEN), track())
    alone = read_motion(path)
    assert alone.size == (96, 201)
    assert alone.timing.rate == pytest.approx(25)
    with pytest.raises(InputError, match="has 6 frames, and the video that it belongs to 5"):
        read_motion(path, (240, 320), Timing.constant(5))
    one = "individuals," + ",".join(["mouse"] * 9)
    path.write_text("\n".join([lines[0], one, *lines[1:]]))
    assert_same(read_motion(path, (240, 320)), track())
    path.write_text("\n".join([lines[0], one.replace("mouse", "other", 3), *lines[1:]]))
    with pytest.raises(InputError, match="several individuals"):
        read_motion(path)


def test_sleap_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("sleap_io", reason="needs pip install 'muybridge[sleap]'")
    found = read_motion(write_motion(track(), tmp_path / "mouse.slp"), (240, 320), UNEVEN)
    assert_same(found, track())
    longer = read_motion(tmp_path / "mouse.slp", (240, 320), Timing.constant(9))
    assert longer.confidence[6:].max() == 0
    with pytest.raises(InputError, match="has a frame 5, and the video that it belongs to 5 frames"):
        read_motion(tmp_path / "mouse.slp", (240, 320), Timing.constant(5))
    (tmp_path / "broken.slp").write_bytes(b"x" * 100)
    with pytest.raises(InputError, match="not a file of SLEAP's"):
        read_motion(tmp_path / "broken.slp")


def test_a_part_of_sleap_io_that_is_missing_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It imports some of its parts only when a file is opened."""

    def load_slp(*_: Any, **__: Any) -> None:
        raise ModuleNotFoundError("No module named 'shapely'")

    monkeypatch.setitem(sys.modules, "sleap_io", SimpleNamespace(load_slp=load_slp))
    (tmp_path / "mouse.slp").write_bytes(b"x")
    with pytest.raises(MissingExtraError, match="sleap-io"):
        read_motion(tmp_path / "mouse.slp", (240, 320))


class Objects:
    """What a script for Blender asks of `bpy`, and what it did there."""

    def __init__(self) -> None:
        self.keys: dict[str, list[tuple[float, tuple[float, ...]]]] = {}
        self.context = self.data = self.scene = self.render = self
        self.objects = self.collections = self.collection = self.children = self
        self.fps, self.fps_base, self.frame_end = 24, 1.0, 0

    def new(self, name: str, *_: Any) -> Any:
        return Empty(name, self) if _ else self

    def link(self, _: Any) -> None:
        pass


class Empty:
    """An empty of Blender's."""

    def __init__(self, name: str, all_of: Objects) -> None:
        self.name, self.all_of = name, all_of
        self.location: tuple[float, ...] = ()
        all_of.keys[name] = []

    def keyframe_insert(self, what: str, frame: float) -> None:
        assert what == "location"
        self.all_of.keys[self.name].append((frame, self.location))


def test_the_script_for_blender_keys_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blender = Objects()
    monkeypatch.setitem(__import__("sys").modules, "bpy", blender)
    script = write_motion(track(), tmp_path / "motion.py").read_text()
    exec(compile(script, "motion.py", "exec"), {})
    assert list(blender.keys) == ["nose", "left_hip", "tail_base"]
    frames = [frame for frame, _ in blender.keys["nose"]]
    assert frames == pytest.approx([1 + 24 * time for time in UNEVEN.seconds], abs=1e-4)
    # The nose goes to the right, the hip down, two pixels a frame of 240 in 2 metres.
    xs = [place[0] for _, place in blender.keys["nose"]]
    zs = [place[2] for _, place in blender.keys["left_hip"]]
    assert np.allclose(np.diff(xs), 2 / 240, atol=1e-4)
    assert np.allclose(np.diff(zs), -4 / 240, atol=1e-4)
    # What was not found is set between.
    tail = [place[0] for _, place in blender.keys["tail_base"]]
    assert tail[1] == pytest.approx((tail[0] + tail[2]) / 2, abs=1e-4)


def test_keyframes_for_after_effects(tmp_path: Path) -> None:
    even = track(timing=Timing.constant(6, 30))
    text = write_motion(even, tmp_path / "motion.txt").read_text()
    lines = text.splitlines()
    assert lines[0] == "Adobe After Effects 8.0 Keyframe Data"
    assert "\tUnits Per Second\t30" in lines
    assert "\tSource Width\t320" in lines
    assert sum(line.startswith("Effects\tPoint Control") for line in lines) == 3
    start = lines.index("Effects\tPoint Control #1\tPoint #2")
    assert lines[start + 2 : start + 4] == ["\t0\t50.500\t60.500\t", "\t1\t51.500\t60.500\t"]
    assert lines[-1] == "End of Keyframe Data"


@pytest.mark.parametrize("how", SMOOTHERS)
def test_smoothing_takes_trembling_out(how: str) -> None:
    frames = 60
    calm = track(frames, Timing.constant(frames, 30))
    noise = np.random.default_rng(0).normal(0, 2, calm.points.shape).astype(np.float32)
    points = calm.points + noise
    trembling = MotionTrack(points, calm.confidence, calm.names, calm.timing, calm.size)
    smooth = smooth_motion(trembling, how)
    assert smooth.points.shape == calm.points.shape

    def tremble(motion: MotionTrack) -> float:
        return float(np.abs(np.diff(motion.points, n=2, axis=0)).mean())

    assert tremble(smooth) < 0.4 * tremble(trembling)
    with pytest.raises(UsageError, match="no smoothing 'more'"):
        smooth_motion(calm, "more")


def noisy(points: np.ndarray, pixels: float, fps: int = 25) -> MotionTrack:
    """One point on a way [T, 2] in frames of 256 x 256, with noise of so many pixels."""
    frames = len(points)
    trembling = points + np.random.default_rng(1).normal(0, pixels, points.shape)
    seen = np.ones((frames, 1), np.float32)
    return MotionTrack(trembling[:, None].astype(np.float32), seen, ("a",), Timing.constant(frames, fps), (256, 256))


def test_savitzky_golay_has_the_published_weights() -> None:
    """Table I of the paper, degree 2 or 3, 7 points; at the ends what numpy fits to the first 7."""
    weights = np.array([-2, 3, 6, 7, 6, 3, -2]) / 21
    motion = noisy(np.full((30, 2), 100.0), 20)
    points = motion.points[:, 0].astype(np.float64)
    found = smooth_motion(motion, "savgol").points[:, 0]
    wanted = [weights @ points[t - 3 : t + 4] for t in range(3, 27)]
    assert np.allclose(found[3:27], wanted, atol=1e-3)
    fitted = np.polyfit(np.arange(7), points[:7], 2)
    assert np.allclose(found[:3], [np.polyval(fitted, t) for t in range(3)], atol=1e-3)


def test_a_resting_point_is_steadied_and_a_fast_one_followed() -> None:
    """The filter of Casiez et al., there and back: most of a jump of 100 pixels comes within its two frames."""
    points = np.full((20, 2), 20.0)
    points[10:] = 120
    found = smooth_motion(noisy(points, 0.0, 30), "one-euro").points[:, 0, 0] - 20
    assert np.allclose(found[:4], 0, atol=3)
    assert found[10] - found[9] > 50
    assert np.allclose(found[13:], 100, atol=10)


@pytest.mark.parametrize("how", SMOOTHERS)
def test_a_smoothed_point_is_nearer_to_its_true_way_and_not_late(how: str) -> None:
    """A leg's swing, twice in a second, 40 pixels wide."""
    t = np.arange(100) / 25
    way = np.stack([128 + 20 * np.sin(4 * np.pi * t), np.full_like(t, 100)], -1)
    motion = noisy(way, 3.0)
    found = smooth_motion(motion, how).points[:, 0]

    def far(points: np.ndarray) -> float:
        return float(np.sqrt(((points - way) ** 2).sum(-1).mean()))

    assert far(found) < 0.9 * far(motion.points[:, 0])
    late = [far(np.roll(found, -shift, 0)) for shift in (-2, -1, 0, 1, 2)]
    assert np.argmin(late) == 2


def test_strength_is_about_each_points_mean() -> None:
    motion = track()
    still = scale_strength(motion, 0.0)
    assert np.allclose(still.points[0], still.points[-1])
    assert np.allclose(still.points[0, 0], motion.points[:, 0].mean(0))
    more = scale_strength(motion, 1.5)
    assert np.allclose(np.diff(more.points, axis=0), 1.5 * np.diff(motion.points, axis=0), atol=1e-4)
    assert np.allclose(scale_strength(motion, 1.0).points, motion.points)
    with pytest.raises(UsageError, match="between 0 and 150%"):
        scale_strength(motion, 2.0)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "x,y\n1,2\n", "neither frame nor scorer"),
        ("a.csv", "frame,time,a_x,a_y,a_confidence\n0,0,1,2,1\n", "does not say how large"),
        ("a.csv", "# muybridge motion, frames of wide\nframe,time,a_x\n", "first cell|cannot be read|no motion"),
        ("a.csv", "# muybridge motion, frames of 9 x 9\nframe,time,a_x,a_y,a_confidence\n0,0,1,2\n", "other lengths"),
        ("a.csv", "# muybridge motion, frames of 9 x 9\nframe,time,a_x,a_y,a_confidence\n0,0,1,no,1\n", "not numbers"),
        ("a.csv", "# muybridge motion, frames of 9 x 9\nframe,time,a_x,a_y,a_confidence\n0,0,1e9,2,1\n", "outside"),
        ("a.csv", "scorer,s\nbodyparts,a\ncoords,x\n0,1\n", "not DeepLabCut's"),
        ("a.json", "{}", "without a motion"),
        ("a.json", '{"format": "muybridge landmarks"}', "is no motion"),
        ("a.json", "[" * 5000 + "]" * 5000, "without a motion"),
        ("a.json", json.dumps({"format": "muybridge motion", "size": [9, 9], "names": ["a"], "times": [0, 0],
            "end": 1, "points": [[[1, 2, 1]], [[1, 2, 1]]]}), "must increase|times rise"),
        ("a.json", json.dumps({"format": "muybridge motion", "size": [9, 9], "names": ["a", "a"], "times": [0],
            "end": 1, "points": [[[1, 2, 1], [1, 2, 1]]]}), "two of these are the same"),
    ],
)  # fmt: skip
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        read_motion(tmp_path / name)


def test_endings_and_formats_that_there_are_not(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"motion\.mp3"):
        write_motion(track(), tmp_path / "motion.mp3")
    with pytest.raises(UsageError, match="no format 'bvh'"):
        write_motion(track(), tmp_path / "motion.csv", "bvh")


@pytest.mark.parametrize("suffix", [".csv", ".json", ".py", ".txt"])
def test_a_motion_that_cannot_be_written_leaves_the_old_one(suffix, tmp_path, monkeypatch):
    points = np.zeros((3, 2, 2), np.float32)
    motion = MotionTrack(points, np.ones((3, 2), np.float32), ("a", "b"), Timing.constant(3), (48, 64))
    path = write_motion(motion, tmp_path / f"motion{suffix}")
    before = path.read_bytes()

    def fill(file: Path, text: str, **told: object) -> None:
        file.write_bytes(text.encode()[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fill)
    with pytest.raises(MuybridgeError, match="full"):
        write_motion(motion, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
