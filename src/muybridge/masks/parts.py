"""What a segmentation network tells apart on one frame, for a person who points at it."""

from __future__ import annotations

import cv2
import numpy as np

from muybridge.masks.arrays import Bytes
from muybridge.masks.regions import snap_to_edges
from muybridge.masks.segmentation import CLASS_CUT, SALIENT_CUT
from muybridge.masks.segmenters import SALIENT, Segmenter
from muybridge.masks.subject_choice import labels_alike


def label_parts(frame: Bytes, segmenter: Segmenter) -> Bytes:
    """Which kind of subject each pixel belongs to, edges following the frame's own.

    frame    uint8 [H, W, 3]
    returns  uint8 [H, W]: 0 where the network sees none, else 1 more than the number of its label; animals, whose
             species it may mistake on one body, all have the number of the first of them
    """
    maps = segmenter(frame)
    cut = SALIENT_CUT if segmenter.labels == SALIENT else CLASS_CUT
    size = (frame.shape[1], frame.shape[0])
    bright = frame.astype(np.float32) / 255

    parts = np.zeros(frame.shape[:2], np.uint8)
    strongest = np.full(frame.shape[:2], cut, np.float32)
    for i in range(len(segmenter.labels)):
        members = labels_alike(segmenter.labels, i)
        level = maps[members].sum(0, dtype=np.float32)
        # Most labels are nowhere on a frame, and animals are looked at once.
        if i != members[0] or level.max() <= cut:
            continue

        fine = snap_to_edges(bright, cv2.resize(level, size, interpolation=cv2.INTER_LINEAR))
        parts[fine > strongest] = i + 1
        strongest = np.maximum(strongest, fine)
    return parts
