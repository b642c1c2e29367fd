"""Which of a subject's own frames each result frame is made from: near in pose, and the same from frame to frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from muybridge.tensors import Points

FAR = 0.3
"""Distance beyond which a keypoint counts as simply elsewhere, so that one lost limb does not decide."""
CHANGE = 0.02
"""Price of another reference than in the frame before, in squared distance."""
NEIGHBOURS = 6
"""References less than so many frames apart cost less to change between."""
TAKEN = 0.01
"""Price of a frame that an earlier reference of the same result frame has, or one near it."""
FADE = 2
"""Frames before and after a change over which two references are mixed."""
WINDOW = 96
"""Result frames that are planned together."""


@dataclass(frozen=True, eq=False)
class References:
    """References of some result frames; each of the M is a mix of P frames while one fades into the next.

    index   [N, M, P]  places in the bank
    shares  [N, M, P]  sum to 1 over P
    """

    index: Int64[Tensor, "N M P"]
    shares: Float[Tensor, "N M P"]

    def strongest(self) -> References:
        """The one with the larger share alone, where two are mixed."""
        return References(self.index[..., :1], torch.ones_like(self.shares[..., :1]))

    def name_frames(self, index: Int64[Tensor, "R"]) -> tuple[int, ...]:
        """The own frames of the first result frame, the one with the largest share first.

        index  which frames the bank's places are
        """
        shares: dict[int, float] = {}
        for place, share in zip(self.index[0].flatten().tolist(), self.shares[0].flatten().tolist(), strict=True):
            if share > 0:
                frame = int(index[place])
                shares[frame] = shares.get(frame, 0.0) + share
        return tuple(sorted(shares, key=lambda frame: -shares[frame]))


@dataclass(eq=False)
class ReferencePlanner:
    """Chooses references for result frames that come one after the other.

    bank   [R, K, 2]  keypoints of the frames to choose from
    times  [R]        when these were seen, in frames
    count  M, how many each result frame has

    Within a window the path of each reference is the cheapest of all paths (dynamic programming over the distance of
    the poses and the price of a change); the next window starts from where the last one ended. The first reference is
    near in the whole pose. Each further one counts by what it improves: a keypoint's distance is that to the nearest
    of the references so far, so that a head or a leg that the first has elsewhere comes from a frame that has it here.
    """

    bank: Float[Tensor, "R K 2"]
    times: Int64[Tensor, "R"]
    count: int = 3
    last: list[int] = field(default_factory=list)

    def plan(self, poses: Points, following: Float[Tensor, "F K 2"] | None = None) -> References:
        """References for poses [N, K, 2] that follow those of the last call.

        following  poses behind them, looked at but not planned
        """
        ahead = poses if following is None else torch.cat((poses, following))
        distances = keypoint_costs(ahead, self.bank)
        price = change_prices(self.times)
        taken = torch.zeros(distances.shape[:2])

        paths = []
        for i in range(min(self.count, len(self.bank))):
            before = self.last[i] if i < len(self.last) else None
            path = cheapest_path(distances.mean(-1) + taken, price, before)
            # What keypoints do not tell, a head that is turned away, another time may show better.
            near = (self.times[None] - self.times[path][:, None]).abs() <= NEIGHBOURS
            taken = taken + TAKEN * near
            chosen = distances[torch.arange(len(path)), path]
            distances = torch.minimum(distances, chosen[:, None])
            paths.append(path)

        references = cross_fade(torch.stack(paths, 1), self.last, len(poses))
        self.last = [int(path[len(poses) - 1]) for path in paths]
        return references


def plan_stream(
    planner: ReferencePlanner, poses: Iterable[Tensor], window: int = WINDOW
) -> Iterator[tuple[Tensor, References]]:
    """Plan poses that come in parts, whatever the parts, in windows with a look at the frames that follow.

    poses    [n, K, 2] each
    window   frames; 1 plans each as it comes, without a look ahead
    returns  for each window its poses and their references
    """
    held: Tensor | None = None
    for part in poses:
        held = part if held is None else torch.cat((held, part))
        ahead = FADE if window > 1 else 0
        while len(held) >= window + ahead:
            yield held[:window], planner.plan(held[:window], held[window : window + ahead])
            held = held[window:]

    if held is not None and len(held):
        yield held, planner.plan(held)


def pose_costs(poses: Points, bank: Float[Tensor, "R K 2"]) -> Float[Tensor, "N R"]:
    """Mean squared distance of the keypoints, each at most `FAR`: [N, K, 2] and [R, K, 2] to [N, R]."""
    return keypoint_costs(poses, bank).mean(-1)


def keypoint_costs(poses: Points, bank: Float[Tensor, "R K 2"]) -> Float[Tensor, "N R K"]:
    """Squared distance of each keypoint, at most that of `FAR`: [N, K, 2] and [R, K, 2] to [N, R, K]."""
    return (poses[:, None] - bank[None]).square().sum(-1).clamp_max(FAR**2)


def change_prices(times: Int64[Tensor, "R"]) -> Float[Tensor, "R R"]:
    """What it costs to go from one reference to another: nothing to stay, little to a neighbour in time."""
    gap = (times[:, None] - times[None]).abs().clamp_max(NEIGHBOURS) / NEIGHBOURS
    return CHANGE * torch.where(gap > 0, 0.2 + 0.8 * gap, gap)


def cheapest_path(
    costs: Float[Tensor, "N R"], price: Float[Tensor, "R R"], before: int | None = None
) -> Int64[Tensor, "N"]:
    """The path of one reference a frame with the least sum of costs and prices of changes (Viterbi).

    before  the reference of the frame before the first one
    """
    total = costs[0] if before is None else costs[0] + price[before]
    chosen = []
    for cost in costs[1:]:
        best = (total[:, None] + price).min(0)
        chosen.append(best.indices)
        total = best.values + cost

    path = [int(total.argmin())]
    for step in reversed(chosen):
        path.append(int(step[path[-1]]))
    return torch.tensor(path[::-1])


def cross_fade(paths: Int64[Tensor, "N M"], before: list[int], count: int) -> References:
    """Mix each reference with those of the frames around, so that a change is spread over 2 `FADE` + 1 frames.

    paths   references of the frames to plan, and of those that follow
    before  of the frame before the first one; empty where there is none
    count   frames to plan
    """
    # Beyond both ends the outermost references go on, so that every frame has a full window.
    head = torch.tensor([before]) if len(before) == paths.shape[1] else paths[:1]
    wide = torch.cat((head.expand(FADE, -1), paths, paths[-1:].expand(FADE, -1)))
    shifted = []
    for i in range(2 * FADE + 1):
        shifted.append(wide[i : i + count])

    around = torch.stack(shifted, 2)
    weights = torch.tensor([1 - abs(i) / (FADE + 1) for i in range(-FADE, FADE + 1)])
    weights = weights / weights.sum()

    # Of the frames around, the same reference counts once, with the sum of its weights.
    same = around[..., :, None] == around[..., None, :]
    shares = (same * weights).sum(-1)
    first = (same.int().argmax(-1) == torch.arange(2 * FADE + 1)).float()
    strongest = (shares * first).topk(2, dim=-1)
    # The weaker ones are dropped, since each costs a run of the network.
    kept = strongest.values / strongest.values.sum(-1, keepdim=True)
    return References(around.gather(2, strongest.indices), kept)
