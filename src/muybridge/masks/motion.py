"""Movement between neighbouring frames: of the camera, and of what does not move with it."""

from __future__ import annotations

import cv2
import numpy as np

from muybridge.masks.arrays import Bools, Bytes, Floats


def to_grey(pictures: Bytes) -> Bytes:
    """RGB [T, H, W, 3] to [T, H, W]."""
    greys = []
    for picture in pictures:
        greys.append(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))

    return np.stack(greys)


def estimate_camera(first: Bytes, second: Bytes, background: Bools) -> Floats | None:
    """The affine map [2, 3] in pixels that takes the background of one grey frame to the next; None if not found."""
    corners = cv2.goodFeaturesToTrack(first, 400, 0.003, 3, mask=background.astype(np.uint8) * 255)
    if corners is None or len(corners) < 8:
        return None

    # A corner is followed there and back: one that does not return was lost.
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, corners.copy(), winSize=(15, 15), maxLevel=3)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(second, first, there, corners.copy(), winSize=(15, 15), maxLevel=3)
    gap = np.linalg.norm(back - corners, axis=-1).ravel()
    good = (found.ravel() > 0) & (returned.ravel() > 0) & (gap < 0.7)
    if good.sum() < 8:
        return None

    # The same clip has to give the same silhouettes each time.
    cv2.setRNGSeed(1)
    matrix, _ = cv2.estimateAffine2D(corners[good], there[good], ransacReprojThreshold=1.0)
    return matrix


GAPS = (1, 2, 4)
"""Frames between those that are compared: what hardly moves from one to the next has moved after four."""


def motion_residual(pictures: Bytes, inside: Floats) -> Floats:
    """How badly each pixel is explained by the camera's movement alone, in grey levels [T, H, W].

    Each frame is laid over others, before and after it, as the background moves; what is not background does not fit.
    Background that the subject hides on one side is seen on the other, so the better of both sides counts; over
    the gaps it is the mean.

    pictures  uint8 [T, H, W, 3]
    inside    [T, H, W]   how likely each pixel is the subject; the camera is measured where it is below 0.4
    """
    steps = _camera_steps(pictures, inside)
    frames = pictures.astype(np.float32)
    total = np.zeros(pictures.shape[:3], np.float32)
    seen = np.zeros((len(pictures), 1, 1), np.float32)

    for gap in (g for g in GAPS if g < len(pictures)):
        least = np.full(total.shape, np.inf, np.float32)
        for i in range(len(pictures) - gap):
            between = [step for step in steps[i : i + gap] if step is not None]
            # Where a step could not be measured, the frames beyond it cannot be laid over this one.
            if len(between) < gap:
                continue
            matrix = np.eye(3)
            for step in between:
                matrix = step @ matrix

            least[i] = np.minimum(least[i], _difference(frames[i], frames[i + gap], matrix, cv2.WARP_INVERSE_MAP))
            least[i + gap] = np.minimum(least[i + gap], _difference(frames[i + gap], frames[i], matrix))

        found = np.isfinite(least)
        total += np.where(found, least, 0)
        seen += found[:, :1, :1]
    return total / np.maximum(seen, 1)


def _camera_steps(pictures: Bytes, inside: Floats) -> list[Floats | None]:
    """The camera's map [3, 3] from each frame to the next; None where it is not found."""
    shades = to_grey(pictures)
    kernel = np.ones((3, 3), np.uint8)
    out: list[Floats | None] = []
    for i in range(len(pictures) - 1):
        outside = cv2.erode((inside[i] < 0.4).astype(np.uint8), kernel) > 0
        matrix = estimate_camera(shades[i], shades[i + 1], outside)
        out.append(None if matrix is None else np.vstack([matrix, [0, 0, 1]]))
    return out


def _difference(frame: Floats, other: Floats, matrix: Floats, way: int = 0) -> Floats:
    """Mean absolute difference [H, W] of a frame from another one that is moved by a matrix, or back by it."""
    size = (frame.shape[1], frame.shape[0])
    flags = cv2.INTER_LINEAR | way
    return np.abs(cv2.warpAffine(other, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE) - frame).mean(
        -1
    )


class FlowWarp:
    """Carries a map from one frame to a neighbour along dense optical flow (DIS)."""

    def __init__(self, pictures: Bytes) -> None:
        self.shades = to_grey(pictures)
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
        x = self.x + look[..., 0]
        y = self.y + look[..., 1]
        return cv2.remap(value.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
