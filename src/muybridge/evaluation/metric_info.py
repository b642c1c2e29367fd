"""What each figure says: one sentence, and which way is better. docs/evaluation.md has the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MetricInfo:
    """What a figure says.

    text    one sentence
    better  which way is better; "" where neither is
    """

    text: str
    better: Literal["up", "down", ""]


METRIC_INFO: Mapping[str, MetricInfo] = {
    "iou": MetricInfo("overlap of the result's silhouette with the true one (IoU, 1 is perfect)", "up"),
    "boundary_f": MetricInfo("share of the outlines that meet (boundary F, 1 is perfect)", "up"),
    "l1": MetricInfo(
        "mean difference of the colours where either subject is (0 is perfect, 1 the opposite colour)", "down"
    ),
    "psnr": MetricInfo("peak signal to noise ratio of the subject on black, decibels", "up"),
    "ssim": MetricInfo("structural similarity of the subject on black (1 is equal)", "up"),
    "ms_ssim": MetricInfo("the same over several sizes (1 is equal)", "up"),
    "lpips": MetricInfo("learned perceptual distance to the truth (0 is equal)", "down"),
    "akd": MetricInfo("how far landmarks of the pose network are from those of the true frames, pixels (AKD)", "down"),
    "mkr": MetricInfo("share of the landmarks found in the true frames that are missing in the result (MKR)", "down"),
    "aed": MetricInfo("distance of the identity network's features from those of the true frames (AED)", "down"),
    "joint_error": MetricInfo("how far joints found in the result are from the true ones; the picture spans 2", "down"),
    "tracker_error": MetricInfo("the same for joints found in the truth itself: what the tracker does wrong", ""),
    "flicker_ratio": MetricInfo(
        "flicker over the driving video's own (1 is as lively, far over it jitters, 0 is frozen)", ""
    ),
    "sharpness": MetricInfo(
        "gradient energy inside the subject over that of its own frames at the same size (1 is as sharp)", "up"
    ),
    "random_features": MetricInfo("appearance: distance to the source's own video by fixed random features", "down"),
    "fid": MetricInfo("appearance: Frechet distance to the source's own frames (Inception)", "down"),
    "svfid": MetricInfo("appearance in time: Frechet distance to the source's own video (C3D)", "down"),
    "own_iou": MetricInfo("overlap of a driving frame's silhouette with the one drawn from its own keypoints", "up"),
    "own_cycle_iou": MetricInfo("the same after the way there and back", "up"),
    "own_cycle_points": MetricInfo("how far keypoints end from where they began after that way", "down"),
    "own_step": MetricInfo(
        "how far a keypoint of the driving video moves from frame to frame; the picture spans 2", ""
    ),
    "limb_identity": MetricInfo(
        "how faithfully a keypoint stays on one limb of the driving subject (1 is always)", "up"
    ),
    "probe": MetricInfo("how often a fresh probe tells whose keypoints they are (0.5 is chance, 1 always)", "down"),
    "energy": MetricInfo("energy distance between the two subjects' keypoints", "down"),
    "energy_within": MetricInfo("the same between two halves of one subject's own", ""),
    "still_iou": MetricInfo("overlap that the source's own video, left as it is, would have at the same times", ""),
    "best_still_iou": MetricInfo(
        "overlap that the source's best single frame would have, standing still: chosen knowing the truth", ""
    ),
}
"""Figure -> what it says."""


def describe_metric(figure: str) -> str:
    """The sentence for a figure, with or without a side behind it; "" for a figure of nobody's."""
    for name in (figure, figure.rpartition("_")[0]):
        if name in METRIC_INFO:
            return METRIC_INFO[name].text
    return ""
