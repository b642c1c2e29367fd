"""Silhouettes for a clip, by whichever way suits it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from torch import Tensor

from muybridge.errors import InputError, MuybridgeWarning, Option, Sentence, UsageError
from muybridge.masks.colour_and_motion import find_by_colour_and_motion
from muybridge.masks.given_masks import THRESHOLD, read_given_masks
from muybridge.masks.hints import Box, Rough
from muybridge.masks.report import Report, make_report
from muybridge.masks.saliency import find_salient
from muybridge.masks.threshold import find_by_threshold, flat_background
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

How = Literal["auto", "given", "alpha", "threshold", "colour", "saliency"]

OLD_WAYS = {"grabcut": "colour"}
"""What a way was called before, in scripts and in stored runs."""


@dataclass(frozen=True, eq=False)
class FoundSilhouettes:
    """Silhouettes that nobody has checked yet.

    mattes  uint8 [T, 1, H, W], 255 on the subject
    how, detail   as in Report
    trust   [T] in [0, 1], or None
    """

    mattes: Mattes
    how: str
    detail: str
    trust: Tensor | None = None


def find(
    clip: Clip,
    *,
    how: str = "auto",
    masks: str | Path | Clip | None = None,
    box: Box | None = None,
    rough: Rough | None = None,
    frame: int = 0,
    weights: str | Path | None = None,
) -> tuple[Clip, Report]:
    """The clip with a silhouette per frame, and how they were found.

    how      "auto" takes the first that applies: given masks, the clip's own alpha, colour and motion where there is a
             hint, the threshold where the background is flat, colour and motion. Never the network: it has to be named
    masks    given silhouettes: a folder, a video or a clip with one per frame
    box      hint: (x0, y0, x1, y1) in pixels, with the subject inside, on frame number `frame`
    rough    hint: (index, mask [H, W] or [1, H, W]), roughly the subject on that frame
    weights  the saliency network's file; its usual place unless told

    Raises UsageError for options that exclude each other, InputError where nothing usable comes out,
    MissingWeightsError where the network's file is not there.
    """
    found = find_unchecked(clip, how=how, masks=masks, box=box, rough=rough, frame=frame, weights=weights)
    report = make_report(found.mattes, clip.name, found.how, found.detail, found.trust, clip.sizes)
    return clip.with_masks(found.mattes), report


def find_unchecked(
    clip: Clip,
    *,
    how: str = "auto",
    masks: str | Path | Clip | None = None,
    box: Box | None = None,
    rough: Rough | None = None,
    frame: int = 0,
    weights: str | Path | None = None,
) -> FoundSilhouettes:
    """`find` without its check, for a piece of a clip: that alone may well show no subject."""
    if how in OLD_WAYS:
        warnings.warn(f"the way {how!r} is called {OLD_WAYS[how]!r} now", MuybridgeWarning, stacklevel=3)
        how = OLD_WAYS[how]
    if how not in get_args(How):
        raise UsageError(f"no way of finding silhouettes is called {how!r}", f"Take one of: {', '.join(get_args(How))}")
    hinted = box is not None or rough is not None
    chosen = _choose(clip, masks is not None, hinted) if how == "auto" else how
    if masks is not None and chosen != "given":
        raise UsageError(f"silhouettes were given, and {chosen!r} would not look at them", "Leave one of the two out.")
    if hinted and chosen != "colour":
        raise UsageError(f"a box or a rough mask is a hint for colour, not for {chosen!r}", "Leave one of the two out.")
    if weights is not None and chosen != "saliency":
        raise UsageError(
            f"weights are of the saliency network, and {chosen!r} has none",
            Sentence("Ask for the network: ", Option("how", "saliency")),
        )
    if chosen == "given":
        if masks is None:
            raise UsageError("no silhouettes were given", "Name their folder or video.")
        return FoundSilhouettes(read_given_masks(clip, masks), "given", name_of_masks(masks))
    if chosen == "alpha":
        return FoundSilhouettes(_alpha(clip), "alpha", "the clip's own")
    if chosen == "threshold":
        mattes, trust, detail = find_by_threshold(clip)
        return FoundSilhouettes(mattes, chosen, detail, trust)
    if chosen == "saliency":
        mattes, trust, detail = find_salient(clip, None if weights is None else Path(weights))
        return FoundSilhouettes(mattes, chosen, detail, trust)
    mattes, trust = find_by_colour_and_motion(clip, box, rough, frame)
    return FoundSilhouettes(mattes, chosen, _hint(box, rough, frame), trust)


def _choose(clip: Clip, masked: bool, hinted: bool) -> str:
    if masked:
        return "given"
    if hinted:
        return "colour"
    # An opaque alpha channel says nothing about the subject.
    if clip.mattes is not None and bool((clip.mattes < 255).any()):
        return "alpha"
    return "threshold" if flat_background(clip) is not None else "colour"


def _alpha(clip: Clip) -> Mattes:
    if clip.mattes is None:
        raise InputError(f"{clip.name} has no alpha channel and no silhouettes", "Leave the way open instead.")
    return (clip.mattes > THRESHOLD).to(clip.mattes.dtype) * 255


def name_of_masks(masks: str | Path | Clip | None) -> str:
    """What given silhouettes are called in a report."""
    if masks is None:
        return ""
    return masks.name if isinstance(masks, Clip) else Path(masks).name


def way_of(description: str) -> str:
    """The way in the description "way: detail" of silhouettes in a stored run, under its name of today."""
    way = description.partition(":")[0]
    return OLD_WAYS.get(way, way)


def _hint(box: Box | None, rough: Rough | None, frame: int) -> str:
    if rough is not None:
        return f"colours, movement and place, from a rough mask on frame {rough[0]}"
    if box is not None:
        return f"colours, movement and place, from a box on frame {frame}"
    return "colours, movement and place; the subject was taken to be in the middle"
