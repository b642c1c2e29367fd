"""Sizes in a config: whatever a shared file says, nothing is asked for that no machine could hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

DEPTHS = frozenset({"blocks", "downs", "layers", "encoder_blocks", "decoder_blocks"})
"""Settings that a network repeats itself by."""
DEEPEST = 64
LARGEST = 65_536
"""Of every other whole number, but for steps: channels, pixels, keypoints."""
LONGEST = 10**9
"""Steps of a training."""
REFERENCE_SIDE = 1280
"""Longest side in pixels of the frames that are worth reading where results take their pixels from them."""


def refuse_absurd_sizes(settings: BaseModel) -> None:
    """ValueError, as pydantic wants it, for a whole number that no network can be built by."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, int):
            continue
        limit = DEEPEST if name in DEPTHS else LONGEST if "steps" in name else LARGEST
        if abs(value) > limit:
            raise ValueError(f"{name} is {limit} at most, not {str(value)[:20]}")


def check_size(side: int, downs: int, hourglasses: Mapping[str, tuple[float, int, int]]) -> None:
    """Whether pictures of this side can go through a generator and the hourglasses beside it; ValueError says which
    could, as pydantic wants it of a config.

    downs        halvings of the generator, which doubles as often and has to meet the same sizes
    hourglasses  name: share of the side that it sees, halvings, padding of the convolution after it (7x7)
    """
    if side % 2**downs:
        near = max(1, round(side / 2**downs)) * 2**downs
        raise ValueError(f"size {side} cannot be halved generator.downs = {downs} times: {near} can")

    for name, (scale, blocks, padding) in hourglasses.items():
        seen = int(side * scale)
        # An hourglass must keep a pixel at its bottom, and the 7x7 convolution behind it needs its window.
        least = max(2**blocks, 8 - 2 * padding)
        if seen < least:
            raise ValueError(
                f"size {side} is too small: {name} sees {seen} pixels a side with scale {scale:g}, and its {blocks} "
                f"halvings need {least}; a larger size or {name}.scale, or fewer {name}.blocks"
            )
