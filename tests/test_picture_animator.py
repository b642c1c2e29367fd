"""A picture that follows driving frames, with networks small enough to know what they do."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from muybridge import picture_animator
from muybridge.errors import UsageError
from muybridge.picture_animator import PictureAnimator, Precision
from muybridge.tensors import Images, Points
from muybridge.video import Clip, Timing


class Brightness(NamedTuple):
    """A pose of one part, as high as the picture is bright."""

    points: Points

    def at(self, index: slice) -> "Brightness":
        return Brightness(self.points[index])


class Lamp(nn.Module):
    """Networks that make the source as bright as it is told, and count the sources that they see."""

    def __init__(self) -> None:
        super().__init__()
        self.shade = nn.Conv2d(3, 3, 1)
        nn.init.dirac_(self.shade.weight)
        nn.init.zeros_(self.shade.bias)
        self.seen: list[int] = []

    def detect(self, images: Images) -> Brightness:
        return Brightness(images.mean((1, 2, 3))[:, None, None].expand(-1, 1, 2))

    def encode(self, picture: Images, pose: Brightness) -> Tensor:
        self.seen.append(1)
        return picture - pose.points[..., :1, None]

    def animate(self, source: Tensor, where: Brightness) -> Images:
        return self.shade((source + where.points[..., :1, None]).to(self.shade.weight.dtype))


def grey(*levels: int) -> Clip:
    frames = torch.tensor(levels, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8).contiguous()
    return Clip(frames, Timing.constant(len(levels)))


def relative(found: Brightness, first: Brightness) -> Brightness:
    return Brightness(found.points - first.points)


def standard(found: Brightness, first: Brightness) -> Brightness:
    return found


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_the_source_is_seen_once_and_follows(batch: int) -> None:
    lamp = Lamp()
    seen = PictureAnimator[Brightness](lamp, grey(50), 8, (("shade",),), "float32")
    moved = seen.follow(grey(10, 30, 20, 0).pixels, relative, None, batch)
    assert [int(frame[0].float().mean()) for frame in moved] == [0, 20, 10, 0]
    told = seen.follow(grey(10, 30, 20).pixels, relative, grey(5).pixels[0], batch)
    assert [int(frame[0].float().mean()) for frame in told] == [5, 25, 15]
    assert lamp.seen == [1]
    assert len(seen.networks.seen) == 1, "nor is it seen by the copy that draws"
    assert lamp.training, "the networks themselves stay as they are"
    assert lamp.shade.weight.requires_grad
    assert not seen.networks.shade.weight.requires_grad


@pytest.mark.parametrize(("enough", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_is_kept_where_it_is_good_enough(
    enough: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_animator, "computes_bfloat16", lambda device: True)
    monkeypatch.setattr(picture_animator, "is_good_enough", lambda result, plain: enough)
    seen = PictureAnimator[Brightness](Lamp(), grey(50), 8, (("shade",),))
    list(seen.follow(grey(10, 30).pixels, relative))
    assert seen.networks.shade.weight.dtype == dtype


class Seen(NamedTuple):
    """A source: as it is, at several sizes, and nothing."""

    picture: Tensor
    sizes: list[Tensor]
    nothing: None


class Encoding(Lamp):
    """It sees its source through the shade, twice."""

    def encode(self, picture: Images, pose: Brightness) -> Seen:  # type: ignore[override]
        once = self.shade(picture.to(self.shade.weight.dtype))
        return Seen(picture, [once, self.shade(once)], None)

    def animate(self, source: Seen, where: Brightness) -> Images:  # type: ignore[override]
        return source.sizes[1].float()


def test_the_source_is_seen_in_float32_and_rounded_then() -> None:
    lamp = Encoding()
    torch.nn.init.normal_(lamp.shade.weight)
    noise = Clip(torch.randint(0, 256, (1, 3, 8, 8), dtype=torch.uint8), Timing.constant(1))
    seen = PictureAnimator[Brightness](lamp, noise, 8, (("shade",),), "bfloat16")
    with torch.no_grad():
        exact = lamp.shade(lamp.shade(seen.picture))
        rounded = lamp.to(torch.bfloat16).shade(lamp.shade(seen.picture.bfloat16()))
    assert seen.networks.shade.weight.dtype == torch.bfloat16
    assert (seen.source.picture.dtype, seen.source.sizes[1].dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(seen.source.sizes[1], exact.bfloat16())
    assert not torch.equal(seen.source.sizes[1], rounded), "which would round on its way"


class Worsening(Lamp):
    """Its shade in bfloat16 is off by an error that grows with how far it goes or with how many frames it has drawn;
    its tint is exact enough."""

    def __init__(self, by_distance: float = 0.0, by_frame: float = 0.0) -> None:
        super().__init__()
        self.tint = nn.Conv2d(3, 3, 1)
        nn.init.dirac_(self.tint.weight)
        nn.init.zeros_(self.tint.bias)
        self.by_distance, self.by_frame, self.count = by_distance, by_frame, 0

    def animate(self, source: Tensor, where: Brightness) -> Images:
        half = self.shade.weight.dtype == torch.bfloat16
        error = self.by_distance * (where.points[..., :1, None] - 50 / 255).abs() + self.by_frame * self.count
        self.count += half * len(where.points)
        lit = source + where.points[..., :1, None] + half * error
        return self.tint(self.shade(lit.to(self.shade.weight.dtype)).to(self.tint.weight.dtype)).float()


def errors(network: Worsening, levels: list[int], batch: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], str]:
    """How far each frame is from float32, in levels of 255, and what computes in bfloat16 at the end."""
    monkeypatch.setattr(picture_animator, "computes_bfloat16", lambda device: True)
    driving = grey(*levels).pixels

    def made(precision: Precision) -> tuple[Tensor, PictureAnimator[Brightness]]:
        seen = PictureAnimator[Brightness](network, grey(50), 8, (("shade", "tint"), ("tint",)), precision)
        return torch.stack(list(seen.follow(driving, standard, None, batch))), seen

    plain, _ = made("float32")
    quick, seen = made("auto")
    half = [name for name in ("shade", "tint") if seen.networks.get_submodule(name).weight.dtype == torch.bfloat16]
    return (plain.int() - quick.int()).abs().amax((1, 2, 3)).tolist(), " ".join(half)


@pytest.mark.parametrize("batch", [1, 8])
def test_poses_that_go_farther_are_compared_again(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A still start, of which bfloat16 makes the same, says nothing of what comes later."""
    levels = [50] * 10 + list(range(50, 250, 4))
    off, half = errors(Worsening(by_distance=0.05), levels, batch, monkeypatch)
    assert max(off) <= 3, "40 dB in every frame are 2.6 levels, and rounding"
    assert half == "tint", "the next set of parts is taken"
    off, half = errors(Worsening(), levels, batch, monkeypatch)
    assert half == "shade tint"
    assert max(off) <= 2


@pytest.mark.parametrize("batch", [1, 8])
def test_one_frame_in_64_is_compared_again(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    off, half = errors(Worsening(by_frame=4e-5), [50, 60] * 130, batch, monkeypatch)
    assert 2 <= max(off) <= 3
    assert half == "tint"
    assert off[-1] <= 1


@pytest.mark.parametrize(("by_far", "wanted"), [(False, [90, 70, 60, 80]), (True, [90, 80])])
def test_frames_that_move_most_are_compared_first(
    by_far: bool, wanted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where the first of them is good by far, the others of its batch are not drawn again."""
    monkeypatch.setattr(picture_animator, "computes_bfloat16", lambda device: True)
    compared: list[int] = []

    def noted(result: Tensor, plain: Tensor) -> bool:
        assert len(result) == len(plain) == 1
        compared.append(round(255 * float(plain[0, 0, 0, 0])))
        return True

    monkeypatch.setattr(picture_animator, "is_good_enough", noted)
    monkeypatch.setattr(picture_animator, "is_good_by_far", lambda result, plain: by_far)
    seen = PictureAnimator[Brightness](Lamp(), grey(50), 8, (("shade",),))
    levels = [50, 60, 90, 51, 70, 52, 50, 53, *([55] * 7 * 8), 80]
    list(seen.follow(grey(*levels).pixels, standard, None, 8))
    assert compared == wanted


def test_43_and_49_decibels() -> None:
    plain = torch.rand(2, 3, 8, 8)
    assert picture_animator.is_good_enough(plain + 0.0070, plain)
    assert not picture_animator.is_good_enough(plain + 0.0071, plain)
    assert picture_animator.is_good_by_far(plain + 0.0035, plain)
    assert not picture_animator.is_good_by_far(plain + 0.0036, plain)
    assert not picture_animator.is_good_enough(plain + torch.tensor([0.0, 0.0071])[:, None, None, None], plain)


def test_what_is_missing_is_told() -> None:
    assert picture_animator.check_inputs("lamp", grey(1, 2), grey(3))[0].pixels.shape[0] == 2
    for driving, source in ((None, grey(1)), (grey(1), None), (grey(1), "a")):
        with pytest.raises(UsageError, match="lamp"):
            picture_animator.check_inputs("lamp", driving, source)
    assert picture_animator.choose_mode("lamp", ("up", "down"), None, 1) == "up"
    with pytest.raises(UsageError, match="up or down"):
        picture_animator.choose_mode("lamp", ("up", "down"), "sideways", 1)
    with pytest.raises(UsageError, match="expected 1 or more"):
        picture_animator.choose_mode("lamp", ("up", "down"), "up", 0)
