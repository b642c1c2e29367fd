"""What a trained Monkey-Net gives: animations, reconstructions, videos out of one picture, previews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from muybridge import picture_animator
from muybridge.data.clips import own_pixels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.method import Animation, Stage
from muybridge.methods.monkeynet.data import MonkeyNetData
from muybridge.methods.monkeynet.embedding import Keypoints
from muybridge.methods.monkeynet.networks import Networks
from muybridge.methods.monkeynet.prediction import keypoints_of, numbers_of
from muybridge.methods.monkeynet.transfer import movement_scale, transferred
from muybridge.picture_animator import BATCH, PictureAnimator, Precision, Shown
from muybridge.tensors import Images
from muybridge.video import Clip, Timing, contact_sheet

if TYPE_CHECKING:
    from muybridge.methods.monkeynet.method import MonkeyNet

MODES = ("relative", "standard")


def animate(
    method: MonkeyNet, driving: Clip | None, source: Clip | str | None, mode: str | None = None, **options: Any
) -> Animation:
    """The first frame of `source` moving as `driving` does, at the source's size and the driving clip's times.

    mode, options  as in `stream`
    Raises UsageError.
    """
    driving, source = picture_animator.both(method.card.name, driving, source)
    made = stream(method, own_pixels(driving), source, mode, **options)
    return Animation(made, driving.timing, picture_animator.own_size(source))


def stream(
    method: MonkeyNet,
    driving: Iterable[Tensor],
    source: Clip,
    mode: str | None = None,
    *,
    batch: int = BATCH,
    reference: Tensor | None = None,
    scale: bool = False,
    adapt_covariances: bool = False,
    inside: bool = False,
    precision: Precision = "auto",
) -> Iterator[Tensor]:
    """`animate` on frames that come one by one, for long videos and cameras: `batch` of them are held, not more.

    driving      uint8 [3, h, w] each, of one size
    mode         "relative": the source's keypoints, moved as the driving ones (eq. 7). "standard": the driving
                 keypoints as they are. None: as the config says
    batch        driving frames that go through the networks together
    reference    of the relative movement: the driving frame that is posed as the source is, uint8 [3, h, w], see
                 `nearest_frame`; None: the first
    scale        movements as much larger as the source is larger than the driving subject
    adapt_covariances  the source's covariances, changed as the driving ones; False: the driving ones, as in the paper
    inside       keep keypoints in the picture
    precision    see `PictureAnimator`
    returns      iterator over uint8 [4, H, W], the source's size
    Raises UsageError.
    """
    relative = picture_animator.chosen(method.card.name, MODES, mode or method.default_mode, batch) == "relative"
    seen = _seen(method, source, precision)

    def moved(found: Keypoints, first: Keypoints) -> Keypoints:
        factor = movement_scale(seen.pose, first) if scale and relative else 1.0
        how = {"relative": relative, "adapt_covariances": adapt_covariances, "inside": inside}
        return transferred(seen.pose, found, first, scale=factor, **how)

    return seen.following(driving, moved, reference, batch)


def reconstruct(method: MonkeyNet, clip: Clip, batch: int = BATCH) -> Animation:
    """The clip made again from its first frame and everybody's keypoints (section 4, video reconstruction)."""
    return animate(method, clip, clip[:1], "standard", batch=batch, precision="float32")


def predict(
    method: MonkeyNet,
    data: MonkeyNetData | None,
    source: Clip,
    frames: int = 32,
    generator: torch.Generator | None = None,
    batch: int = BATCH,
) -> Animation:
    """Image to video: the first frame of `source`, and how it might go on (section 4).

    data       not needed; stands here as in `animate`
    frames     how many, the given one included
    generator  draws one of the possible outcomes; None gives the likeliest
    Raises UsageError where no GRU was trained.
    """
    gru, p = method.gru, method.config.prediction
    if gru is None:
        raise UsageError(
            "this run has learnt no image to video: its prediction stage has no steps",
            Sentence("Train with: ", Option("set", {"prediction.steps": 4000})),
        )
    if frames < 1:
        raise UsageError(f"a video has at least one frame, not {frames}")
    seen = _seen(method, source, "auto")
    start = numbers_of(seen.pose, p.covariances).float()
    noise = None
    if generator is not None and p.noise:
        noise = (p.noise * torch.randn(1, frames, start.shape[1], generator=generator)).to(start)
    with inference(method):
        rows = gru(start, frames, noise)[0]
        points = keypoints_of(rows, seen.pose, p.covariances)

    def made() -> Iterator[Tensor]:
        for start in range(0, frames, batch):
            yield from seen.frames(points.at(slice(start, start + batch)))

    rate = source.timing.rate if len(source) > 1 else 25
    return Animation(made(), Timing.constant(frames, rate), seen.size)


def nearest_frame(method: MonkeyNet, driving: Clip | Iterable[Tensor], source: Clip, batch: int = BATCH) -> int:
    """The driving frame that is posed most like the source's first, see `PictureAnimator.nearest`."""
    return _seen(method, source, "float32").nearest(driving, batch)


def _seen(method: MonkeyNet, source: Clip, precision: Precision) -> PictureAnimator[Keypoints]:
    behind = ("generator.decoder", "generator.refinements", "generator.out")
    halves = (behind,) if method.generator.motion is None else ((*behind, "generator.motion"), behind)
    return PictureAnimator(Networks(method.detector, method.generator), source, method.config.size, halves, precision)


def preview(method: MonkeyNet, data: MonkeyNetData, stage: Stage) -> Tensor:
    """Pairs of frames with their keypoints, what is made of them, and the moved source; in the prediction stage a
    clip's frames and those that the GRU makes of its first one: uint8 [3, H, W]."""
    if stage.name == "prediction":
        return _predicted(method, data)

    def shown(source: Images, driving: Images) -> Shown:
        at, to, made = method.reconstruction(source, driving)
        return Shown(at.means, to.means, made.picture, made.deformed, None)

    with inference(method):
        return picture_animator.preview(data, method.device, shown)


def _predicted(method: MonkeyNet, data: MonkeyNetData) -> Tensor:
    count = method.config.prediction.frames
    frames = data.clip(0)
    chosen = torch.linspace(0, count - 1, 6).long()
    told = predict(method, data, Clip(frames[:1], Timing.constant(1)), count).clip()
    real = frames[chosen.clamp(max=len(frames) - 1)]
    return contact_sheet({"clip": real, "predicted": told.pixels[chosen]}, columns=6)


@contextmanager
def inference(method: MonkeyNet) -> Iterator[None]:
    """no_grad and evaluation mode, put back afterwards."""
    training = method.training
    method.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        method.train(training)
