"""What trained articulated animation gives: animations, reconstructions, previews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from muybridge import picture_animator
from muybridge.data.clips import own_pixels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.method import Animation
from muybridge.methods.articulated.data import ArticulatedData
from muybridge.methods.articulated.networks import Regions, transfer
from muybridge.picture_animator import BATCH, PictureAnimator, Precision, Shown
from muybridge.tensors import Images
from muybridge.video import Clip

if TYPE_CHECKING:
    from muybridge.methods.articulated.method import Articulated


def animate(
    method: Articulated, driving: Clip | None, source: Clip | str | None, mode: str | None = None, **options: Any
) -> Animation:
    """The first frame of `source` moving as `driving` does, at the source's size and the driving clip's times.

    mode, options  as in `stream`
    Raises UsageError.
    """
    driving, source = picture_animator.both(method.card.name, driving, source)
    made = stream(method, own_pixels(driving), source, mode, **options)
    return Animation(made, driving.timing, picture_animator.own_size(source))


def stream(
    method: Articulated,
    driving: Iterable[Tensor],
    source: Clip,
    mode: str | None = None,
    *,
    reference: Tensor | None = None,
    scale: bool = True,
    batch: int = BATCH,
    precision: Precision = "auto",
) -> Iterator[Tensor]:
    """`animate` on frames that come one by one, for long videos and cameras: `batch` of them are held, not more.

    driving    uint8 [3, h, w] each, of one size
    mode       "relative" (the default): the source's regions, moved as the driving ones since the reference.
               "standard": the driving ones as they are. "avd": the driving pose in the source's shape, where the
               network for it was trained. In all of them the background stands still
    reference  the driving frame that is posed as the source is, uint8 [3, h, w], see `nearest_frame`; None: the first
    scale      movements are scaled by the size of the source against the driving subject's
    batch      driving frames that go through the networks together
    precision  see `PictureAnimator`
    returns    iterator over uint8 [4, H, W], the source's size
    Raises UsageError.
    """
    how = picture_animator.chosen(method.card.name, method.modes, mode, batch)
    if how == "avd" and method.avd is None:
        raise UsageError(
            "this run has no network for the mode avd: its disentangle stage has no steps",
            Sentence("Choose another mode, or train with: ", Option("set", {"avd.steps": 400})),
        )
    seen = _seen(method, source, precision)

    def moved(found: Regions, first: Regions) -> Regions:
        if how == "avd":
            return _posed(method, seen.pose, found)
        return transfer(seen.pose, found, first, scale=scale) if how == "relative" else found

    return seen.following(driving, moved, reference, batch)


def reconstruct(method: Articulated, clip: Clip, batch: int = BATCH) -> Animation:
    """The clip made again from its first frame, everybody's regions and the background's motion, in float32
    (section 4.2)."""
    seen = _seen(method, clip, "float32")

    def made() -> Iterator[Tensor]:
        for some in own_pixels(clip).split(batch):
            frames = seen.on_canvas(some)
            with torch.inference_mode():
                behind = seen.networks.background_motion(seen.picture.expand_as(frames), frames)
                pictures = seen.networks.drawn(seen.source, seen.networks.detect(frames), behind)
            yield from picture_animator.opaque(pictures, seen.size)

    return Animation(made(), clip.timing, seen.size)


def nearest_frame(method: Articulated, driving: Clip | Iterable[Tensor], source: Clip, batch: int = BATCH) -> int:
    """The driving frame that is posed most like the source's first, see `PictureAnimator.nearest`."""
    return _seen(method, source, "float32").nearest(driving, batch)


def _seen(method: Articulated, source: Clip, precision: Precision) -> PictureAnimator[Regions]:
    halves = (("generator", "motion"), ("generator",))
    return PictureAnimator(method.networks, source, method.config.size, halves, precision)


def _posed(method: Articulated, source: Regions, driving: Regions) -> Regions:
    """The source's regions in the driving pose, by the AVD network."""
    assert method.avd is not None
    training = method.avd.training
    with torch.inference_mode():
        made: Regions = method.avd.eval()(source.repeated(len(driving.points)), driving)
    method.avd.train(training)
    return made


def preview(method: Articulated, data: ArticulatedData) -> Tensor:
    """Pairs of frames with the means of their regions, what is made of them, the moved source and where it shows what
    is needed: uint8 [3, H, W]."""
    networks = method.networks

    def shown(source: Images, driving: Images) -> Shown:
        at, to = networks.detect(source), networks.detect(driving)
        drawn, flow = networks(source, at, to, networks.background_motion(source, driving))
        return Shown(at.points, to.points, drawn.picture, networks.generator.warp(source, flow.grid), flow.occlusion)

    return picture_animator.preview(data, method.device, shown)
