"""ONNX files written by hand, whose answers are known: a pose network that finds each of K points where one colour is,
and an identity network whose features are the mean of each colour."""

import struct
from pathlib import Path

import cv2
import numpy as np
import torch

from muybridge.landmarks.layout import PLACE
from muybridge.landmarks.rtmpose import MEAN, SPREAD
from muybridge.landmarks.skeletons import COCO17

GREY = 127.0
REACH = 120.0


def colours(count: int) -> np.ndarray:
    """Directions in colour space from grey, evenly over the brighter half of the sphere: [K, 3].

    Black, which is beyond the border of a picture, lies on the other side.
    """
    i = np.arange(count) + 0.5
    height, angle = 1 - 0.9 * i / count, i * np.pi * (1 + 5**0.5)
    ring = np.sqrt(1 - height**2)
    axes = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), height], 1) @ axes


def draw_dots(points: torch.Tensor, radius: int, size: tuple[int, int]) -> torch.Tensor:
    """People [T, 25, 2] as dots in the network's colours, on grey: uint8 [T, 3, H, W]."""
    frames = []
    for at in points:
        frame = np.full((*size, 3), GREY, np.float32)
        for name, way in zip(COCO17, colours(17), strict=True):
            x, y = at[PLACE[name]].tolist()
            cv2.circle(frame, (round(x), round(y)), radius, (GREY + REACH * way).tolist(), -1)
        frames.append(torch.from_numpy(frame.round().astype(np.uint8)).permute(2, 0, 1))
    return torch.stack(frames)


def write_network(
    path: Path, count: int = 17, size: tuple[int | None, int | None] = (64, 48), maps: bool = False
) -> Path:
    """A network [1, 3, H, W] -> likelihoods along x and y, or heat maps: 1 where a pixel has a point's colour."""
    way, spread = colours(count), np.array(SPREAD)
    weight = (way * spread / REACH).astype(np.float32).reshape(count, 3, 1, 1)
    bias = (way @ (np.array(MEAN) - GREY) / REACH).astype(np.float32)
    nodes = [_node("Conv", ["picture", "w", "b"], "maps")]
    outputs = ["maps"]
    if not maps:
        outputs = ["x", "y"]
        nodes += [_node("ReduceMax", ["maps"], "x", axes=[2], keepdims=0)]
        nodes += [_node("ReduceMax", ["maps"], "y", axes=[3], keepdims=0)]
    graph = b"".join(_field(1, n) for n in nodes) + _field(2, b"g")
    graph += _field(5, _tensor("w", weight)) + _field(5, _tensor("b", bias))
    graph += _field(11, _value("picture", [1, 3, *size]))
    graph += b"".join(_field(12, _value(name, None)) for name in outputs)
    path.write_bytes(_number(1, 8) + _field(8, _field(1, b"") + _number(2, 13)) + _field(7, graph))
    return path


def write_identity(path: Path, size: tuple[int | None, int | None] = (32, 16)) -> Path:
    """A network [1, 3, H, W] -> [1, 3, 1, 1]: each colour's mean, as it is normalised."""
    node = _node("GlobalAveragePool", ["picture"], "features")
    graph = _field(1, node) + _field(2, b"g") + _field(11, _value("picture", [1, 3, *size]))
    graph += _field(12, _value("features", None))
    path.write_bytes(_number(1, 8) + _field(8, _field(1, b"") + _number(2, 13)) + _field(7, graph))
    return path


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _node(
    kind: str, inputs: list[str], output: str, axes: list[int] | None = None, keepdims: int | None = None
) -> bytes:
    out = b"".join(_field(1, i.encode()) for i in inputs) + _field(2, output.encode()) + _field(4, kind.encode())
    if axes is not None:
        out += _field(5, _field(1, b"axes") + b"".join(_number(8, a) for a in axes) + _number(20, 7))
    if keepdims is not None:
        out += _field(5, _field(1, b"keepdims") + _number(3, keepdims) + _number(20, 2))
    return out


def _tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_number(1, d) for d in values.shape)
    raw = struct.pack(f"<{values.size}f", *values.ravel())
    return dims + _number(2, 1) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, shape: list[int | None] | None) -> bytes:
    kind = _number(1, 1)
    if shape is not None:
        dims = [_field(1, _field(2, b"n") if d is None else _number(1, d)) for d in shape]
        kind += _field(2, b"".join(dims))
    return _field(1, name.encode()) + _field(2, _field(1, kind))
