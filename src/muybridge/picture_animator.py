"""A still picture that follows driving frames: seen once, then drawn for them in batches.

What the methods share that animate any picture by keypoints or regions; what a pose is, and how it moves from one
subject to another, each says for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from muybridge.data.canvas import resize_from_canvas, resize_to_canvas
from muybridge.data.clips import ClipsData, own_pixels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.geometry import pose_distances
from muybridge.networks import computes_bfloat16, prepare_inference
from muybridge.tensors import Images, Pixels, Points
from muybridge.video import Clip, contact_sheet, draw_keypoints

Precision = Literal["auto", "float32", "bfloat16"]
BATCH = 8
"""Frames that go through the networks together."""
PROBES = 3
"""Frames of the first batch that are drawn in float32 too, where bfloat16 is tried."""
EVERY = 64
"""Frames after which one is drawn in float32 again, to see whether bfloat16 is still good enough."""

POSES = ("detector", "background")
"""Parts of networks that find poses and nothing else, by name."""


@runtime_checkable
class Pose(Protocol):
    """Where the parts of a subject are in some pictures, as a method sees them."""

    @property
    def points(self) -> Points:
        """The place of each part."""

    def at(self, index: slice) -> Any:
        """The poses of some of the pictures."""


P = TypeVar("P", bound=Pose)


class PictureAnimator(Generic[P]):
    """A source, seen once for all driving frames, and networks made ready to run.

    networks   a module with detect(images) -> pose, encode(picture, pose) -> source, animate(source, pose) -> picture
    source     a clip of which the first frame counts
    side       of the square that the networks see
    halves     sets of parts of the networks, by name, that may compute in bfloat16, the fastest first
    precision  "bfloat16": all of the first set. "auto": where the hardware has it, the first set with which frames are
               as good as in float32, see `is_good_enough`: the `PROBES` of the first batch whose poses are farthest
               from the source's, later one wherever a pose is much farther still, and one in `EVERY`. Poses are always
               found in float32. Of the first batch, the farthest alone where that one is good by far
    """

    def __init__(
        self, networks: Any, source: Clip, side: int, halves: Sequence[Sequence[str]], precision: Precision = "auto"
    ) -> None:
        self.plain = networks
        self.side = side
        self.device = next(networks.parameters()).device
        self.picture = self.to_canvas(own_pixels(source[:1]))
        self.size = source_size(source)
        with torch.inference_mode(), evaluation_mode(networks):
            self.pose: P = networks.detect(self.picture)
            self.exact_source = networks.encode(self.picture, self.pose)

        # What finds poses is a fifth of the work, and folding makes that a twelfth faster: not worth its weights again.
        self.shared = [name for name in POSES if isinstance(getattr(networks, name, None), nn.Module)]

        auto = precision == "auto" and computes_bfloat16(self.device)
        self.doubted = list(halves) if auto else []
        self.compared: float | None = None
        self.since = 0
        if auto or precision == "bfloat16":
            self._use_half(halves[0])
        else:
            self._use_float32()

    def _use_half(self, half: Sequence[str]) -> None:
        """Compute these parts in bfloat16. The source, seen once, is seen in float32 and rounded then, which costs
        nothing: errors on its way through the encoder would be in every picture."""
        self.networks = prepare_inference(self.plain, half, self.shared)
        with torch.inference_mode():
            self.source = _round_like(self.exact_source, self.networks.encode(self.picture, self.pose))

    def _use_float32(self) -> None:
        self.networks = prepare_inference(self.plain, (), self.shared)
        self.source = self.exact_source

    def _draw_checked(self, where: P) -> Images:
        """The source in these poses; as soon as bfloat16 is not good enough, in the next set of parts or in float32."""
        probes = self._choose_probes(where)
        if not probes:
            return self.draw(where)

        # Each set of parts gets its chance on this batch; what fails once is not tried again.
        plain: dict[int, Tensor] = {}
        while self.doubted:
            made = self.draw(where)
            if self._agrees(made, where, probes, plain):
                return made
            self.doubted.pop(0)
            if self.doubted:
                self._use_half(self.doubted[0])

        self._use_float32()
        return self.draw(where)

    def _agrees(self, made: Images, where: P, probes: Sequence[int], plain: dict[int, Tensor]) -> bool:
        """Whether these of the frames are good enough; once one is good by far, the nearer ones are taken for as good.

        plain  those that were drawn in float32 so far, which costs as much as a batch in bfloat16
        """
        for i in probes:
            if i not in plain:
                # By the networks as they are: a second copy in float32 would take as much memory again.
                with evaluation_mode(self.plain):
                    plain[i] = self._draw_with(self.plain, self.exact_source, where.at(slice(i, i + 1)))
            if not is_good_enough(made[i : i + 1], plain[i]):
                return False
            if is_good_by_far(made[i : i + 1], plain[i]):
                return True
        return True

    def _choose_probes(self, where: P) -> list[int]:
        """Which of these poses, if any, are to be drawn in float32 too: a still start or a few frames say too little of
        those that come later."""
        if not self.doubted:
            return []

        away = (where.points - self.pose.points).norm(dim=-1).mean(-1)
        far = float(away.max())
        before = self.compared
        due = before is None or far > 1.5 * before + 0.02 or self.since >= EVERY
        self.since = len(away) + (0 if due else self.since)
        if not due:
            return []

        # Poses further from the source than any before are where bfloat16 is likeliest to fail; the farthest first.
        self.compared = max(far, before or 0.0)
        found: list[int] = away.topk(min(len(away), PROBES if before is None else 1)).indices.tolist()
        return found

    def to_canvas(self, pixels: Pixels) -> Float[Tensor, "T 3 H2 W2"]:
        """Frames as the networks see them, on their device."""
        return resize_to_canvas(pixels, (self.side, self.side)).to(self.device)

    def detect_poses(self, pixels: Pixels) -> P:
        """The poses of frames uint8 [T, 3, h, w]."""
        with torch.inference_mode():
            found: P = self.networks.detect(self.to_canvas(pixels))
            return found

    def draw(self, where: P) -> Images:
        """The source in these poses, on the canvas."""
        return self._draw_with(self.networks, self.source, where)

    def _draw_with(self, networks: Any, source: Any, where: P) -> Images:
        with torch.inference_mode():
            made: Tensor = networks.animate(source, where)
            return made.float()

    def frames(self, where: P) -> Iterator[Tensor]:
        """The same at the source's own size: uint8 [4, H, W] each."""
        yield from to_opaque(self._draw_checked(where), self.size)

    def follow(
        self, driving: Iterable[Tensor], moved: Callable[[P, P], P], reference: Tensor | None = None, batch: int = BATCH
    ) -> Iterator[Tensor]:
        """The source in the poses of frames that come one by one: `batch` of them are held, not more.

        driving    uint8 [3, h, w] each, of one size
        moved      the poses to draw, given those of driving frames and that of the reference
        reference  the driving frame to which movements are relative, uint8 [3, h, w]; None: the first that comes
        returns    iterator over uint8 [4, H, W], the source's size
        """
        first = None if reference is None else self.detect_poses(reference[None])
        waiting = iter(driving)
        while some := list(islice(waiting, batch)):
            found = self.detect_poses(torch.stack(some))
            first = found.at(slice(1)) if first is None else first
            yield from self.frames(moved(found, first))

    def find_nearest(self, driving: Clip | Iterable[Tensor], batch: int = BATCH) -> int:
        """The driving frame that is posed most like the source: where a relative movement starts best.

        driving  a clip, or frames uint8 [3, h, w] of one size that come one by one: `batch` of them are held, not more
        """
        waiting = iter(own_pixels(driving) if isinstance(driving, Clip) else driving)
        distances = []
        while some := list(islice(waiting, batch)):
            distances.append(pose_distances(self.pose.points, self.detect_poses(torch.stack(some)).points))
        return int(torch.cat(distances).argmin())


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """All of a network in evaluation mode, each part put back afterwards as it was."""
    before = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


def _round_like(value: Any, like: Any) -> Any:
    """Tensors, in lists and named tuples, with the precision of those in the same places of `like`."""
    if isinstance(value, Tensor):
        return value.to(like.dtype)
    if isinstance(value, list | tuple):
        rounded = []
        for a, b in zip(value, like, strict=True):
            rounded.append(_round_like(a, b))

        return rounded if isinstance(value, list) else type(value)(*rounded)
    return value


def to_opaque(pictures: Images, size: tuple[int, int]) -> Iterator[Tensor]:
    """Pictures in [0, 1] at another size: uint8 [4, H, W] each."""
    for frame in resize_from_canvas(pictures, size):
        yield torch.cat((frame, torch.full_like(frame[:1], 255)))


def is_good_enough(result: Images, plain: Images) -> bool:
    """Whether pictures in [0, 1] are within 43 dB (peak signal to noise) of those in float32, each of them: other
    frames may be worse by some, and 40 are wanted of all."""
    return bool((result - plain).square().mean((1, 2, 3)).max() <= 10**-4.3)


def is_good_by_far(result: Images, plain: Images) -> bool:
    """Whether they are within 49 dB, with a quarter of the error that is allowed."""
    return bool((result - plain).square().mean((1, 2, 3)).max() <= 10**-4.9)


def source_size(source: Clip) -> tuple[int, int]:
    """(H, W) of a clip's first frame."""
    return (source.height, source.width) if source.sizes is None else source.sizes[0]


def check_inputs(name: str, driving: Clip | None, source: Clip | str | None) -> tuple[Clip, Clip]:
    """What the method called `name` animates by, and what; UsageError where either is missing."""
    if driving is None:
        raise UsageError(f"{name} has no driving clip of its own", Sentence("Name one with ", Option("driving"), "."))
    if not isinstance(source, Clip):
        raise UsageError(
            f"{name} animates any picture: name one as the source", Sentence(Option("source", "photo.png"))
        )
    return driving, source


def choose_mode(name: str, modes: Sequence[str], mode: str | None, batch: int) -> str:
    """The mode, or the first one; UsageError names those that there are, or refuses an empty batch."""
    if mode is not None and mode not in modes:
        raise UsageError(f"{name} moves {' or '.join(modes)}, not {mode!r}")
    if batch < 1:
        raise UsageError(f"frames go through the networks {batch} at a time: expected 1 or more")
    return mode or modes[0]


class PairPreview(NamedTuple):
    """What is made of two frames of a clip.

    source, driving  [1, K, 2]     keypoints
    made             [1, 3, H, W]  the driving frame, made of the source
    moved            [1, 3, H, W]  the source, moved by the flow
    occlusion        [1, 1, h, w]  where it shows what is needed; None where nothing says so
    maps             [1, K, h, w]  heat maps of the driving keypoints; these and the following: None for a method
                                   that has none
    shares           [1, K+1, h, w]  the share of each motion in each pixel, the background's first
    grid             [1, h, w, 2]  where each pixel of the driving frame looks in the source
    axes             [1, K, 2, 2]  the affine frame around each driving keypoint
    """

    source: Tensor
    driving: Tensor
    made: Tensor
    moved: Tensor
    occlusion: Tensor | None
    maps: Tensor | None = None
    shares: Tensor | None = None
    grid: Tensor | None = None
    axes: Tensor | None = None


def draw_preview(data: ClipsData, device: torch.device, shown: Callable[[Images, Images], PairPreview]) -> Tensor:
    """Of up to six clips: a frame and a later one with their keypoints, and the rest of `PairPreview`.

    returns  uint8 [3, H, W]
    """
    rows: dict[str, list[Tensor]] = {"source": [], "driving": [], "made": [], "moved source": [], "shown": []}
    for index in torch.linspace(0, len(data) - 1, min(6, len(data))).long().tolist():
        frames = data.clip(index)
        two = resize_to_canvas(frames[[0, len(frames) // 2]], data.canvas)
        s = PairPreview(*(None if x is None else x[0].float().cpu() for x in shown(*two.to(device).split(1))))  # type: ignore[arg-type]
        pictures = [draw_keypoints(two[0], s.source), draw_keypoints(two[1], s.driving), s.made, s.moved.clamp(0, 1)]
        if s.occlusion is not None:
            pictures.append(s.occlusion.expand(3, -1, -1))
        for row, picture in zip(rows.values(), pictures, strict=False):
            row.append(picture)

    return contact_sheet({name: row for name, row in rows.items() if row}, columns=6)
