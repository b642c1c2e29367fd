"""Tensors that were read from a run, checked before anything is drawn from them: a folder may come from anybody."""

from collections.abc import Mapping

import torch
from torch import Tensor

LARGEST_SIDE = 16_384
"""Pixels of a frame's side; larger ones are not read either."""


def take(tensors: Mapping[str, Tensor], name: str, kind: torch.dtype, *shape: int | None) -> Tensor:
    """One tensor by its name; ValueError where it is missing, of another type or shape, or not finite.

    shape  a size or None, which is any, for each dimension
    """
    if name not in tensors:
        raise ValueError(f"{name} is missing")
    x = tensors[name]
    fits = x.ndim == len(shape) and all(want is None or want == has for want, has in zip(shape, x.shape, strict=True))
    if x.dtype != kind or not fits:
        wanted = ", ".join("any" if side is None else str(side) for side in shape)
        raise ValueError(f"{name} is {str(x.dtype)[6:]} {tuple(x.shape)}, not {str(kind)[6:]} ({wanted})")
    if kind.is_floating_point and not bool(x.isfinite().all()):
        raise ValueError(f"{name} is not finite")
    return x


def take_numbers(tensors: Mapping[str, Tensor], name: str, count: int) -> list[int]:
    """Whole numbers that were stored as one tensor; ValueError as `take`."""
    return [int(x) for x in take(tensors, name, torch.int64, count)]


def take_boxes(tensors: Mapping[str, Tensor], name: str, *shape: int | None) -> Tensor:
    """Boxes (centre x, centre y, width, height) in pixels, float32 [..., 4]; ValueError where none is of any size, or
    they lie where no frame is."""
    boxes = take(tensors, name, torch.float32, *shape, 4)
    if not bool((boxes.abs() <= 10 * LARGEST_SIDE).all() and (boxes[..., 2:] > 0).all()):
        raise ValueError(f"{name} holds boxes that lie beyond any frame")
    return boxes


def check_frame_size(name: str, *sides: int) -> None:
    """ValueError where a size in pixels is none that a frame has."""
    for side in sides:
        if not 1 <= side <= LARGEST_SIDE:
            raise ValueError(f"{name} tells of a side of {side} pixels")
