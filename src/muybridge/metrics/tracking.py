"""Joints in a picture by dense matching: frames whose joints are known, and optical flow from the closest of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import InputError
from muybridge.tensors import Images, Masks, Points

SMALL = 32
"""Side of the thumbnails by which candidates are chosen."""
CANDIDATES = 4
"""Known frames that are matched densely; the one that then fits best is taken."""
GROUND = 0.5
"""Grey behind the subject: black would hide its dark outline from the flow."""


@dataclass(frozen=True, eq=False)
class TrackedReference:
    """Frames of one subject whose joints are known.

    frames  [N, 3, H, W] in [0, 1]
    masks   [N, 1, H, W]
    joints  [N, J, 2] (x, y) in [-1, 1]
    """

    frames: Float[Tensor, "N 3 H W"]
    masks: Float[Tensor, "N 1 H W"]
    joints: Float[Tensor, "N J 2"]


def track(frames: Images, masks: Masks, known: TrackedReference, left_out: Bool[Tensor, "_ _"] | None = None) -> Points:
    """Where the joints are in each frame: [T, J, 2] in [-1, 1].

    frames, masks  [T, 3, H, W] in [0, 1] and [T, 1, H, W], of the size of the known ones
    left_out       [T, N] True where a known frame may not be looked at for this frame: how the tracker is kept from
                   meeting its own answer when its error on known frames is measured
    """
    if frames.shape[2:] != known.frames.shape[2:]:
        raise InputError(f"frames of {tuple(frames.shape[2:])} are not tracked in {tuple(known.frames.shape[2:])}")

    gaps = torch.cdist(_thumbnails(frames, masks), _thumbnails(known.frames, known.masks), p=1)
    if left_out is not None:
        gaps = gaps.masked_fill(left_out, float("inf"))
    # Optical flow is dear, so that only the known frames that look most alike are tried.
    count = min(CANDIDATES, int(gaps.isfinite().sum(1).min()))
    if count < 1:
        raise InputError("no known frame is left to track a frame by")

    chosen = gaps.topk(count, largest=False).indices
    grey = _grey(frames, masks)
    bank = _grey(known.frames, known.masks)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = []

    for picture, candidates in zip(grey, chosen.tolist(), strict=True):
        fits = []
        for n in candidates:
            fits.append(_match(flow, bank[n], picture, known.joints[n]))

        found.append(min(fits, key=lambda fit: fit[0])[1])

    return torch.stack(found)


def _match(
    flow: cv2.DISOpticalFlow, known: np.ndarray, picture: np.ndarray, joints: Float[Tensor, "J 2"]
) -> tuple[float, Float[Tensor, "J 2"]]:
    """(what does not fit after the known frame is moved onto the picture, where its joints come to lie)."""
    height, width = picture.shape
    moved = flow.calc(known, picture, np.zeros((height, width, 2), np.float32))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    fetched = cv2.remap(picture, columns + moved[..., 0], rows + moved[..., 1], cv2.INTER_LINEAR, borderValue=128)
    # Each pixel of bend counts too, or a flow that tears the picture apart would fit best.
    bend = float(np.abs(np.diff(moved, axis=0)).mean() + np.abs(np.diff(moved, axis=1)).mean())
    misfit = float(np.abs(fetched.astype(np.float32) - known).mean()) + 4 * bend
    # A joint moves with the pixel that it lies on.
    extent = np.array([width - 1, height - 1])
    places = (joints.numpy() + 1) / 2 * extent
    x = np.clip(np.rint(places[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.rint(places[:, 1]).astype(int), 0, height - 1)
    ends = (places + moved[y, x]) / extent * 2 - 1

    return misfit, torch.from_numpy(ends.astype(np.float32))


def _thumbnails(frames: Images, masks: Masks) -> Float[Tensor, "B D"]:
    """The subject on grey and its silhouette, small, the silhouette counting as much as the colours."""
    shown = torch.cat((frames * masks + GROUND * (1 - masks), 3 * masks), 1)
    return F.interpolate(shown, (SMALL, SMALL), mode="area").flatten(1)


def _grey(frames: Images, masks: Masks) -> list[np.ndarray]:
    shown = (frames * masks + GROUND * (1 - masks)).mean(1)
    return list((shown * 255).round().to(torch.uint8).numpy())
