"""From a subject's crops to the pictures that translators see, and from theirs to frames of a result."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from muybridge.data.driving_video import Driving, iter_subjects
from muybridge.data.pair import SIDES, Pair, closest_side, other
from muybridge.data.subject import Subject
from muybridge.errors import UsageError
from muybridge.video.clip import Clip, Timing
from muybridge.video.sheets import contact_sheet

BATCH = 16
"""Frames that go through a network together."""
EXPLAINED: Mapping[str, str] = {
    "cycle_iou": "overlap (IoU, 1 is perfect) of a frame's silhouette with the one after the way there and back",
    "cycle_l1": "mean difference after that way, colours and silhouette (0 is perfect, 1 the opposite)",
    "kept_iou": "overlap of a frame's silhouette with the translated one: near 1, only the texture has changed",
}
"""What the figures of `cycle_figures` mean, by the name before the side."""
Translate = Callable[[Tensor], Tensor]
"""Pictures [B, 4, h, w] to pictures of the same shape."""


def to_pictures(shown: Float[Tensor, "B 4 h w"]) -> Float[Tensor, "B 4 h w"]:
    """RGB on black and the silhouette, in [0, 1], to [-1, 1]: colours with 0 (mid grey) around the subject, as JOKR
    sees them, and the silhouette with 1 on the subject and -1 around it."""
    mask = shown[:, 3:]
    return torch.cat((shown[:, :3] * 2 - mask, mask * 2 - 1), 1)


def to_rgba(pictures: Float[Tensor, "B 4 h w"]) -> UInt8[Tensor, "B 4 h w"]:
    """The inverse, as bytes: RGB, and the silhouette as straight alpha."""
    mask = (pictures[:, 3:].float() + 1) / 2
    # What is around the subject has been mixed into the colours of its edge, as much as the silhouette says.
    colour = (pictures[:, :3].float() / mask.clamp_min(0.5) + 1) / 2
    # Between 0.25 and 0.75 the silhouette's edge is as soft as a camera's; outside it is haze.
    alpha = ((mask - 0.25) * 2).clamp(0, 1)
    return (torch.cat((colour.clamp(0, 1), alpha), 1) * 255).round().to(torch.uint8)


def pictures_of(subject: Subject, index: Tensor | slice = slice(None)) -> Float[Tensor, "N 4 h w"]:
    """Some of a subject's frames as translators see them."""
    return to_pictures(torch.cat(subject.pictures(index), 1))


def translate_pictures(network: Translate, pictures: Tensor, device: torch.device) -> Tensor:
    """Pictures [N, 4, h, w] through a network, in batches, without gradients; back on the CPU in float32."""
    with torch.no_grad():
        parts = []
        for part in pictures.split(BATCH):
            parts.append(network(part.to(device)).float().cpu())

        return torch.cat(parts)


@dataclass(frozen=True, eq=False)
class TranslationJob:
    """What is to be translated into whom.

    source  "a" or "b": whose appearance
    look    that subject
    motion  the other one, as it moves: crops of neighbouring frames, one after the other; can be walked once
    timing  of all of them
    notes   what a person should know of how this was found
    """

    source: str
    look: Subject
    motion: Iterable[Subject]
    timing: Timing
    notes: tuple[str, ...] = ()


def translation_job(
    pair: Pair,
    driving: Driving | None,
    source: Clip | str | None,
    *,
    method: str,
    margin: float,
    follow_size: bool,
    affine: bool = True,
) -> TranslationJob:
    """What a person asked for: the subject `source` moving as the other one does in `driving`.

    driving  a video with silhouettes; None: the one that was trained on
    source   "a", "b", or None where the driving clip tells by its colours which subject it shows
    method   whose errors these are
    margin, follow_size  of the training's own crops
    affine   False gets a note: a translator has no map between the subjects
    Raises UsageError for another source, MissingSilhouettesError.
    """
    if isinstance(source, Clip):
        raise UsageError(
            f"{method} knows the appearance of its own two subjects only",
            'Name the one that should move: source "a" or "b".',
        )

    notes: tuple[str, ...] = ()
    if source is None:
        if driving is None:
            raise UsageError("say which subject should move", 'source is "a" or "b"')
        # Nobody said who is to move: it is the one that the driving video does not show.
        shown = closest_side(pair.a, pair.b, driving)
        source = other(shown)
        notes += (f"the driving clip looks like subject {shown}, so subject {source} is moved",)

    if not affine:
        notes += (f"{method} has no map between the two subjects, so leaving it out changes nothing",)
    look = pair.subject(source)
    known = pair.subject(other(source))
    if driving is None:
        return TranslationJob(source, look, [known], known.timing, notes)

    motion = iter_subjects(driving, look.canvas, margin, flip=known.flip, follow_size=follow_size)
    return TranslationJob(source, look, motion, driving.timing, notes)


def result_frames(network: Translate, way: TranslationJob, full_frame: bool, device: torch.device) -> Iterator[Tensor]:
    """Each frame of the motion as the other subject, uint8 [4, H, W], mirrored back where that one was mirrored.

    full_frame  put where the subject usually is in its own frame; False: the crop as it is
    """
    for part in way.motion:
        for index in torch.arange(len(part)).split(BATCH):
            for rgba in to_rgba(translate_pictures(network, pictures_of(part, index), device)):
                crop = rgba.flip(-1) if way.look.flip else rgba
                yield way.look.place(rgba) if full_frame else crop


def cycle_figures(to_a: Translate, to_b: Translate, pair: Pair, device: torch.device) -> dict[str, float]:
    """Figures of the way there and back that need no truth, means over the frames that have a silhouette: the names
    of `EXPLAINED`, each with the side that it is of."""
    figures: dict[str, float] = {}
    for side, there, back in (("a", to_b, to_a), ("b", to_a, to_b)):
        # Six frames spread over the clip say more than its first six.
        subject = pair.subject(side)
        pictures = pictures_of(subject, subject.seen)
        moved = translate_pictures(there, pictures, device)
        again = translate_pictures(back, moved, device)
        figures[f"cycle_iou_{side}"] = overlap(again, pictures)
        figures[f"cycle_l1_{side}"] = float((again - pictures).abs().mean() / 2)
        figures[f"kept_iou_{side}"] = overlap(moved, pictures)

    return figures


def overlap(a: Float[Tensor, "N 4 h w"], b: Float[Tensor, "N 4 h w"]) -> float:
    """Mean intersection over union of the silhouettes of two stacks of pictures, cut at a half."""
    first = a[:, 3] > 0
    second = b[:, 3] > 0
    union = (first | second).flatten(1).sum(1).clamp_min(1)
    return float(((first & second).flatten(1).sum(1) / union).mean())


def pair_sheet(to_a: Translate, to_b: Translate, pair: Pair, device: torch.device) -> UInt8[Tensor, "3 H W"]:
    """Some frames of both subjects, the other one moving like each, and each drawn again from that."""
    rows: dict[str, Tensor | Sequence[Tensor]] = {}
    ways = {"a": (to_b, to_a), "b": (to_a, to_b)}

    for side in SIDES:
        there, back = ways[side]
        subject = pair.subject(side)
        index = torch.linspace(0, len(subject) - 1, min(6, len(subject))).long()
        pictures = pictures_of(subject, index)
        moved = translate_pictures(there, pictures, device)
        shown = {
            side.upper(): pictures,
            f"{other(side).upper()} moving like {side.upper()}": moved,
            f"{side.upper()} drawn again from that": translate_pictures(back, moved, device),
        }
        rows |= {name: list(_on_black(to_rgba(x))) for name, x in shown.items()}

    return contact_sheet(rows, columns=6)


def _on_black(rgba: UInt8[Tensor, "N 4 h w"]) -> Float[Tensor, "N 3 h w"]:
    values = rgba.float() / 255
    return values[:, :3] * values[:, 3:]
