"""Boxes that follow a subject, frames cut out along them, and results put back where they came from.

Boxes are in pixels of the frame, measured at pixel edges: the frame spans 0 to W and 0 to H, the first pixel 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import InputError, MissingSilhouettesError, Option, Sentence, UsageError, Verb
from muybridge.tensors import Images, Masks, Mattes
from muybridge.video.clip import Clip

Boxes = Float[Tensor, "T 4"]
"""(centre x, centre y, width, height) in pixels."""
Box = Float[Tensor, "4"]
MOVED = 0.1
"""Of a subject's size: how far its median has to go before a still edge is followed instead. A gait has 0.06."""
STILL = 1 / 3
"""How far an edge that is called still may go, as a share of that."""
Extents = Float[Tensor, "3 T 2"]
"""(x, y) of each silhouette's low edge, high edge and median in pixels; infinite edges where there is none."""


def fit_boxes(
    mattes: Mattes,
    *,
    margin: float = 0.1,
    aspect: float | None = None,
    rate: float = 25.0,
    follow: float = 0.5,
    follow_size: bool = False,
) -> Boxes:
    """A box per frame that follows the silhouette smoothly and never cuts it; see `boxes_round`.

    mattes  uint8 [T, 1, H, W]  over 127 on the subject; frames without any are bridged by their neighbours
    """
    return boxes_round(extents(mattes), margin=margin, aspect=aspect, rate=rate, follow=follow, follow_size=follow_size)


def boxes_round(
    found: Extents,
    *,
    margin: float = 0.1,
    aspect: float | None = None,
    rate: float = 25.0,
    follow: float = 0.5,
    follow_size: bool = False,
) -> Boxes:
    """A box per frame that follows a silhouette of these extents smoothly and never cuts it.

    It follows the median of the silhouette's pixels, which stays where the body is: the middle between the outermost
    ones would swing with a tail or an arm, and the body the other way in its box. Where the median itself moves over an
    edge that stands still, as above the feet of somebody who crouches or the stalk of a flower that closes, the box
    stands still with the edge: results are put back at one place, and what the box followed is lost to them.

    found        of all frames of the clip; those without a silhouette are bridged by their neighbours
    margin       of the subject's size, left free on each side
    aspect       width / height of the boxes; None takes the clip's own, between 0.5 and 2
    rate         frames per second
    follow       seconds: the spread of the Gaussian that smooths the centre
    follow_size  False: one size for the whole clip, so that a gait or an opening flower is motion and not zoom;
                 True: the size follows too, eight times as slowly
    returns      the margin gives way on the rarest frames; boxes may reach over the frame's edge

    Raises InputError where all silhouettes are empty, UsageError for a number out of range.
    """
    if margin < 0 or rate <= 0 or follow < 0 or (aspect is not None and aspect <= 0):
        raise UsageError("a box needs margin >= 0, follow >= 0, and a positive rate and aspect")

    low, high, middle = _bridge_gaps(found)
    middle = _smooth(_hold_to_edges(low, high, middle), follow * rate, straight=True)
    before, behind = middle - low, high - middle  # how far the subject reaches to both sides of its middle

    if follow_size:
        spread = 8 * follow * rate
        # A running maximum, smoothed over no more than its own reach, is never below what it was taken from.
        before = _smooth(_running_max(before, int(3 * spread)), spread)
        behind = _smooth(_running_max(behind, int(3 * spread)), spread)
        size = (before + behind) * (1 + 2 * margin)
    else:
        # The margin belongs to the usual frames: one that stretches out may use it up, but is not cut.
        usual = torch.stack((before, behind)).quantile(0.98, dim=1).sum(0) * (1 + 2 * margin)
        before = before.amax(0)
        behind = behind.amax(0)
        size = torch.maximum(usual, before + behind).expand_as(middle)

    # A subject that reaches farther to one side stands in the middle of its box all the same.
    centre = middle + (behind - before) / 2
    if aspect is None:
        overall = size.amax(0)
        aspect = float((overall[0] / overall[1]).clamp(0.5, 2.0))

    height = torch.maximum(size[:, 1], size[:, 0] / aspect)
    return torch.stack((centre[:, 0], centre[:, 1], height * aspect, height), 1).float()


def crop(clip: Clip, boxes: Boxes, size: tuple[int, int]) -> tuple[Images, Masks | None]:
    """What the boxes hold, at one size, with an antialiased triangle filter.

    size     (h, w) pixels
    returns  [T, 3, h, w] in [0, 1] and [T, 1, h, w] in [0, 1] or None where the clip has no silhouettes; black and 0
             beyond the frame, and beyond each frame's own size where they differ

    Raises InputError where there are not as many boxes as frames.
    """
    out = torch.stack(list(crops(clip, boxes, size)))
    return (out[:, :3], out[:, 3:]) if clip.mattes is not None else (out, None)


def crops(clip: Clip, boxes: Boxes, size: tuple[int, int]) -> Iterator[Float[Tensor, "C h w"]]:
    """`crop` frame by frame: [4, h, w], the silhouette last, or [3, h, w] where the clip has none."""
    if len(boxes) != len(clip):
        raise InputError(f"{len(clip)} frames need as many boxes, not {len(boxes)}")
    for t, box in enumerate(boxes):
        frame = clip.pixels[t]
        both = frame if clip.mattes is None else torch.cat((frame, clip.mattes[t]))
        weights = _inward(box, size, (clip.height, clip.width))
        yield _resample(both.float() / 255, *weights).clamp_(0, 1)


def paste(image: Float[Tensor, "C h w"], matte: Float[Tensor, "1 h w"], box: Box, size: tuple[int, int]) -> Tensor:
    """A cropped picture at its place in the frame: the inverse of `crop` for one box.

    image    [3, h, w] RGB, or [4, h, w] RGBA whose alpha is multiplied with the matte; in [0, 1]
    matte    [1, h, w]      1 on the subject
    size     (H, W)         of the frame
    returns  [4, H, W]      RGBA in [0, 1], not premultiplied; transparent outside the box
    """
    if image.shape[0] not in (3, 4) or image.shape[1:] != matte.shape[1:]:
        raise InputError(f"a picture {tuple(image.shape)} cannot be pasted with a matte {tuple(matte.shape)}")
    alpha = matte * image[3:] if image.shape[0] == 4 else matte
    # Colours are mixed by how much of them is there, or the crop's background would bleed into the edge.
    placed = spread(torch.cat((image[:3] * alpha, alpha)), box, size)
    colour = placed[:3] / placed[3:].clamp(min=1e-6)
    return torch.cat((colour.clamp(0, 1) * (placed[3:] > 0), placed[3:]))


def spread(layers: Float[Tensor, "C h w"], box: Box, size: tuple[int, int]) -> Float[Tensor, "C H W"]:
    """Layers in [0, 1] of a crop at their place in a frame of `size` (H, W), 0 outside the box."""
    return _resample(layers, *_outward(box, (layers.shape[1], layers.shape[2]), size)).clamp(0, 1)


def squeeze(clip: Clip, size: int = 256, pad: float = 0.2) -> tuple[Images, Masks | None]:
    """Whole frames with a black border, squeezed to a square, as the released JOKR program does.

    pad      of each side's length, on either end of it
    returns  [T, 3, size, size] in [0, 1]; [T, 1, size, size] of 0.0 and 1.0 (above a half), or None
    """
    frames = []
    masks = []
    for t in range(len(clip)):
        h, w = clip.sizes[t] if clip.sizes is not None else (clip.height, clip.width)
        frames.append(_squeezed_box(clip.pixels[t, :, :h, :w], size, pad))
        if clip.mattes is not None:
            masks.append((_squeezed_box(clip.mattes[t, :, :h, :w], size, pad) > 0.5).float())
    return torch.stack(frames), torch.stack(masks) if masks else None


def unsqueeze(image: Float[Tensor, "C s s"], size: tuple[int, int], pad: float = 0.2) -> Float[Tensor, "C H W"]:
    """A squeezed square [C, s, s] back at the frame's own size (H, W), without the border."""
    top = int(pad * size[0])
    left = int(pad * size[1])
    whole = (size[0] + 2 * top, size[1] + 2 * left)
    out = F.interpolate(image[None], size=whole, mode="bilinear", antialias=True, align_corners=False)[0]
    return out[:, top : top + size[0], left : left + size[1]]


def own_boxes(clip: Clip, **options: float | bool | None) -> Boxes:
    """`fit_boxes` on a clip's own silhouettes and frame rate; raises MissingSilhouettesError where there are none."""
    if clip.mattes is None:
        raise MissingSilhouettesError(
            f"no silhouettes for {clip.name}: a box follows them",
            Sentence("Make them with: ", Verb("mask", "VIDEO", Option("out", "DIR"))),
        )
    return fit_boxes(clip.mattes, rate=clip.timing.rate, **options)  # type: ignore[arg-type]


def extents(mattes: Mattes) -> Extents:
    """Where each silhouette lies, and the median of its pixels; of a clip in pieces, frame by frame the same."""
    on = mattes[:, 0] > 127
    edges = torch.empty(3, len(on), 2, dtype=torch.float64)

    for axis, across in enumerate((1, 2)):
        # How many pixels of the subject lie in each column, then in each row; a sum would make numbers of all pixels.
        counts = on.count_nonzero(across).double()
        lines = counts > 0
        place = torch.arange(counts.shape[1], dtype=torch.float64)
        edges[0, :, axis] = torch.where(lines, place, torch.inf).amin(1)
        edges[1, :, axis] = torch.where(lines, place + 1, -torch.inf).amax(1)
        edges[2, :, axis] = _median(counts)

    return edges


def _bridge_gaps(edges: Extents) -> tuple[Tensor, Tensor, Tensor]:
    """Low, high and median [T, 2], frames without a silhouette bridged in a straight line."""
    found = torch.nonzero(edges[0].isfinite().all(1)).flatten()
    if len(found) == 0:
        raise InputError("all silhouettes are empty: there is nothing for a box to follow")
    low, high, middle = (_bridge(x, found) for x in edges)
    return low, high, middle


def _hold_to_edges(low: Tensor, high: Tensor, middle: Tensor) -> Tensor:
    """The median [T, 2] that a box follows, or along an axis where it moves over an edge that stands still, that edge
    at the median's usual distance."""
    held = middle.clone()
    size = (high - low).amax(0)
    moved = _range(middle)

    for axis in range(2):
        edge = min((low[:, axis], high[:, axis]), key=lambda e: float(_range(e)))
        if moved[axis] > MOVED * size[axis] and _range(edge) < STILL * moved[axis]:
            held[:, axis] = edge + (middle[:, axis] - edge).median()
    return held


def _range(track: Tensor) -> Tensor:
    """How far a track goes over its frames, but for the rarest ones."""
    first, last = track.quantile(track.new_tensor([0.02, 0.98]), dim=0)
    return last - first


def _median(counts: Float[Tensor, "T N"]) -> Float[Tensor, "T"]:
    """Where half of the pixels lie on each side, given how many there are in each line; between pixels too."""
    upto = counts.cumsum(1)
    half = upto[:, -1:] / 2
    line = torch.searchsorted(upto, half).clamp(max=counts.shape[1] - 1)
    here = counts.gather(1, line)
    return (line + 1 - (upto.gather(1, line) - half) / here.clamp_min(1))[:, 0]


def _bridge(value: Tensor, known: Tensor) -> Tensor:
    t = torch.arange(len(value))
    after = torch.searchsorted(known, t).clamp(max=len(known) - 1)
    before = (torch.searchsorted(known, t, right=True) - 1).clamp(min=0)
    a = known[before]
    b = known[after]
    share = ((t - a).double() / (b - a).clamp(min=1)).clamp(0, 1)[:, None]
    return value[a] * (1 - share) + value[b] * share


def _smooth(value: Tensor, sigma: float, straight: bool = False) -> Tensor:
    """Gaussian over time [T, 2], cut at three sigma.

    Beyond the ends the first and last value stay, or with `straight` the movement goes on (a reflection in the point),
    so that a steady walk is not slowed down where the clip begins and ends.
    """
    reach = int(3 * sigma)
    if reach < 1:
        return value

    # What lies beyond three sigma is under 1.2 % of the peak.
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=value.dtype) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    away = torch.arange(reach, 0, -1).clamp(max=len(value) - 1)
    before = value[:1].expand(reach, -1)
    after = value[-1:].expand(reach, -1)
    if straight:
        before = 2 * before - value[away]
        after = 2 * after - value[-1 - away.flip(0)]
    wide = torch.cat((before, value, after))

    return F.conv1d(wide.T[:, None], kernel[None, None])[:, 0].T


def _running_max(value: Tensor, reach: int) -> Tensor:
    wide = F.pad(value.T, (reach, reach), value=-torch.inf)
    return F.max_pool1d(wide, 2 * reach + 1, stride=1).T


def _inward(box: Box, size: tuple[int, int], frame: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Weights of frame pixels (rows, columns) for the crop's."""
    cx, cy, w, h = (float(v) for v in box)
    return _weights(cy - h / 2, h / size[0], size[0], frame[0]), _weights(cx - w / 2, w / size[1], size[1], frame[1])


def _outward(box: Box, size: tuple[int, int], frame: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Weights of the crop's pixels for the frame's."""
    cx, cy, w, h = (float(v) for v in box)
    rows = _weights((h / 2 - cy) * size[0] / h, size[0] / h, frame[0], size[0])
    return rows, _weights((w / 2 - cx) * size[1] / w, size[1] / w, frame[1], size[1])


def _weights(start: float, step: float, count: int, length: int) -> Tensor:
    """Triangle filter along one axis [count, length]: output i looks at start + (i + 1/2) step, in input pixels.

    The triangle is one input pixel wide, or one output pixel where that is more; what lies beyond the input is black.
    """
    middle = start + (torch.arange(count, dtype=torch.float64) + 0.5) * step
    width = max(1.0, step)
    reach = int(width) + 2
    first = int(torch.floor(middle.min() - reach)) if count else 0
    last = int(torch.ceil(middle.max() + reach)) if count else 0
    place = torch.arange(first, last + 1, dtype=torch.float64) + 0.5
    weight = (1 - (place[None] - middle[:, None]).abs() / width).clamp(min=0)
    weight = weight / weight.sum(1, keepdim=True)
    out = torch.zeros(count, length, dtype=torch.float64)
    # Only the part of the filter that lies on the picture is kept.
    a = max(0, first)
    b = min(length, last + 1)
    if a < b:
        out[:, a:b] = weight[:, a - first : b - first]

    return out.float()


def _resample(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return rows @ (image @ columns.T)


def _squeezed_box(image: Tensor, size: int, pad: float) -> Tensor:
    h, w = image.shape[-2:]
    wide = F.pad(image.float() / 255, (int(pad * w),) * 2 + (int(pad * h),) * 2)
    return F.interpolate(wide[None], size=(size, size), mode="bilinear", antialias=True, align_corners=False)[0]
