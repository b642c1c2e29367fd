"""High dynamic range against published values, and the matrix of files that do not tell theirs."""

from fractions import Fraction

import av
import numpy as np
import pytest

from muybridge.errors import MuybridgeWarning
from muybridge.video import read
from muybridge.video.colour import compress_highlights, hlg_to_scene, light_to_pq, map_to_bt709, pq_to_light


def test_pq_has_the_values_of_the_standard():
    # ITU-R BT.2408, table 1: 1, 100, 203, 1000, 4000 cd/m2.
    light = np.array([0, 1, 100, 203, 1000, 4000, 10000.0])
    assert light_to_pq(light) == pytest.approx([0, 0.150, 0.508, 0.581, 0.752, 0.903, 1], abs=1e-3)
    assert pq_to_light(light_to_pq(light)) == pytest.approx(light, rel=1e-9, abs=1e-9)


def test_hlg_has_the_values_of_the_standard():
    # ITU-R BT.2100: half the signal is a twelfth of the light, and three quarters is reference white (BT.2408).
    assert hlg_to_scene(np.array([0, 0.5, 0.75, 1])) == pytest.approx([0, 1 / 12, 0.265, 1], abs=1e-3)


def test_the_knee_keeps_the_dark_and_ends_at_white():
    light = np.array([0, 1, 10, 50, 203, 1000, 4000.0])
    mapped = compress_highlights(light)
    assert mapped[:4] == pytest.approx(light[:4] / 203, rel=1e-6)
    assert 0.6 < mapped[4] < 0.85
    assert mapped[5:] == pytest.approx([1, 1], abs=1e-9)
    assert (np.diff(compress_highlights(np.linspace(0, 1000, 200))) > 0).all()


@pytest.mark.parametrize("hlg", [False, True])
def test_grey_stays_grey_and_colours_keep_their_hue(hlg):
    values = np.linspace(0, 65535, 64).astype(np.uint16)
    grey = map_to_bt709(np.repeat(values[None, :, None], 3, axis=2), hlg).astype(int)
    assert np.ptp(grey, axis=2).max() <= 1
    assert (np.diff(grey[0, :, 0]) >= 0).all()
    assert grey[0, 0].max() == 0
    assert grey[0, -1].min() == 255
    # BT.709's red in the primaries of BT.2020 comes back as red (BT.2087).
    if not hlg:
        red = light_to_pq(100 * np.array([0.6274, 0.0691, 0.0164]))
        shown = map_to_bt709((red * 65535).round().astype(np.uint16)[None, None])[0, 0]
        assert shown[0] > 150
        assert shown[1:].max() < 12


def encode_colour(path, value, size, tags, pixels="yuv420p10le", codec="libx265"):
    """Flat frames of one YUV value."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options={"x265-params": "log-level=none", "crf": "4"})
        stream.height, stream.width = size
        stream.pix_fmt = pixels
        for name, tag in tags.items():
            setattr(stream.codec_context, name, tag)
        for index in range(2):
            frame = av.VideoFrame(size[1], size[0], pixels)
            for plane, level in zip(frame.planes, value, strict=True):
                kind = np.uint16 if "10" in pixels else np.uint8
                data = np.full(plane.buffer_size // np.dtype(kind).itemsize, level, kind)
                plane.update(data.tobytes())
            frame.pts, frame.time_base = index, Fraction(1, 25)
            for name, tag in tags.items():
                setattr(frame, name, tag)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("transfer", "level"), [(16, 0.508), (18, 0.5)])
def test_a_grey_video_in_high_dynamic_range_is_brought_down_and_said(transfer, level, tmp_path):
    tags = {"color_trc": transfer, "color_primaries": 9, "colorspace": 9, "color_range": 1}
    path = encode_colour(tmp_path / "a.mkv", (round(64 + 876 * level), 512, 512), (64, 96), tags)
    with pytest.warns(MuybridgeWarning, match="high dynamic range"):
        clip = read(path)
    value = map_to_bt709(np.full((1, 1, 3), round(65535 * level), np.uint16), hlg=transfer == 18)[0, 0]
    assert np.abs(clip.pixels[0].numpy().astype(int) - int(value[0])).max() <= 3


@pytest.mark.parametrize(
    ("size", "space", "expected"),
    [
        ((720, 1280), 2, "709"),
        ((1080, 608), 2, "709"),
        ((480, 640), 2, "601"),
        ((480, 640), 1, "709"),
        ((720, 1280), 6, "601"),
    ],
)
def test_high_definition_that_names_no_matrix_is_read_as_players_do(size, space, expected, tmp_path):
    y, cb, cr = 120, 90, 180
    path = encode_colour(tmp_path / "a.mkv", (y, cb, cr), size, {"colorspace": space}, "yuv420p", "libx264")
    red, blue = {"709": (0.2126, 0.0722), "601": (0.299, 0.114)}[expected]
    light, b, r = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    rgb = [light + 2 * (1 - red) * r, 0, light + 2 * (1 - blue) * b]
    rgb[1] = (light - red * rgb[0] - blue * rgb[2]) / (1 - red - blue)
    got = read(path, max_frames=1).pixels[0, :, 8, 8].tolist()
    assert got == pytest.approx([255 * min(1, max(0, c)) for c in rgb], abs=3)
