"""AKD, MKR and AED of made frames, by a pose and an identity network that look at them and at the true ones.

Both sides are 8-bit frames in memory, which is what PNG files hold: nothing has been compressed on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from muybridge import metrics
from muybridge.landmarks.pose_network import MIN_SCORE, find_person, open_network
from muybridge.networks.pretrained.identity import Identity, identity_path
from muybridge.tensors import Pixels

Poses = Callable[[Pixels], tuple[Float[Tensor, "T K 2"], Bool[Tensor, "T K"]]]
"""Frames to landmarks in pixels, and which of them were found."""
Features = Callable[[Pixels], Float[Tensor, "T D"]]
"""Frames to one row of features each."""
NOBODY = "the pose network found nobody in the true frames"
TRIED = 8
"""Clips without anybody after which the pose network is not asked any more: the clips are of something else."""
LOST = "no landmark was found both in the true frames and in the result"


def load_poses(path: Path | None = None) -> Poses:
    """The pose network of `muybridge landmarks`, from `path` or its usual place, as a function; errors as there.

    Each frame is looked at by itself, as the published pipelines do: the whole picture, and again round what was found.
    """
    network = open_network(path)

    def look(pixels: Pixels) -> tuple[Tensor, Tensor]:
        rows = []
        for frame in pixels:
            picture = np.ascontiguousarray(frame.permute(1, 2, 0).numpy())
            found = find_person(network, picture, network.main)
            rows.append(np.zeros((network.count, 3)) if found is None else found)
        at = torch.from_numpy(np.stack(rows))
        return at[..., :2].contiguous(), at[..., 2] >= MIN_SCORE

    return look


def load_identity(path: Path | None = None) -> Features:
    """The identity network from `path` or its usual place; errors as `Identity`."""
    return Identity(identity_path(path))


@dataclass
class PersonMetrics:
    """What the two networks say of the clips that are shown to them; either may be missing."""

    pose: Poses | None = None
    identity: Features | None = None
    _landmarks: list[tuple[Tensor, ...]] = field(default_factory=list)
    _features: list[tuple[Tensor, ...]] = field(default_factory=list)

    def look(self, made: Pixels, truth: Pixels) -> None:
        """Look at one clip: the same frames [T, 3, H, W] as they were made and as they should be."""
        if self.pose is not None and (len(self._landmarks) < TRIED or self._anybody()):
            (points, found) = self.pose(made)
            (wanted, there) = self.pose(truth)
            self._landmarks.append((points, wanted, found, there))
        if self.identity is not None:
            self._features.append((self.identity(made), self.identity(truth)))

    def _anybody(self) -> bool:
        return any(bool(there.any()) for *_, there in self._landmarks)

    def figures(self) -> tuple[dict[str, float], dict[str, str]]:
        """akd (pixels), mkr and aed over all frames of all clips; and figure -> why it has no value all the same."""
        found: dict[str, float] = {}
        missing: dict[str, str] = {}
        if self._landmarks:
            made, truth, seen, there = (torch.cat(part) for part in zip(*self._landmarks, strict=True))
            akd, mkr = metrics.average_keypoint_distance(made, truth, seen, there)
            # Without landmarks in the truth there is nothing to compare; without common ones there is no distance.
            if not self._anybody():
                missing |= {"akd": NOBODY, "mkr": NOBODY}
            elif not bool((seen & there).any()):
                missing |= {"akd": LOST}
                found |= {"mkr": float(mkr)}
            else:
                found |= {"akd": float(akd), "mkr": float(mkr)}

        if self._features:
            rows, wanted = (torch.cat(part) for part in zip(*self._features, strict=True))
            found["aed"] = float(metrics.average_euclidean_distance(rows, wanted))

        return found, missing
