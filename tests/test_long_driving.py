"""A driving video of any length: found, cropped and written piece by piece, as it would be whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import muybridge
from muybridge.data.driving_video import StreamedVideo, first_piece, iter_subjects
from muybridge.data.subject import Subject
from muybridge.errors import InputError
from muybridge.inputs import driving
from muybridge.inputs.driving import read_driving
from muybridge.puppets import scene
from muybridge.video import Clip, Timing, read, write
from tiny_jokr import TINY_TRAINING

FRAMES = 21
TINY = {"preset": "smoke", "set": TINY_TRAINING, "device": "cpu", "precision": "float32"}


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A puppet on flat white, at times that no constant rate has."""
    drawn = scene("gif", FRAMES, 64).a
    pts = tuple(t + t // 5 for t in range(FRAMES))
    return Clip(drawn.pixels, Timing(pts, 3, drawn.timing.time_base), drawn.mattes)


@pytest.fixture(scope="module")
def video(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("long") / "frames", clip.pixels, clip.timing)


@pytest.fixture(scope="module")
def masks(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert clip.mattes is not None
    folder = tmp_path_factory.mktemp("long") / "masks"
    return write(folder, (m.expand(3, -1, -1) for m in clip.mattes), clip.timing)


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "LONGEST", 16)


def test_a_short_video_is_a_clip(video: Path, masks: Path) -> None:
    found, audio = read_driving(video, masks=masks)
    assert isinstance(found, Clip)
    assert (len(found), audio) == (FRAMES, None)


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize("options", [{"flip": False}, {"flip": True}, {"flip": False, "squeezed": True}])
def test_a_long_video_is_cropped_as_if_it_were_whole(
    clip: Clip, video: Path, masks: Path, options: dict[str, bool]
) -> None:
    found, _ = read_driving(video, masks=masks)
    assert isinstance(found, StreamedVideo)
    assert (len(found), found.timing) == (FRAMES, clip.timing)
    parts = list(iter_subjects(found, (32, 32), 0.1, follow_size=True, **options))
    whole = Subject.from_clip(read_driving(read(video), masks=masks)[0], (32, 32), 0.1, follow_size=True, **options)
    assert [len(part) for part in parts] == [16, 5]
    for name in ("pixels", "mattes", "boxes", "seen"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name)), name


@pytest.mark.usefixtures("short_pieces")
@pytest.mark.parametrize("how", ["auto", "colour"])
def test_silhouettes_are_found_in_every_piece(clip: Clip, video: Path, how: str) -> None:
    found, _ = read_driving(video, how=how)
    assert isinstance(found, StreamedVideo)
    mattes = torch.cat([part.mattes for part in found.pieces()]) > 127
    assert clip.mattes is not None
    truth = clip.mattes > 127
    overlap = (mattes & truth).sum((1, 2, 3)) / (mattes | truth).sum((1, 2, 3))
    assert float(overlap.min()) > 0.8


@pytest.mark.usefixtures("short_pieces")
def test_a_subject_may_come_late_and_go_early(clip: Clip, video: Path, tmp_path: Path) -> None:
    assert clip.mattes is not None
    late = clip.mattes.clone()
    late[:17] = 0
    write(tmp_path / "late", late.expand(-1, 3, -1, -1), clip.timing)
    with pytest.warns(match="17 frames have no silhouette"):
        found, _ = read_driving(video, masks=tmp_path / "late")
    assert bool(first_piece(found).mattes.any())  # type: ignore[union-attr]
    assert [int(part.seen.sum()) for part in iter_subjects(found, (32, 32), 0.1, flip=False, follow_size=True)] == [
        0,
        4,
    ]
    write(tmp_path / "never", (late * 0).expand(-1, 3, -1, -1), clip.timing)
    with pytest.raises(InputError, match=f"no subject on any of the {FRAMES} frames"):
        read_driving(video, masks=tmp_path / "never")
    for count, word in ((17, "fewer"), (16, "fewer")):
        write(tmp_path / f"{count}", late[:count].expand(-1, 3, -1, -1), clip.timing.select(range(count)))
        with pytest.raises(InputError, match=f"holds {word} silhouettes than the driving video"):
            read_driving(video, masks=tmp_path / f"{count}")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> muybridge.Fitted:
    drawn = scene("gif", 5, 64)
    return muybridge.fit("jokr", drawn.a, drawn.b, out=tmp_path_factory.mktemp("runs") / "run", **TINY)


def test_a_result_is_the_same_in_pieces(
    fitted: muybridge.Fitted, video: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(name: str) -> Clip:
        path, notes = muybridge.animate(fitted, video, out=tmp_path / name, masks=masks)
        assert "looks like subject a" in notes[0]
        return read(path)

    whole = made("whole")
    monkeypatch.setattr(driving, "LONGEST", 16)
    pieces = made("pieces")
    assert whole.timing == pieces.timing
    assert torch.equal(whole.pixels, pieces.pixels)


def test_a_method_that_wants_clips_gets_one(
    fitted: muybridge.Fitted, video: Path, masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "LONGEST", 16)
    monkeypatch.setattr(type(fitted.method), "takes_streamed_video", False)
    monkeypatch.setattr("muybridge.data.driving_video.StreamedVideo.pieces", lambda _: pytest.fail("this is no clip"))
    muybridge.animate(fitted, video, "b", out=tmp_path / "made", masks=masks)
    assert len(read(tmp_path / "made")) == FRAMES


GROWTH = """
import resource, sys
import torch
import muybridge
from muybridge.inputs import driving

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

driving.LONGEST = 16
run, short, long, out = sys.argv[1:]
fitted = muybridge.load(run, device="cpu")
for name in (short, long):
    muybridge.animate(fitted, name, "b", out=f"{out}-{name[-5:-4]}.mp4")
    print(peak())
"""


def _walk(path: Path, frames: int) -> Path:
    """A disc that swings before a flat wall: frames made one by one."""
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(128), indexing="ij")

    def drawn(t: int) -> torch.Tensor:
        disc = (rows - 48) ** 2 + (columns - 64 - 16 * ((t % 20) - 10) / 10) ** 2 < 16**2
        return torch.where(disc, 40, 230).to(torch.uint8).expand(3, -1, -1)

    return write(path, map(drawn, range(frames)), Timing.constant(frames))


def test_memory_does_not_grow_with_the_driving_video(fitted: muybridge.Fitted, tmp_path: Path) -> None:
    short, long = _walk(tmp_path / "s.mp4", 48), _walk(tmp_path / "l.mp4", 400)
    environment = {k: v for k, v in os.environ.items() if k != "MUYBRIDGE_CHECK_SHAPES"} | {"OMP_NUM_THREADS": "1"}
    arguments = [str(p) for p in (fitted.run.path, short, long, tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = (float(line) for line in done.stdout.split())
    # Held whole, the longer one takes 67 MB more.
    assert second - first < 20, (first, second)
