"""Silhouettes by every way there is: those of `masks`, and a person's by the pose network, which that room lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muybridge.errors import Option, Sentence, UsageError
from muybridge.landmarks import find_person_masks
from muybridge.landmarks.pose_network import BLAZEPOSE_FILE
from muybridge.masks import FoundSilhouettes, Report, SilhouetteOptions, find_unchecked
from muybridge.masks.arrays import frame_sizes, reduce_frames
from muybridge.masks.regions import cut_silhouettes
from muybridge.masks.report import make_report
from muybridge.model_files import cache_folder
from muybridge.video import Clip

PERSON = "person"
"""The way that BlazePose's mask is."""
SIDE = 512
"""Longest side, in pixels, of the maps whose edges follow the picture's: the network's own have 256 for the person."""


def find_silhouettes(clip: Clip, options: SilhouetteOptions) -> tuple[Clip, Report]:
    """`masks.find`, and the way "person" too."""
    found = find_silhouettes_unchecked(clip, options)
    report = make_report(found.mattes, clip.name, found.how, found.detail, found.trust, clip.sizes)
    return clip.with_masks(found.mattes), report


def find_silhouettes_unchecked(
    clip: Clip, options: SilhouetteOptions | None = None, **keywords: Any
) -> FoundSilhouettes:
    """`masks.find_unchecked`, and the way "person" too; for a piece of a clip, which alone may show nobody."""
    options = SilhouetteOptions.merge(options, keywords)
    return _find_person(clip, options) if options.how == PERSON else find_unchecked(clip, options)


def _find_person(clip: Clip, options: SilhouetteOptions) -> FoundSilhouettes:
    for name in ("masks", "rough", "subject"):
        if vars(options)[name] is not None:
            raise UsageError(
                Sentence("the pose network draws a person, and looks at no ", Option(name)), "Leave one of the two out."
            )
    if options.box is not None and options.frame:
        raise UsageError("the pose network follows a person from the first frame on", "Draw the box there.")

    # RTMPose draws no masks, and would be taken before it where both are there.
    usual = cache_folder() / BLAZEPOSE_FILE
    file = usual if options.weights is None and usual.is_file() else options.weights
    likely = find_person_masks(clip, file, options.box)

    pictures = reduce_frames(clip, SIDE)
    size = (pictures.shape[2], pictures.shape[1])
    soft = []
    for (h, w), mask in zip(frame_sizes(clip), likely[:, 0].numpy(), strict=True):
        soft.append(cv2.resize(mask[:h, :w], size, interpolation=cv2.INTER_AREA))

    mattes, trust = cut_silhouettes(clip, pictures, np.stack(soft))
    name = BLAZEPOSE_FILE if file is None else Path(file).name
    where = "" if options.box is None else ", from a box on frame 0"
    return FoundSilhouettes(mattes, PERSON, f"the mask of the pose network {name}{where}", trust)
