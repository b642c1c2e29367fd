"""Silhouettes for a clip, by whichever way suits it."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from torch import Tensor

from muybridge.errors import InputError, MissingWeightsError, MuybridgeWarning, Option, Sentence, UsageError
from muybridge.masks.colour_and_motion import find_by_colour_and_motion
from muybridge.masks.given_masks import THRESHOLD, read_given_masks
from muybridge.masks.options import SilhouetteOptions
from muybridge.masks.report import Report, make_report
from muybridge.masks.saliency import find_salient
from muybridge.masks.segmentation import Segmented, find_by_segmentation
from muybridge.masks.segmenters import OnnxSegmenter, find_segmenter_file
from muybridge.masks.threshold import find_by_threshold, flat_background
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

How = Literal["auto", "given", "alpha", "threshold", "segment", "colour", "saliency"]

OLD_WAYS = {"grabcut": "colour"}
"""What a way was called before, in scripts and in stored runs."""
ENOUGH = 0.5
"""A network that sees the subject on a smaller share of the frames only hints at where it is."""


@dataclass(frozen=True, eq=False)
class FoundSilhouettes:
    """Silhouettes that nobody has checked yet.

    mattes  uint8 [T, 1, H, W], 255 on the subject
    how, detail   as in Report
    trust   [T] in [0, 1], or None
    subject  which one a segmentation network took, or None
    """

    mattes: Mattes
    how: str
    detail: str
    trust: Tensor | None = None
    subject: str | None = None


def find(clip: Clip, options: SilhouetteOptions | None = None, **keywords: Any) -> tuple[Clip, Report]:
    """The clip with a silhouette per frame, and how they were found.

    options   how to look, see `SilhouetteOptions`. "auto" takes the first way that applies: given masks, colour and
              motion where there is a rough mask, the clip's own alpha, the threshold where the background is flat, a
              segmentation network where its file is there and it sees a person or an animal, colour and motion
    keywords  single fields of the options

    Raises UsageError for options that exclude each other, InputError where nothing usable comes out,
    MissingWeightsError where the network's file is not there.
    """
    found = find_unchecked(clip, SilhouetteOptions.merge(options, keywords))
    report = make_report(found.mattes, clip.name, found.how, found.detail, found.trust, clip.sizes)
    return clip.with_masks(found.mattes), report


def find_unchecked(clip: Clip, options: SilhouetteOptions | None = None, **keywords: Any) -> FoundSilhouettes:
    """`find` without its check, for a piece of a clip: that alone may well show no subject."""
    options = SilhouetteOptions.merge(options, keywords)
    how = _check_name(options.how)
    # Only the segmentation network knows subjects by name.
    if how == "auto" and options.subject is not None:
        how = "segment"
    chosen = _choose(clip, options) if how == "auto" else how
    _refuse_unused(chosen, options)

    file = None if options.weights is None else Path(options.weights)
    if chosen == "given":
        if options.masks is None:
            raise UsageError("no silhouettes were given", "Name their folder or video.")
        return FoundSilhouettes(read_given_masks(clip, options.masks), "given", name_of_masks(options.masks))
    if chosen == "alpha":
        return FoundSilhouettes(_read_alpha(clip), "alpha", "the clip's own")
    if chosen == "threshold":
        mattes, trust, detail = find_by_threshold(clip)
        return FoundSilhouettes(mattes, chosen, detail, trust)
    if chosen == "saliency":
        return _as_found(find_salient(clip, file), "saliency")
    if chosen == "segment" and how == "segment":
        segmenter = OnnxSegmenter(find_segmenter_file(file))
        seen = find_by_segmentation(clip, segmenter, options.subject, options.box, options.frame)
        return _as_found(seen, "segment")
    if chosen == "segment":
        return _segment_or_track(clip, options)

    mattes, trust = find_by_colour_and_motion(clip, options.box, options.rough, options.frame)
    return FoundSilhouettes(mattes, "colour", _describe_hint(options), trust)


def way_of(description: str) -> str:
    """The way in the description "way: detail" of silhouettes in a stored run, under its name of today."""
    way = description.partition(":")[0]
    return OLD_WAYS.get(way, way)


def name_of_masks(masks: str | Path | Clip | None) -> str:
    """What given silhouettes are called in a report."""
    if masks is None:
        return ""
    return masks.name if isinstance(masks, Clip) else Path(masks).name


def _check_name(how: str) -> str:
    """The name of today of a way; UsageError where there is none of that name."""
    if how in OLD_WAYS:
        warnings.warn(f"the way {how!r} is called {OLD_WAYS[how]!r} now", MuybridgeWarning, stacklevel=4)
        return OLD_WAYS[how]
    if how not in get_args(How):
        raise UsageError(f"no way of finding silhouettes is called {how!r}", f"Take one of: {', '.join(get_args(How))}")
    return how


def _choose(clip: Clip, options: SilhouetteOptions) -> str:
    """The first way that applies, for "auto"."""
    if options.masks is not None:
        return "given"
    if options.rough is not None:
        return "colour"

    if options.box is None:
        # An opaque alpha channel says nothing about the subject.
        if clip.mattes is not None and bool((clip.mattes < 255).any()):
            return "alpha"
        if flat_background(clip) is not None:
            return "threshold"

    return "segment" if has_segmenter() else "colour"


def has_segmenter() -> bool:
    """Whether a segmentation network can be run: its file is there, and onnxruntime is installed."""
    try:
        find_segmenter_file()
    except MissingWeightsError:
        return False
    return importlib.util.find_spec("onnxruntime") is not None


def _refuse_unused(chosen: str, options: SilhouetteOptions) -> None:
    """UsageError for what the chosen way would not look at."""
    leave_out = "Leave one of the two out."

    if options.masks is not None and chosen != "given":
        raise UsageError(f"silhouettes were given, and {chosen!r} would not look at them", leave_out)
    if options.rough is not None and chosen != "colour":
        raise UsageError(f"a rough mask is a hint for colour, not for {chosen!r}", leave_out)
    if options.box is not None and chosen not in ("segment", "colour"):
        raise UsageError(f"a box is a hint for segment or colour, not for {chosen!r}", leave_out)
    if options.weights is not None and chosen not in ("segment", "saliency"):
        raise UsageError(
            f"weights are of a network, and {chosen!r} has none",
            Sentence("Ask for one: ", Option("how", "segment"), " or ", Option("how", "saliency")),
        )
    if options.subject is not None and chosen != "segment":
        raise UsageError(f"a subject is named to a segmentation network, and {chosen!r} asks none", leave_out)


def _segment_or_track(clip: Clip, options: SilhouetteOptions) -> FoundSilhouettes:
    """The network's silhouettes where it sees a person or an animal, else those by colour and motion."""
    segmenter = OnnxSegmenter(find_segmenter_file())
    seen = find_by_segmentation(clip, segmenter, None, options.box, options.frame, living=True)
    areas = (seen.mattes > 127).flatten(1).float().mean(1)
    share = float((areas > 0).float().mean())
    if share >= ENOUGH:
        return _as_found(seen, "segment")

    # A network that saw nothing has no hint to give.
    if share == 0:
        mattes, trust = find_by_colour_and_motion(clip, options.box, None, options.frame)
        detail = f"{_describe_hint(options)}; the network {segmenter.name} saw nothing"
        return FoundSilhouettes(mattes, "colour", detail, trust)

    # What it saw best shows the other way where to begin.
    index = int((areas * seen.trust).argmax())
    mattes, trust = find_by_colour_and_motion(clip, None, (index, seen.mattes[index]))
    detail = (
        f"colour, movement and place, from what the network {segmenter.name} saw on frame {index}: "
        f"it saw the subject on {share:.0%} of the frames"
    )
    return FoundSilhouettes(mattes, "colour", detail, trust)


def _as_found(seen: Segmented, how: str) -> FoundSilhouettes:
    return FoundSilhouettes(seen.mattes, how, seen.detail, seen.trust, seen.subject)


def _read_alpha(clip: Clip) -> Mattes:
    if clip.mattes is None:
        raise InputError(f"{clip.name} has no alpha channel and no silhouettes", "Leave the way open instead.")
    return (clip.mattes > THRESHOLD).to(clip.mattes.dtype) * 255


def _describe_hint(options: SilhouetteOptions) -> str:
    if options.rough is not None:
        return f"colours, movement and place, from a rough mask on frame {options.rough[0]}"
    if options.box is not None:
        return f"colours, movement and place, from a box on frame {options.frame}"
    return "colours, movement and place; the subject was taken to be in the middle"
