"""What trained articulated animation gives: animations, reconstructions, previews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from muybridge.data.canvas import squeezed, unsqueezed
from muybridge.data.clips import own_pixels
from muybridge.errors import UsageError
from muybridge.geometry import Homographies, closest_pose
from muybridge.method import Animation
from muybridge.methods.articulated.data import ArticulatedData
from muybridge.methods.articulated.networks import Regions, transfer
from muybridge.networks import computes_bfloat16, readied
from muybridge.tensors import Pixels
from muybridge.video import Clip, contact_sheet, draw_keypoints

if TYPE_CHECKING:
    from muybridge.methods.articulated.method import Articulated

Precision = Literal["auto", "float32", "bfloat16"]
BATCH = 8
"""Frames that go through the networks together."""


class Appearance:
    """A source, seen once for all driving frames, and networks made ready to run.

    pixels     uint8 [1, 3, h, w]
    precision  "bfloat16": the generator and, where it does no harm, the flow predictor. "auto": where the
               hardware has it and a frame is as good as in float32, see `good_enough`
    """

    def __init__(self, method: Articulated, pixels: Pixels, precision: Precision = "auto") -> None:
        self.method = method
        self.size = (pixels.shape[2], pixels.shape[3])
        self.device = next(method.parameters()).device
        self.networks = readied(method.networks, ("generator",) if precision == "bfloat16" else ())
        self.settled = precision != "auto" or not computes_bfloat16(self.device)
        with torch.inference_mode():
            self.picture = self.on_canvas(pixels)
            self.regions = self.networks.detect(self.picture)
            self.source = self.networks.encode(self.picture, self.regions)

    def posed(self, driving: Regions) -> Regions:
        """The source's regions in the driving pose, by the AVD network."""
        assert self.method.avd is not None
        training = self.method.avd.training
        with torch.inference_mode():
            made: Regions = self.method.avd.eval()(self.regions.repeated(len(driving.points)), driving)
        self.method.avd.train(training)
        return made

    def settle(self, where: Regions) -> None:
        """Take the fastest precision that is good enough for the last of these, once: the first may not move."""
        if self.settled:
            return
        self.settled = True
        probe, kept = where.at(slice(-1, None)), (self.networks, self.source)
        plain = self.drawn(probe)
        for half in (("generator", "motion"), ("generator",)):
            self.networks = readied(self.method.networks, half)
            with torch.inference_mode():
                self.source = self.networks.encode(self.picture, self.regions)
            if good_enough(self.drawn(probe), plain):
                return
        self.networks, self.source = kept

    def on_canvas(self, pixels: Pixels) -> Tensor:
        """Frames as the networks see them, on their device: [T, 3, H, W]."""
        side = self.method.config.size
        return squeezed(pixels, (side, side)).to(self.device)

    def detected(self, pixels: Pixels) -> Regions:
        """Regions of frames uint8 [T, 3, h, w]."""
        with torch.inference_mode():
            return self.networks.detect(self.on_canvas(pixels))

    def drawn(self, where: Regions, background: Homographies | None = None) -> Tensor:
        """The source with its regions there, on the canvas: [B, 3, H, W]."""
        with torch.inference_mode():
            flow = self.networks.move(self.source, where, background)
            return self.networks.draw(self.source, flow).picture.float()

    def behind(self, pixels: Pixels) -> Homographies | None:
        """The motion of the background from frames uint8 [T, 3, h, w] to the source."""
        with torch.inference_mode():
            frames = self.on_canvas(pixels)
            return self.networks.background_motion(self.picture.expand_as(frames), frames)

    def frames(self, where: Regions, background: Homographies | None = None) -> Iterator[Tensor]:
        """The same at the source's own size: uint8 [4, H, W] each."""
        for frame in unsqueezed(self.drawn(where, background), self.size):
            yield torch.cat((frame, torch.full_like(frame[:1], 255)))


def animate(
    method: Articulated,
    driving: Clip | None,
    source: Clip | str | None,
    mode: str | None = None,
    *,
    reference: Tensor | None = None,
    scale: bool = True,
    batch: int = BATCH,
    precision: Precision = "auto",
) -> Animation:
    """The first frame of `source` moving as `driving` does, at the source's size and the driving clip's times.

    mode       "relative" (the default): the source's regions, moved as the driving ones since the reference.
               "standard": the driving ones as they are. "avd": the driving pose in the source's shape, where the
               network for it was trained. In all of them the background stands still
    reference  the driving frame that is posed as the source is, uint8 [3, h, w], see `nearest_frame`; None: the first
    scale      movements are scaled by the size of the source against the driving subject's
    batch      driving frames that go through the networks together
    precision  see `Appearance`
    Raises UsageError.
    """
    if driving is None:
        raise UsageError("articulated has no driving clip of its own", "Name one with --driving.")
    if not isinstance(source, Clip):
        raise UsageError("articulated animates any picture: name one as the source", "--source photo.png")
    check_mode(method, mode)
    frames = own_pixels(driving)
    made = stream(method, frames, source, mode, reference=reference, scale=scale, batch=batch, precision=precision)
    size = (source.height, source.width) if source.sizes is None else source.sizes[0]
    return Animation(made, driving.timing, size)


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
    reference  the driving frame to which movements are relative; None: the first that comes
    returns    iterator over uint8 [4, H, W], the source's size
    """
    if batch < 1:
        raise UsageError(f"frames go through the networks {batch} at a time: expected 1 or more")
    mode = check_mode(method, mode)
    appearance = Appearance(method, own_pixels(source[:1]), precision)
    first = None if reference is None else appearance.detected(reference[None])
    waiting = iter(driving)
    while some := list(islice(waiting, batch)):
        found = appearance.detected(torch.stack(some))
        if first is None:
            first = found.at(slice(1))
        wanted = found
        if mode == "relative":
            wanted = transfer(appearance.regions, found, first, scale=scale)
        elif mode == "avd":
            wanted = appearance.posed(found)
        appearance.settle(wanted)
        yield from appearance.frames(wanted)


def reconstruct(method: Articulated, clip: Clip, batch: int = BATCH) -> Animation:
    """The clip made again from its first frame, everybody's regions and the background's motion, in float32
    (section 4.2)."""
    pixels = own_pixels(clip)
    appearance = Appearance(method, pixels[:1], "float32")

    def made() -> Iterator[Tensor]:
        for some in pixels.split(batch):
            yield from appearance.frames(appearance.detected(some), appearance.behind(some))

    return Animation(made(), clip.timing, appearance.size)


def good_enough(result: Tensor, plain: Tensor) -> bool:
    """Whether a picture in [0, 1] is within 42 dB (peak signal to noise) of that in float32: other frames may be
    somewhat worse, and 40 are wanted of all."""
    return bool((result - plain).square().mean() <= 10**-4.2)


def nearest_frame(method: Articulated, driving: Clip, source: Clip, batch: int = BATCH) -> int:
    """The driving frame that is posed most like the source's first: where a relative movement starts best."""
    appearance = Appearance(method, own_pixels(source[:1]), "float32")
    found = [appearance.detected(some).points for some in own_pixels(driving).split(batch)]
    return closest_pose(appearance.regions.points, torch.cat(found))


def check_mode(method: Articulated, mode: str | None) -> str:
    """The mode, or the first one; UsageError names those that there are."""
    if mode is not None and mode not in method.modes:
        raise UsageError(f"{method.card.name} moves {' or '.join(method.modes)}, not {mode!r}")
    if mode == "avd" and method.avd is None:
        raise UsageError(
            "this run has no network for the mode avd: its disentangle stage has no steps",
            "Choose another mode, or train with: --set avd.steps=400",
        )
    return mode or method.modes[0]


def preview(method: Articulated, data: ArticulatedData) -> Tensor:
    """Of up to six clips: first frame and a later one with the means of their regions, what is made of them, the moved
    source, and where the source shows what is needed: uint8 [3, H, W]."""
    rows: dict[str, list[Tensor]] = {"source": [], "driving": [], "made": [], "moved source": [], "shown": []}
    networks = method.networks
    for index in torch.linspace(0, len(data) - 1, min(6, len(data))).long().tolist():
        frames = data.clip(index)
        two = squeezed(frames[[0, len(frames) // 2]], data.canvas).to(next(method.parameters()).device)
        at, to = networks.detect(two[:1]), networks.detect(two[1:])
        drawn, flow = networks(two[:1], at, to, networks.background_motion(two[:1], two[1:]))
        rows["source"].append(draw_keypoints(two[0].cpu(), at.points[0].float().cpu()))
        rows["driving"].append(draw_keypoints(two[1].cpu(), to.points[0].float().cpu()))
        rows["made"].append(drawn.picture[0].float().cpu())
        rows["moved source"].append(networks.generator.warp(two[:1], flow.grid)[0].float().cpu().clamp(0, 1))
        if flow.occlusion is not None:
            rows["shown"].append(flow.occlusion[0].float().cpu().expand(3, -1, -1))
    return contact_sheet({name: row for name, row in rows.items() if row}, columns=6)
