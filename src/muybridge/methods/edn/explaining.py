"""Pictures of how an EDN draws: its label maps, what the frame before changes, and what is added to a face."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from muybridge.landmarks import colour_labels, label_indices, shows_face
from muybridge.method import Explanation
from muybridge.method.landmark_performance import Performance
from muybridge.methods.edn.animate import draw_after
from muybridge.methods.edn.model import EdnModel, to_rgb
from muybridge.video import enlarge_frame

FRAMES = "The driving landmarks as the network sees them, what is drawn of them after nothing, and after a frame."
FACES = "The face as it is drawn, what is added to it (grey is nothing), and the sum, where labels show a face."
FACE_SIDE = 256
"""Pixels along a side of a face that is shown."""


def explain(model: EdnModel, performance: Performance, person: int, frames: int) -> list[Explanation]:
    """Some frames of what is performed: labels, drawn after nothing, after the frame before, and the faces."""
    followed = performance.landmarks
    chosen = torch.linspace(0, len(followed) - 1, min(frames, len(followed))).round().long()
    labels = label_indices(followed, model.config.crop)
    now = labels[chosen]
    people = torch.full((len(chosen),), person)
    with torch.no_grad():
        alone, _ = draw_after(model, now, people, None)
        before, _ = draw_after(model, labels[(chosen - 1).clamp_min(0)], people, None)
        drawn, refined = draw_after(model, now, people, before)
        rows = {
            "driving landmarks": _enlarge(colour_labels(now, model.classes)),
            "drawn after nothing": _enlarge(to_rgb(alone).cpu()),
            "drawn after the frame before": _enlarge(to_rgb(drawn).cpu()),
            "with the face refined": _enlarge(to_rgb(refined).cpu()),
        }
        found = [Explanation("frames", FRAMES, rows)]
        if bool(model.refines) and bool(shows_face(now).any()):
            found.append(Explanation("faces", FACES, _face_rows(model, now, people, drawn)))
    return found


def _face_rows(model: EdnModel, labels: Tensor, people: Tensor, drawn: Tensor) -> dict[str, list[Tensor]]:
    labels = labels.to(model.device)
    maps = model.draw_maps(labels, people.to(model.device))
    (some, faces), _ = model.crop_faces(labels, maps, drawn)
    added = model.face_residual(some, faces).float()
    return {
        "the face as it is drawn": _enlarge_faces(faces),
        "what is added to it": _enlarge_faces(added),
        "the sum": _enlarge_faces(faces + added),
    }


def _enlarge_faces(faces: Tensor) -> list[Tensor]:
    larger = F.interpolate(to_rgb(faces).cpu(), (FACE_SIDE, FACE_SIDE), mode="bilinear", align_corners=False)
    return _enlarge(larger)


def _enlarge(pictures: Tensor) -> list[Tensor]:
    return list(map(enlarge_frame, pictures))
