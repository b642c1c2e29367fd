"""A result without a true answer: beside the source's own video for its looks, beside the driving one for its pace."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from muybridge import metrics
from muybridge.errors import MissingSilhouettesError
from muybridge.evaluation.metric_networks import MetricNetworks
from muybridge.evaluation.truth import on_black
from muybridge.metrics.separability import BLOCKS
from muybridge.networks.pretrained.c3d import WINDOW
from muybridge.video import Clip


def measure_without_truth(
    made: Clip, source: Clip, driving: Clip, by: MetricNetworks | None = None
) -> dict[str, float]:
    """What can be measured of a result alone; each clip's subject on black.

    flicker_ratio    flicker of the result over the driving video's own; left out where the driving video stands still
    random_features  distance to the source's own video by fixed random features
    fid, svfid       Frechet distances to it, where `by` has the networks, and 16 frames of both for the latter
    Raises MissingSilhouettesError.
    """
    if made.mattes is None or source.mattes is None or driving.mattes is None:
        raise MissingSilhouettesError("a result is measured by its own silhouettes, the source's and the driving ones")

    x, cut = on_black(made)
    own, mine = on_black(source)
    led, theirs = on_black(driving)
    found: dict[str, float] = {}
    if min(len(made), len(driving)) >= 3:
        # Flicker means little by itself: a gallop flickers more than a walk.
        pace = float(metrics.flicker(led, theirs))
        if pace > 0:
            found["flicker_ratio"] = float(metrics.flicker(x, cut)) / pace

    if min(len(made), len(source)) >= 2:
        found["random_features"] = float(metrics.random_feature_distance(x, cut, own, mine))
        if by is not None and by.inception is not None:
            found["fid"] = float(metrics.frechet_distance(by.inception(x), by.inception(own)))

    if by is not None and by.action is not None and min(len(made), len(source)) >= WINDOW:
        found["svfid"] = float(metrics.frechet_distance(by.action(x), by.action(own)))
    return found


FEWEST = 4 * BLOCKS
"""Frames of each subject without which a probe has too little to learn from and to be tried on."""
SEPARABILITY_FIGURES = ("probe", "energy", "energy_within")
"""What `apart` measures."""


def too_few_to_tell(points: Mapping[str, Tensor]) -> dict[str, str]:
    """Figure of `apart` -> why there is none; nothing where they can be measured."""
    a, b = (len(points[side]) for side in "ab")
    if min(a, b) >= FEWEST:
        return {}
    why = f"telling keypoints apart takes {FEWEST} frames of each subject with a silhouette, and there are {a} and {b}"
    return dict.fromkeys(SEPARABILITY_FIGURES, why)


def keypoint_separability(points: Mapping[str, Tensor]) -> dict[str, float]:
    """How well the keypoints of both subjects can be told apart; nothing for fewer than `FEWEST` frames.

    points  "a" and "b" -> [N, K, 2] in the units in which they should be alike
    """
    if too_few_to_tell(points):
        return {}
    a = points["a"]
    b = points["b"]
    found = metrics.measure_separability(a, b)
    return {"probe": found.balanced_accuracy, "energy": found.energy, "energy_within": found.energy_within}
