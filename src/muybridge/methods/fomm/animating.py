"""What a trained FOMM gives: animations, reconstructions, previews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from torch import Tensor

from muybridge import picture_animator
from muybridge.data.clips import own_pixels
from muybridge.method import Animation
from muybridge.methods.fomm.data import FommData
from muybridge.methods.fomm.networks import Keypoints, transfer
from muybridge.picture_animator import BATCH, PictureAnimator, Precision, Shown
from muybridge.tensors import Images
from muybridge.video import Clip

if TYPE_CHECKING:
    from muybridge.methods.fomm.method import Fomm


def animate(
    method: Fomm, driving: Clip | None, source: Clip | str | None, mode: str | None = None, **options: Any
) -> Animation:
    """The first frame of `source` moving as `driving` does, at the source's size and the driving clip's times.

    mode, options  as in `stream`
    Raises UsageError.
    """
    driving, source = picture_animator.both(method.card.name, driving, source)
    made = stream(method, own_pixels(driving), source, mode, **options)
    return Animation(made, driving.timing, picture_animator.own_size(source))


def stream(
    method: Fomm,
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
    mode       "relative" (the default): the source's keypoints and Jacobians, moved as the driving ones since the
               reference (paper, eq. 12). "standard": the driving ones as they are
    reference  the driving frame that is posed as the source is, uint8 [3, h, w], see `nearest_frame`; None: the first
    scale      movements are scaled by the size of the source against the driving subject's
    batch      driving frames that go through the networks together
    precision  see `PictureAnimator`
    returns    iterator over uint8 [4, H, W], the source's size
    Raises UsageError.
    """
    relative = picture_animator.chosen(method.card.name, method.modes, mode, batch) == "relative"
    seen = _seen(method, source, precision)

    def moved(found: Keypoints, first: Keypoints) -> Keypoints:
        return transfer(seen.pose, found, first, scale=scale) if relative else found

    return seen.following(driving, moved, reference, batch)


def reconstruct(method: Fomm, clip: Clip, batch: int = BATCH) -> Animation:
    """The clip made again from its first frame and everybody's keypoints, in float32 (paper, section 4)."""
    return animate(method, clip, clip[:1], "standard", batch=batch, precision="float32")


def nearest_frame(method: Fomm, driving: Clip | Iterable[Tensor], source: Clip, batch: int = BATCH) -> int:
    """The driving frame that is posed most like the source's first, see `PictureAnimator.nearest`."""
    return _seen(method, source, "float32").nearest(driving, batch)


def _seen(method: Fomm, source: Clip, precision: Precision) -> PictureAnimator[Keypoints]:
    halves = (("generator", "motion"), ("generator",))
    return PictureAnimator(method.networks, source, method.config.size, halves, precision)


def preview(method: Fomm, data: FommData) -> Tensor:
    """Pairs of frames, what is made of them, the moved source and where it shows what is needed: uint8 [3, H, W]."""
    networks = method.networks

    def shown(source: Images, driving: Images) -> Shown:
        at, to = networks.detect(source), networks.detect(driving)
        drawn, flow = networks(source, at, to)
        return Shown(at.points, to.points, drawn.picture, networks.generator.warp(source, flow.grid), flow.occlusion)

    return picture_animator.preview(data, method.device, shown)
