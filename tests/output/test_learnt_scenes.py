"""A scene that JOKR has learnt is in its results: the background "source" needs no plate for them."""

from pathlib import Path

import pytest
import torch

import muybridge
from muybridge.api.edit import edit_clip
from muybridge.errors import RunError
from muybridge.jobs.loading import Fitted
from muybridge.puppets import scene
from muybridge.studio.pose_worker import PoseWorker
from muybridge.video import read
from tiny_jokr import TINY_TRAINING


def train(out: Path, **changes: object) -> Fitted:
    drawn = scene("dancers", frames=4, size=64)
    settings = {**TINY_TRAINING, "appearance": "paint", **changes}
    return muybridge.fit("jokr", drawn.a, drawn.b, out=out, preset="smoke", set=settings, device="cpu")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return train(tmp_path_factory.mktemp("learnt") / "run", background="learnt")


def test_results_of_a_learnt_scene_are_the_same_on_every_background(learnt: Fitted, tmp_path: Path) -> None:
    for background in ("source", "black"):
        muybridge.animate(learnt, None, "a", out=tmp_path / f"{background}.mkv", background=background)
        muybridge.edit(learnt, "b", 1, {0: (0.1, 0.0)}, out=tmp_path / f"{background}-edit.mkv", background=background)
        clip = {0: {0: (0.1, 0.0)}}
        edit_clip(learnt, "a", clip, out=tmp_path / f"{background}-clip.mkv", background=background)
    for what in ("", "-edit", "-clip"):
        scenes, black = (read(tmp_path / f"{background}{what}.mkv").pixels for background in ("source", "black"))
        assert torch.equal(scenes, black)
        assert scenes.float().std() > 1, "a picture, and not one colour"


def test_the_studio_drags_in_a_learnt_scene(learnt: Fitted) -> None:
    order = {"run": str(learnt.run.path), "side": "a", "background": "source"}
    assert PoseWorker("cpu").find_backdrop(order, (64, 64)).plate is None


def test_a_scene_that_is_neither_learnt_nor_kept_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="was not kept with this run"):
        muybridge.animate(train(tmp_path / "run"), None, "a", out=tmp_path / "out.mkv", background="source")
