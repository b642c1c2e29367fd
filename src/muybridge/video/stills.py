"""Still images, decoded by Pillow. Their size is known, and found to be bearable, before a single pixel is decoded."""

from __future__ import annotations

import io
import mmap
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import av
import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from muybridge.errors import InputError, MuybridgeWarning, is_out_of_memory
from muybridge.video.colour import to_array
from muybridge.video.media_input import LazyFrame, MediaInput, Picture, hide_transparent
from muybridge.video.paths import MAX_PIXELS, StillFormat, check_frame_size, detect_still_format, name_format, read_head

_PLUGINS: dict[StillFormat, type[ImageFile.ImageFile]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "avif": AvifImagePlugin.AvifImageFile,
}
_WITH_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}
_WITHOUT_ALPHA = {"RGB", "RGBX", "L", "P", "1", "CMYK", "YCbCr"}
_REFUSED_MODES = {
    "LAB": "colours in LAB",
    "HSV": "colours in HSV",
    "F": "floating-point values",
    "I": "32-bit values",
}
_DEEP_MODES = {"I;16", "I;16B", "I;16L", "I;16N"}
_LIBAV_DECODERS: dict[StillFormat, str] = {"png": "png", "tiff": "tiff"}
_TIFF_BITS = 258
_ORIENTATION = 0x0112
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
_MAX_SCANS = 100
"""Of a progressive JPEG: each costs a pass over the whole picture. Encoders write about ten."""

# What a broken file makes Pillow raise; a decoder's surprise is a broken file too.
_BROKEN = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, RuntimeError, AttributeError)


@dataclass(frozen=True)
class StillHeader:
    """What an image says of itself before it is decoded.

    size    (H, W) as stored, before it is turned as its EXIF orientation says
    frames  1, or how many there are where it is animated
    deep    whether its channels have 16 bits
    """

    format: StillFormat
    size: tuple[int, int]
    frames: int = 1
    deep: bool = False


def read_header(path: Path) -> StillHeader:
    """The size and number of frames of an image file, without decoding it.

    Raises InputError for what is no image, and for one that says no size, or one that is too large to decode.
    """
    with _open_image(path) as (image, header):
        assert image is not None
        return header


def decode_image(path: Path) -> Picture:
    """The picture in a PNG, JPEG, WebP, BMP, TIFF, AVIF or HEIC file, turned as it says itself.

    16-bit values are rounded to 8; grey becomes RGB; alpha is kept, and what it hides is black; another colour space
    than sRGB that a profile describes becomes sRGB. Raises InputError for anything else, and where a picture cannot be
    decoded for certain.
    """
    with _open_image(path) as (image, header):
        if header.format == "tiff" and header.frames > 1:
            text = f"{path.name} has {header.frames} pages; the first one is read"
            warnings.warn(text, MuybridgeWarning, stacklevel=2)

        if header.deep:
            return _decode_deep(path, image, header.format)

        with _silence_pillow():
            image.load()
            image = ImageOps.exif_transpose(image)
        return _to_picture(path, image)


def open_animated_still(path: Path, header: StillHeader) -> MediaInput:
    """An animated WebP or AVIF: its frames with the times that it tells, in milliseconds."""

    def iter_pictures() -> Iterator[LazyFrame]:
        with _open_image(path) as (image, _):
            begin = 0
            for index in range(header.frames):
                try:
                    with _silence_pillow():
                        image.seek(index)
                        image.load()
                    picture = _to_picture(path, image)
                except _BROKEN:
                    # Without any frame there is nothing to keep, and the file is refused as broken.
                    if index == 0:
                        raise
                    text = f"{path.name} is damaged or cut off: {index} of {header.frames} frames can be used"
                    warnings.warn(text, MuybridgeWarning, stacklevel=2)
                    return

                # A frame's duration is known when it has been decoded.
                duration = max(1, round(image.info.get("duration") or 40))
                yield LazyFrame(partial(_return, picture), begin, duration)
                begin += duration

    return MediaInput(path, "video", Fraction(1, 1000), iter_pictures, lambda: max(header.size), header.frames)


def _return(picture: Picture) -> Picture:
    return picture


@contextmanager
def _open_image(path: Path) -> Iterator[tuple[Image.Image, StillHeader]]:
    """The image, its header read and its size checked. What goes wrong inside the block is said as a broken file."""
    start = read_head(path)
    kind = detect_still_format(start)
    if kind is None:
        known = name_format(start)
        what = "is not an image" if known is None else f"is {known}, not an image that is read here"
        raise InputError(f"{path} {what}", "Images are PNG, JPEG, WebP, BMP, TIFF, AVIF or HEIC files.")
    # Both checks come before Pillow sees the file, because opening it may already cost the memory or the time.
    if kind == "webp":
        check_frame_size(path, *_read_webp_size(start))
    if kind == "jpeg":
        _check_scans(path)

    plugin = _find_plugin(path, kind)
    try:
        with path.open("rb") as file, ExitStack() as stack:
            with _silence_pillow():
                image = stack.enter_context(plugin(file))
                header = _describe(kind, image, start)
            check_frame_size(path, *header.size)
            yield image, header
    # What was refused for a reason of its own must not be told as a broken file.
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"{path} is a broken image, or there is not enough memory to read it",
            "Copy or download it again, or make it smaller.",
        ) from error
    except _BROKEN as error:
        raise InputError(f"{path} is a broken or truncated image", "Copy or download it again.") from error


@contextmanager
def _silence_pillow() -> Iterator[None]:
    """What Pillow has to say about remarks beside a picture that are damaged is of no use here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


def _find_plugin(path: Path, kind: StillFormat) -> type[ImageFile.ImageFile]:
    if kind != "heic":
        return _PLUGINS[kind]

    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise InputError(
            f"{path} is a HEIC image, which needs the package pillow-heif",
            'Install it with: pip install "muybridge[heif]", or save the image as JPEG or PNG.',
        ) from error

    return cast(type[ImageFile.ImageFile], HeifImageFile)


def _describe(kind: StillFormat, image: Image.Image, start: bytes) -> StillHeader:
    deep = image.mode in _DEEP_MODES
    if kind == "png":
        deep = start[24:25] == b"\x10"
    elif kind == "tiff":
        bits = cast(TiffImagePlugin.TiffImageFile, image).tag_v2.get(_TIFF_BITS, (1,))
        deep = image.mode not in _REFUSED_MODES and 16 in (bits if isinstance(bits, tuple) else (bits,))

    # Pillow's images of one frame do not all know how many frames they have.
    frames = getattr(image, "n_frames", 1) if kind in ("webp", "avif", "tiff") else 1
    return StillHeader(kind, (image.height, image.width), frames, deep)


def _read_webp_size(start: bytes) -> tuple[int, int]:
    """(H, W), or zeros where it is not told: Pillow's decoder takes memory for the whole canvas before it tells."""
    kind = start[12:16]
    if kind == b"VP8X" and len(start) >= 30:
        return int.from_bytes(start[27:30], "little") + 1, int.from_bytes(start[24:27], "little") + 1

    if kind == b"VP8L" and len(start) >= 25:
        packed = int.from_bytes(start[21:25], "little")
        return (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1

    if kind == b"VP8 " and len(start) >= 30:
        return int.from_bytes(start[28:30], "little") & 0x3FFF, int.from_bytes(start[26:28], "little") & 0x3FFF

    return 0, 0


def _to_picture(path: Path, image: Image.Image) -> Picture:
    mode = image.mode
    if mode not in _WITH_ALPHA | _WITHOUT_ALPHA:
        what = _REFUSED_MODES.get(mode, f"values of the kind {mode}")
        raise InputError(f"{path} is an image with {what}, which cannot be shown for certain", "Save it as a PNG.")

    alpha = mode in _WITH_ALPHA or "transparency" in image.info
    image = _convert_to_srgb(path, image)
    return hide_transparent(np.asarray(image.convert("RGBA" if alpha else "RGB")))


def _convert_to_srgb(path: Path, image: Image.Image) -> Image.Image:
    """The image in sRGB where a colour profile says that it is in something else; a useless profile is passed over."""
    data = image.info.get("icc_profile")
    # Other modes, such as palettes, are not what a profile describes.
    if not data or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return image
        output = "RGBA" if image.mode == "RGBA" else "RGB"
        # Without a copy Pillow would keep the profile with the pixels that it no longer describes.
        converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode=output)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        text = f"{path.name} has a colour profile that cannot be used; its colours are read as sRGB"
        warnings.warn(text, MuybridgeWarning, stacklevel=2)
        return image

    return image if converted is None else converted


def _decode_deep(path: Path, image: Image.Image, kind: StillFormat) -> Picture:
    """16 bits a channel, rounded to 8, by libav: Pillow cuts the lower half off."""
    with _silence_pillow():
        orientation = image.getexif().get(_ORIENTATION, 1)
    decoder = cast(av.VideoCodecContext, av.CodecContext.create(_LIBAV_DECODERS[kind], "r"))
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    packet = av.Packet(path.read_bytes())

    try:
        frames = [*decoder.decode(packet), *decoder.decode(None)]
    except av.error.FFmpegError as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise InputError(f"{path} is a broken or truncated image", "Copy or download it again.") from error

    if not frames or frames[0].is_corrupt:
        raise InputError(f"{path} is a broken or truncated image", "Copy or download it again.")

    return apply_exif_orientation(to_array(frames[0]), int(orientation))


def apply_exif_orientation(picture: Picture, orientation: int) -> Picture:
    """The picture as it is to be shown; orientation as in EXIF, 1 to 8, anything else is taken for 1."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture


def is_jpeg_stream(path: Path) -> bool:
    """Whether JPEG pictures follow one another in a file: a video, and not one picture with its smaller versions."""
    with suppress(ValueError), path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        segments = list(_iter_jpeg_segments(data))
        if not segments or segments[-1][0] != 0xD9:
            return False
        pictures_in_one = any(data[at + 4 : at + 8] == b"MPF\0" for kind, at in segments if kind == 0xE2)
        end = segments[-1][1] + 2
        return not pictures_in_one and data[end : end + 3] == b"\xff\xd8\xff"
    return False


def _check_scans(path: Path) -> None:
    with suppress(ValueError), path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans = sum(kind == 0xDA for kind, _ in _iter_jpeg_segments(data))
        if scans > _MAX_SCANS:
            raise InputError(f"{path} is a JPEG of {scans} passes, which no camera writes", "Save it again as a PNG.")


def _iter_jpeg_segments(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """(kind, place) of each marker of the first picture, up to its end; what lies inside segments is not looked at."""
    at = 2
    while True:
        # A marker is FF and its kind. Any number of FF may stand before it; coded data hold FF 00 and restarts.
        match = _MARKER.search(data, at)
        if match is None:
            return
        kind = data[match.end() - 1]
        place = match.end() - 2
        yield kind, place
        # A second picture may follow this one's end, such as a preview.
        if kind == 0xD9:
            return
        at = place + 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
