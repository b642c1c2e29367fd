"""What is measured: plain functions on tensors, each with its unit, its range and its source."""

from muybridge.metrics.flicker import flicker
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
from muybridge.metrics.separability import Separability, energy_distance, measure_separability, probe_accuracy
from muybridge.metrics.sharpness import gradient_energy, sharpness
from muybridge.metrics.silhouettes import boundary_f, iou
from muybridge.metrics.tracking import TrackedReference, track

__all__ = [
    "Separability",
    "TrackedReference",
    "average_euclidean_distance",
    "average_keypoint_distance",
    "boundary_f",
    "energy_distance",
    "flicker",
    "frechet_distance",
    "gradient_energy",
    "iou",
    "joint_error",
    "keypoint_step",
    "l1",
    "limb_identity",
    "lpips",
    "measure_separability",
    "ms_ssim",
    "probe_accuracy",
    "psnr",
    "random_feature_distance",
    "random_features",
    "sharpness",
    "ssim",
    "track",
]
