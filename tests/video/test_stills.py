"""Still images of every kind: what is decoded, what is refused, and that no collection of garbage ends the process."""

import gc
import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.video import probe, read

SIZE = (48, 64)


def draw_picture(alpha: bool = False) -> Image.Image:
    """Four quarters: red, green, blue, white; the white one half transparent where there is alpha."""
    pixels = np.zeros((*SIZE, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:24, :32] = (220, 30, 30, 255)
    pixels[:24, 32:] = (30, 200, 30, 255)
    pixels[24:, :32] = (30, 30, 210, 255)
    pixels[24:, 32:] = (240, 240, 240, 128)
    return Image.fromarray(pixels if alpha else pixels[:, :, :3].copy())


def wide_gamut() -> bytes:
    """A profile that is not sRGB: a Lab-based one is not for RGB, so a matrix profile is bent by hand."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # Under another name, and with red and blue exchanged, so that the conversion can be seen.
    text = profile.replace(b"sRGB", b"swap").replace(b"s\0R\0G\0B", b"s\0w\0a\0p")
    return bytes(text.replace(b"rXYZ", b"tmpZ").replace(b"bXYZ", b"rXYZ").replace(b"tmpZ", b"bXYZ"))


STILLS = {
    "png": ("RGB", {"format": "PNG"}),
    "png-alpha": ("RGBA", {"format": "PNG"}),
    "png-palette": ("P", {"format": "PNG"}),
    "png-grey": ("L", {"format": "PNG"}),
    "png-profile": ("RGB", {"format": "PNG", "icc_profile": "swap"}),
    "apng": ("RGBA", {"format": "PNG", "save_all": True, "append_images": 2, "icc_profile": "swap"}),
    "jpeg": ("RGB", {"format": "JPEG", "quality": 95}),
    "jpeg-profile": ("RGB", {"format": "JPEG", "quality": 95, "icc_profile": "swap"}),
    "jpeg-cmyk": ("CMYK", {"format": "JPEG", "quality": 95}),
    "webp": ("RGB", {"format": "WEBP", "lossless": True}),
    "webp-alpha": ("RGBA", {"format": "WEBP", "lossless": True, "exact": True}),
    "webp-profile": ("RGB", {"format": "WEBP", "lossless": True, "icc_profile": "swap"}),
    "webp-animated": ("RGB", {"format": "WEBP", "lossless": True, "save_all": True, "append_images": 2}),
    "bmp": ("RGB", {"format": "BMP"}),
    "tiff": ("RGB", {"format": "TIFF"}),
    "tiff-jpeg": ("RGB", {"format": "TIFF", "compression": "jpeg", "quality": 95}),
    "tiff-deflate": ("RGBA", {"format": "TIFF", "compression": "tiff_adobe_deflate"}),
    "tiff-profile": ("RGB", {"format": "TIFF", "icc_profile": "swap"}),
    "avif": ("RGB", {"format": "AVIF", "quality": 90}),
    "avif-alpha": ("RGBA", {"format": "AVIF", "quality": 90}),
    "gif": ("P", {"format": "GIF"}),
}


def save(folder: Path, name: str) -> Path:
    mode, options = STILLS[name]
    options = dict(options)
    if "icc_profile" in options:
        options["icc_profile"] = wide_gamut()
    picture = draw_picture(alpha=mode == "RGBA").convert(mode)
    if "append_images" in options:
        flipped = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        options |= {"append_images": [flipped, picture], "duration": 100}
    path = folder / f"{name}.{options['format'].lower()}"
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("name", STILLS)
def test_every_kind_of_still_is_read_and_survives_a_collection(name, tmp_path):
    path = save(tmp_path, name)
    clip = read(path)
    assert probe(path).size == SIZE
    # Memory that is freed twice shows at once here, or in the test after this one.
    gc.collect()
    expected = np.array(draw_picture())
    first = clip.pixels[0].permute(1, 2, 0).numpy().astype(int)
    if "profile" in name:
        expected = expected[:, :, ::-1]
    if name == "png-grey":
        expected = np.array(draw_picture().convert("L").convert("RGB"))
    if name != "apng":
        assert np.abs(first - expected)[4:20, 4:28].mean() < 26  # a profile's white point, a palette, a codec
    assert (clip.mattes is not None) == ("alpha" in name or name in ("apng", "tiff-deflate"))
    assert len(clip) == (3 if name in ("apng", "webp-animated") else 1)


def test_collections_in_a_process_of_its_own(tmp_path):
    """Where memory is freed twice the process dies, so that the test must be another process than this one."""
    paths = [str(save(tmp_path, name)) for name in STILLS]
    program = (
        "import gc, sys, warnings\nwarnings.simplefilter('ignore')\nfrom muybridge.video import read\ngc.freeze()\n"
        "for path in sys.argv[1:]:\n    for _ in range(10):\n        read(path); gc.collect()\nprint('alive')"
    )
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_eight_orientations(orientation, kind, tmp_path):
    picture = draw_picture()
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{kind.lower()}"
    picture.save(path, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    turns = [
        lambda a: a,
        np.fliplr,
        lambda a: np.rot90(a, 2),
        np.flipud,
        lambda a: a.transpose(1, 0, 2),
        lambda a: np.rot90(a, 3),
        lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        lambda a: np.rot90(a, 1),
    ]
    expected = turns[orientation - 1](np.array(picture))
    got = read(path).pixels[0].permute(1, 2, 0).numpy()
    assert got.shape == expected.shape
    assert np.abs(got.astype(int) - expected).mean() < 8


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_deep_tiff_is_rounded_and_turned(orientation, tmp_path):
    deep = np.full((20, 30, 3), 200 * 257 + 140, "<u2")
    deep[:10] = 0
    values = [(256, 30), (257, 20), (258, 16), (259, 1), (262, 2), (273, 400), (274, orientation), (277, 3)]
    values += [(278, 20), (279, deep.nbytes)]
    table = b"".join(struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in values)
    head = b"II*\0" + struct.pack("<IH", 8, len(values)) + table + bytes(4)
    (tmp_path / "deep.tiff").write_bytes(head.ljust(400, b"\0") + deep.tobytes())
    got = read(tmp_path / "deep.tiff").pixels[0]
    assert got.shape[1:] == ((20, 30) if orientation < 5 else (30, 20))
    assert set(got.unique().tolist()) == {0, 201}
    dark = {1: got[:, :10], 3: got[:, 10:], 6: got[:, :, 10:], 7: got[:, :, 10:]}[orientation]
    assert dark.max() == 0


@pytest.mark.parametrize(("mode", "words"), [("F", "floating-point"), ("LAB", "LAB"), ("I", "32-bit")])
def test_what_cannot_be_shown_for_certain_is_refused_by_name(mode, words, tmp_path):
    if mode == "LAB":
        lab = ImageCms.profileToProfile(
            draw_picture(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        assert lab is not None
        lab.save(tmp_path / "a.tiff")
    else:
        Image.fromarray(np.zeros(SIZE, np.float32 if mode == "F" else np.int32), mode).save(tmp_path / "a.tiff")
    with pytest.raises(InputError, match=words):
        read(tmp_path / "a.tiff")


def test_pages_of_a_tiff_are_said(tmp_path):
    draw_picture().save(tmp_path / "a.tiff", save_all=True, append_images=[draw_picture()])
    with pytest.warns(MuybridgeWarning, match="2 pages"):
        assert len(read(tmp_path / "a.tiff")) == 1


def test_a_useless_profile_is_passed_over_with_a_word(tmp_path):
    draw_picture().save(tmp_path / "a.png", icc_profile=b"no profile at all")
    with pytest.warns(MuybridgeWarning, match="colour profile"):
        clip = read(tmp_path / "a.png")
    assert np.array_equal(clip.pixels[0].permute(1, 2, 0).numpy(), np.array(draw_picture()))


def test_animated_webp_keeps_its_times(tmp_path):
    frames = [Image.new("RGB", (32, 32), (40 * i, 0, 0)) for i in range(1, 5)]
    path = tmp_path / "a.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 80, 120, 200], lossless=True)
    clip = read(path)
    assert clip.timing.seconds == pytest.approx([0, 0.04, 0.12, 0.24])
    assert clip.timing.duration == pytest.approx(0.44)
    assert clip.pixels[:, 0, 5, 5].tolist() == [40, 80, 120, 160]
    assert probe(path).frames == 4
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(InputError):
        read(path)


def heif(path: Path, pictures: list[Image.Image], **options: object) -> Path:
    pillow_heif = pytest.importorskip("pillow_heif")
    heif_file = pillow_heif.from_pillow(pictures[0])
    heif_file.save(path, quality=95, **options)
    return path


def test_heic_is_read_with_its_turn(tmp_path):
    path = heif(tmp_path / "a.heic", [draw_picture()])
    got = read(path).pixels[0].permute(1, 2, 0).numpy()
    assert np.abs(got.astype(int) - np.array(draw_picture()))[4:20, 4:28].mean() < 12
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = heif(tmp_path / "b.heic", [draw_picture()], exif=exif.tobytes())
    assert probe(turned).size in (SIZE, SIZE[::-1])


def test_heic_without_its_package_is_one_sentence(tmp_path, monkeypatch):
    path = heif(tmp_path / "a.heic", [draw_picture()])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match="pillow-heif") as caught:
        read(path)
    assert "muybridge[heif]" in caught.value.hint


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb_png(height: int, width: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(3 * width + 1)) for _ in range(min(height, 2000))) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bomb_jpeg(height: int, width: int, fill: int = 0, scans: int = 1) -> bytes:
    plain = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    mark = plain.index(b"\xff\xc0")
    frame = plain[mark : mark + 5] + struct.pack(">HH", height, width) + plain[mark + 9 :]
    end = frame.index(b"\xff\xda")
    return plain[:mark] + b"\xff" * fill + frame[:end] + frame[end:-2] * scans + b"\xff\xd9"


def bomb_webp(height: int, width: int) -> bytes:
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4)
    canvas += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + canvas + b"VP8L" + struct.pack("<I", 10) + b"\x2f" + bytes(9)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bomb_gif(height: int, width: int, frames: int) -> bytes:
    picture = io.BytesIO()
    Image.new("P", (1, 1)).save(picture, "GIF")
    data = bytearray(picture.getvalue())
    data[6:10] = struct.pack("<HH", width, height)
    place = data.index(b",")
    data[place + 5 : place + 9] = struct.pack("<HH", width, height)
    return bytes(data[:place]) + bytes(data[place:-1]) * frames + b";"


def bomb_tiff(height: int, width: int) -> bytes:
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 4, height)]
    entries += [(279, 4, 4)]
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 12) + bytes(4) + struct.pack("<H", len(entries)) + table + bytes(4)


def bomb_bmp(height: int, width: int) -> bytes:
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


BOMBS = {
    "png": bomb_png(16000, 16000),
    "png-zero": bomb_png(0, 0),
    "png-long": bomb_png(1, 200000),
    "jpeg": bomb_jpeg(60000, 60000),
    "jpeg-fill": bomb_jpeg(30000, 30000, fill=400),
    "jpeg-zero": bomb_jpeg(0, 16),
    "jpeg-scans": bomb_jpeg(8000, 8000, scans=500),
    "webp": bomb_webp(16000, 16000),
    "gif": bomb_gif(8000, 8000, 3000),
    "gif-huge": bomb_gif(65535, 65535, 1),
    "tiff": bomb_tiff(100000, 100000),
    "tiff-zero": bomb_tiff(0, 5),
    "bmp": bomb_bmp(20000, 20000),
    "bmp-negative": bomb_bmp(-20000, 20000),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("max_side", [None, 64])
def test_bombs_are_refused_before_a_pixel_is_decoded(name, max_side, tmp_path, memory_peak):
    path = tmp_path / f"bomb-{name}.{name.partition('-')[0]}"
    path.write_bytes(BOMBS[name])
    began = time.monotonic()
    with memory_peak() as peak, pytest.raises(InputError) as caught:
        read(path, max_side=max_side)
    assert time.monotonic() - began < 10
    assert peak.mebibytes < 200
    assert len(caught.value.message) < 500
    assert "\n" not in caught.value.message
