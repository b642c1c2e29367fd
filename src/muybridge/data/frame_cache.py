"""Many frames in little memory: each one a PNG (exact) or JPEG (smaller), all of them in one tensor of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from muybridge.errors import CheckpointError, Option, Sentence
from muybridge.tensors import Pixels

Kind = Literal["exact", "small"]
"""`exact`: PNG, bit for bit. `small`: JPEG of quality 95, a third to a tenth of it for photographs."""

_HOW: dict[str, tuple[str, list[int]]] = {
    "exact": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]),
    "small": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 95]),
}
_MANY = 64
"""Frames from which on several threads decode."""


@dataclass(frozen=True, eq=False)
class FrameCache:
    """Encoded frames of one size.

    packed  uint8 [N]      one file after the other
    ends    int64 [F + 1]  frame i is packed[ends[i] : ends[i + 1]]
    size    (H, W)
    """

    packed: UInt8[Tensor, "N"]
    ends: Int64[Tensor, "E"]
    size: tuple[int, int]

    @classmethod
    def of(cls, clips: Iterable[Pixels], size: tuple[int, int], kind: Kind = "exact") -> FrameCache:
        """Encode clips of frames uint8 [T, 3, H, W] one after the other; no more than one of them is held."""
        parts: list[np.ndarray] = []
        for pixels in clips:
            for frame in pixels:
                parts.append(_encode(frame, kind))
        ends = torch.tensor([0, *np.cumsum([len(p) for p in parts])], dtype=torch.int64)
        packed = np.concatenate(parts) if parts else np.zeros(0, np.uint8)
        return cls(torch.from_numpy(packed), ends, size)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def frames(self, chosen: Sequence[int]) -> Pixels:
        """These frames, uint8 [len(chosen), 3, H, W]; CheckpointError where one is broken."""
        ends = self.ends.numpy()
        packed = self.packed.numpy()
        out = np.empty((len(chosen), *self.size, 3), np.uint8)

        def decode(place: int) -> None:
            at = chosen[place]
            code = packed[ends[at] : ends[at + 1]]
            # OpenCV fails in words of its own where there is not a single byte.
            picture = cv2.imdecode(code, cv2.IMREAD_COLOR) if len(code) else None
            if picture is None or picture.shape[:2] != self.size:
                raise CheckpointError(
                    f"frame {at} of the run's data is broken", Sentence("Train anew with ", Option("force", True), ".")
                )
            # Straight into its place: a copy a frame would cost as much as the decoding.
            cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=out[place])

        _all(decode, len(chosen))
        return torch.from_numpy(out).permute(0, 3, 1, 2).contiguous()


def _encode(frame: Tensor, kind: Kind) -> np.ndarray:
    suffix, how = _HOW[kind]
    _, code = cv2.imencode(suffix, np.ascontiguousarray(frame.permute(1, 2, 0).flip(-1).numpy()), how)
    return code.reshape(-1)


def _all(act: object, count: int) -> None:
    """Call it for 0 .. count - 1; OpenCV lets go of the interpreter meanwhile, so that threads help."""
    assert callable(act)
    threads = min(torch.get_num_threads(), 8)
    if count < _MANY or threads == 1:
        for i in range(count):
            act(i)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(act, range(count)))
