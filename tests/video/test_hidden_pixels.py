"""What alpha hides stays hidden: neither a ground nor a training ever sees it."""

import warnings

import numpy as np
import pytest
from PIL import Image

from muybridge.data.background import plate
from muybridge.inputs.clips import read_with_silhouettes
from muybridge.masks import read_mask_picture
from muybridge.video import read

GREEN = (10, 250, 20)
RED = (200, 40, 30)


def draw_sprite(side: int = 64) -> np.ndarray:
    """A red square on nothing, with green hidden around it."""
    picture = np.zeros((side, side, 4), np.uint8)
    picture[:, :, :3] = GREEN
    picture[side // 4 : side * 3 // 4, side // 4 : side * 3 // 4] = (*RED, 255)
    return picture


def write_sprite(kind, tmp_path):
    """A file of this kind that stores the hidden green; all but WebP and PNG of 16 bits are lossless here."""
    sprite = Image.fromarray(draw_sprite())
    path = tmp_path / f"sprite.{kind.split('-')[0]}"
    if kind == "png-deep":
        import av

        deep = draw_sprite().astype(np.uint16) * 257
        frame = av.VideoFrame.from_ndarray(deep, "rgba64be")
        encoder = av.CodecContext.create("png", "w")
        encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 64, "rgba64be", 1
        path.write_bytes(b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)])))
    elif kind == "png-animated":
        sprite.save(path, save_all=True, append_images=[Image.fromarray(draw_sprite()[::-1].copy())])
    elif kind == "png-palette":
        indices = Image.fromarray((draw_sprite()[:, :, 3] > 0).astype(np.uint8))
        indices.putpalette([*GREEN, *RED])
        indices.save(path, transparency=0)
    elif kind.startswith("webp"):
        sprite.save(path, lossless=True, exact=True, **({"save_all": True} if kind == "webp-animated" else {}))
    else:
        sprite.save(path)
    return path


KINDS = ["png", "png-deep", "png-animated", "png-palette", "webp", "webp-animated", "tiff"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("max_side", [None, 24])
def test_hidden_colours_are_in_no_pixel(kind, max_side, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clip = read(write_sprite(kind, tmp_path), max_side=max_side)
    assert clip.mattes is not None
    shown = clip.pixels[0].permute(1, 2, 0).numpy().astype(int)
    hidden = clip.mattes[0, 0].numpy() == 0
    assert hidden.any()
    assert not shown[hidden].any()

    # Nor mixed into the edge where the frame was made smaller: what is seen at all is red.
    seen = ~hidden
    assert np.abs(shown[seen] - RED).max() <= 2


def test_no_ground_is_made_of_hidden_colours(tmp_path):
    found = read_with_silhouettes(write_sprite("png", tmp_path))
    assert found.report.how == "alpha"
    assert not plate(found.clip).still().any()


def test_a_painted_silhouette_is_what_is_seen_of_it(tmp_path):
    painted = np.full((20, 30, 4), 255, np.uint8)
    painted[:, 10:, 3] = 0
    Image.fromarray(painted).save(tmp_path / "painted.png")
    mask = read_mask_picture(tmp_path / "painted.png")
    assert (mask > 0).sum() == 200


def test_colours_beside_a_given_silhouette_are_no_hidden_ones(tmp_path):
    for folder, picture in (("train", draw_sprite()[:, :, :3]), ("train_seg", draw_sprite()[:, :, 3])):
        (tmp_path / folder).mkdir()
        Image.fromarray(picture.copy()).save(tmp_path / folder / "0.png")
    clip = read(tmp_path, max_side=24)
    assert tuple(clip.pixels[0, :, 0, 0].tolist()) == GREEN
