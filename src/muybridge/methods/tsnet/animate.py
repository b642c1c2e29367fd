"""What a trained TS-Net gives: the subject performing the driving motion, previews."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from muybridge.errors import InputError, Option, Sentence, UsageError, Verb
from muybridge.landmarks import Landmarks, align, colour_labels, label_indices
from muybridge.method import Animation, landmark_performance
from muybridge.method.landmark_performance import Performance, choose_track, place_crops
from muybridge.method.landmark_track import Track, into_box
from muybridge.methods.tsnet.data import TsnetData
from muybridge.methods.tsnet.model import TsnetModel
from muybridge.methods.tsnet.prepared_subject import PreparedSubject, draw_frames, encode_subject
from muybridge.picture_animator import Precision
from muybridge.video import Clip, contact_sheet

BATCH = 4
"""Frames that go through the networks together."""


def animate(
    model: TsnetModel,
    data: TsnetData | None,
    driving: Clip | None,
    source: Clip | str | None = None,
    *,
    landmarks: Landmarks | None = None,
    source_landmarks: Landmarks | None = None,
    aligned: bool = True,
    smoothing: int = 5,
    sources: int | None = None,
    seed: int = 0,
    framed: bool = False,
    precision: Precision = "auto",
) -> Animation:
    """The subject performing the driving motion; pictures are crops of the config's size, opaque.

    data              None for an imported checkpoint; then the source is a clip
    driving           any video; None: the subject's own clip
    source            a clip, or which clip of the training: "a" or "1" is the first, and the default
    landmarks         of the driving clip, in pixels of its frames
    source_landmarks  of the source where it is a clip
    aligned           bring the driving landmarks to the subject's place and size (section 4.2)
    smoothing         frames over which they are averaged (5, see docs/methods/tsnet.md); 1 leaves them
    sources           K, subject frames that all are drawn from: as trained unless told (table 1: 1, 3, 5)
    seed              of the choice of the K subject frames, drawn once for the whole video (section 3.2)
    framed            put the crops where they lie in the subject's own frames, transparent around them
    precision         see `PreparedSubject`
    """
    count = model.config.sampling.sources if sources is None else sources
    if count < 1:
        raise UsageError(f"a subject is drawn from one of its frames at least, not from {count}", "Name 1, 3 or 5.")

    subject = choose_subject(model, data, source, source_landmarks)
    performance = choose_performance(model, subject, driving, landmarks, aligned, smoothing)
    crops = _draw_crops(model, performance, count, seed, precision)
    if not framed:
        return Animation(crops, performance.timing, model.config.crop, performance.notes)

    return Animation(place_crops(crops, subject), performance.timing, subject.frame, performance.notes)


def choose_performance(
    model: TsnetModel, subject: Track, driving: Clip | None, landmarks: Landmarks | None, aligned: bool, smoothing: int
) -> Performance:
    """The driving landmarks in the subject's place, see `animate`; without a driving clip the subject's own."""
    return landmark_performance.choose_performance(
        subject, driving, landmarks, model.config, "tsnet", aligned=aligned, smoothing=smoothing
    )


def _draw_crops(
    model: TsnetModel, performance: Performance, count: int, seed: int, precision: Precision
) -> Iterator[Tensor]:
    """The subject as all landmarks are: uint8 [4, h, w] each, opaque."""
    followed = performance.landmarks
    subject = PreparedSubject(model, encode_subject(model, performance.subject, count, seed), precision)
    for index in torch.arange(len(followed)).split(BATCH):
        labels = label_indices(followed[index.tolist()], model.config.crop)
        rgb = (subject.draw(labels).cpu() * 255).round().to(torch.uint8)
        yield from torch.cat((rgb, torch.full_like(rgb[:, :1], 255)), 1)


def draw_preview(model: TsnetModel, data: TsnetData) -> Tensor:
    """Each subject's frames, the labels, and what is drawn from them; and the first as the second: uint8 [3, H, W]."""
    rows: dict[str, Tensor] = {}
    shown = data.tracks[:2]
    for i, track in enumerate(shown):
        index = track.present[torch.linspace(0, len(track.present) - 1, min(6, len(track.present))).long()]
        labels = label_indices(track.landmarks[index.tolist()], model.config.crop)
        references = encode_subject(model, track, model.config.sampling.sources, 0)
        name = chr(ord("a") + i)
        rows[name] = track.pixels[index]
        rows[f"{name}: landmarks"] = colour_labels(labels, model.classes)
        rows[f"{name} drawn again"] = draw_frames(model, references, labels).cpu()

    # One subject alone has nobody to follow.
    if len(shown) == 2:
        a, b = shown
        index = b.present[torch.linspace(0, len(b.present) - 1, min(6, len(b.present))).long()]
        followed = into_box(align(b.in_frame(), a.in_frame()), a.box, model.config.crop)
        labels = label_indices(followed[index.tolist()], model.config.crop)
        references = encode_subject(model, a, model.config.sampling.sources, 0)
        rows["a moving like b"] = draw_frames(model, references, labels).cpu()

    return contact_sheet(rows, columns=6)


def choose_subject(
    model: TsnetModel, data: TsnetData | None, source: Clip | str | None, landmarks: Landmarks | None
) -> Track:
    """Whom `source` names: a clip with its landmarks, or one of the training's by letter or number."""
    if isinstance(source, Clip):
        if landmarks is None:
            raise InputError(
                f"tsnet needs the landmarks of the source clip {source.name}",
                Sentence("Name them with ", Option("source_landmarks"), "; see: ", Verb("landmarks", "VIDEO")),
            )
        return Track.from_clip(source, landmarks, model.config, "tsnet")
    if data is None:
        raise UsageError("an imported checkpoint has no subject of its own", "Name a source video and its landmarks.")

    return data.tracks[choose_track(data.tracks, source)]
