"""What stands behind the subject: a colour, nothing, or the source's own background with its moving camera."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from muybridge.errors import InputError, MissingSilhouettesError, Option, Sentence, UsageError, Verb
from muybridge.video.clip import Clip
from muybridge.video.contrast import Colour

Array: TypeAlias = NDArray[Any]
Picture = Float[Tensor, "3 H W"]

SAMPLES = 31
"""Frames that vote for each pixel of the plate, spread evenly over the clip."""
LARGEST = 12.0
"""A plate larger than this many frames means that the camera was not followed; it is then taken to stand still."""
COLOURS = {
    "black": "#000000",
    "white": "#ffffff",
    "grey": "#808080",
    "gray": "#808080",
    "red": "#ff0000",
    "green": "#008000",
    "lime": "#00ff00",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "magenta": "#ff00ff",
    "cyan": "#00ffff",
    "orange": "#ffa500",
}


@dataclass(frozen=True, eq=False)
class Plate:
    """The background of a clip as one picture, and where each frame lies on it.

    image    [3, Hp, Wp] in [0, 1]  masked median over the clip, holes filled in
    motions  [T, 3, 3]              frame pixel (x, y, 1) to plate pixel
    size     (H, W)                 of a frame
    error    mean absolute difference between the frames' background and the plate laid back over them, in [0, 1]
    unseen   share of the frames' area whose background is never seen in the clip and is made up
    lost     neighbouring frames between which the camera could not be followed
    """

    image: Picture
    motions: Float[Tensor, "T 3 3"]
    size: tuple[int, int]
    error: float
    unseen: float
    lost: int

    def at(self, index: int) -> Picture:
        """The background [3, H, W] as the camera saw it on frame `index`; beyond the last one it stays as it ends."""
        motion = self.motions[min(index, len(self.motions) - 1)].numpy()
        plate = self.image.permute(1, 2, 0).contiguous().numpy()
        return torch.from_numpy(_cut_back(plate, motion, self.size)).permute(2, 0, 1).contiguous()

    def still(self) -> UInt8[Tensor, "3 H W"]:
        """The background as the camera saw it on the middle frame."""
        return (self.at(len(self.motions) // 2) * 255).round().to(torch.uint8)

    def resize(self, size: tuple[int, int]) -> Plate:
        """The same for frames of another size (H, W), such as the file's own where its frames were read smaller."""
        (h, w) = self.size
        (height, width) = size
        # Pixel centres: x of the larger frame lies at (x + 1/2) w / W - 1/2 of the smaller one.
        across = w / width
        down = h / height
        look = torch.tensor([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
        return replace(self, motions=self.motions @ look, size=size)

    def __str__(self) -> str:
        text = f"background off by {self.error:.1%} on average, {self.unseen:.1%} of it never seen and filled in"
        return text if not self.lost else f"{text}; camera lost {self.lost} times"


def plate(clip: Clip) -> Plate:
    """The clip's own background: camera compensated, subject masked out, median over time, holes inpainted.

    The camera is followed by corners on the background from frame to frame (Lucas-Kanade there and back, affine map by
    RANSAC); the middle frame is the reference.

    Raises MissingSilhouettesError where the clip has none, InputError where its frames differ in size.
    """
    if clip.mattes is None:
        raise MissingSilhouettesError(
            f"no silhouettes for {clip.name}: they tell its background from its subject",
            Sentence("Make them with: ", Verb("mask", "VIDEO", Option("out", "DIR"))),
        )
    if clip.sizes is not None:
        raise InputError(f"the frames of {clip.name} differ in size: they share no background", "Choose black.")

    frames = np.ascontiguousarray(clip.pixels.permute(0, 2, 3, 1).numpy())
    # A silhouette's rim mixes both colours, so that the background begins a little outside it.
    border = 2 * max(2, round(max(clip.height, clip.width) / 100)) + 1
    brush = np.ones((border, border), np.uint8)
    outside = np.stack([cv2.dilate(matte, brush) <= 127 for matte in clip.mattes[:, 0].numpy()])
    motions, lost = _motions(frames, outside)
    motions, (height, width), moved = _place_frames(motions, clip.height, clip.width)
    # Motions that would need a huge plate are given up: then every step counts as lost.
    lost = lost if moved else max(lost, len(clip) - 1)
    image, seen, inside = _median(frames, outside, motions, (height, width))
    holes = (~seen).astype(np.uint8)
    whole = cv2.inpaint(image, holes, 3, cv2.INPAINT_TELEA) if holes.any() and seen.any() else image
    whole = np.asarray(whole).astype(np.float32) / 255

    return Plate(
        torch.from_numpy(whole).permute(2, 0, 1).contiguous(),
        torch.from_numpy(motions).float(),
        (clip.height, clip.width),
        _error(frames, outside, motions, whole),
        float((inside & ~seen).sum() / max(1, inside.sum())),
        lost,
    )


def composite(rgba: Float[Tensor, "4 H W"], background: Picture | None) -> Float[Tensor, "C H W"]:
    """Lay RGBA in [0, 1] over a background [3, H, W]; over None it stays RGBA."""
    return rgba if background is None else rgba[:3] * rgba[3:] + background * (1 - rgba[3:])


def composite_bytes(rgba: UInt8[Tensor, "4 H W"], background: Picture | None) -> UInt8[Tensor, "C H W"]:
    """The same of bytes, rounded to bytes: worked out only within the box round what is not clear."""
    if background is None:
        return rgba
    shown = rgba[3].numpy(force=True)
    if int(shown.min()) == 255:
        return rgba[:3]
    rows = np.flatnonzero(shown.any(1))
    made = _to_bytes(background)
    if not len(rows):
        return made
    down = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(shown[down].any(0))
    across = slice(int(columns[0]), int(columns[-1]) + 1)
    made[:, down, across] = _to_bytes(composite(rgba[:, down, across].float() / 255, background[:, down, across]))
    return made


def _to_bytes(picture: Picture) -> UInt8[Tensor, "3 H W"]:
    # A picture of one colour is that of one pixel, seen everywhere.
    if picture.stride()[1:] == (0, 0):
        return (picture[:, :1, :1] * 255).round().to(torch.uint8).repeat(1, *picture.shape[1:])
    return (picture * 255).round().to(torch.uint8)


@dataclass(frozen=True, eq=False)
class Backdrop:
    """A background that was asked for.

    colour  RGB in [0, 1], or None
    plate   the source's own, or None; with neither it is transparent
    """

    size: tuple[int, int]
    colour: tuple[float, float, float] | None = None
    plate: Plate | None = None

    def at(self, index: int) -> Picture | None:
        """The background [3, H, W] of frame `index`, or None for transparent."""
        if self.plate is not None:
            return self.plate.at(index)
        return None if self.colour is None else torch.tensor(self.colour)[:, None, None].expand(3, *self.size)

    def __str__(self) -> str:
        if self.plate is not None:
            return str(self.plate)
        return "transparent" if self.colour is None else "one colour"


def backdrop(kind: str, clip: Clip) -> Backdrop:
    """The background of a name: "source", "transparent", "#rrggbb" or a colour's name, of the clip's frame size.

    Raises UsageError for any other name.
    """
    size = (clip.height, clip.width)
    if kind == "source":
        return Backdrop(size, plate=plate(clip))
    return Backdrop(size) if kind == "transparent" else Backdrop(size, colour(kind))


def colour(name: str) -> Colour:
    """RGB in [0, 1] of "#rrggbb" or of one of the names in COLOURS."""
    code = COLOURS.get(name.lower(), name)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", code):
        raise UsageError(
            f"no background is called {name!r}",
            f"Take contrast, source, transparent, #rrggbb, or one of {', '.join(COLOURS)}.",
        )

    red = int(code[1:3], 16) / 255
    green = int(code[3:5], 16) / 255
    blue = int(code[5:7], 16) / 255

    return red, green, blue


def hex_of(colour: Colour) -> str:
    """ "#rrggbb" of RGB in [0, 1]."""
    return "#" + "".join(f"{round(value * 255):02x}" for value in colour)


def _motions(frames: Array, outside: Array) -> tuple[Array, int]:
    """Each frame's map to the middle frame [T, 3, 3], and how many steps between neighbours were lost."""
    shades = []
    for f in frames:
        shades.append(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY))

    # Neighbours alone are compared: between them little has changed that is not the camera.
    steps = [_step(shades[i], shades[i + 1], outside[i], outside[i + 1]) for i in range(len(frames) - 1)]
    lost = sum(step is None for step in steps)
    known = []
    for step in steps:
        known.append(np.eye(3) if step is None else step)

    middle = len(frames) // 2
    out = np.repeat(np.eye(3)[None], len(frames), 0)
    for i in range(middle - 1, -1, -1):
        out[i] = out[i + 1] @ known[i]
    for i in range(middle + 1, len(frames)):
        out[i] = out[i - 1] @ np.linalg.inv(known[i - 1])

    return out, lost


def _step(first: Array, second: Array, outside: Array, outside_next: Array) -> Array | None:
    """The affine map [3, 3] that takes the background of one grey frame to the next, or None."""
    corners = cv2.goodFeaturesToTrack(first, 600, 0.003, 5, mask=outside.astype(np.uint8) * 255)
    if corners is None or len(corners) < 8:
        return None

    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, corners.copy(), winSize=(21, 21), maxLevel=4)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(second, first, there, corners.copy(), winSize=(21, 21), maxLevel=4)
    # A corner that does not come back to where it began was followed wrongly.
    good = (found.ravel() > 0) & (returned.ravel() > 0) & (np.linalg.norm(back - corners, axis=-1).ravel() < 0.7)
    x, y = np.rint(there[:, 0]).astype(int).T
    h, w = first.shape
    landed = (x >= 0) & (x < w) & (y >= 0) & (y < h)
    good &= landed & outside_next[y.clip(0, h - 1), x.clip(0, w - 1)]
    if good.sum() < 8:
        return None

    # RANSAC draws from OpenCV's own generator; the same clip has to give the same plate.
    cv2.setRNGSeed(1)
    matrix, agree = cv2.estimateAffine2D(corners[good], there[good], ransacReprojThreshold=1.0)
    if matrix is None or agree.sum() < 6 or not 0.7 < np.linalg.det(matrix[:, :2]) < 1.4:
        return None

    return np.vstack((matrix, (0, 0, 1)))


def _place_frames(motions: Array, h: int, w: int) -> tuple[Array, tuple[int, int], bool]:
    """Motions shifted so that all frames lie on a plate from (0, 0), the plate's size, and whether they were usable."""
    corners = np.array([(0, 0, 1), (w - 1, 0, 1), (0, h - 1, 1), (w - 1, h - 1, 1)], float).T
    places = (motions @ corners)[:, :2]
    low = np.floor(places.min((0, 2)))
    high = np.ceil(places.max((0, 2)))
    width, height = (high - low).astype(int) + 1
    if width * height > LARGEST * h * w:
        return np.repeat(np.eye(3)[None], len(motions), 0), (h, w), False

    shift = np.array([(1, 0, -low[0]), (0, 1, -low[1]), (0, 0, 1)])
    return shift @ motions, (int(height), int(width)), True


def _median(frames: Array, outside: Array, motions: Array, size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Plate uint8 [Hp, Wp, 3], where background was seen, and where any frame lies."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(SAMPLES, len(frames))).round().astype(int))
    height, width = size
    layers = np.empty((len(chosen), height, width, 3), np.uint8)
    votes = np.empty((len(chosen), height, width), bool)
    inside = np.zeros(size, bool)

    for k, i in enumerate(chosen):
        layers[k] = cv2.warpAffine(frames[i], motions[i][:2], (width, height), flags=cv2.INTER_LINEAR)
        # 250 of 255: a place that is partly subject has no vote.
        votes[k] = cv2.warpAffine(outside[i].astype(np.uint8) * 255, motions[i][:2], (width, height)) > 250

    for motion, mask in zip(motions, outside, strict=True):
        inside |= cv2.warpAffine(np.ones(mask.shape, np.uint8), motion[:2], (width, height)) > 0
    out = np.zeros((height, width, 3), np.uint8)

    for top in range(0, height, 64):  # in strips, because the votes of a whole plate are large as floats
        rows = slice(top, top + 64)
        strip = np.where(votes[:, rows, :, None], layers[:, rows].astype(np.float32), np.inf)
        strip.sort(axis=0)
        count = votes[:, rows].sum(0)
        # The votes of a place stand first after sorting, the others are infinite: both middle ones make the median.
        low = np.take_along_axis(strip, ((count - 1) // 2)[None, ..., None].clip(0), 0)[0]
        high = np.take_along_axis(strip, (count // 2)[None, ..., None], 0)[0]
        middle = np.where(count[..., None] > 0, (low + high) / 2, 0)
        out[rows] = middle.round().astype(np.uint8)

    return out, np.asarray(votes.any(0)), inside


def _cut_back(image: Array, motion: Array, size: tuple[int, int]) -> Array:
    # With WARP_INVERSE_MAP the matrix says where each pixel of the frame looks on the plate: the motion itself.
    look = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    there = motion[:2].astype(np.float64)
    return np.asarray(cv2.warpAffine(image, there, size[::-1], flags=look, borderMode=cv2.BORDER_REPLICATE))


def _error(frames: Array, outside: Array, motions: Array, image: Array) -> float:
    total = 0.0
    count = 0
    for frame, mask, motion in zip(frames, outside, motions, strict=True):
        gap = np.abs(_cut_back(image, motion, frame.shape[:2]) - frame.astype(np.float32) / 255).mean(-1)
        total = total + float(gap[mask].sum())
        count = count + int(mask.sum())
    return total / max(1, count)
