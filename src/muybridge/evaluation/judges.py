"""The networks that results are judged with, as far as their files are on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from muybridge.errors import MissingWeightsError
from muybridge.networks import Lpips, load_lpips
from muybridge.networks.c3d import C3d, load_c3d
from muybridge.networks.inception import Inception, load_inception

Look = Callable[[Tensor], Tensor]
"""Frames [T, 3, H, W] in [0, 1] to features [N, D]."""
N = TypeVar("N")


@dataclass(frozen=True)
class Judges:
    """What there is to judge with.

    lpips      learned perceptual distance
    inception  features of single frames, for FID
    action     features of frames that follow each other, for SVFID
    missing    figure -> which file it wants, for those that there is no network for
    """

    lpips: Lpips | None = None
    inception: Look | None = None
    action: Look | None = None
    missing: Mapping[str, str] = field(default_factory=dict)


def judges(vgg: Path | None = None, inception: Path | None = None, action: Path | None = None) -> Judges:
    """Load what there is: from the files that are named, else from torch's cache.

    A file that is named must be good (MissingWeightsError, CheckpointError); one that the cache lacks is told in
    `missing`.
    """
    missing: dict[str, str] = {}

    def given(figure: str, path: Path | None, load: Callable[[], N]) -> N | None:
        try:
            return load()
        except MissingWeightsError as e:
            if path is not None:
                raise
            missing[figure] = e.message
            return None

    lpips = given("lpips", vgg, lambda: load_lpips(vgg))
    frames = given("fid", inception, lambda: load_inception(inception))
    clips = given("svfid", action, lambda: load_c3d(action))
    return Judges(
        lpips,
        None if frames is None else without_gradients(frames),
        None if clips is None else without_gradients(clips),
        missing,
    )


def without_gradients(network: Inception | C3d) -> Look:
    """A network as a function; Inception sees sixteen frames at a time, C3D its own windows."""

    def look(frames: Tensor) -> Tensor:
        parts = (frames,) if isinstance(network, C3d) else frames.split(16)
        with torch.no_grad():
            return torch.cat([network(part) for part in parts])

    return look
