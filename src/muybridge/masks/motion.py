"""Movement between neighbouring frames: of the camera, and of what does not move with it."""

from __future__ import annotations

import cv2
import numpy as np

from muybridge.masks.arrays import Bools, Bytes, Floats


def grey(pictures: Bytes) -> Bytes:
    """RGB [T, H, W, 3] to [T, H, W]."""
    return np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in pictures])


def camera(first: Bytes, second: Bytes, background: Bools) -> Floats | None:
    """The affine map [2, 3] in pixels that takes the background of one grey frame to the next; None if not found."""
    corners = cv2.goodFeaturesToTrack(first, 400, 0.003, 3, mask=background.astype(np.uint8) * 255)
    if corners is None or len(corners) < 8:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, corners.copy(), winSize=(15, 15), maxLevel=3)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(second, first, there, corners.copy(), winSize=(15, 15), maxLevel=3)
    gap = np.linalg.norm(back - corners, axis=-1).ravel()
    good = (found.ravel() > 0) & (returned.ravel() > 0) & (gap < 0.7)
    if good.sum() < 8:
        return None
    cv2.setRNGSeed(1)
    matrix, _ = cv2.estimateAffine2D(corners[good], there[good], ransacReprojThreshold=1.0)
    return matrix


def residual(pictures: Bytes, inside: Floats) -> Floats:
    """How badly each pixel is explained by the camera's movement alone, in grey levels [T, H, W].

    Each frame is laid over its two neighbours as the background moves; what is not background does not fit.

    pictures  uint8 [T, H, W, 3]
    inside    [T, H, W]   how likely each pixel is the subject; the camera is measured where it is below 0.4
    """
    count, h, w = pictures.shape[:3]
    total, seen = np.zeros((count, h, w), np.float32), np.zeros((count, 1, 1), np.float32)
    shades, kernel = grey(pictures), np.ones((3, 3), np.uint8)
    for i in range(count - 1):
        outside = cv2.erode((inside[i] < 0.4).astype(np.uint8), kernel) > 0
        matrix = camera(shades[i], shades[i + 1], outside)
        if matrix is None:
            continue
        a, b = pictures[i].astype(np.float32), pictures[i + 1].astype(np.float32)
        back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        total[i] += np.abs(cv2.warpAffine(b, matrix, (w, h), flags=back, borderMode=cv2.BORDER_REPLICATE) - a).mean(-1)
        total[i + 1] += np.abs(cv2.warpAffine(a, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE) - b).mean(-1)
        seen[i : i + 2] += 1
    return total / np.maximum(seen, 1)


class Carrier:
    """Carries a map from one frame to a neighbour along dense optical flow (DIS)."""

    def __init__(self, pictures: Bytes) -> None:
        self.shades = grey(pictures)
        # DIS needs some pixels to build its pyramid; smaller pictures are taken as they are.
        large = min(self.shades.shape[1:]) >= 32
        self.flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST) if large else None
        h, w = self.shades.shape[1:]
        self.y, self.x = np.mgrid[:h, :w].astype(np.float32)

    def __call__(self, value: Floats, source: int, target: int) -> Floats:
        """`value` [H, W] of frame `source` as it lies on frame `target`."""
        if self.flow is None:
            return value
        still = np.zeros((*self.x.shape, 2), np.float32)
        look = self.flow.calc(self.shades[target], self.shades[source], still)
        x, y = self.x + look[..., 0], self.y + look[..., 1]
        return cv2.remap(value.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
