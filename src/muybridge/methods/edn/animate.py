"""What a trained EDN gives: the person performing the driving motion, previews."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from muybridge.errors import UsageError
from muybridge.landmarks import Landmarks, align, colour_labels, label_indices
from muybridge.method import Animation, landmark_performance
from muybridge.method.landmark_performance import Performance, choose_track, place_crops
from muybridge.method.landmark_track import Track, into_box
from muybridge.methods.edn.data import EdnData
from muybridge.methods.edn.model import EdnModel, Labels, to_rgb
from muybridge.tensors import Images
from muybridge.video import Clip, contact_sheet

SMOOTHING = 5
"""Driving frames over which landmarks are averaged unless told."""
COLUMNS = 6
"""Frames in a preview's row."""


def animate(
    model: EdnModel,
    data: EdnData | None,
    driving: Clip | None,
    source: Clip | str | None = None,
    *,
    landmarks: Landmarks | None = None,
    source_landmarks: Landmarks | None = None,
    aligned: bool = True,
    smoothing: int = SMOOTHING,
    framed: bool = False,
    **others: object,
) -> Animation:
    """The person performing the driving motion; pictures are crops of the config's size, opaque.

    driving    any video; None: the person's own clip
    source     which clip of the training: "a" or "1" is the first, and the default; its place and size are taken
    landmarks  of the driving clip, in pixels of its frames
    aligned    bring them to the person's place and size (paper: global pose normalisation)
    smoothing  frames over which they are averaged; 1 leaves them
    framed     put the crops where they lie in the person's own frames, transparent around them
    Raises UsageError for a source that is a video, for the options of `tsnet` that choose subject frames (there are
    none here), and for names that the training had not.
    """
    if others:
        raise UsageError(
            f"edn draws whom it was trained on, from its weights alone: it has no use for {', '.join(sorted(others))}",
            "Leave it out.",
        )
    index = choose_person(data, source, source_landmarks)
    assert data is not None
    track = data.tracks[index]
    performance = choose_performance(model, track, driving, landmarks, aligned, smoothing)
    crops = _draw_crops(model, performance, data.person(index))
    if not framed:
        return Animation(crops, performance.timing, model.config.crop, performance.notes)

    return Animation(place_crops(crops, track), performance.timing, track.frame, performance.notes)


def choose_person(data: EdnData | None, source: Clip | str | None, landmarks: Landmarks | None) -> int:
    """Which clip of the training `source` names; UsageError where it is a video."""
    if isinstance(source, Clip) or landmarks is not None or data is None:
        raise UsageError(
            "edn draws only whom it was trained on, and cannot be shown somebody else",
            'Name a clip of the training: "a" or "1" is the first. Or train on that video.',
        )
    return choose_track(data.tracks, source)


def choose_performance(
    model: EdnModel,
    track: Track,
    driving: Clip | None,
    landmarks: Landmarks | None,
    aligned: bool = True,
    smoothing: int = SMOOTHING,
) -> Performance:
    """The driving landmarks in the person's place, see `animate`; without a driving clip the person's own."""
    return landmark_performance.choose_performance(
        track, driving, landmarks, model.config, "edn", aligned=aligned, smoothing=smoothing
    )


def _draw_crops(model: EdnModel, performance: Performance, person: int) -> Iterator[Tensor]:
    """The person as all landmarks are, each after the one before: uint8 [4, h, w], opaque."""
    drawn = None
    for t in range(len(performance.landmarks)):
        labels = label_indices(performance.landmarks[[t]], model.config.crop)
        with torch.no_grad():
            drawn, refined = draw_after(model, labels, torch.tensor([person]), drawn)

        rgb = (to_rgb(refined[0]).cpu() * 255).round().to(torch.uint8)
        yield torch.cat((rgb, torch.full_like(rgb[:1], 255)))


def draw_after(
    model: EdnModel, labels: Labels, people: Int64[Tensor, "B"], before: Images | None
) -> tuple[Images, Images]:
    """Pictures [-1, 1] of label maps after the pictures before them: as G draws them, which the next ones are drawn
    after, and with their faces refined where that has been learned."""
    labels = labels.to(model.device)
    maps = model.draw_maps(labels, people.to(model.device))
    drawn = model.generate(maps, before).float()
    return drawn, model.refine_faces(labels, maps, drawn) if bool(model.refines) else drawn


def draw_pairs(model: EdnModel, labels: Labels, places: Int64[Tensor, "N"], person: int) -> Float[Tensor, "N 3 H W"]:
    """Frames `places` of a clip's label maps, each after the one before it, and that after nothing: [0, 1]."""
    people = torch.full((len(places),), person)
    before, _ = draw_after(model, labels[(places - 1).clamp_min(0)], people, None)
    return to_rgb(draw_after(model, labels[places], people, before)[1])


def draw_preview(model: EdnModel, data: EdnData) -> Tensor:
    """Frames of the first two clips, their label maps and what is drawn of them; and the first as the second moves:
    uint8 [3, H, W]."""
    rows: dict[str, Tensor] = {}
    shown = data.tracks[:2]
    for i, track in enumerate(shown):
        places = _spread(data.pairs(i, faces=False))
        name = chr(ord("a") + i)
        rows[name] = track.pixels[places]
        rows[f"{name}: landmarks"] = colour_labels(data.labels[i][places], model.classes)
        rows[f"{name} drawn again"] = draw_pairs(model, data.labels[i], places, data.person(i)).cpu()

    # One clip alone has nobody to follow.
    if len(shown) == 2:
        a, b = shown
        followed = into_box(align(b.in_frame(), a.in_frame()), a.box, model.config.crop)
        places = _spread(data.pairs(1, faces=False))
        labels = label_indices(followed, model.config.crop)
        rows["a moving like b"] = draw_pairs(model, labels, places, data.person(0)).cpu()

    return contact_sheet(rows, columns=COLUMNS)


def _spread(places: Int64[Tensor, "N"]) -> Int64[Tensor, "M"]:
    """A few of them, from the first to the last."""
    return places[torch.linspace(0, len(places) - 1, min(COLUMNS, len(places))).long()]
