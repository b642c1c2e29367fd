"""What is measured: plain functions on tensors, each with its unit, its range and its source."""

from muybridge.metrics.apart import Apart, energy_distance, probe_accuracy, told_apart
from muybridge.metrics.frechet import frechet_distance
from muybridge.metrics.keypoints import (
    average_euclidean_distance,
    average_keypoint_distance,
    joint_error,
    keypoint_step,
    limb_identity,
)
from muybridge.metrics.pictures import l1, lpips, ms_ssim, psnr, ssim
from muybridge.metrics.random_features import random_feature_distance, random_features
from muybridge.metrics.silhouettes import boundary_f, iou
from muybridge.metrics.steadiness import flicker
from muybridge.metrics.tracking import Known, track

__all__ = [
    "Apart",
    "Known",
    "average_euclidean_distance",
    "average_keypoint_distance",
    "boundary_f",
    "energy_distance",
    "flicker",
    "frechet_distance",
    "iou",
    "joint_error",
    "keypoint_step",
    "l1",
    "limb_identity",
    "lpips",
    "ms_ssim",
    "probe_accuracy",
    "psnr",
    "random_feature_distance",
    "random_features",
    "ssim",
    "told_apart",
    "track",
]
