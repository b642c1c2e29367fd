"""From what a decoder gives to RGB of 8 bits, as a screen of today shows it: matrices, 16 bits, high dynamic range.

High dynamic range comes as PQ (SMPTE ST 2084) or HLG (ARIB STD-B67), both described in ITU-R BT.2100, and is brought to
BT.709 by the curve of ITU-R BT.2390: what is as bright as paper stays nearly as it is, what shines is pressed together.
"""

from __future__ import annotations

from functools import cache

import av
import cv2
import numpy as np
from av.video.reformatter import ColorTrc

from muybridge.video.media_input import Picture, hide_transparent

_UNSPECIFIED = 2
_RGB_MATRIX = 0
_BT2020_MATRICES = (9, 10)
_SD_HEIGHT = 576
_SD_WIDTH = 1279

_PEAK = 1000.0
"""Candela per square metre of the screen that HDR was graded for. Few files say it, and most are graded for this."""
_WHITE = 203.0
"""What diffuse white has in HDR (ITU-R BT.2408)."""
_HLG_GAMMA = 1.2

_PQ_M1 = 2610 / 16384
_PQ_M2 = 2523 / 4096 * 128
_PQ_C1 = 3424 / 4096
_PQ_C2 = 2413 / 4096 * 32
_PQ_C3 = 2392 / 4096 * 32
_HLG_A = 0.17883277
_HLG_B = 1 - 4 * _HLG_A
_HLG_C = 0.5 - _HLG_A * np.log(4 * _HLG_A)
_SRGB_STEPS = 4096
_LIGHT_STEPS = 4096

# The primaries of BT.2020 in those of BT.709 (ITU-R BT.2087, the inverse of its M2).
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0729], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1188]], np.float32)
_BT2020_LUMA = np.array([[0.2627, 0.6780, 0.0593]], np.float32)


def to_array(frame: av.VideoFrame, size: tuple[int, int] | None = None) -> Picture:
    """A decoded frame as RGB or RGBA of 8 bits, black where it is transparent.

    size  (H, W) where it is to be another than its own
    """
    parts = frame.format.components
    alpha = frame.format.name == "pal8" or any(part.is_alpha for part in parts)
    height, width = size or (frame.height, frame.width)
    matrix = _guess_matrix(frame)

    if is_high_dynamic_range(frame):
        deep = frame.to_ndarray(
            format="rgb48le", width=width, height=height, src_colorspace="bt2020", dst_colorspace="bt2020"
        )
        return map_to_bt709(deep, hlg=frame.color_trc == ColorTrc.ARIB_STD_B67)

    if parts[0].bits == 16:
        form = "rgba64le" if alpha else "rgb48le"
        deep = frame.to_ndarray(format=form, width=width, height=height, src_colorspace=matrix, dst_colorspace=matrix)
        return hide_transparent(((deep.astype(np.uint32) + 128) // 257).astype(np.uint8))

    form = "rgba" if alpha else "rgb24"
    shown = frame.to_ndarray(format=form, width=width, height=height, src_colorspace=matrix, dst_colorspace=matrix)
    return hide_transparent(shown)


def is_high_dynamic_range(frame: av.VideoFrame) -> bool:
    """Whether the frame says that its values are PQ or HLG."""
    return frame.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)


def _guess_matrix(frame: av.VideoFrame) -> str | None:
    """The matrix of a frame that does not tell: players take BT.709 for high definition and BT.601 below it."""
    if frame.colorspace != _UNSPECIFIED or not frame.format.name.startswith(("yuv", "nv", "p0")):
        return None
    if frame.format.name.startswith("yuvj"):
        return None  # JPEG is BT.601 at any size
    high = frame.height > _SD_HEIGHT or frame.width > _SD_WIDTH
    return "ITU709" if high else None


def map_to_bt709(deep: np.ndarray, hlg: bool = False) -> Picture:
    """High dynamic range in 8 bits of BT.709.

    deep     uint16 [H, W, 3]  PQ or HLG values over the full range, primaries of BT.2020
    hlg      whether the values are HLG
    returns  uint8 [H, W, 3]   RGB for a screen with sRGB's curve
    """
    linear = _decode_hlg(deep) if hlg else _decode_table("pq")[deep]

    # One factor for the three channels, by the brightest of them, keeps the hue.
    factors = _factor_table()[_to_step(linear.max(axis=2))]
    linear *= factors[:, :, None]

    narrow = cv2.transform(linear, _TO_BT709)
    return _encode_table()[_to_index(narrow, _SRGB_STEPS)]


def _decode_hlg(deep: np.ndarray) -> np.ndarray:
    """Light of the screen from HLG: the scene's light, and the system's gamma on its luminance (BT.2100, table 5)."""
    scene = _decode_table("hlg")[deep]
    luminance = np.maximum(cv2.transform(scene, _BT2020_LUMA), 1e-6)
    gain = _PEAK * luminance ** (_HLG_GAMMA - 1)
    return scene * gain[:, :, None]


def _to_step(light: np.ndarray) -> np.ndarray:
    """The entry of the table of factors for so much light; finer where it is dark."""
    return _to_index(np.sqrt(light * (1 / _PEAK)), _LIGHT_STEPS)


def _to_index(values: np.ndarray, steps: int) -> np.ndarray:
    """The entry of a table over [0, 1]."""
    return np.clip(values * (steps - 1) + 0.5, 0, steps - 1).astype(np.uint16)


@cache
def _decode_table(curve: str) -> np.ndarray:
    """For each of the 65,536 values: candela per square metre (PQ), or the scene's light in [0, 1] (HLG)."""
    values = np.linspace(0, 1, 65536)
    return (pq_to_light(values) if curve == "pq" else hlg_to_scene(values)).astype(np.float32)


def pq_to_light(values: np.ndarray) -> np.ndarray:
    """Candela per square metre of PQ values in [0, 1] (BT.2100, table 4)."""
    power = np.asarray(values, np.float64) ** (1 / _PQ_M2)
    return 10000 * (np.maximum(power - _PQ_C1, 0) / (_PQ_C2 - _PQ_C3 * power)) ** (1 / _PQ_M1)


def light_to_pq(light: np.ndarray) -> np.ndarray:
    """PQ values in [0, 1] of candela per square metre; the inverse of `pq_to_light`."""
    power = (np.asarray(light, np.float64) / 10000) ** _PQ_M1
    return ((_PQ_C1 + _PQ_C2 * power) / (1 + _PQ_C3 * power)) ** _PQ_M2


def hlg_to_scene(values: np.ndarray) -> np.ndarray:
    """The scene's light in [0, 1] of HLG values in [0, 1] (BT.2100, table 5)."""
    values = np.asarray(values, np.float64)
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - _HLG_C) / _HLG_A) + _HLG_B) / 12)


@cache
def _factor_table() -> np.ndarray:
    """What light is multiplied with, from candela per square metre to shares of white, by the entries of `_to_step`."""
    light = np.maximum(_PEAK * np.linspace(0, 1, _LIGHT_STEPS) ** 2, 1e-3)
    return (compress_highlights(light) / light).astype(np.float32)


def compress_highlights(light: np.ndarray) -> np.ndarray:
    """Candela per square metre from HDR, as shares of white on a common screen: the knee of BT.2390 in PQ."""
    source_peak, white = light_to_pq(np.array([_PEAK, _WHITE]))
    relative = np.minimum(light_to_pq(light) / source_peak, 1)
    target = white / source_peak
    knee = 1.5 * target - 0.5

    # A cubic from the knee, where the slope is 1, to the peak, where it is 0.
    t = (relative - knee) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * target
    bent = np.where(relative < knee, relative, curve)
    return pq_to_light(bent * source_peak) / _WHITE


@cache
def _encode_table() -> np.ndarray:
    """sRGB bytes of linear values in [0, 1]."""
    linear = np.linspace(0, 1, _SRGB_STEPS)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (curve * 255).round().astype(np.uint8)
