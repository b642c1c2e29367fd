"""JOKR's networks as ONNX files: what finds keypoints, what draws shapes, and what makes a picture of own frames."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from muybridge.data.pair import SIDES
from muybridge.data.reference_frames import ReferenceFrames
from muybridge.errors import UsageError
from muybridge.methods.jokr.data import PairData
from muybridge.methods.jokr.dense_motion import look_up, sanity, to_edges
from muybridge.methods.jokr.drawing import reference_bank
from muybridge.methods.jokr.model import JokrModel
from muybridge.methods.jokr.reference_blend import share_out
from muybridge.methods.jokr.reference_outlines import Outline
from muybridge.methods.jokr.reference_renderer import Through, look_through, merge
from muybridge.networks import OnnxPart, make_exportable
from muybridge.tensors import Grid, Images, Masks, Points

EXAMPLES = 2
"""Frames of the run that a file is tried on."""


def onnx_parts(model: JokrModel, data: PairData | None) -> dict[str, OnnxPart]:
    """The files of a run, by name, each with frames of the run to be tried on.

    detector            E: frames on black and silhouettes -> keypoints
    shapes              G: keypoints -> both silhouettes, at the size that G works at
    painter_a and _b    R: a silhouette at the size that R works at, and keypoints -> colours
    motion              the dense motion: where a result looks in a reference, and what it shows there
    merge_a and merge_b references that were looked up and R's colours -> a frame of the result

    The last two kinds are there where results are made of own frames, and merge where the run has them.
    Raises UsageError where what comes out depends on chance, as in the released program.
    """
    c = model.config
    if c.detector.always_training or c.bumps == "released":
        raise UsageError(
            "the released program draws with dropout and by statistics of its batch, which no file can keep",
            "Export a run of another preset.",
        )
    ready = exportable_copy(model)
    frames, masks = _example_frames(model, data)
    with torch.no_grad():
        points = ready.find_keypoints(frames, masks)
        parts = {"detector": OnnxPart(Detecting(ready), {"frames": frames, "masks": masks}, ("points",))}
        if not c.two_steps:
            for side in SIDES:
                parts[f"painter_{side}"] = OnnxPart(Painting(ready, side), {"points": points}, ("colours",))
            return parts

        parts["shapes"] = OnnxPart(Drawing(ready), {"points": points}, ("silhouettes",))
        drawn = ready.draw_small_shapes(points) if model.uses_frames else ready.draw_shapes(points)
        for i, side in enumerate(SIDES):
            given = {"points": points, "silhouettes": drawn[:, i : i + 1]}
            parts[f"painter_{side}"] = OnnxPart(Painting(ready, side), given, ("colours",))
        if model.uses_frames:
            parts["motion"] = _motion_part(ready, points, drawn[:, :1], ready.reference_pictures(frames, masks))
            for side in SIDES if data is not None and data.references else ():
                parts[f"merge_{side}"] = merge_part(ready, model, data, side, painted=True)
    return parts


def exportable_copy(model: JokrModel) -> JokrModel:
    """The networks alone, as the exporter wants them."""
    # What was found of own frames is large, and no part of a file.
    bare = copy.copy(model)
    bare.banks = {}
    bare.lpips = []
    return make_exportable(bare)


def _example_frames(model: JokrModel, data: PairData | None) -> tuple[Images, Masks]:
    """Frames on black and silhouettes of the run; without its data, noise within a square."""
    if data is not None:
        index = data.a.seen.nonzero()[:, 0]
        return data.a.pictures(index[torch.linspace(0, len(index) - 1, EXAMPLES).round().long()])
    h, w = model.canvas
    masks = torch.zeros(EXAMPLES, 1, h, w)
    masks[:, :, h // 4 : h // 2, w // 4 : w // 2] = 1
    return torch.rand(EXAMPLES, 3, h, w, generator=torch.Generator().manual_seed(0)) * masks, masks


def _motion_part(ready: JokrModel, points: Points, silhouettes: Masks, references: Tensor) -> OnnxPart:
    given = {
        "points": points,
        "silhouettes": silhouettes,
        "reference_points": points.flip(0),
        "references": references.flip(0),
    }
    return OnnxPart(Moving(ready), given, ("flow", "known"))


def merge_part(ready: JokrModel, model: JokrModel, data: PairData | None, side: str, painted: bool) -> OnnxPart:
    """The file that makes a frame of references and R's painting, or without it, tried on a frame of the run.

    ready  from `exportable_copy`
    """
    assert data is not None
    bank = reference_bank(model, data, side)
    places = torch.linspace(0, len(bank.points) - 1, EXAMPLES + 1).round().long()
    points, chosen = bank.points[places[:1]], places[1:]
    with torch.no_grad():
        shapes = ready.draw_small_shapes(points)[:, SIDES.index(side)][:, None]
        colours = Painting(ready, side)(points, shapes)
        many = (len(chosen), -1, -1)
        flow, known = Moving(ready)(
            points.expand(*many),
            shapes.expand(*many, -1),
            bank.points[chosen],
            bank.small[chosen],
        )

    given = {
        "flow": flow,
        "known": known,
        "slots": torch.eye(len(chosen)),
        "references": bank.small[chosen],
        "pictures": bank.frames.pictures(chosen.tolist()),
        "boxes": share_of_frames(bank.frames)[chosen],
        "silhouette": shapes,
        "view": bank.view(1)[0],
    }
    if painted:
        given["painted"] = colours
    axes: dict[str, dict[int, str]] = {"slots": {0: "entries", 1: "slots"}}
    for name in ("flow", "known", "references", "boxes"):
        axes[name] = {0: "entries"}
    axes["pictures"] = {0: "entries", 2: "frame_height", 3: "frame_width"}
    for name in ("view", "picture"):
        axes[name] = {0: "height", 1: "width"}

    outline = Outline.of(bank.frames, shapes.shape[2])
    return OnnxPart(Merging(outline), given, ("picture",), axes)


def share_of_frames(frames: ReferenceFrames) -> Float[Tensor, "R 4"]:
    """Where the crop lies in each own frame, however large that is decoded: centre and size as shares of its sides."""
    height, width = frames.colours.size
    return frames.boxes / torch.tensor([width, height, width, height])


class Detecting(nn.Module):
    """E as a file holds it: frames on black [B, 3, H, W] and silhouettes [B, 1, H, W] to keypoints [B, K, 2]."""

    def __init__(self, model: JokrModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Images, masks: Masks) -> Points:
        return self.model.find_keypoints(frames, masks)


class Drawing(nn.Module):
    """G: keypoints [B, K, 2] to both silhouettes [B, 2, h, w]."""

    def __init__(self, model: JokrModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, points: Points) -> Float[Tensor, "B 2 h w"]:
        return self.model.draw_small_shapes(points) if self.model.uses_frames else self.model.draw_shapes(points)


class Painting(nn.Module):
    """R of one side: keypoints [B, K, 2] and silhouettes [B, 1, h, w] to colours in [0, 1]; without G, of keypoints
    alone."""

    def __init__(self, model: JokrModel, side: str) -> None:
        super().__init__()
        self.model = model
        self.side = side

    def forward(self, points: Points, silhouettes: Masks | None = None) -> Images:
        seen = self.model.draw_bumps(points) if silhouettes is None else silhouettes
        return ((self.model.refine(seen, points, self.side) + 1) / 2).clamp(0, 1)


class Moving(nn.Module):
    """The dense motion of B pairs of a result and a reference.

    points            [B, K, 2]     of the result, in its crop
    silhouettes       [B, 1, h, w]  that are filled
    reference_points  [B, K, 2]
    references        [B, 4, h, w]  colours carried on and silhouette, at the size of the shapes
    returns           [B, h, w, 2]  where each pixel looks, -1 and 1 the crop's outer edges; and [B, 4, h, w]:
                                    visibility, the silhouette that is seen there, 1 where nothing folds, and misfit
    """

    def __init__(self, model: JokrModel) -> None:
        super().__init__()
        self.network = model.dense_motion

    def forward(
        self, points: Points, silhouettes: Masks, reference_points: Points, references: Float[Tensor, "B 4 h w"]
    ) -> tuple[Grid, Float[Tensor, "B 4 h w"]]:
        size = (silhouettes.shape[2], silhouettes.shape[3])
        motion = self.network(to_edges(points, size), to_edges(reference_points, size), silhouettes, references)
        cover = look_up(references[:, 3:], motion.flow)
        return motion.flow, torch.cat((motion.visibility, cover, sanity(motion.flow), motion.misfit), 1)


class Merging(nn.Module):
    """One frame of a result, of E references in M slots, of which one may fade into another.

    flow, known  [E, …]        from `Moving`
    slots        [E, M]        how much each counts in its slot; 0 in the others
    references   [E, 4, h, w]  as `Moving` sees them
    pictures     [E, 4, H, W]  uint8: the same at full size
    boxes        [E, 4]        where the crop lies in them: centre and size as shares of their width and height
    silhouette   [1, 1, h, w]  that G drew
    view         [H2, W2, 2]   where in the crop each pixel of the result lies, -1 and 1 its outer edges
    painted      [1, 3, h, w]  R's colours; None: of the references alone, as while somebody drags
    returns      [H2, W2, 4]   uint8, straight alpha
    """

    def __init__(self, outline: Outline) -> None:
        super().__init__()
        self.outline = outline

    def forward(
        self,
        flow: Grid,
        known: Float[Tensor, "E 4 h w"],
        slots: Float[Tensor, "E M"],
        references: Float[Tensor, "E 4 h w"],
        pictures: UInt8[Tensor, "E 4 H W"],
        boxes: Float[Tensor, "E 4"],
        silhouette: Masks,
        view: Float[Tensor, "H2 W2 2"],
        painted: Images | None = None,
    ) -> UInt8[Tensor, "H2 W2 4"]:
        gathered = torch.einsum("em,echw->mchw", slots, known)[None]
        shares = share_out(*(gathered[:, :, i : i + 1] for i in range(4)))[0]
        shares = torch.einsum("em,mchw->echw", slots, shares)

        outlines = self.outline.find(silhouette, view[None])[0]
        seen = (outlines[-1] > 0).flatten().nonzero()[:, 0]
        places = view.flatten(0, 1)[seen][None, None]

        def grid(crop: Tensor) -> Tensor:
            centre, size = boxes[:, None, None].split(2, -1)
            return 2 * centre + crop * size - 1

        through = Through(flow, shares, known[:, 2:3], references)
        # Bytes are brought to [0, 1] where they are looked up only.
        found = look_through(through, pictures.float() / 255, grid, places)
        colours, alpha = merge(found, painted, silhouette, outlines.flatten(1)[:, seen], places)

        rgba = (torch.cat((colours, alpha[None])) * 255).round().to(torch.uint8)
        empty = torch.zeros_like(outlines[:1].expand(4, -1, -1).flatten(1)).to(torch.uint8)
        return empty.index_copy(1, seen, rgba).view(4, *view.shape[:2]).permute(1, 2, 0)
