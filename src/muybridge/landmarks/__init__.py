"""Face and body landmarks for a clip: given (OpenPose, COCO, text), detected; smoothed, aligned, drawn."""

from muybridge.landmarks.drawing import classes, coloured, label_indices, label_maps
from muybridge.landmarks.points import Kind, Landmarks

__all__ = ["Kind", "Landmarks", "classes", "coloured", "label_indices", "label_maps"]
