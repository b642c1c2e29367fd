"""Face and body landmarks for a clip: given (OpenPose, COCO, text), detected; smoothed, aligned, drawn."""

from muybridge.landmarks.aligning import align
from muybridge.landmarks.detecting import detect
from muybridge.landmarks.drawing import classes, coloured, label_indices, label_maps
from muybridge.landmarks.joints import from_joints
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.landmarks.reading import read
from muybridge.landmarks.report import Report
from muybridge.landmarks.sheets import overlay, sheet
from muybridge.landmarks.smoothing import fill, smooth
from muybridge.landmarks.writing import to_json

__all__ = [
    "Kind",
    "Landmarks",
    "Report",
    "align",
    "classes",
    "coloured",
    "detect",
    "fill",
    "from_joints",
    "label_indices",
    "label_maps",
    "overlay",
    "read",
    "sheet",
    "smooth",
    "to_json",
]
