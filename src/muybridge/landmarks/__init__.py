"""Face and body landmarks for a clip: given (OpenPose, COCO, text), detected; smoothed, aligned, drawn."""

from muybridge.landmarks.alignment import align
from muybridge.landmarks.detection import detect
from muybridge.landmarks.drawing import colour_labels, count_labels, label_indices, label_maps, one_hot
from muybridge.landmarks.faces import face_boxes, face_crops, shows_face
from muybridge.landmarks.formats import to_json
from muybridge.landmarks.joints import from_joints
from muybridge.landmarks.person_masks import find_person_masks
from muybridge.landmarks.points import Kind, Landmarks
from muybridge.landmarks.reading import read
from muybridge.landmarks.report import Report
from muybridge.landmarks.sheets import draw_overlay, draw_sheet
from muybridge.landmarks.smoothing import fill_gaps, smooth

__all__ = [
    "Kind",
    "Landmarks",
    "Report",
    "align",
    "colour_labels",
    "count_labels",
    "detect",
    "draw_overlay",
    "draw_sheet",
    "face_boxes",
    "face_crops",
    "fill_gaps",
    "find_person_masks",
    "from_joints",
    "label_indices",
    "label_maps",
    "one_hot",
    "read",
    "shows_face",
    "smooth",
    "to_json",
]
