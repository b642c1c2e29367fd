"""Clips as training data: what a batch holds, what is kept, what augmentation does."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from muybridge.data.augmentation import Augment, _hue, augment_sequences
from muybridge.data.canvas import resize_from_canvas, resize_to_canvas, resize_to_canvas_bytes
from muybridge.data.clips import ClipsData
from muybridge.errors import CheckpointError, InputError, UsageError
from muybridge.video import Clip, Timing

CPU = torch.device("cpu")
NONE = Augment(time_flip=0.0, mirror=0.0, jitter=(0.0, 0.0, 0.0, 0.0))


@dataclass(frozen=True)
class Asked:
    name: str = "pairs"
    batch: int = 16


def flat(values: Sequence[int], size: tuple[int, int] = (16, 20)) -> Clip:
    """A clip whose frame t is all of one grey."""
    pixels = torch.tensor(values, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, *size).clone()
    return Clip(pixels, Timing.constant(len(values)))


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_pair_is_of_one_clip_and_in_order() -> None:
    clips = [flat([10 * c + t for t in range(4)]) for c in range(5)]
    data = ClipsData.from_clips(clips, (8, 8), augment=NONE)
    batch = data.batch(Asked(batch=200), drawn(), CPU)
    source, driving = ((batch[name] * 255).round()[:, 0, 0, 0].long() for name in ("source", "driving"))
    assert batch["source"].shape == (200, 3, 8, 8)
    assert torch.equal(source // 10, driving // 10)
    assert bool((source <= driving).all())
    assert bool((source == driving).any()), "drawn with replacement"
    assert set((source // 10).tolist()) == set(range(5))
    assert set((driving % 10).tolist()) == set(range(4))


def test_an_identity_is_drawn_before_its_clip() -> None:
    clips = [flat([0, 0]), *(flat([100, 100]) for _ in range(9))]
    data = ClipsData.from_clips(clips, (8, 8), augment=NONE, identities=[7] + [3] * 9)
    seen = data.batch(Asked(batch=400), drawn(), CPU)["source"][:, 0, 0, 0]
    assert 0.4 < float((seen == 0).float().mean()) < 0.6
    with pytest.raises(InputError, match="identities"):
        ClipsData.from_clips(clips, (8, 8), identities=[1])


def test_sequences_are_in_a_row_and_stay_on_the_last_frame() -> None:
    data = ClipsData.from_clips([flat(range(10)), flat([50, 51])], (8, 8), augment=NONE, sequences={"rows": 4})
    batch = data.batch(Asked("rows", 60), drawn(), CPU)
    assert set(batch) == {"frames"}
    values = (batch["frames"] * 255).round()[:, :, 0, 0, 0]
    assert values.shape == (60, 4)
    long, short = values[values[:, 0] < 50], values[values[:, 0] >= 50]
    assert bool((long.diff(dim=1) == 1).all())
    assert int(long[:, 0].max()) == 6
    assert bool((short == torch.tensor([50.0, 51, 51, 51])).all())


def test_what_is_kept_gives_the_same_batches() -> None:
    noise = torch.randint(0, 256, (6, 3, 24, 16), generator=drawn(), dtype=torch.uint8)
    clip = Clip(noise, Timing.constant(6))
    data = ClipsData.from_clips([clip, clip], (24, 16), augment=Augment(scale=(0.9, 1.1)), sequences={"rows": 3})
    assert torch.equal(data.clip(1), noise), "the exact cache is exact"
    again = ClipsData.restore({k: v.clone() for k, v in data.tensors().items()})
    for asked in (Asked(), Asked("rows")):
        one, two = data.batch(asked, drawn(4), CPU), again.batch(asked, drawn(4), CPU)
        assert all(torch.equal(one[k], two[k]) for k in one)
    small = ClipsData.from_clips([clip], (24, 16), cache="small")
    assert small.cache.packed.numel() < data.cache.packed.numel() / 2
    broken = data.tensors() | {"settings": torch.zeros(3, dtype=torch.uint8)}
    with pytest.raises(CheckpointError):
        ClipsData.restore(broken)
    ends = data.tensors()["ends"] // 2
    with pytest.raises(CheckpointError, match="broken"):
        ClipsData.restore(data.tensors() | {"ends": ends}).clip(0)


def test_clips_that_cannot_teach_are_refused() -> None:
    with pytest.raises(InputError, match="no clips"):
        ClipsData.from_clips([], (8, 8))
    with pytest.raises(InputError, match="single frame"):
        ClipsData.from_clips([flat([1])], (8, 8))


def test_frames_of_unequal_size_fill_the_canvas() -> None:
    pixels = torch.zeros(2, 3, 40, 60, dtype=torch.uint8)
    pixels[0] = 200
    pixels[1, :, :20, :30] = 200
    clip = Clip(pixels, Timing.constant(2), sizes=((40, 60), (20, 30)))
    data = ClipsData.from_clips([clip], (16, 16))
    assert int(data.clip(0).min()) == 200


def test_augmentation_changes_all_frames_of_a_sample_alike() -> None:
    frame = torch.rand(1, 1, 3, 12, 12, generator=drawn())
    samples = frame.expand(64, 3, -1, -1, -1).contiguous()
    out = augment_sequences(samples, Augment(jitter=(0.3, 0.3, 0.3, 0.3), scale=(0.7, 1.3)), drawn(1))
    assert out.shape == samples.shape
    assert torch.equal(out, out[:, :1].expand_as(out))
    assert not torch.equal(out[0], out[1])
    assert torch.equal(augment_sequences(samples, NONE, drawn(1)), samples)


def test_augmentation_asks_the_device_nothing() -> None:
    """A tensor without values stands for a GPU that is busy: whatever needs one of its numbers fails."""
    samples = torch.rand(16, 2, 3, 12, 10, device="meta")
    out = augment_sequences(samples, Augment(jitter=(0.3, 0.3, 0.3, 0.3), scale=(0.7, 1.3)), drawn(1))
    assert out.shape == samples.shape
    assert out.device.type == "meta"


def test_time_flips_exclude_mirroring() -> None:
    ramp = torch.linspace(0, 1, 8).expand(3, 8, 8)
    samples = torch.stack([ramp * 0.5, ramp]).expand(400, 2, 3, 8, 8).contiguous()
    out = augment_sequences(samples, Augment(jitter=(0.0, 0.0, 0.0, 0.0)), drawn())
    backwards = out[:, 0].amax((1, 2, 3)) > 0.6
    mirrored = out[:, 0, 0, 0, 0] > out[:, 0, 0, 0, -1]
    assert not bool((backwards & mirrored).any())
    assert 0.4 < float(backwards.float().mean()) < 0.6
    assert 0.18 < float(mirrored.float().mean()) < 0.32


@pytest.mark.parametrize("index", range(4))
def test_each_jitter_by_hand(index: int) -> None:
    """Brightness multiplies; contrast and saturation keep a grey picture's mean; hue keeps grey and value."""
    jitter = tuple(0.2 if i == index else 0.0 for i in range(4))
    augment = Augment(0.0, 0.0, jitter)  # type: ignore[arg-type]
    grey = torch.full((8, 2, 3, 4, 4), 0.5)
    out = augment_sequences(grey, augment, drawn())
    if index == 0:
        assert bool(((out - 0.5).abs() <= 0.1 + 1e-6).all())
        assert float(out.flatten(1).std(0).max()) > 0.01
    else:
        assert torch.allclose(out, grey, atol=1e-5)
    red = torch.zeros(8, 2, 3, 4, 4)
    red[:, :, 0] = 1
    turned = augment_sequences(red, Augment(0.0, 0.0, (0.0, 0.0, 0.0, 0.5)), drawn())
    assert torch.allclose(turned.amax(2), torch.ones(()), atol=1e-5)
    assert len({round(v, 3) for v in turned[:, 0, 1, 0, 0].tolist()}) > 1


def _turned(picture: torch.Tensor, turn: float) -> torch.Tensor:
    """OpenCV's answer: [3, h, w] with the hue turned by `turn` of a full circle."""
    hsv = cv2.cvtColor(picture.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    return torch.from_numpy(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)).permute(2, 0, 1)


def test_hue_is_turned_as_in_hsv() -> None:
    pictures = torch.rand(2, 3, 3, 5, 5, generator=drawn())
    amount = torch.tensor([0.13, -0.4])[:, None, None, None, None]
    turns = amount.expand(*pictures.shape[:2], 1, 1, 1).flatten().tolist()
    want = torch.stack(
        [_turned(picture, turn) for picture, turn in zip(pictures.flatten(0, 1), turns, strict=True)]
    ).view_as(pictures)
    assert torch.allclose(_hue(pictures, amount), want, atol=1e-5)


def test_augmentation_out_of_range_is_refused() -> None:
    for wrong in ({"time_flip": 2.0}, {"jitter": (0.0, 0.0, 0.0, 0.7)}, {"scale": (1.2, 1.0)}):
        with pytest.raises(UsageError):
            Augment(**wrong)  # type: ignore[arg-type]


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.integers(16, 60)] * 2), st.tuples(*[st.integers(8, 60)] * 2))
def test_squeezing_keeps_a_flat_colour_and_comes_back(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    pixels: Tensor = torch.tensor([10, 128, 250], dtype=torch.uint8)[None, :, None, None].expand(2, 3, *size).clone()
    assert resize_to_canvas_bytes(pixels, canvas).shape == (2, 3, *canvas)
    there = resize_to_canvas(pixels, canvas)
    assert there.shape == (2, 3, *canvas)
    assert torch.equal(resize_from_canvas(there, size), pixels)
    assert resize_from_canvas(torch.rand(1, 4, *canvas), size).shape == (1, 4, *size)
