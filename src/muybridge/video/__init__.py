"""Clips: what is read from files, worked on, and written to files."""

from muybridge.video.clip import Clip, Timing
from muybridge.video.mark import Mark, leave_unmarked, make_mark, read_mark
from muybridge.video.overlays import (
    colour_flow,
    colour_heat,
    colour_level,
    colour_maps,
    colour_parts,
    draw_axes,
    draw_lattice,
    enlarge_frame,
)
from muybridge.video.reader import Frame, MediaInfo, iter_chunks, iter_frames, probe, read
from muybridge.video.sheets import contact_sheet, draw_keypoints, side_by_side
from muybridge.video.writer import Writer, write

__all__ = [
    "Clip",
    "Frame",
    "Mark",
    "MediaInfo",
    "Timing",
    "Writer",
    "colour_flow",
    "colour_heat",
    "colour_level",
    "colour_maps",
    "colour_parts",
    "contact_sheet",
    "draw_axes",
    "draw_keypoints",
    "draw_lattice",
    "enlarge_frame",
    "iter_chunks",
    "iter_frames",
    "leave_unmarked",
    "make_mark",
    "probe",
    "read",
    "read_mark",
    "side_by_side",
    "write",
]
