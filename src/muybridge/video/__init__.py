"""Clips: what is read from files, worked on, and written to files."""

from muybridge.video.clip import Clip, Timing
from muybridge.video.reading import Frame, Info, frames, probe, read

__all__ = ["Clip", "Frame", "Info", "Timing", "frames", "probe", "read"]
