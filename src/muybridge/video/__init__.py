"""Clips: what is read from files, worked on, and written to files."""

from muybridge.video.clip import Clip, Timing

__all__ = ["Clip", "Timing"]
