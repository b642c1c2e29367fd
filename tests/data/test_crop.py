import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from muybridge.data.crop import crop, fit_boxes, own_boxes, paste, squeeze, unsqueeze
from muybridge.errors import InputError, MissingSilhouettesError, UsageError
from muybridge.video.clip import Clip, Timing


def blob(h: int, w: int, y: float, x: float, a: float, b: float) -> Tensor:
    rows, columns = torch.arange(h)[:, None] + 0.5, torch.arange(w)[None] + 0.5
    return (((rows - y) / a) ** 2 + ((columns - x) / b) ** 2 <= 1).to(torch.uint8) * 255


def walk(h: int, w: int, count: int, seed: int) -> Tensor:
    """A silhouette that wanders and changes its size; a few frames are empty."""
    g = torch.Generator().manual_seed(seed)
    place = 0.5 + 0.25 * torch.randn(count, 2, generator=g).cumsum(0) / count**0.5
    size = 0.08 + 0.15 * torch.rand(count, 2, generator=g)
    frames = [blob(h, w, p[0] * h, p[1] * w, s[0] * h, s[1] * w) for p, s in zip(place, size, strict=True)]
    out = torch.stack(frames)[:, None]
    out[torch.rand(count, generator=g) < 0.1] = 0
    return out


def edges(mask: Tensor) -> tuple[int, int, int, int]:
    y, x = torch.nonzero(mask > 127, as_tuple=True)
    return int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1


@settings(max_examples=25, deadline=None)
@given(
    st.integers(17, 61),
    st.integers(17, 61),
    st.integers(1, 20),
    st.integers(0, 999),
    st.sampled_from([None, 1.0, 0.5, 1.7]),
    st.booleans(),
)
def test_boxes_never_cut_the_silhouette(
    h: int, w: int, count: int, seed: int, aspect: float | None, follow_size: bool
) -> None:
    mattes = walk(h, w, count, seed)
    if not mattes.any():
        with pytest.raises(InputError, match="empty"):
            fit_boxes(mattes)
        return
    boxes = fit_boxes(mattes, aspect=aspect, follow_size=follow_size)
    assert torch.isfinite(boxes).all()
    for box, mask in zip(boxes, mattes[:, 0], strict=True):
        if mask.any():
            x0, y0, x1, y1 = edges(mask)
            cx, cy, bw, bh = box.tolist()
            assert cx - bw / 2 <= x0 + 1e-3
            assert cx + bw / 2 >= x1 - 1e-3
            assert cy - bh / 2 <= y0 + 1e-3
            assert cy + bh / 2 >= y1 - 1e-3
    ratio = boxes[:, 2] / boxes[:, 3]
    assert torch.allclose(ratio, ratio[:1].expand_as(ratio), rtol=1e-5)
    if aspect is not None:
        assert float(ratio[0]) == pytest.approx(aspect, rel=1e-5)
    if not follow_size:
        assert torch.equal(boxes[:, 2:], boxes[:1, 2:].expand(count, 2))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(0, 8), st.integers(0, 8))
def test_boxes_move_with_the_silhouettes(seed: int, dy: int, dx: int) -> None:
    mattes = torch.zeros(9, 1, 70, 70, dtype=torch.uint8)
    mattes[:, :, 10:60, 10:60] = walk(50, 50, 9, seed)
    if not mattes.any():
        return
    moved = fit_boxes(mattes.roll((dy, dx), (2, 3)))
    assert torch.allclose(moved, fit_boxes(mattes) + torch.tensor([dx, dy, 0.0, 0.0]), atol=1e-3)


def test_a_box_is_smooth_and_holds_still_for_a_gait() -> None:
    """Legs that open and close change the extents by a third; the box does not breathe."""
    count = 50
    frames = [blob(80, 200, 40, 60 + 1.5 * i, 20, 24 + 8 * math.sin(0.9 * i)) for i in range(count)]
    boxes = fit_boxes(torch.stack(frames)[:, None], rate=10.0)
    assert (boxes[1:, 2:] == boxes[:-1, 2:]).all()
    jerk = boxes[2:, 0] - 2 * boxes[1:-1, 0] + boxes[:-2, 0]
    assert float(jerk.abs().max()) < 0.3


def test_a_swinging_tail_does_not_move_the_box() -> None:
    body = torch.stack([blob(100, 160, 60, 90, 18, 30)] * 40)[:, None]
    tailed = body.clone()
    for i, frame in enumerate(tailed[:, 0]):
        reach = int(20 + 18 * math.sin(0.3 * i))
        frame[54:58, 90 - 30 - reach : 70] = 255
    outermost = [edges(frame[0])[0] for frame in tailed]
    assert max(outermost) - min(outermost) > 30
    boxes = fit_boxes(tailed, rate=10.0)
    assert float(boxes[:, :2].amax(0).sub(boxes[:, :2].amin(0)).max()) < 2
    middle = fit_boxes(body, rate=10.0)[:, :2]
    assert float(middle.std(0).max()) < 1e-3
    assert torch.allclose(middle[0], torch.tensor([90.0, 60.0]), atol=0.6)


@pytest.mark.parametrize("turns", range(4))
def test_a_flower_that_closes_stays_in_its_place(turns: int) -> None:
    """Its pixels move down with their median, and its stalk stands: what follows the median would carry it away."""
    frames = []
    for i in range(60):
        shut = min(1.0, i / 30)
        flower = blob(120, 120, 34 + 8 * shut, 60, 26 - 14 * shut, 40 - 30 * shut)
        flower[30:110, 58:62] = 255
        flower[88:104, 44:76] = 255
        frames.append(flower.rot90(turns))
    boxes = fit_boxes(torch.stack(frames)[:, None], rate=10.0)
    assert float(boxes[:, :2].amax(0).sub(boxes[:, :2].amin(0)).max()) < 1


def test_a_box_goes_with_a_body_that_leaves_the_ground() -> None:
    frames = [blob(160, 90, 110 - i, 45, 24, 16) for i in range(60)]
    boxes = fit_boxes(torch.stack(frames)[:, None], rate=10.0)
    assert torch.allclose(boxes[:, 1], 110.0 - torch.arange(60), atol=0.6)


def test_empty_frames_are_bridged() -> None:
    mattes = torch.stack([blob(60, 90, 30, 20 + 5 * i, 8, 10) for i in range(9)])[:, None]
    full = fit_boxes(mattes, follow=0.0)
    mattes[3:6] = 0
    assert torch.allclose(fit_boxes(mattes, follow=0.0)[4, :2], full[4, :2], atol=0.6)


def test_wrong_boxes_are_refused() -> None:
    mattes = walk(30, 30, 3, 1)
    for options in ({"margin": -0.1}, {"rate": 0.0}, {"aspect": 0.0}):
        with pytest.raises(UsageError):
            fit_boxes(mattes, **options)
    clip = Clip(torch.zeros(3, 3, 30, 30, dtype=torch.uint8), Timing.constant(3))
    with pytest.raises(MissingSilhouettesError):
        own_boxes(clip)
    with pytest.raises(InputError, match="as many boxes"):
        crop(clip, torch.ones(2, 4), (8, 8))


def test_a_box_on_whole_pixels_is_a_slice() -> None:
    pixels = torch.randint(0, 255, (2, 3, 40, 50), dtype=torch.uint8)
    clip = Clip(pixels, Timing.constant(2), mattes=pixels[:, :1])
    boxes = torch.tensor([[20.0, 15.0, 20.0, 10.0], [0.0, 0.0, 20.0, 10.0]])
    images, masks = crop(clip, boxes, (10, 20))
    assert torch.allclose(images[0], pixels[0, :, 10:20, 10:30].float() / 255, atol=1e-6)
    assert masks is not None
    assert torch.allclose(masks[0], pixels[0, :1, 10:20, 10:30].float() / 255, atol=1e-6)
    assert float(images[1, :, :5].max()) == 0
    assert float(images[1, :, :, :10].max()) == 0
    assert torch.allclose(images[1, :, 5:, 10:], pixels[1, :, :5, :10].float() / 255, atol=1e-6)


def test_shrinking_does_not_alias() -> None:
    stripes = (torch.arange(160) % 2 * 255).to(torch.uint8).expand(1, 3, 160, 160).contiguous()
    clip = Clip(stripes, Timing.constant(1))
    images, masks = crop(clip, torch.tensor([[80.0, 80.0, 150.0, 150.0]]), (32, 32))
    assert masks is None
    assert float((images - 0.5).abs().max()) < 0.1


@settings(max_examples=15, deadline=None)
@given(st.floats(20, 60), st.floats(16, 50), st.floats(24, 70), st.sampled_from([(48, 48), (33, 57), (96, 80)]))
def test_crop_then_paste_returns_to_the_same_place(cx: float, cy: float, side: float, size: tuple[int, int]) -> None:
    h, w = 67, 81
    rows, columns = torch.arange(h)[:, None].float(), torch.arange(w)[None].float()
    x, y = cx + 0.1 * side, cy - 0.08 * side
    bump = torch.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * (side / 10) ** 2))
    clip = Clip.from_floats(bump.expand(1, 3, h, w), bump[None, None])
    box = torch.tensor([cx, cy, side, side * size[0] / size[1]])
    images, masks = crop(clip, box[None], size)
    assert masks is not None
    back = paste(images[0], masks[0], box, (h, w))
    assert back.shape == (4, h, w)

    def centroid(m: Tensor) -> tuple[float, float]:
        return float((m * rows).sum() / m.sum()), float((m * columns).sum() / m.sum())

    inside = (columns - cx + 0.5).abs() < side / 2
    inside = inside & ((rows - cy + 0.5).abs() < float(box[3]) / 2)
    assert centroid(back[3]) == pytest.approx(centroid(bump * inside), abs=0.25)


def test_pasted_edges_keep_their_colour() -> None:
    """The black round a cropped subject must not darken its edge."""
    matte = blob(64, 64, 32, 32, 20, 20)[None].float() / 255
    image = torch.tensor([0.9, 0.4, 0.2])[:, None, None] * matte
    back = paste(image, matte, torch.tensor([41.3, 30.7, 51.0, 51.0]), (61, 83))
    edge = (back[3] > 0.1) & (back[3] < 0.9)
    assert edge.any()
    assert torch.allclose(back[:3, edge], torch.tensor([0.9, 0.4, 0.2])[:, None].expand(3, int(edge.sum())), atol=1e-3)
    rgba = torch.cat((image, matte * 0.5))
    assert float(paste(rgba, matte, torch.tensor([41.3, 30.7, 51.0, 51.0]), (61, 83))[3].max()) <= 0.5 + 1e-6
    with pytest.raises(InputError, match="cannot be pasted"):
        paste(image[:2], matte, torch.tensor([1.0, 1.0, 2.0, 2.0]), (9, 9))


def test_squeezing_is_what_pillow_does() -> None:
    image_of = pytest.importorskip("PIL.Image")
    noise = np.random.default_rng(0).integers(0, 256, (37, 61, 3), dtype=np.uint8)
    pixels = cv2.GaussianBlur(noise, (0, 0), 1.0)
    clip = Clip(torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous(), Timing.constant(1))
    wide = np.pad(pixels, ((7, 7), (12, 12), (0, 0)))
    want = np.asarray(image_of.fromarray(wide).resize((32, 32), image_of.Resampling.BILINEAR))
    got = squeeze(clip, 32)[0][0].permute(1, 2, 0).numpy() * 255
    assert np.abs(got - want).max() <= 1.5


def test_squeezed_frames_of_unequal_size_come_back() -> None:
    ramp = torch.linspace(0, 255, 60).to(torch.uint8).expand(2, 3, 40, 60).clone()
    ramp[1, :, 30:] = 0
    ramp[1, :, :, 50:] = 0
    mattes = (ramp[:, :1] > 100).to(torch.uint8) * 255
    clip = Clip(ramp, Timing.constant(2), mattes=mattes, sizes=((40, 60), (30, 50)))
    images, masks = squeeze(clip, 64)
    assert masks is not None
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    for t, (h, w) in enumerate(((40, 60), (30, 50))):
        back = unsqueeze(images[t], (h, w))
        assert back.shape == (3, h, w)
        inner = (slice(None), slice(3, -3), slice(4, -4))
        assert torch.allclose(back[inner], ramp[t, :, :h, :w].float()[inner] / 255, atol=0.02)
