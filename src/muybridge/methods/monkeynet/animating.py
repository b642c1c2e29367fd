"""What a trained Monkey-Net gives: animations, reconstructions, videos out of one picture, previews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.data.canvas import squeezed, unsqueezed
from muybridge.data.clips import own_pixels
from muybridge.errors import UsageError
from muybridge.geometry import closest_pose
from muybridge.method import Animation, Stage
from muybridge.methods.monkeynet.data import MonkeyNetData
from muybridge.methods.monkeynet.embedding import Keypoints
from muybridge.methods.monkeynet.networks import Generator, KeypointDetector
from muybridge.methods.monkeynet.prediction import keypoints_of, numbers_of
from muybridge.methods.monkeynet.transfer import movement_scale, transferred
from muybridge.networks import computes_bfloat16, readied
from muybridge.tensors import Images, Pixels
from muybridge.video import Clip, Timing, contact_sheet, draw_keypoints

if TYPE_CHECKING:
    from muybridge.methods.monkeynet.method import MonkeyNet

BATCH = 8
"""Frames that go through the networks together."""
MODES = ("relative", "standard")
Precision = Literal["auto", "float32", "bfloat16"]


class Appearance:
    """A source, seen once for all driving frames, and networks made ready to run.

    pixels     uint8 [1, 3, h, w]
    precision  "bfloat16": of M and of G behind its encoder. "auto": of those where the hardware has it and the first
               frames are as good as in float32, see `good_enough`. Keypoints are always found in float32
    """

    def __init__(self, method: MonkeyNet, pixels: Pixels, precision: Precision = "auto") -> None:
        self.method = method
        self.size = (pixels.shape[2], pixels.shape[3])
        self.side = method.config.size
        self.device = next(method.parameters()).device
        self.detector: KeypointDetector = readied(method.detector)
        self.generator: Generator = readied(method.generator, self.halves()[0] if precision == "bfloat16" else ())
        self.settled = precision != "auto" or not computes_bfloat16(self.device)
        with torch.inference_mode():
            picture = self.on_canvas(pixels)
            self.keypoints: Keypoints = self.detector(picture).keypoints
            self.levels: list[Tensor] = self.generator.levels(picture)

    def halves(self) -> tuple[tuple[str, ...], ...]:
        """The parts of G that may compute in bfloat16, the fastest choice first."""
        decoding = ("decoder", "refinements", "out")
        return (decoding,) if self.method.generator.motion is None else ((*decoding, "motion"), decoding)

    def settle(self, where: Keypoints) -> None:
        """Take the fastest precision that is good enough for the first and the last of these frames, once."""
        if self.settled:
            return
        self.settled = True
        where = where.at(slice(None, None, max(1, len(where.means) - 1)))
        plain, kept = self.drawn(where), self.generator
        for half in self.halves():
            self.generator = readied(self.method.generator, half)
            if good_enough(self.drawn(where), plain):
                return
        self.generator = kept

    def on_canvas(self, pixels: Pixels) -> Float[Tensor, "T 3 H2 W2"]:
        """Frames as the networks see them, on their device."""
        return squeezed(pixels, (self.side, self.side)).to(self.device)

    def detected(self, pixels: Pixels) -> Keypoints:
        """Keypoints of frames, uint8 [T, 3, h, w]."""
        with torch.inference_mode():
            found: Keypoints = self.detector(self.on_canvas(pixels)).keypoints
            return found

    def drawn(self, where: Keypoints) -> Images:
        """The source with its keypoints there, on the canvas."""
        with torch.inference_mode():
            return self.generator(self.levels, self.keypoints, where).picture.float()

    def frames(self, where: Keypoints) -> Iterator[Tensor]:
        """The same at the source's own size: uint8 [4, H, W] each."""
        self.settle(where)
        for frame in unsqueezed(self.drawn(where), self.size):
            yield torch.cat((frame, torch.full_like(frame[:1], 255)))


def animate(
    method: MonkeyNet,
    driving: Clip | None,
    source: Clip | str | None,
    mode: str | None = None,
    *,
    reference: Tensor | None = None,
    adapt_scale: bool = False,
    adapt_covariances: bool = False,
    inside: bool = False,
    batch: int = BATCH,
    precision: Precision = "auto",
) -> Animation:
    """The first frame of `source` moving as `driving` does, at the source's size and the driving clip's times.

    mode         "relative": the source's keypoints, moved as the driving ones (eq. 7). "standard": the driving
                 keypoints as they are. None: as the config says
    reference    of the relative movement: the driving frame that is posed as the source is, uint8 [3, h, w], see
                 `nearest_frame`; None: the first
    adapt_scale  movements as much larger as the source is larger than the driving subject
    adapt_covariances  the source's covariances, changed as the driving ones; False: the driving ones, as in the paper
    inside       keep keypoints in the picture
    batch        driving frames that go through the networks together
    precision    see `Appearance`
    Raises UsageError.
    """
    if driving is None:
        raise UsageError("monkeynet has no driving clip of its own", "Name one with --driving.")
    if not isinstance(source, Clip):
        raise UsageError("monkeynet animates any picture: name one as the source", "--source photo.png")
    is_relative(method, mode)
    made = stream(
        method,
        own_pixels(driving),
        source,
        mode,
        batch=batch,
        reference=reference,
        adapt_scale=adapt_scale,
        adapt_covariances=adapt_covariances,
        inside=inside,
        precision=precision,
    )
    size = (source.height, source.width) if source.sizes is None else source.sizes[0]
    return Animation(made, driving.timing, size)


def stream(
    method: MonkeyNet,
    driving: Iterable[Tensor],
    source: Clip,
    mode: str | None = None,
    *,
    batch: int = BATCH,
    reference: Tensor | None = None,
    adapt_scale: bool = False,
    adapt_covariances: bool = False,
    inside: bool = False,
    precision: Precision = "auto",
) -> Iterator[Tensor]:
    """`animate` on frames that come one by one, for long videos and cameras: `batch` of them are held, not more.

    driving    uint8 [3, h, w] each, of one size
    reference  the driving frame to which movements are relative; None: the first that comes
    returns    iterator over uint8 [4, H, W], the source's size
    """
    if batch < 1:
        raise UsageError(f"frames go through the networks {batch} at a time: expected 1 or more")
    relative = is_relative(method, mode)
    appearance = Appearance(method, own_pixels(source[:1]), precision)
    first = None if reference is None else appearance.detected(reference[None])
    scale = 1.0
    waiting = iter(driving)
    while some := list(islice(waiting, batch)):
        points = appearance.detected(torch.stack(some))
        if first is None:
            first = points.at(slice(1))
        if adapt_scale and relative:
            scale = movement_scale(appearance.keypoints, first)
        moved = transferred(
            appearance.keypoints,
            points,
            first,
            relative=relative,
            scale=scale,
            adapt_covariances=adapt_covariances,
            inside=inside,
        )
        yield from appearance.frames(moved)


def good_enough(result: Images, plain: Images) -> bool:
    """Whether pictures in [0, 1] are within 40 dB (peak signal to noise) of those in float32, each of them."""
    return bool((result - plain).square().mean((1, 2, 3)).max() <= 1e-4)


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
            "Train with: --set prediction.steps=4000",
        )
    if frames < 1:
        raise UsageError(f"a video has at least one frame, not {frames}")
    appearance = Appearance(method, own_pixels(source[:1]))
    start = numbers_of(appearance.keypoints, p.covariances).float()
    noise = None
    if generator is not None and p.noise:
        noise = (p.noise * torch.randn(1, frames, start.shape[1], generator=generator)).to(start)
    with inference(method):
        rows = gru(start, frames, noise)[0]
        points = keypoints_of(rows, appearance.keypoints, p.covariances)

    def made() -> Iterator[Tensor]:
        for start in range(0, frames, batch):
            yield from appearance.frames(points.at(slice(start, start + batch)))

    rate = source.timing.rate if len(source) > 1 else 25
    return Animation(made(), Timing.constant(frames, rate), appearance.size)


def is_relative(method: MonkeyNet, mode: str | None) -> bool:
    """What a mode says; UsageError names those that there are."""
    if mode is None:
        return method.config.relative
    if mode not in MODES:
        raise UsageError(f"monkeynet moves {' or '.join(MODES)}, not {mode!r}")
    return mode == "relative"


def nearest_frame(method: MonkeyNet, driving: Clip, source: Clip, batch: int = BATCH) -> int:
    """The driving frame that is posed most like the source's first: where a relative movement starts best."""
    appearance = Appearance(method, own_pixels(source[:1]), "float32")
    found = [appearance.detected(some).means for some in own_pixels(driving).split(batch)]
    return closest_pose(appearance.keypoints.means, torch.cat(found))


def preview(method: MonkeyNet, data: MonkeyNetData, stage: Stage) -> Tensor:
    """Of up to six clips: first frame and a later one with their keypoints, what is made of them, the warped source;
    in the prediction stage a clip's frames and those that the GRU makes of its first one: uint8 [3, H, W]."""
    if stage.name == "prediction":
        return _predicted(method, data)
    chosen = [data.clip(i) for i in torch.linspace(0, len(data) - 1, min(6, len(data))).long().tolist()]
    source, driving = (
        torch.stack(some).float() / 255 for some in zip(*((c[0], c[len(c) // 2]) for c in chosen), strict=True)
    )
    device = next(method.parameters()).device
    with inference(method):
        a, b, made = method.reconstruction(source.to(device), driving.to(device))
    rows = {
        "source": [draw_keypoints(x, p) for x, p in zip(source, a.means.float().cpu(), strict=True)],
        "driving": [draw_keypoints(x, p) for x, p in zip(driving, b.means.float().cpu(), strict=True)],
        "made": list(made.picture.float().cpu()),
        "warped source": list(made.deformed.float().cpu().clamp(0, 1)),
    }
    return contact_sheet(rows, columns=6)


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
