"""What finding silhouettes says about itself, and the checks that every way goes through."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from muybridge.errors import InputError
from muybridge.tensors import Mattes


@dataclass(frozen=True)
class Report:
    """How silhouettes were found and how far to trust them.

    how         the way that made them: "given", "alpha", "threshold", "grabcut", "saliency" or "corrected"
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


def checked(
    mattes: Mattes,
    name: str,
    how: str,
    detail: str,
    confidence: Tensor | None = None,
    sizes: tuple[tuple[int, int], ...] | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    """The report for these silhouettes; raises InputError where they cannot be of any use.

    mattes      uint8 [T, 1, H, W]   255 on the subject
    confidence  [T] in [0, 1]        all 1.0 unless told
    sizes       of unequal frames    as in Clip; the padding counts as no part of a frame
    """
    on = mattes[:, 0] > 127
    count = len(on)
    valid = sizes or ((mattes.shape[2], mattes.shape[3]),) * count
    area = on.flatten(1).float().mean(1) * (mattes.shape[2] * mattes.shape[3])
    share = area / torch.tensor([h * w for h, w in valid])
    empty = tuple(int(i) for i in torch.nonzero(area == 0).flatten())
    hint = (
        "Say where it is: muybridge mask VIDEO --out DIR --box x0,y0,x1,y1, or --rough FRAME=PICTURE with the subject "
        "painted white on black on that one frame. Use what it writes with --masks-a or --masks-b."
    )
    if len(empty) == count:
        raise InputError(f"no subject on any of the {count} frames of {name}: a silhouette needs at least one", hint)
    if bool((share > 0.999).all()):
        raise InputError(f"the silhouette covers every frame of {name}: there must be some background", hint)
    warnings = list(notes)
    if empty:
        warnings.append(f"nothing found on {len(empty)} of {count} frames; they will be skipped")
    full = int((share > 0.999).sum())
    if full:
        warnings.append(f"the silhouette covers the whole picture on {full} of {count} frames")
    touching = sum(_touches_all(m[:h, :w]) for m, (h, w) in zip(on, valid, strict=True))
    if touching:
        warnings.append(f"the subject touches all four borders on {touching} of {count} frames: parts of it may be cut")
    trust = torch.ones(count) if confidence is None else confidence.clamp(0, 1)
    return Report(how, detail, tuple(round(float(c), 4) for c in trust), empty, tuple(warnings))


def _touches_all(on: Tensor) -> bool:
    return all(bool(edge.any()) for edge in (on[0], on[-1], on[:, 0], on[:, -1]))
