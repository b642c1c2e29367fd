"""A picture that follows driving frames, with networks small enough to know what they do."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from muybridge import appearance
from muybridge.appearance import Appearance
from muybridge.errors import UsageError
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

    def drawn(self, source: Tensor, where: Brightness) -> Images:
        return self.shade((source + where.points[..., :1, None]).to(self.shade.weight.dtype))


def grey(*levels: int) -> Clip:
    frames = torch.tensor(levels, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8).contiguous()
    return Clip(frames, Timing.constant(len(levels)))


def relative(found: Brightness, first: Brightness) -> Brightness:
    return Brightness(found.points - first.points)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_the_source_is_seen_once_and_follows(batch: int) -> None:
    lamp = Lamp()
    seen = Appearance[Brightness](lamp, grey(50), 8, (("shade",),), "float32")
    moved = seen.following(grey(10, 30, 20, 0).pixels, relative, None, batch)
    assert [int(frame[0].float().mean()) for frame in moved] == [0, 20, 10, 0]
    told = seen.following(grey(10, 30, 20).pixels, relative, grey(5).pixels[0], batch)
    assert [int(frame[0].float().mean()) for frame in told] == [5, 25, 15]
    assert len(seen.networks.seen) == 1
    assert lamp.seen == [], "the networks themselves stay as they are"


@pytest.mark.parametrize(("enough", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_is_kept_where_it_is_good_enough(
    enough: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appearance, "computes_bfloat16", lambda device: True)
    monkeypatch.setattr(appearance, "good_enough", lambda result, plain: enough)
    seen = Appearance[Brightness](Lamp(), grey(50), 8, (("shade",),))
    assert seen.networks.shade.weight.dtype == torch.float32
    list(seen.following(grey(10, 30).pixels, relative))
    assert seen.networks.shade.weight.dtype == dtype


def test_42_decibels() -> None:
    plain = torch.rand(2, 3, 8, 8)
    assert appearance.good_enough(plain + 0.0079, plain)
    assert not appearance.good_enough(plain + 0.0080, plain)
    assert not appearance.good_enough(plain + torch.tensor([0.0, 0.0080])[:, None, None, None], plain)


def test_what_is_missing_is_told() -> None:
    assert appearance.both("lamp", grey(1, 2), grey(3))[0].pixels.shape[0] == 2
    for driving, source in ((None, grey(1)), (grey(1), None), (grey(1), "a")):
        with pytest.raises(UsageError, match="lamp"):
            appearance.both("lamp", driving, source)
    assert appearance.chosen("lamp", ("up", "down"), None, 1) == "up"
    with pytest.raises(UsageError, match="up or down"):
        appearance.chosen("lamp", ("up", "down"), "sideways", 1)
    with pytest.raises(UsageError, match="expected 1 or more"):
        appearance.chosen("lamp", ("up", "down"), "up", 0)
