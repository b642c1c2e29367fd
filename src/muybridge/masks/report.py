"""What finding silhouettes says about itself, and the checks that every way goes through."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from muybridge.errors import InputError, Option, Sentence, Verb
from muybridge.masks.regions import lies_across
from muybridge.tensors import Mattes

FRAMING = 0.9
"""A silhouette that takes this share of a frame's border frames it; one that does so on this share of the frames that
have one is the picture and not a subject in it (decision 0023)."""
LARGE = 0.6
"""A silhouette that takes more of its frame may be the background."""
LEAP = 2.0
"""A silhouette that is this many times larger than on the frame before or after is wrong on one of the two; a cut in
the film makes one such leap, a frame that went wrong two."""


@dataclass(frozen=True)
class Report:
    """How silhouettes were found and how far to trust them.

    how         the way that made them: "given", "alpha", "threshold", "segment", "person", "colour", "saliency" or
                "corrected"
    detail      one sentence a person can read: the file, the background colour, the hint
    confidence  one number a frame in [0, 1]; 1.0 for given ones. It tells frames apart, it is not an IoU
    empty       indexes of the frames on which nothing was found
    warnings    sentences for the person who has to judge the result
    """

    how: str
    detail: str
    confidence: tuple[float, ...]
    empty: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaultCounts:
    """Frames of a clip by what is the matter with their silhouettes; those of its pieces can be added.

    frames    all of them
    empty     indexes of those on which there is none
    full      those that it covers
    touching  those whose four borders it touches
    framing   those whose border it takes, all but a tenth
    large     those of which it takes more than `LARGE`
    across    those of which it takes the lower or upper border and a part of both sides, as the ground does
    leaps     pairs of neighbours between which its area changes by more than `LEAP` times
    """

    frames: int = 0
    empty: tuple[int, ...] = ()
    full: int = 0
    touching: int = 0
    framing: int = 0
    large: int = 0
    leaps: int = 0
    across: int = 0

    def __add__(self, later: FaultCounts) -> FaultCounts:
        return FaultCounts(
            self.frames + later.frames,
            (*self.empty, *(self.frames + i for i in later.empty)),
            self.full + later.full,
            self.touching + later.touching,
            self.framing + later.framing,
            self.large + later.large,
            self.leaps + later.leaps,
            self.across + later.across,
        )


def make_report(
    mattes: Mattes,
    name: str,
    how: str,
    detail: str,
    confidence: Tensor | None = None,
    sizes: tuple[tuple[int, int], ...] | None = None,
) -> Report:
    """The report for these silhouettes; raises InputError where they cannot be of any use.

    mattes      uint8 [T, 1, H, W]   255 on the subject
    confidence  [T] in [0, 1]        all 1.0 unless told
    sizes       of unequal frames    as in Clip; the padding counts as no part of a frame
    """
    counts = count_faults(mattes, sizes)
    warnings = check_usable(counts, name)
    trust = torch.ones(len(mattes)) if confidence is None else confidence.clamp(0, 1)
    return Report(how, detail, tuple(round(float(c), 4) for c in trust), counts.empty, warnings)


def count_faults(mattes: Mattes, sizes: tuple[tuple[int, int], ...] | None = None) -> FaultCounts:
    """What is the matter with these silhouettes; arguments as for `make_report`."""
    on = mattes[:, 0] > 127
    # The padding of smaller frames is no part of their picture, and must not make a subject look small.
    valid = sizes or ((mattes.shape[2], mattes.shape[3]),) * len(on)
    area = on.flatten(1).float().mean(1) * (mattes.shape[2] * mattes.shape[3])
    share = area / torch.tensor([h * w for h, w in valid])

    empty = tuple(torch.nonzero(area == 0).flatten().tolist())
    frames = []
    for each, (h, w) in zip(on, valid, strict=True):
        frames.append(each[:h, :w])

    return FaultCounts(
        frames=len(on),
        empty=empty,
        full=int((share > 0.999).sum()),
        touching=sum(_touches_all(each) for each in frames),
        framing=sum(_border_share(each) >= FRAMING for each in frames),
        large=int((share > LARGE).sum()),
        leaps=_count_leaps(area),
        across=sum(lies_across(each.cpu().numpy()) for each in frames),
    )


def find_doubtful(mattes: Mattes) -> tuple[int, ...]:
    """Indexes of the frames that the warnings count: nothing on them, cut by all borders, or much of the picture."""
    doubtful = []
    for index in range(len(mattes)):
        counts = count_faults(mattes[index : index + 1])
        if counts.empty or counts.full or counts.touching or counts.large:
            doubtful.append(index)
    return tuple(doubtful)


def check_usable(counts: FaultCounts, name: str) -> tuple[str, ...]:
    """What to warn of; InputError where the silhouettes of the clip `name` cannot be of any use."""
    hint = Sentence(
        "Say where it is: ",
        Verb("mask", "VIDEO", Option("out", "DIR"), Option("box", ("x0", "y0", "x1", "y1"))),
        *(
            ", or ",
            Option("rough", ("FRAME", "PICTURE")),
            " with the subject painted white on black on that one frame. ",
        ),
        *("Use what it writes with ", Option("masks", side="a"), " or ", Option("masks", side="b"), "."),
    )
    count = counts.frames
    empty = len(counts.empty)
    touching = counts.touching
    if empty == count:
        raise InputError(f"no subject on any of the {count} frames of {name}: a silhouette needs at least one", hint)
    if counts.full == count:
        raise InputError(f"the silhouette covers every frame of {name}: there must be some background", hint)
    if counts.framing >= FRAMING * (count - empty):
        raise InputError(
            f"the silhouette takes the whole border on {counts.framing} of {count} frames of {name}: "
            "that is rather the picture than a subject in it",
            hint,
        )

    warnings = []
    if empty:
        warnings.append(f"nothing found on {empty} of {count} frames; they will be skipped")
    if counts.full:
        warnings.append(f"the silhouette covers the whole picture on {counts.full} of {count} frames")
    if 2 * counts.large > count - empty:
        warnings.append(
            f"the silhouette takes more than {LARGE:.0%} of the picture on {counts.large} of {count} frames: "
            "look at the sheet whether it is the background"
        )
    elif 2 * counts.across > count - empty:
        warnings.append(
            f"the silhouette takes the picture from one side to the other on {counts.across} of {count} frames: "
            "look at the sheet whether it is the ground or the sky, and say where the subject is if so"
        )
    if counts.leaps > 1:
        warnings.append(
            f"the silhouette's area doubles or halves from one frame to the next {counts.leaps} times "
            f"in {count} frames: look at the sheet whether parts of the subject are lost"
        )
    if touching:
        warnings.append(f"the subject touches all four borders on {touching} of {count} frames: parts of it may be cut")
    return tuple(warnings)


def _count_leaps(area: Tensor) -> int:
    """Of the areas [T] of the frames that have a silhouette, how many neighbours differ by more than `LEAP` times."""
    both = (area[:-1] > 0) & (area[1:] > 0)
    smaller = torch.minimum(area[:-1], area[1:])
    return int((both & (torch.maximum(area[:-1], area[1:]) > LEAP * smaller)).sum())


def _touches_all(on: Tensor) -> bool:
    return all(bool(edge.any()) for edge in (on[0], on[-1], on[:, 0], on[:, -1]))


def _border_share(on: Tensor) -> float:
    """Share of a frame's outermost pixels that are the subject's."""
    return float(torch.cat((on[0], on[-1], on[:, 0], on[:, -1])).float().mean())
