"""Videos larger than methods need: read smaller, and results of the file's own size all the same."""

from pathlib import Path

import pytest
import torch

import muybridge
from muybridge.api.edit import handles
from muybridge.data.background import plate
from muybridge.data.subject import Subject
from muybridge.output.animation import backdrop_of
from muybridge.output.results import Results
from muybridge.puppets import scene
from muybridge.video import Clip, Timing, read, write
from tiny_jokr import TINY_TRAINING

SIDE = 192
SMALL = {**TINY_TRAINING, "appearance": "paint"}
TINY = {"preset": "smoke", "set": SMALL, "device": "cpu", "precision": "float32"}


@pytest.fixture(scope="module")
def clips() -> tuple[Clip, Clip]:
    """Wider than high, so that the two axes cannot be mistaken for each other."""
    drawn = scene("gif", 5, SIDE)
    return tuple(  # type: ignore[return-value]
        Clip(c.pixels[:, :, 24:168].contiguous(), c.timing, c.mattes[:, :, 24:168].contiguous())
        for c in (drawn.a, drawn.b)
    )


@pytest.fixture(scope="module")
def folder(clips: tuple[Clip, Clip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both as folders of frames, with their silhouettes beside them."""
    out = tmp_path_factory.mktemp("large")
    for name, clip in zip("ab", clips, strict=True):
        write(out / name, clip.pixels, clip.timing)
        assert clip.mattes is not None
        write(out / f"{name}-masks", clip.mattes.expand(-1, 3, -1, -1), clip.timing)
    return out


@pytest.fixture(scope="module")
def job(folder: Path) -> Results:
    masks = [folder / "a-masks", folder / "b-masks"]
    return muybridge.retarget(
        folder / "a", folder / "b", folder / "job", masks=masks, background="source", formats=("mp4", "gif"), **TINY
    )


def test_frames_are_read_at_four_times_the_methods_size_and_know_their_own(folder: Path) -> None:
    small = read(folder / "a", max_side=128)
    assert (small.height, small.width) == (96, 128)
    assert small.full_size == (144, SIDE)
    assert small[1:3].full == ((144, SIDE),) * 2
    assert read(folder / "a").full is None


@pytest.mark.parametrize("flip", [False, True])
def test_crops_of_smaller_frames_go_back_to_their_place_in_the_file(
    clips: tuple[Clip, Clip], folder: Path, flip: bool
) -> None:
    small = read(folder / "a", max_side=128)
    masked = small.with_masks(read(folder / "a-masks", max_side=128).pixels[:, :1])
    read_small, whole = (Subject.from_clip(c, (64, 64), 0.1, flip=flip) for c in (masked, clips[0]))
    assert read_small.frame == whole.frame == (144, SIDE)
    assert torch.allclose(read_small.boxes, whole.boxes, atol=2.0)
    rgba = torch.cat((whole.pixels[2], whole.mattes[2]))
    placed, want = (s.place(rgba)[3] > 127 for s in (read_small, whole))
    assert int((placed & want).sum()) > 0.9 * int((placed | want).sum())


def test_silhouettes_come_back_from_the_crops(clips: tuple[Clip, Clip]) -> None:
    clip = clips[0]
    assert clip.mattes is not None
    for flip in (False, True):
        again = Subject.from_clip(clip, (96, 96), 0.1, flip=flip).silhouettes(clip.with_masks(None)).mattes
        assert again is not None
        both, either = ((clip.mattes > 127) & (again > 127)).sum(), ((clip.mattes > 127) | (again > 127)).sum()
        assert float(both / either) > 0.95


def test_a_plate_of_small_frames_lies_behind_the_large_ones() -> None:
    slope = torch.arange(60, dtype=torch.uint8).repeat_interleave(2)[None, None, None].expand(4, 3, 80, 120)
    subject = torch.zeros(4, 1, 80, 120, dtype=torch.uint8)
    subject[:, :, 30:40, 50:60] = 255
    found = plate(Clip(slope.contiguous(), Timing.constant(4), subject))
    behind = backdrop_of("source", (160, 240), found).at(0)
    assert behind is not None
    assert behind.shape == (3, 160, 240)
    want = (torch.arange(240) + 0.5) / 4 - 0.5
    assert torch.allclose(behind[0, 20, 8:-8] * 255, want[8:-8], atol=1.0)
    still = torch.full((3, 80, 120), 7, dtype=torch.uint8)
    assert torch.allclose(backdrop_of("source", (160, 240), still).at(0), torch.tensor(7 / 255))  # type: ignore[arg-type]


def test_results_have_the_files_own_size(job: Results) -> None:
    made = [path for name, path in job.files.items() if "-moving-like-" in name]
    assert len(made) == 4
    assert {read(path).pixels.shape[2:] for path in made} == {(144, SIDE)}
    assert read(made[0]).pixels[0, :, 2, 2].tolist() == pytest.approx([255] * 3, abs=12)
    assert not [note for note in job.notes if "silhouettes" in note]
    assert f"{SIDE} x 144 px (read at 128 x 96)" in job.files["report.html"].read_text(encoding="utf-8")


def test_a_run_is_measured_against_the_truth_of_the_files_size(job: Results, folder: Path) -> None:
    run = muybridge.load(job.out, device="cpu")
    assert run.method.config.reading_side == 128
    figures = muybridge.evaluate(run, truth={"a": folder / "a"}, truth_masks={"a": folder / "a-masks"})
    assert 0 <= figures["truth_iou_a"] <= 1
    assert handles(run, "a").size == (144, SIDE)


def test_silhouettes_of_frames_beyond_a_bound_are_found_smaller_and_written_whole(tmp_path: Path) -> None:
    """They were looked at whole, which took a minute and 3 GB for a picture of 8000 x 8000 px."""
    frames = torch.zeros(2, 3, 100, 2304, dtype=torch.uint8)
    frames[:, :, 20:80, 900:1500] = 200
    write(tmp_path / "wide", frames, Timing.constant(2))
    painted = torch.zeros(3, 100, 2304, dtype=torch.uint8)
    painted[:, 21:80, 901:1500] = 255
    write(tmp_path / "painted.png", [painted], Timing.constant(1))

    masks = tmp_path / "masks"
    clip, _ = muybridge.mask(tmp_path / "wide", masks)
    assert (clip.width, clip.full_size) == (2048, (100, 2304))
    found = read(masks / "masks", strip=False).pixels[:, 0] > 127
    truth = frames[:, 0] > 127
    assert found.shape == truth.shape
    assert int((found ^ truth).sum()) < 2 * 2 * 660  # a pixel more or less around the edge

    # What a person painted comes out as it was painted, then and after the next correction.
    for frame in (0, 1):
        muybridge.mask(tmp_path / "wide", masks, corrections={frame: tmp_path / "painted.png"})
        assert torch.equal(read(masks / "masks").pixels[0], painted)
