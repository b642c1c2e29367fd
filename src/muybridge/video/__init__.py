"""Clips: what is read from files, worked on, and written to files."""

from muybridge.video.clip import Clip, Timing
from muybridge.video.reading import Frame, Info, frames, pieces, probe, read
from muybridge.video.sheets import contact_sheet, draw_keypoints, side_by_side
from muybridge.video.writing import Writer, write

__all__ = [
    "Clip",
    "Frame",
    "Info",
    "Timing",
    "Writer",
    "contact_sheet",
    "draw_keypoints",
    "frames",
    "pieces",
    "probe",
    "read",
    "side_by_side",
    "write",
]
