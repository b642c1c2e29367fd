"""Motion as data: points over time, from and for the files of other programs, smoothed and made stronger."""

from muybridge.motion.files import FORMATS, is_motion_file, read_motion, write_motion
from muybridge.motion.filters import SMOOTHERS, check_refinement, scale_strength, smooth_motion
from muybridge.motion.track import MotionTrack

__all__ = [
    "FORMATS",
    "SMOOTHERS",
    "MotionTrack",
    "check_refinement",
    "is_motion_file",
    "read_motion",
    "scale_strength",
    "smooth_motion",
    "write_motion",
]
