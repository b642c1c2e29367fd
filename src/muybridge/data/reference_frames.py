"""A subject's own frames at the size that its file has them, compressed: what results take their pixels from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.nn import functional as F

from muybridge.data.frame_cache import FrameCache
from muybridge.data.stored_tensors import check_frame_size, take, take_boxes, take_numbers
from muybridge.data.subject import Subject
from muybridge.geometry import largest_around, smallest_around
from muybridge.tensors import Images, Masks
from muybridge.video.clip import Clip

MOST = 400
"""Reference frames that are kept of one subject, evenly chosen of all that show it."""
RIM = 128
"""The rim of a silhouette that may show the ground is at most one pixel wide for so many of the crop's geometric mean
side."""
SHINES = 0.3
"""How far on the way from the subject's colours to the ground's a rim may lie and still be the subject's own."""
APART = 0.02
"""Squared distance from which on the colours of subject and ground can be told apart."""
LOOKED_AT = 6
"""Frames that tell how wide the rim is."""


@dataclass(frozen=True, eq=False)
class ReferenceFrames:
    """Cutouts of some of a subject's frames, pixel by pixel as the clip had them: nothing is resampled.

    colours  JPEG, [R, 3, H, W]: the subject's colours carried on beyond its silhouette, less an untrusted rim
    mattes   PNG, [R, 3, H, W]: the silhouettes, the same in each channel
    index    [R]     which of the subject's frames these are
    boxes    [R, 4]  where the subject's crop lies in each cutout: centre and size in its pixels
    usual    [4]     the subject's usual box in the clip, which is mirrored where the subject is
    clip     (h, w)  of the clip's frames
    rim      pixels of the silhouettes' rim that show the ground, see `measure_rim`
    """

    colours: FrameCache
    mattes: FrameCache
    index: Int64[Tensor, "R"]
    boxes: Float[Tensor, "R 4"]
    usual: Float[Tensor, "4"]
    clip: tuple[int, int]
    rim: int

    @classmethod
    def from_clip(cls, clip: Clip, subject: Subject) -> ReferenceFrames:
        """Cut the frames out of the clip that the subject was cropped from, at the clip's own size."""
        index = choose_evenly(subject.seen.nonzero()[:, 0], MOST)
        shown = clip.mirror() if subject.flip else clip
        scale = torch.tensor([clip.width / subject.frame[1], clip.height / subject.frame[0]]).repeat(2)
        boxes = (subject.boxes * scale)[index]

        corners = (boxes[:, :2] - boxes[:, 2:] / 2).floor()
        far = (boxes[:, :2] + boxes[:, 2:] / 2).ceil()
        width, height = (far - corners).amax(0).int().tolist()
        places = list(zip(index.tolist(), corners.int().tolist(), strict=True))
        some = choose_evenly(torch.arange(len(places)), LOOKED_AT).tolist()
        rim = measure_rim(torch.stack([cut_out(shown, places[i][0], places[i][1], (height, width)) for i in some]))

        colours, mattes = [], []
        for i, corner in places:
            layers = cut_out(shown, i, corner, (height, width))[None]
            cleaned = carry_colours_on(*trim_rim(layers[:, :3] * layers[:, 3:], layers[:, 3:], rim))
            colours.append(FrameCache.of([_to_bytes(cleaned)], (height, width), "small"))
            mattes.append(FrameCache.of([_to_bytes(layers[:, 3:].expand(-1, 3, -1, -1))], (height, width), "exact"))

        inside = torch.cat((boxes[:, :2] - corners, boxes[:, 2:]), 1)
        usual = (subject.boxes * scale).median(0).values
        return cls(_join(colours), _join(mattes), index, inside, usual, (clip.height, clip.width), rim)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of what is made of them: the pixels of the clip that the usual box touches."""
        width, height = self._pixels()[2:].int().tolist()
        return height, width

    def _pixels(self, part: int = 1) -> Float[Tensor, "4"]:
        """The usual box, its edges moved out to between pixels, or between blocks of `part` by `part` pixels."""
        low = ((self.usual[:2] - self.usual[2:] / 2) / part).floor() * part
        high = ((self.usual[:2] + self.usual[2:] / 2) / part).ceil() * part
        return torch.cat(((low + high) / 2, high - low))

    def view(self, part: int = 1) -> Float[Tensor, "1 H W 2"]:
        """Where in the crop, -1 and 1 its outer edges, each pixel of a result lies: a little over it at the border.

        part  of a result that is drawn so many times smaller
        """
        centre, size = self._pixels(part).split(2)
        width, height = (size / part).int().tolist()
        x = (torch.arange(width) + 0.5) / width * 2 - 1
        y = (torch.arange(height) + 0.5) / height * 2 - 1
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        return ((centre + grid * size / 2 - self.usual[:2]) / (self.usual[2:] / 2))[None]

    def grid(self, place: int, flow: Float[Tensor, "1 h w 2"]) -> Float[Tensor, "1 h w 2"]:
        """Places in a frame's crop, -1 and 1 its outer edges, as places in its cutout."""
        box = self.boxes[place].to(flow)
        height, width = self.colours.size
        whole = flow.new_tensor([width, height])
        return (box[:2] + flow * box[2:] / 2) / whole * 2 - 1

    def find_box(self, subject: Subject, part: int = 1) -> Float[Tensor, "4"]:
        """Where `put_back` puts a result: centre and size in pixels of the subject's frame, mirrored where it is."""
        ratio = torch.tensor([subject.frame[1] / self.clip[1], subject.frame[0] / self.clip[0]]).repeat(2)
        return self._pixels(part) * ratio

    def put_back(self, rgba: UInt8[Tensor, "4 H W"], subject: Subject, part: int = 1) -> UInt8[Tensor, "4 H2 W2"]:
        """A result of this `size` in a frame of the file's size, mirrored back.

        part  of both, which are so many times smaller, see `view`
        """
        if self.clip == subject.frame:
            return self._copy_in(rgba, subject.flip, part)

        small = subject.smaller(part)
        return small.place(rgba, self.find_box(small, part))

    def _copy_in(self, rgba: Tensor, flip: bool, part: int) -> Tensor:
        """The same where result and file have the same pixels."""
        height, width = (max(1, side // part) for side in self.clip)
        box = self._pixels(part)
        left, top = ((box[:2] - box[2:] / 2) / part).int().tolist()
        below = height - top - rgba.shape[1]
        right = width - left - rgba.shape[2]
        # Negative padding cuts off what lies beyond the frame.
        full = F.pad(rgba * (rgba[3:] > 0), (left, right, top, below))
        return full.flip(-1) if flip else full

    @property
    def compressed_bytes(self) -> int:
        """What all of them take in memory and on disk."""
        return len(self.colours.packed) + len(self.mattes.packed)

    def pictures(self, chosen: Sequence[int]) -> UInt8[Tensor, "N 4 H W"]:
        """Some of the frames, by their place among the references: colours, and the silhouette last."""
        return torch.cat((self.colours.frames(chosen), self.mattes.frames(chosen)[:, :1]), 1)

    def tensors(self, prefix: str) -> dict[str, Tensor]:
        """For storage; `restore` is the inverse."""
        return {
            f"{prefix}.colours": self.colours.packed,
            f"{prefix}.colour_ends": self.colours.ends,
            f"{prefix}.mattes": self.mattes.packed,
            f"{prefix}.matte_ends": self.mattes.ends,
            f"{prefix}.index": self.index,
            f"{prefix}.boxes": self.boxes,
            f"{prefix}.usual": self.usual,
            f"{prefix}.sizes": torch.tensor([*self.colours.size, *self.clip, self.rim]),
        }

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor], prefix: str) -> ReferenceFrames:
        """The inverse of `tensors`; ValueError where they are none of these."""
        height, width, clip_height, clip_width, rim = take_numbers(tensors, f"{prefix}.sizes", 5)
        check_frame_size(f"{prefix}.sizes", height, width, clip_height, clip_width)
        index = take(tensors, f"{prefix}.index", torch.int64, None)
        count = len(index)

        def take_cache(name: str) -> FrameCache:
            packed = take(tensors, f"{prefix}.{name}s", torch.uint8, None)
            return FrameCache(packed, take(tensors, f"{prefix}.{name}_ends", torch.int64, count + 1), (height, width))

        return cls(
            colours=take_cache("colour"),
            mattes=take_cache("matte"),
            index=index,
            boxes=take_boxes(tensors, f"{prefix}.boxes", count),
            usual=take_boxes(tensors, f"{prefix}.usual"),
            clip=(clip_height, clip_width),
            rim=rim,
        )


def choose_evenly(index: Int64[Tensor, "N"], most: int) -> Int64[Tensor, "R"]:
    """At most `most` of some numbers, evenly spread, the first and the last among them."""
    if len(index) <= most:
        return index
    return index[torch.linspace(0, len(index) - 1, most).round().long()]


def cut_out(clip: Clip, frame: int, corner: Sequence[int], size: tuple[int, int]) -> Float[Tensor, "4 H W"]:
    """Pixels of a frame and its silhouette in [0, 1] from a corner (x, y) on; black beyond the frame."""
    assert clip.mattes is not None
    layers = torch.cat((clip.pixels[frame], clip.mattes[frame])).float() / 255
    x, y = corner
    right = x + size[1] - clip.width
    below = y + size[0] - clip.height
    # Negative padding cuts off, positive padding goes beyond the frame.
    return F.pad(layers, (-x, right, -y, below))


def measure_rim(layers: Float[Tensor, "N 4 H W"]) -> int:
    """How many pixels inside of its silhouette a subject still looks like the ground beside it.

    layers  [N, 4, H, W]  frames with their ground, and silhouettes, in [0, 1]

    Each pixel of a rim lies somewhere on the way from the colours farther inside, carried on, to those of the ground,
    carried on; an outline that a person drew lies elsewhere, and stays.
    """
    colours, masks = layers.split((3, 1), 1)
    widest = int((masks.shape[2] * masks.shape[3]) ** 0.5) // RIM
    ground = 1 - largest_around(masks, 1)
    if widest < 1 or not bool((ground > 0.5).any()):
        return 0
    # What alpha has cut out stands on nothing: its silhouettes are exact but for the camera's softness.
    if float((colours * ground).max()) < 0.02:
        return 1

    core = smallest_around(masks, 2 * widest)
    inside = carry_colours_on(colours * core, core)
    across = carry_colours_on(colours * ground, ground) - inside
    distance = across.square().sum(1, keepdim=True)
    moved = colours - inside
    along = (moved * across).sum(1, keepdim=True)
    # How far on the way, and less the farther beside it.
    straight = along.square() / (distance * moved.square().sum(1, keepdim=True)).clamp_min(1e-6)
    # What lies beyond the ground, as a black outline before grey, is not the ground either.
    likeness = (1 - (along / distance.clamp_min(1e-3) - 1).abs()).clamp(0, 1) * straight
    told = (distance > APART).float()

    for depth in range(widest):
        ring = (smallest_around(masks, depth) - smallest_around(masks, depth + 1)) * told
        if float((likeness * ring).sum()) < SHINES * float(ring.sum()):
            return depth
    return widest


def trim_rim(frames: Images, masks: Masks, rim: int) -> tuple[Images, Masks]:
    """The subject without the outermost pixels of its silhouette, where the ground often shines through; what is too
    thin to have anything farther inside stays whole.

    frames   [B, 3, H, W]  [0, 1] on black
    rim      pixels
    returns  the same with smaller silhouettes
    """
    if rim < 1:
        return frames, masks
    inner = smallest_around(masks, rim)
    thin = masks * (1 - largest_around(inner, 2 * rim))
    kept = torch.maximum(inner, thin)
    return frames * (kept / masks.clamp_min(1e-3)), kept


def carry_colours_on(frames: Images, masks: Masks) -> Images:
    """The subject's colours carried on beyond its silhouette: outside, each pixel has the mean of the smallest block of
    a pyramid that reaches the subject.

    frames   [B, 3, H, W]  [0, 1] on black
    returns  [B, 3, H, W]  [0, 1], inside the silhouette as it was
    """
    if masks.shape[2:].numel() == 1:
        return frames / masks.clamp_min(1e-6)
    coarse = [F.avg_pool2d(x, 2, ceil_mode=True) for x in (frames, masks)]
    around = F.interpolate(carry_colours_on(*coarse), frames.shape[2:], mode="bilinear")
    return frames + (1 - masks) * around


def _join(parts: Sequence[FrameCache]) -> FrameCache:
    lengths = torch.tensor([0, *(len(part.packed) for part in parts)])
    return FrameCache(torch.cat([part.packed for part in parts]), lengths.cumsum(0), parts[0].size)


def _to_bytes(x: Tensor) -> Tensor:
    return (x.clamp(0, 1) * 255).round().to(torch.uint8)
