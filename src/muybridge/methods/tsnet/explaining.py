"""Pictures of where a TS-Net looked: sampling grids, subject frames moved by them, and the similarity of single places
(the paper's figures 6 and 7)."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from muybridge.landmarks import colour_labels, label_indices
from muybridge.method import Explanation
from muybridge.method.landmark_performance import Performance
from muybridge.methods.tsnet.model import TsnetModel
from muybridge.methods.tsnet.networks import CELL
from muybridge.methods.tsnet.pictures import to_rgb
from muybridge.methods.tsnet.prepared_subject import Asked, References, draw_labels, encode_subject, to_pictures
from muybridge.methods.tsnet.similarity import dense_similarity, warp_patches
from muybridge.video import colour_heat, draw_keypoints, draw_lattice, enlarge_frame

RESULT = "The driving landmarks as the networks see them, and what is drawn."
GRIDS = (
    "Where the cells of a result look in each subject frame (eq. 2), that frame moved by them alone, and what is drawn."
)
ATTENTION = (
    "For three places of the driving labels, how much each cell of the first subject frame counts (eq. 1 and 2)."
)
PLACES = ("topmost", "leftmost", "lowest")


def explain(model: TsnetModel, performance: Performance, frames: int) -> list[Explanation]:
    """Some frames of what is performed: labels, grids of each subject frame, attention of three places."""
    followed = performance.landmarks
    chosen = torch.linspace(0, len(followed) - 1, min(frames, len(followed))).round().long()
    labels = label_indices(followed[chosen.tolist()], model.config.crop)
    references = encode_subject(model, performance.subject, model.config.sampling.sources, 0)
    with torch.no_grad():
        made, asked = draw_labels(model, references, labels)

    # With the black border of the networks' pictures, where those have one.
    seen = asked.maps.argmax(1).byte().cpu()
    drawn = _enlarge(to_pictures(model, references, made.picture))
    coloured = _enlarge(colour_labels(seen, model.classes))
    rows = {"driving landmarks": coloured, "what is drawn": drawn}
    found = [Explanation("result", RESULT, rows)]
    # The synthesis branch alone samples nothing.
    if made.grids is not None:
        grids = _grid_rows(references, made.grids)
        found.append(Explanation("grids", GRIDS, {"driving landmarks": coloured, **grids, "what is drawn": drawn}))
        attention = _attention_rows(model, references, asked, seen, coloured)
        found.append(Explanation("attention", ATTENTION, attention))
    return found


def _grid_rows(references: References, grids: Float[Tensor, "B K h w 2"]) -> dict[str, list[Tensor]]:
    rows = {}
    for k in range(grids.shape[1]):
        picture = references.pictures[:, k]
        frame = enlarge_frame(to_rgb(picture)[0])
        name = f"subject frame {k + 1}"
        rows[f"{name}, and where a lattice of the result looks in it"] = [draw_lattice(frame, g[k]) for g in grids]
        moved = warp_patches(picture.expand(len(grids), -1, -1, -1), grids[:, k])
        rows[f"{name} moved by that alone"] = _enlarge(to_rgb(moved))
    return rows


def _attention_rows(
    model: TsnetModel,
    references: References,
    asked: Asked,
    labels: UInt8[Tensor, "B H W"],
    coloured: list[Tensor],
) -> dict[str, list[Tensor]]:
    frame = enlarge_frame(to_rgb(references.pictures[:, 0])[0])
    first = references.features[:, 0]
    own = references.boxes[:, 0]
    places = []
    shares = []
    for i, picture in enumerate(labels):
        # One frame at a time: the whole matrix has the square of the number of cells.
        with torch.no_grad():
            cells = model.mask_encoder(asked.maps[i : i + 1])
            around = (asked.boxes[i : i + 1], own)
            if not model.config.mask_aware:
                around = (torch.ones_like(around[0]), torch.ones_like(around[1]))
            logits = model.config.sharpness * dense_similarity(cells, first, *around)[0]
        found_at = find_places(picture)
        rows = (found_at[:, 1] // CELL) * cells.shape[3] + found_at[:, 0] // CELL
        places.append(found_at)
        shares.append(logits.softmax(-1)[rows.to(logits.device)].unflatten(1, (cells.shape[2], cells.shape[3])))

    size = torch.tensor([labels.shape[2] - 1, labels.shape[1] - 1])
    marked = []
    for picture, cells in zip(coloured, places, strict=True):
        marked.append(draw_keypoints(picture, cells / size * 2 - 1, numbered=True))
    found = {"driving landmarks, and the places that are asked": marked}
    for n, name in enumerate(PLACES):
        found[f"place {n}, the {name}: where it looks in subject frame 1"] = [colour_heat(frame, s[n]) for s in shares]
    return found


def find_places(labels: UInt8[Tensor, "H W"]) -> Tensor:
    """(x, y) in pixels of the topmost, the leftmost and the lowest labelled pixel: int64 [3, 2]; the middle where
    there are no labels."""
    ys, xs = (labels > 0).nonzero().unbind(1)
    if not len(ys):
        return torch.tensor([[labels.shape[1] // 2, labels.shape[0] // 2]]).expand(3, 2)
    found = []
    for i in (int(ys.argmin()), int(xs.argmin()), int(ys.argmax())):
        found.append(torch.stack((xs[i], ys[i])))
    return torch.stack(found)


def _enlarge(pictures: Tensor) -> list[Tensor]:
    return [enlarge_frame(picture) for picture in pictures]
