"""A picture that follows a long video: memory that does not grow with it, and the search for the best frame."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

import muybridge
from muybridge.data.folders import read_clip
from muybridge.inputs.driving_input import DrivingInput
from muybridge.method import Card, Config, FindsBestFrame, FollowsFrames
from muybridge.method.abilities import BATCH
from muybridge.output import animate_picture as pictures
from muybridge.output.options import AnimateOptions
from muybridge.video import Timing, probe, read, write
from still_method import Still

PEAK = """
import resource, sys, torch
from pathlib import Path
from muybridge import Fitted, catalogue
from muybridge.inputs.driving_input import DrivingInput
from muybridge.output.animate_picture import animate_picture
from muybridge.output.options import AnimateOptions
from muybridge.run import Run
from muybridge.video import read, write
torch.set_num_threads(1)
folder = Path(sys.argv[1])
sizes = {"width": 2, "max_width": 4, "blocks": 1}
kind = catalogue.find("monkeynet")
config = {"size": 96, "keypoints": 2, "detector": sizes, "motion": sizes, "critic": sizes | {"blocks": 2}}
config |= {"generator": sizes | {"refinements": 0}, "losses": {"matching": (1, 1, 1)}}
fitted = Fitted(kind(kind.Config.model_validate(config)).eval(), None, Run(folder))
for name in sys.argv[2:]:
    for best in (False, True):
        options = AnimateOptions(best_frame=best)
        animate_picture(fitted, DrivingInput(folder / name), folder / "photo.png", folder / f"{best}-{name}", options)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
SIZE = (288, 384)


def moving(count: int) -> Iterator[torch.Tensor]:
    """Frames of a square that goes round."""
    for t in range(count):
        frame = torch.full((3, *SIZE), 60, dtype=torch.uint8)
        frame[:, 40:120, (4 * t) % 300 : (4 * t) % 300 + 60] = 220
        yield frame


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in other units elsewhere")
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """240 frames are 80 MB when they are decoded; a container that does not count them is read no differently.

    The networks' side is a quarter of the frames', so that no search for the best frame reads them smaller.
    """
    for name, count in (("short.mp4", 24), ("long.mp4", 240), ("long.mkv", 240)):
        write(tmp_path / name, moving(count), Timing.constant(count))
    assert probe(tmp_path / "long.mkv").frames is None
    cv2.imwrite(str(tmp_path / "photo.png"), torch.randint(0, 255, (32, 32, 3), dtype=torch.uint8).numpy())
    command = [sys.executable, "-c", PEAK, str(tmp_path), "short.mp4", "long.mp4", "long.mkv"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    short, *long = map(int, ran.stdout.split())
    assert max(long) - short < 30, f"megabytes at the most: {short} for 24 frames, {long} for 240"
    assert len(read(tmp_path / "True-long.mkv")) == 240


@pytest.mark.parametrize(
    ("there", "count", "places"),
    [
        (5, 5, [0, 2, 4]),
        (8, 8, [0, 2, 4, 6]),
        (9, 9, [0, 3, 6]),
        (3, None, [0, 1, 2]),
        (4, None, [0, 1, 2, 3]),
        (15, None, [0, 1, 2, 3, 4, 6, 8, 10, 12]),
    ],
)
def test_candidates_are_spread_over_the_video(
    there: int, count: int | None, places: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def opening(*, start: int, stride: int, max_frames: int, max_side: int | None) -> Any:
        return iter(range(there)[start::stride][:max_frames])

    monkeypatch.setattr(pictures, "CANDIDATES", 4)
    assert list(pictures._candidates(opening, count, None)) == [(place, place) for place in places]


class Darkest(Still, FollowsFrames, FindsBestFrame):
    """It looks for the darkest frame, and notes the reference it is given."""

    card = Card("darkest", "t", "p 2026", "folder", "g", {"x": Config()}, abilities=("live", "best-frame"))
    reference: torch.Tensor | None = None

    def nearest_frame(self, driving: Any, source: Any, batch: int = BATCH) -> int:
        return int(torch.stack([frame.float().mean() for frame in driving]).argmin())

    def stream(
        self,
        driving: Any,
        source: Any,
        mode: str | None = None,
        *,
        reference: torch.Tensor | None = None,
        batch: int = BATCH,
        **options: Any,
    ) -> Any:
        self.reference = reference
        for _ in driving:
            yield torch.full((4, 32, 32), 255, dtype=torch.uint8)


def fitted_with(method: Any) -> muybridge.Fitted:
    """As if it had been loaded."""
    fitted = object.__new__(muybridge.Fitted)
    object.__setattr__(fitted, "method", method)
    return fitted


@pytest.mark.parametrize("name", ["walk.mp4", "walk.mkv", "walk.PNG"])
def test_the_best_frame_is_found_wherever_it_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "CANDIDATES", 4)
    levels = [200, 180, 160, 140, 120, 100, 20, 80, 200]
    pixels = torch.tensor(levels, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 32, 32).contiguous()
    if name.endswith("PNG"):
        cv2.imwrite(str(tmp_path / name), torch.cat(list(pixels), -1).permute(1, 2, 0).numpy())
    else:
        write(tmp_path / name, pixels, Timing.constant(9))
    method = Darkest(Config())
    fitted = fitted_with(method)
    picture = read_clip(tmp_path / name, max_frames=1) if name.endswith("PNG") else tmp_path / name
    lead = DrivingInput(tmp_path / name, strip=name.endswith("PNG") or None)
    notes = pictures.animate_picture(fitted, lead, picture, tmp_path / "made.gif", AnimateOptions(best_frame=True))
    assert notes == ["relative to frame 6 of the driving video, which is posed most like the source"]
    assert method.reference is not None
    assert 10 < float(method.reference.float().mean()) < 30
    assert len(read(tmp_path / "made.gif")) == 9


@pytest.mark.parametrize("ending", ["PNG", "jpg", "bmp"])
def test_strips_of_a_pair_list_whatever_their_ending(ending: str, tmp_path: Path) -> None:
    """Two squares in a row are no strip by themselves; in a folder of clips they are."""
    pixels = torch.randint(0, 255, (2, 3, 32, 32), dtype=torch.uint8)
    (tmp_path / "clips").mkdir()
    for name in ("a", "b"):
        row = torch.cat(list(pixels), -1).permute(1, 2, 0).numpy()
        cv2.imwrite(str(tmp_path / "clips" / f"{name}.{ending}"), row)
    (tmp_path / "pairs.csv").write_text("source,driving\na,b\n")
    made = pictures.animate_pairs(
        fitted_with(Darkest(Config())), tmp_path / "clips", tmp_path / "pairs.csv", tmp_path / "made", AnimateOptions()
    )
    assert len(muybridge.read(made[0])) == 2
