import cv2
import numpy as np
import pytest
import torch

from muybridge.data.background import Plate, backdrop, colour, composite, composite_bytes, plate
from muybridge.errors import InputError, MissingSilhouettesError, UsageError
from muybridge.video.clip import Clip, Timing

H, W, T, SPEED = 72, 100, 8, 4


def scene(speed: int = SPEED) -> tuple[Clip, np.ndarray]:
    """A camera that pans over a textured wall while a disc stays in the middle; and the wall behind each frame."""
    noise = np.random.default_rng(3).random((H, W + SPEED * T, 3)).astype(np.float32)
    wall = cv2.GaussianBlur(noise, (0, 0), 1.6)
    wall = np.clip(128 + (wall - wall.mean()) * 800, 0, 255).astype(np.uint8)
    behind = np.stack([wall[:, speed * t : speed * t + W] for t in range(T)])
    rows, columns = np.mgrid[:H, :W]
    disc = (rows - 36) ** 2 + (columns - 50) ** 2 <= 13**2
    frames = np.where(disc[None, ..., None], np.array([250, 20, 20], np.uint8), behind)
    mattes = torch.from_numpy(np.repeat(disc[None, None], T, 0).astype(np.uint8) * 255)
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous()
    return Clip(pixels, Timing.constant(T), mattes=mattes), behind


@pytest.fixture(scope="module")
def panned() -> tuple[Plate, np.ndarray]:
    clip, behind = scene()
    return plate(clip), behind


def test_the_wall_behind_the_subject_is_found(panned: tuple[Plate, np.ndarray]) -> None:
    found, behind = panned
    assert found.lost == 0
    assert found.size == (H, W)
    assert found.error < 0.02
    assert found.unseen < 0.06
    for t in (0, T // 2, T - 1):
        got = found.at(t).permute(1, 2, 0).numpy() * 255
        assert got.shape == (H, W, 3)
        seen = np.abs(got - behind[t])
        # The disc hides its own middle on every frame; SPEED * T pixels beside it are seen on some other.
        assert np.median(seen) < 4
        assert seen[:, :20].mean() < 5
        disc = (got[..., 0] > 220) & (got[..., 1] < 60)
        assert not (disc & (behind[t][..., 1] > 100)).any()


@pytest.mark.parametrize("shown", ["nothing", "a corner", "everything"])
@pytest.mark.parametrize("kind", ["#204060", "picture"])
def test_bytes_are_laid_over_a_background_as_numbers_are(shown: str, kind: str) -> None:
    numbers = torch.Generator().manual_seed(0)
    rgba = torch.randint(0, 256, (4, 12, 20), dtype=torch.uint8, generator=numbers)
    if shown == "everything":
        rgba[3] = 255
    else:
        rgba[3, :, 8:] = 0
        rgba[3, 5 if shown == "a corner" else 0 :] = 0
    flat = torch.tensor(colour("#204060"))[:, None, None].expand(3, 12, 20)
    behind = flat if kind == "#204060" else torch.rand(3, 12, 20, generator=numbers)

    wanted = (composite(rgba.float() / 255, behind) * 255).round().to(torch.uint8)
    assert torch.equal(composite_bytes(rgba, behind), wanted)
    assert torch.equal(composite_bytes(rgba, None), rgba)


def test_the_camera_is_measured(panned: tuple[Plate, np.ndarray]) -> None:
    steps = panned[0].motions[1:, 0, 2] - panned[0].motions[:-1, 0, 2]
    assert torch.allclose(steps, torch.full_like(steps, SPEED), atol=0.2)
    assert panned[0].image.shape[2] == pytest.approx(W + SPEED * (T - 1), abs=3)
    assert torch.equal(panned[0].at(T + 5), panned[0].at(T - 1))
    assert "never seen" in str(panned[0])


def test_what_is_never_seen_is_counted_and_filled() -> None:
    clip, _ = scene(speed=0)
    found = plate(clip)
    assert clip.mattes is not None
    hidden = float((clip.mattes[0] > 127).float().mean())
    assert hidden < found.unseen < 2 * hidden
    middle = found.at(0)[:, 36, 50]
    assert not (float(middle[0]) > 0.9 and float(middle[1]) < 0.2)


def test_a_flat_wall_stands_still_and_says_so() -> None:
    clip, _ = scene()
    flat = torch.full_like(clip.pixels, 90)
    found = plate(Clip(flat, clip.timing, mattes=clip.mattes))
    assert found.lost == T - 1
    assert found.error == pytest.approx(0, abs=1e-3)
    assert "camera lost" in str(found)


def test_one_frame_is_enough() -> None:
    clip, _ = scene()
    assert plate(clip[:1]).at(0).shape == (3, H, W)


def test_a_plate_needs_silhouettes_and_one_size() -> None:
    clip, _ = scene()
    with pytest.raises(MissingSilhouettesError):
        plate(clip.with_masks(None))
    with pytest.raises(InputError, match="differ in size"):
        plate(Clip(clip.pixels, clip.timing, mattes=clip.mattes, sizes=((H, W),) * T))


def test_colours_have_names_and_codes() -> None:
    assert colour("#ff8000") == pytest.approx((1, 128 / 255, 0))
    assert colour("Black") == (0, 0, 0)
    for name in ("mauve", "#fff", "ff8000", ""):
        with pytest.raises(UsageError, match="no background"):
            colour(name)


def test_backgrounds_and_laying_over_them() -> None:
    clip, _ = scene()
    rgba = torch.rand(4, H, W)
    assert backdrop("transparent", clip).at(0) is None
    assert composite(rgba, None) is rgba
    red = backdrop("#ff0000", clip).at(3)
    assert red is not None
    over = composite(rgba, red)
    assert torch.allclose(over[0], rgba[0] * rgba[3] + 1 - rgba[3])
    assert torch.allclose(over[1], rgba[1] * rgba[3])
    source = backdrop("source", clip)
    assert source.plate is not None
    assert source.at(1) is not None
    assert "never seen" in str(source)
