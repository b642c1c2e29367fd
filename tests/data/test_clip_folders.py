"""Folders as people keep them: every layout, what is passed over, what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from muybridge.data.clips import ClipsData
from muybridge.data.folders import ClipFolder, clips_in, find_clip, part_of, read_pairs
from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video import Timing, write

FRAMES = 5


def moving(seed: int = 0, size: tuple[int, int] = (32, 32)) -> torch.Tensor:
    """A square that walks to the right."""
    pixels = torch.full((FRAMES, 3, *size), 40 + seed, dtype=torch.uint8)
    for t in range(FRAMES):
        pixels[t, :, 8:16, 2 + 4 * t : 10 + 4 * t] = 220
    return pixels


def strip(path: Path, pixels: torch.Tensor) -> None:
    row = torch.cat(list(pixels), -1).permute(1, 2, 0).flip(-1).numpy()
    cv2.imwrite(str(path), row)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One clip of each kind to train on, and one to test."""
    root = tmp_path / "d ata"
    train, test = root / "train", root / "test"
    test.mkdir(parents=True)
    write(train / "a#1.mp4", moving(0), Timing.constant(FRAMES))
    write(train / "a#2.gif", moving(10), Timing.constant(FRAMES, 10))
    strip(train / "b.png", moving(20))
    frames = train / "frames"
    frames.mkdir()
    for t, frame in enumerate(moving(30)):
        cv2.imwrite(str(frames / f"{t}.png"), frame.permute(1, 2, 0).flip(-1).contiguous().numpy())
    (train / ".hidden.mp4").write_bytes(b"x")
    (train / "notes.txt").write_text("mine")
    strip(test / "00.png", moving(40))
    return root


def test_every_kind_of_clip_is_read(folder: Path) -> None:
    clips = ClipFolder(folder)
    assert clips.names == ["a#1", "a#2", "b", "frames"]
    assert clips.identities == [0, 0, 1, 2]
    for clip, seed in zip(clips, (0, 10, 20, 30), strict=True):
        assert len(clip) == FRAMES
        assert float((clip.pixels.float() - moving(seed).float()).abs().mean()) < 6
    assert len(ClipFolder(folder, "test")) == 1
    assert len(clips[1:3]) == 2
    assert len(ClipFolder(folder, max_frames=2)[0]) == 2
    assert len(ClipFolder(folder, stride=2)[2]) == 3


def test_a_folder_without_parts_is_all_of_it(folder: Path) -> None:
    assert part_of(folder / "train", "test") == folder / "train"
    assert len(ClipFolder(folder / "train", "test")) == 4


def test_it_is_trained_on(folder: Path) -> None:
    data = ClipsData.from_clips(ClipFolder(folder), (16, 16))
    assert data.identity.tolist() == [0, 0, 1, 2]
    assert len(data.cache) == 4 * FRAMES


def test_a_broken_clip_is_left_out_and_said(folder: Path) -> None:
    (folder / "train" / "a#0.mp4").write_bytes(b"not a video")
    still = np.zeros((32, 32, 3), np.uint8)
    cv2.imwrite(str(folder / "train" / "still.png"), still)
    with pytest.warns(MuybridgeWarning, match=r"2 of 6 clips are left out.*a#0\.mp4"):
        data = ClipsData.from_clips(ClipFolder(folder), (16, 16))
    assert data.identity.tolist() == [0, 0, 1, 2]
    for path in clips_in(folder / "train"):
        if path.is_file():
            path.write_bytes(b"not a video")
    (folder / "train" / "frames" / "0.png").rename(folder / "train" / "0.png")
    for path in (folder / "train" / "frames").iterdir():
        path.write_bytes(b"")
    with pytest.raises(InputError):
        ClipsData.from_clips(ClipFolder(folder), (16, 16))


def test_what_is_not_a_folder_of_clips(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no clips"):
        ClipFolder(tmp_path / "empty")
    with pytest.raises(InputError, match="no file or folder"):
        ClipFolder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is a file"):
        ClipFolder(folder / "test" / "00.png")
    (folder / "test" / "00.png").rename(folder / "train" / "c.png")
    (folder / "test").rmdir()
    with pytest.raises(InputError, match="no test"):
        ClipFolder(folder, "test")


def test_pair_lists(tmp_path: Path, folder: Path) -> None:
    listed = tmp_path / "pairs.csv"
    listed.write_text("distance,source,driving\n0.1,a#1.mp4,b\n0.2,frames,a#2\n")
    assert read_pairs(listed) == [("a#1.mp4", "b"), ("frames", "a#2")]
    paths = clips_in(folder / "train")
    assert find_clip(paths, "b").name == "b.png"
    assert find_clip(paths, "a#1.mp4").name == "a#1.mp4"
    with pytest.raises(InputError, match="no clip"):
        find_clip(paths, "z")
    listed.write_text("one,two\n1,2\n")
    with pytest.raises(InputError, match="source and driving"):
        read_pairs(listed)
    listed.write_text("source,driving\n")
    with pytest.raises(InputError, match="no pairs"):
        read_pairs(listed)


def test_clips_of_one_name(tmp_path: Path) -> None:
    """walk.gif beside walk.mp4, and frames in a folder that is called like the video that they were."""
    for name in ("walk.gif", "walk.mp4", "run.mp4"):
        write(tmp_path / name, moving(), Timing.constant(FRAMES, 10))
    strip(tmp_path / "turn.png", moving())
    frames = tmp_path / "jump.mp4"
    frames.mkdir()
    cv2.imwrite(str(frames / "0.png"), np.zeros((32, 32, 3), np.uint8))
    paths = clips_in(tmp_path)
    assert ClipFolder(tmp_path).names == ["jump.mp4", "run", "turn", "walk.gif", "walk.mp4"]
    assert [find_clip(paths, f"walk.{kind}").name for kind in ("gif", "mp4")] == ["walk.gif", "walk.mp4"]
    assert [find_clip(paths, name).name for name in ("jump", "jump.mp4")] == ["jump.mp4"] * 2
    # A list of the authors' names videos where somebody keeps rows of frames.
    assert find_clip(paths, "turn.mp4").name == "turn.png"
    for name in ("walk", "walk.mov"):
        with pytest.raises(InputError, match=r"may be walk\.gif and walk\.mp4"):
            find_clip(paths, name)


def test_layouts_of_the_papers_datasets(tmp_path: Path) -> None:
    """Made samples, named and laid out as the authors' preparation leaves them."""

    def frames(folder: Path) -> None:
        folder.mkdir(parents=True)
        for t, frame in enumerate(moving()):
            cv2.imwrite(str(folder / f"{t:07d}.png"), frame.permute(1, 2, 0).flip(-1).contiguous().numpy())

    def videos(folder: Path, *names: str) -> None:
        folder.mkdir(parents=True)
        for name in names:
            write(folder / name, moving(), Timing.constant(FRAMES, 10))

    vox, taichi, gifs, robots = (tmp_path / name for name in ("vox", "taichi", "moving-gif", "bair"))
    nemo, ted = tmp_path / "nemo", tmp_path / "TED384"
    for name in ("id10001#7w0IBEWc9Qw#001993#002143", "id10001#7w0IBEWc9Qw#002143#002300", "id10283#x#1#2"):
        frames(vox / "train" / f"{name}.mp4")
    frames(vox / "test" / "id10270#5r0dWxy17C8#000001#000099.mp4")
    videos(
        taichi / "train",
        "ab28GAufK8o#000261#000596.mp4",
        "ab28GAufK8o#000700#000900.mp4",
        "YEYIKG9Hg-0#1#2.mp4",
    )
    videos(taichi / "test", "4nfLdcwl0Uc#000049#000176.mp4")
    videos(gifs / "train", "00000.gif", "00001.gif")
    videos(gifs / "test", "00900.gif")
    frames(robots / "train" / "traj_0_to_255")
    frames(robots / "test" / "traj_512_to_767")
    # UvA-NEMO's own names are somebody's number and what the smile is; of TED-talks a talk gives several clips.
    videos(nemo / "train", "001_deliberate_smile_2#0#123.mp4", "001_spontaneous_smile_1#0#98.mp4", "003_x#0#9.mp4")
    videos(nemo / "test", "400_spontaneous_smile_1#0#77.mp4")
    videos(ted / "train", "0JGarsZE1rk#000130#000390.mp4", "0JGarsZE1rk#001200#001390.mp4", "-I2hF5zdo_g#3#9.mp4")
    videos(ted / "test", "2_8kyZVk0Y#000010#000200.mp4")
    wanted = {vox: [0, 0, 1], taichi: [1, 0, 0], gifs: [0, 1], robots: [0], nemo: [0, 1, 2], ted: [0, 1, 1]}
    for root, whom in wanted.items():
        data = ClipsData.from_clips(ClipFolder(root), (16, 16))
        assert sorted(data.identity.bincount().tolist()) == sorted(torch.tensor(whom).bincount().tolist()), root.name
        assert int(data.starts[-1]) == FRAMES * len(whom)
        assert len(ClipFolder(root, "test")[0]) == FRAMES


def test_the_shapes_of_the_papers(shared: Path, tmp_path: Path) -> None:
    """Rows of 32 square frames, as the archive holds them."""
    import tarfile

    with tarfile.open(shared / "data" / "shapes.tar") as archive:
        members = [m for m in (archive.next() for _ in range(6)) if m is not None and m.isfile()]
        archive.extractall(tmp_path, members, filter="data")
    clips = ClipFolder(tmp_path / "shapes", "test")
    assert len(clips) == len(members)
    assert all(clip.pixels.shape == (32, 3, 64, 64) for clip in clips)
    data = ClipsData.from_clips(clips, (64, 64))
    assert data.cache.packed.numel() < 0.2 * data.cache.frames(range(32)).numel() * len(members)
