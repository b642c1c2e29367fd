"""The networks that results are judged with, as far as their files are on this machine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from muybridge.errors import MissingExtraError, MissingWeightsError
from muybridge.evaluation.person_metrics import Features, Poses, load_identity, load_poses
from muybridge.networks import Lpips, load_lpips
from muybridge.networks.pretrained.c3d import C3d, load_c3d
from muybridge.networks.pretrained.inception import Inception, load_inception

Look = Callable[[Tensor], Tensor]
"""Frames [T, 3, H, W] in [0, 1] to features [N, D]."""
N = TypeVar("N")
PICTURES = ("lpips", "fid", "svfid")
"""Figures of pictures and videos of anything."""
PEOPLE = ("akd", "mkr", "aed")
"""Figures of people, against their true frames."""


@dataclass(frozen=True)
class MetricNetworks:
    """What there is to judge with.

    lpips      learned perceptual distance
    inception  features of single frames, for FID
    action     features of frames that follow each other, for SVFID
    pose       landmarks of one person, for AKD and MKR
    identity   features of who it is, for AED
    missing    figure -> which file it wants, for those that there is no network for
    """

    lpips: Lpips | None = None
    inception: Look | None = None
    action: Look | None = None
    pose: Poses | None = None
    identity: Features | None = None
    missing: Mapping[str, str] = field(default_factory=dict)


def load_metric_networks(
    figures: Collection[str] = PICTURES,
    /,
    *,
    vgg: Path | None = None,
    inception: Path | None = None,
    action: Path | None = None,
    pose: Path | None = None,
    identity: Path | None = None,
) -> MetricNetworks:
    """Load what there is: from the files that are named, else from torch's cache or Muybridge's own.

    figures  what is to be measured: networks of other figures are not loaded
    A file that is named must be good (MissingWeightsError, MissingExtraError, CheckpointError); one that the cache
    lacks is told in `missing`.
    """
    missing: dict[str, str] = {}

    def given(names: tuple[str, ...], path: Path | None, load: Callable[[], N]) -> N | None:
        wanted = []
        for name in names:
            if name in figures:
                wanted.append(name)

        if not wanted:
            return None

        try:
            return load()
        except (MissingWeightsError, MissingExtraError) as e:
            if path is not None:
                raise
            # Nobody named this file: what it would have measured is left out, and said.
            missing.update(dict.fromkeys(wanted, e.message))
            return None

    # A network is loaded only where one of its figures is asked for.
    lpips = given(("lpips",), vgg, lambda: load_lpips(vgg))
    frames = given(("fid",), inception, lambda: load_inception(inception))
    clips = given(("svfid",), action, lambda: load_c3d(action))
    return MetricNetworks(
        lpips,
        None if frames is None else without_gradients(frames),
        None if clips is None else without_gradients(clips),
        given(("akd", "mkr"), pose, lambda: load_poses(pose)),
        given(("aed",), identity, lambda: load_identity(identity)),
        missing,
    )


def unmeasured_notes(missing: Mapping[str, str]) -> list[str]:
    """A sentence for each reason: which figures were not measured, and why."""
    reasons: dict[str, list[str]] = {}
    for name, why in missing.items():
        reasons.setdefault(why, []).append(name)
    return [
        f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} not measured: {why}"
        for why, names in reasons.items()
    ]


def without_gradients(network: Inception | C3d) -> Look:
    """A network as a function; Inception sees sixteen frames at a time, C3D its own windows."""

    def look(frames: Tensor) -> Tensor:
        parts = (frames,) if isinstance(network, C3d) else frames.split(16)
        with torch.no_grad():
            return torch.cat([network(part) for part in parts])

    return look
