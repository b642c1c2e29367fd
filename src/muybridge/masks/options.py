"""What a person says of a clip's silhouettes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from muybridge.masks.hints import Box, Rough
from muybridge.options import Options
from muybridge.video.clip import Clip


@dataclass(frozen=True, kw_only=True)
class SilhouetteOptions(Options):
    """The way to find silhouettes, and hints for it."""

    how: str = "auto"
    """auto, given, alpha, threshold, segment, colour or saliency, see `masks.find`; or person, by the pose network."""
    masks: str | Path | Clip | None = None
    """Given ones: a folder, a video or a clip with one per frame."""
    box: Box | None = None
    """A hint: (x0, y0, x1, y1) in pixels, with the subject inside, on frame number `frame`."""
    rough: Rough | None = None
    """A hint: a frame's number and roughly the subject on it, a picture white on black or a mask [H, W]."""
    frame: int = 0
    """The frame that the box is on, from 0."""
    weights: str | Path | None = None
    """The file of the segmentation or the saliency network; its usual place unless told."""
    subject: str | None = None
    """What a segmentation network looks for: one of its classes, or "animal"."""
