"""Silhouettes for a clip, by whichever way suits it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from muybridge.errors import InputError, UsageError
from muybridge.masks.given import THRESHOLD, given
from muybridge.masks.grabcut import grabcut
from muybridge.masks.hints import Box, Rough
from muybridge.masks.report import Report, checked
from muybridge.masks.saliency import saliency
from muybridge.masks.threshold import flat_background, threshold
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

How = Literal["auto", "given", "alpha", "threshold", "grabcut", "saliency"]


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

    how      "auto" takes the first that applies: given masks, the clip's own alpha, GrabCut where there is a hint, the
             threshold where the background is flat, GrabCut. Never the network: that has to be named
    masks    given silhouettes: a folder, a video or a clip with one per frame
    box      hint: (x0, y0, x1, y1) in pixels, with the subject inside, on frame number `frame`
    rough    hint: (index, mask [H, W] or [1, H, W]), roughly the subject on that frame
    weights  the saliency network's file; its usual place unless told

    Raises UsageError for options that exclude each other, InputError where nothing usable comes out,
    MissingWeightsError where the network's file is not there.
    """
    if how not in get_args(How):
        raise UsageError(f"no way of finding silhouettes is called {how!r}", f"Take one of: {', '.join(get_args(How))}")
    hinted = box is not None or rough is not None
    chosen = _choose(clip, masks is not None, hinted) if how == "auto" else how
    if masks is not None and chosen != "given":
        raise UsageError(f"silhouettes were given, and {chosen!r} would not look at them", "Leave one of the two out.")
    if hinted and chosen != "grabcut":
        raise UsageError(
            f"a box or a rough mask is a hint for grabcut, not for {chosen!r}", "Leave one of the two out."
        )
    if weights is not None and chosen != "saliency":
        raise UsageError(
            f"weights are of the saliency network, and {chosen!r} has none", "Ask for the network: --how saliency"
        )
    if chosen == "given":
        if masks is None:
            raise UsageError("no silhouettes were given", "Name their folder or video.")
        mattes, notes = given(clip, masks)
        return _done(clip, mattes, checked(mattes, clip.name, "given", _named(masks), sizes=clip.sizes, notes=notes))
    if chosen == "alpha":
        return _alpha(clip)
    if chosen == "threshold":
        mattes, trust, detail = threshold(clip)
    elif chosen == "saliency":
        mattes, trust, detail = saliency(clip, None if weights is None else Path(weights))
    else:
        mattes, trust = grabcut(clip, box, rough, frame)
        detail = _hint(box, rough, frame)
    return _done(clip, mattes, checked(mattes, clip.name, chosen, detail, trust, clip.sizes))


def _choose(clip: Clip, masked: bool, hinted: bool) -> str:
    if masked:
        return "given"
    if hinted:
        return "grabcut"
    # An opaque alpha channel says nothing about the subject.
    if clip.mattes is not None and bool((clip.mattes < 255).any()):
        return "alpha"
    return "threshold" if flat_background(clip) is not None else "grabcut"


def _alpha(clip: Clip) -> tuple[Clip, Report]:
    if clip.mattes is None:
        raise InputError(f"{clip.name} has no alpha channel and no silhouettes", "Leave the way open instead.")
    mattes = (clip.mattes > THRESHOLD).to(clip.mattes.dtype) * 255
    return _done(clip, mattes, checked(mattes, clip.name, "alpha", "the clip's own", sizes=clip.sizes))


def _done(clip: Clip, mattes: Mattes, report: Report) -> tuple[Clip, Report]:
    return clip.with_masks(mattes), report


def _named(masks: str | Path | Clip) -> str:
    return masks.name if isinstance(masks, Clip) else Path(masks).name


def _hint(box: Box | None, rough: Rough | None, frame: int) -> str:
    if rough is not None:
        return f"colours, movement and place, from a rough mask on frame {rough[0]}"
    if box is not None:
        return f"colours, movement and place, from a box on frame {frame}"
    return "colours, movement and place; the subject was taken to be in the middle"
