"""What brings the two keypoint sets together besides D: a distance that cannot win, and a cycle (decision 0011)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from muybridge.data.pair import SIDES
from muybridge.losses import energy_distance
from muybridge.method import Batch
from muybridge.methods.jokr.networks import Detection
from muybridge.methods.jokr.pictures import mean_colour
from muybridge.tensors import Images, Points

if TYPE_CHECKING:
    from muybridge.methods.jokr.method import Jokr


def distance(method: Jokr, a: Points, b: Points) -> Tensor:
    """The energy distance between A's keypoints and T of B's, each with those of earlier steps."""
    n, memory, steps = len(a), method.config.memory, method.steps_of_shapes
    filled = min(n * steps, memory)
    all_a, all_b = (torch.cat((x, seen[:filled])) for x, seen in ((a, method.seen_a), (b, method.seen_b)))
    place = torch.arange(n * steps, n * (steps + 1), device=a.device) % memory
    far = energy_distance(a, method.to_a(b), all_a, method.to_a(all_b))
    with torch.no_grad():
        method.seen_a[place], method.seen_b[place] = a.float(), b.float()
    return far


def cycle(method: Jokr, found: Mapping[str, Detection], pictures: Mapping[str, Images], batch: Batch) -> Tensor:
    """Mean |E(G_B(T^-1 k_A)) - T^-1 k_A|, and the same the other way; the drawn silhouettes are painted in the
    mean colour of the one whose shape they have. For half of the batch, which is enough and saves time."""
    losses = []
    half = (len(pictures["a"]) + 1) // 2
    for side, there in (("a", "b"), ("b", "a")):
        moved = method.transfer(found[side].points[:half], side)
        drawn = method.shapes(method.bumps(moved))[:, SIDES.index(there)][:, None]
        colour = mean_colour(pictures[there][:half], batch[f"masks_{there}"][:half])
        losses.append((method.detector(colour * drawn).points - moved.detach()).abs().mean())
    return losses[0] + losses[1]
