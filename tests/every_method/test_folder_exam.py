"""What every method that learns from a folder of clips can do with a picture and a video."""

from functools import cache
from typing import Any

import pytest
import torch
from tiny_methods import FRAMES, build_with_data, puppets
from torch import Tensor

from muybridge import catalogue
from muybridge.errors import UsageError
from muybridge.method import ImportsCheckpoints, Method
from muybridge.video import Clip, Timing

FOLDER = [name for name in catalogue.names() if catalogue.find(name).card.needs == "folder"]


@cache
def ready(name: str) -> Method[Any, Any]:
    """Untrained but whole: what is tested here is true of any weights."""
    method, data = build_with_data(name)
    for stage in method.stages():
        method.begin(stage, data, torch.Generator().manual_seed(0))
    return method.eval()


@pytest.fixture(params=FOLDER)
def method(request: pytest.FixtureRequest) -> Method[Any, Any]:
    """Each in turn."""
    return ready(str(request.param))


def picture(size: tuple[int, int] = (50, 38)) -> Clip:
    """A photograph of an aspect of its own."""
    pixels = torch.nn.functional.interpolate(puppets().b.pixels[:1].float(), size, mode="bilinear")
    return Clip(pixels.round().to(torch.uint8), Timing.constant(1))


def driving(size: tuple[int, int] = (48, 80)) -> Clip:
    """A video of another."""
    pixels = torch.nn.functional.interpolate(puppets().a.pixels.float(), size, mode="bilinear")
    return Clip(pixels.round().to(torch.uint8), Timing.constant(FRAMES, 12))


def far(a: Tensor, b: Tensor) -> int:
    """The largest difference, in levels of 255."""
    return int((a.int() - b.int()).abs().max())


def test_any_size_and_aspect_goes_in_and_the_sources_comes_out(method: Method[Any, Any]) -> None:
    made = method.animate(None, driving(), picture())
    clip = made.clip()
    assert clip.pixels.shape == (FRAMES, 3, 50, 38)
    assert made.timing == driving().timing
    assert clip.mattes is not None
    assert bool((clip.mattes == 255).all())


def test_every_mode_animates_and_others_are_refused(method: Method[Any, Any]) -> None:
    modes = method.modes  # type: ignore[attr-defined]
    assert len(modes) >= 1
    assert "relative" in modes
    for mode in modes:
        assert len(method.animate(None, driving(), picture(), mode=mode).clip()) == FRAMES
    with pytest.raises(UsageError):
        method.animate(None, driving(), picture(), mode="sideways")
    with pytest.raises(UsageError):
        method.animate(None, None, picture())
    with pytest.raises(UsageError):
        method.animate(None, driving(), None)


@pytest.mark.parametrize("batch", [1, 3])
def test_frames_that_come_one_by_one_make_the_same(
    method: Method[Any, Any], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where bfloat16 is given up depends on what a batch shows of the motion.
    monkeypatch.setattr("muybridge.picture_animator.computes_bfloat16", lambda device: False)
    whole = method.animate(None, driving(), picture(), mode="relative").clip().pixels
    stream: Any = method.stream  # type: ignore[attr-defined]
    handed: list[int] = []

    def one_by_one() -> Any:
        for index, frame in enumerate(driving().pixels):
            handed.append(index)
            yield frame

    made = stream(one_by_one(), picture(), mode="relative", batch=batch)
    first = next(made)
    assert len(handed) <= batch, "it does not wait for the whole video"
    frames = torch.stack([first, *made])
    assert frames.dtype == torch.uint8
    assert nearly_equal(frames[:, :3], whole)


def nearly_equal(made: Tensor, wanted: Tensor) -> bool:
    """Kernels round otherwise for another batch, by the kind of processor; untrained flows show it in single pixels."""
    apart = (made.int() - wanted.int()).abs()
    return bool(apart.max() <= 8 and (apart > 1).float().mean() < 1e-3)


def test_relative_motion_starts_where_it_is_told(method: Method[Any, Any]) -> None:
    first = driving().pixels[0]
    told = method.animate(None, driving(), picture(), mode="relative", reference=first).clip().pixels
    assert nearly_equal(told, method.animate(None, driving(), picture(), mode="relative").clip().pixels)
    other = method.animate(None, driving(), picture(), mode="relative", reference=driving().pixels[-1]).clip().pixels
    assert not torch.equal(told, other)
    still = Clip(first[None].expand(3, -1, -1, -1).clone(), Timing.constant(3))
    made = method.animate(None, still, picture(), mode="relative").clip().pixels
    assert far(made[0], made[2]) <= 1, "no motion, no change"


def test_the_nearest_frame_to_a_frame_is_itself(method: Method[Any, Any]) -> None:
    nearest: Any = method.nearest_frame  # type: ignore[attr-defined]
    for index in (0, FRAMES - 1):
        assert nearest(driving(), driving()[index : index + 1]) == index


def test_clips_are_reconstructed_at_their_own_size(method: Method[Any, Any]) -> None:
    again: Any = method.reconstruct  # type: ignore[attr-defined]
    side = method.config.size
    for size in ((side, side), (48, 80)):
        clip = driving(size)
        made = again(clip).clip()
        assert made.pixels.shape == clip.pixels.shape
        assert made.timing == clip.timing


def test_image_to_video_is_made_or_not_there(method: Method[Any, Any]) -> None:
    make = getattr(method, "predict", None)
    if make is None:
        assert "image to video" not in method.card.gives
        return
    clip = make(None, picture(), 5).clip()
    assert clip.pixels.shape == (5, 3, 50, 38)


@pytest.mark.parametrize("name", [n for n in catalogue.names() if issubclass(catalogue.find(n), ImportsCheckpoints)])
def test_nothing_is_recognised_in_other_files(name: str) -> None:
    recognises: Any = catalogue.find(name).recognises  # type: ignore[attr-defined]
    for table in ({}, {"generator": 3}, {"generator": {}, "epoch": 1}, {"model": {"w": torch.zeros(1)}}):
        assert not recognises(table)
