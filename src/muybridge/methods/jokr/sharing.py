"""JOKR for a page that draws by itself: own frames, keypoints, networks, and the numbers that its program needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge.data.pair import SIDES, other
from muybridge.errors import Sentence, UsageError, Verb
from muybridge.method import SharedDrawing, SharedView
from muybridge.methods.jokr import reference_choice
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.drawing import (
    APART,
    OUTLINE,
    crop_size,
    detect_keypoints,
    reference_bank,
    transfer_keypoints,
)
from muybridge.methods.jokr.model import JokrModel
from muybridge.methods.jokr.onnx_parts import exportable_copy, merge_part, onnx_parts, share_of_frames
from muybridge.methods.jokr.reference_renderer import SEEN, ReferenceBank

PROGRAM = Path(__file__).parent / "drawing.js"
QUICK = 2
"""How many times smaller a pose is drawn while it is dragged."""


def share_drawing(model: JokrModel, data: PairData, quality: int) -> SharedDrawing:
    """What a page needs to draw this run's poses; UsageError where they are not made of own frames."""
    if not model.uses_frames or not data.references:
        raise UsageError(
            "a page can draw results that are made of own frames, and those of this run are painted",
            Sentence("Take another preset: ", Verb("retarget", "A", "B"), "."),
        )
    if model.plain:
        raise UsageError("this run was stopped before it learned any colours", "Let it learn on first.")

    ready = exportable_copy(model)
    networks = onnx_parts(model, data)
    del networks["detector"]
    arrays: dict[str, np.ndarray] = {}
    pictures: dict[str, list[bytes]] = {}
    for side in SIDES:
        networks[f"glance_{side}"] = merge_part(ready, model, data, side, painted=False)
        bank = reference_bank(model, data, side)
        arrays |= _describe_bank(bank, side)
        pictures |= _encode_bank(bank, side, quality)

    views = {}
    for side in SIDES:
        views[side + other(side)] = _describe_view(model, data, side, other(side))
    for side in SIDES:
        views[side] = _describe_view(model, data, side, side)
    return SharedDrawing(PROGRAM, networks, views, _settings(model, data), arrays, pictures)


def _describe_view(model: JokrModel, data: PairData, side: str, driver: str) -> SharedView:
    points = detect_keypoints(model, data.subject(driver)).float().cpu()
    if driver == side:
        # Keypoints that were found for the references are those that `edit` starts from.
        bank = reference_bank(model, data, side)
        points[bank.frames.index] = bank.points.cpu()
    else:
        points = transfer_keypoints(model, points, driver).float().cpu()
    size = crop_size(model, data, side)
    return SharedView(side, driver, points, _place(model, data, side, size), size, data.subject(side).flip)


def _place(model: JokrModel, data: PairData, side: str, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """From keypoints of the crop to the picture, which is a little larger: both measured at pixel centres."""
    view = data.references[side].view()[0]
    numbers = []
    for axis, cells in ((0, model.shape_canvas[1]), (1, model.shape_canvas[0])):
        first, last = (float(view[i, i, axis]) for i in (0, -1))
        edges = (cells - 1) / cells
        numbers += [2 * edges / (last - first), -(first + last) / (last - first)]
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def _describe_bank(bank: ReferenceBank, side: str) -> dict[str, np.ndarray]:
    frames = bank.frames
    arrays = {
        "points": bank.points.float(),
        "boxes": share_of_frames(frames).float(),
        "index": frames.index.int(),
    }
    for part in (1, QUICK):
        view = frames.view(part)[0]
        arrays |= {f"columns_{part}": view[0, :, 0].contiguous(), f"rows_{part}": view[:, 0, 1].contiguous()}

    described = {}
    for name, x in arrays.items():
        described[f"{name}_{side}"] = x.cpu().numpy()
    return described


def _encode_bank(bank: ReferenceBank, side: str, quality: int) -> dict[str, list[bytes]]:
    """Own frames as WebP: colours at a quality, silhouettes exact; at full size and as the dense motion sees them."""
    colours: list[bytes] = []
    mattes: list[bytes] = []
    small_colours: list[bytes] = []
    small_mattes: list[bytes] = []
    for place in range(len(bank.frames)):
        full = bank.frames.pictures([place])[0]
        small = (bank.small[place].clamp(0, 1) * 255).round().to(torch.uint8).cpu()
        colours.append(_webp(full[:3], quality))
        mattes.append(_webp(full[3:].expand(3, -1, -1), None))
        small_colours.append(_webp(small[:3], min(100, quality + 8)))
        small_mattes.append(_webp(small[3:].expand(3, -1, -1), None))

    return {
        f"colours_{side}": colours,
        f"mattes_{side}": mattes,
        f"small_colours_{side}": small_colours,
        f"small_mattes_{side}": small_mattes,
    }


def _webp(pixels: Tensor, quality: int | None) -> bytes:
    """uint8 [3, H, W] as WebP; exact without a quality."""
    bgr = np.ascontiguousarray(pixels.permute(1, 2, 0).flip(-1).numpy())
    # OpenCV takes everything above 100 as lossless.
    _, code = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, 101 if quality is None else quality])
    return code.tobytes()


def _settings(model: JokrModel, data: PairData) -> dict[str, Any]:
    """The numbers that the program shares with Python."""
    h, w = model.shape_canvas
    reach = max(1, round(APART * min(h, w)))
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    choice = {
        "far": reference_choice.FAR,
        "change": reference_choice.CHANGE,
        "neighbours": reference_choice.NEIGHBOURS,
        "taken": reference_choice.TAKEN,
        "fade": reference_choice.FADE,
    }
    return {
        "canvas": [h, w],
        "keypoints": model.config.keypoints,
        "sides": list(SIDES),
        "frames": {side: data.references[side].colours.size for side in SIDES},
        "references": model.config.dense_motion.references,
        "quick": QUICK,
        "shows": OUTLINE,
        "strays": model.config.strays,
        "near": near.tolist(),
        "seen": SEEN,
        "choice": choice,
    }
