"""X2Face: a network for controlling face generation (Wiles, Koepke, Zisserman 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from muybridge.data.augmentation import Augment
from muybridge.data.canvas import resize_to_canvas
from muybridge.data.clips import ClipsData, own_pixels
from muybridge.losses import PyramidDistance, l1
from muybridge.method import Batch, Card, Data, Explanation, Group, PictureMethod, Stage, Turn
from muybridge.methods.x2face.config import X2FaceConfig
from muybridge.methods.x2face.networks import Pose, X2FaceNetworks
from muybridge.methods.x2face.presets import CARD
from muybridge.networks import require_vgg19
from muybridge.picture_animator import PairPreview, PictureAnimator, Precision, check_inputs
from muybridge.tensors import Images
from muybridge.video import Clip, colour_flow, draw_lattice, enlarge_frame

LAYERS = (1.0, 1.0, 1.0, 1.0, 1.0)
"""Of relu1_1 to relu5_1, where the driving frame shows the same face in the same pose."""
DEEP = (0.0, 0.0, 0.0, 1.0, 1.0)
"""Where only who it is has to be the same: pixels differ with the pose, and what is deep in the network less."""
EMBEDDED = "Frames as sources: where each pixel of the embedded face looks; the faces should not show the pose."
DRIVEN = "Where each pixel of a result looks in the embedded face, and what is made."


class X2FaceData(ClipsData, Data):
    """Clips of one kind of object, packed, on the canvas; a batch is pairs of frames of one clip."""


class X2Face(PictureMethod[X2FaceConfig, X2FaceData, Pose]):
    """An embedding network finds where in the source the pixels of a face without pose are, a driving network where in
    that face those of the driving frame are. Results are pixels of the source, moved twice; nothing is made up.

    Pictures are RGB in [0, 1], squeezed to the config's square.
    """

    card: ClassVar[Card] = CARD
    Config = X2FaceConfig
    Data = X2FaceData
    modes: ClassVar[tuple[str, ...]] = ("standard", "relative")

    def __init__(self, config: X2FaceConfig) -> None:
        super().__init__(config)
        self.networks = X2FaceNetworks(config)
        self._content = PyramidDistance("vgg19", config.size, LAYERS, (1.0,))
        self._identity = PyramidDistance("vgg19", config.size, DEEP, (1.0,))

    # -- what is learned ------------------------------------------------------------------------------------------

    @classmethod
    def require_weights(cls, config: X2FaceConfig) -> None:
        if config.identity.steps:
            require_vgg19()

    def prepare(self, clips: Sequence[Clip], **options: Any) -> X2FaceData:
        """Clips of one kind of object, each of two frames or more; InputError says which is not.

        Raises MissingWeightsError where the second stage needs VGG-19 and it is not on this machine.
        """
        if self.config.identity.steps:
            self._content.load()
            self._identity.load()
        a = self.config.augment
        augment = Augment(a.time_flip, a.mirror, (0.0, 0.0, 0.0, 0.0))
        return X2FaceData.from_clips(clips, (self.config.size, self.config.size), augment=augment, **options)

    def stages(self) -> tuple[Stage, ...]:
        """`learn`: frames of one clip make each other. `identity`: somebody else drives too, where it has steps."""
        first = self.config.learn
        second = self.config.identity
        stages = [Stage("learn", first.steps, first.batch, first.decay)]
        if second.steps:
            stages.append(Stage("identity", second.steps, second.batch, second.decay, cost=3.0))
        return tuple(stages)

    def groups(self, stage: Stage) -> dict[str, Group]:
        pace = self.config.identity if stage.name == "identity" else self.config.learn
        return {"networks": Group(list(self.networks.parameters()), pace.lr)}

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """The driving frame, made of another frame of its clip; in the second stage each source driven by the next
        sample's frame too."""
        networks = self.networks
        source = batch["source"]
        driving = batch["driving"]
        pose = networks.detect(driving)
        face = networks.encode(source, pose)
        made = networks.animate(face, pose)

        losses = {"photometric": l1(made, driving)}
        if stage.name == "identity":
            losses["content"] = self._content(made, driving)
            # Another clip's pose: what is made has no true picture, only somebody whom it has to be.
            other = Pose(pose.vector.roll(1, 0))
            losses["identity"] = self._identity(networks.animate(face, other), source)

        weights = self.config.losses.model_dump()
        yield Turn("networks", losses, {name: weights[name] for name in losses})

    # -- what comes out -------------------------------------------------------------------------------------------

    @property
    def default_mode(self) -> str:
        """The driving frame's own vector, as in the paper."""
        return "standard"

    def open_source(self, source: Clip, precision: Precision) -> PictureAnimator[Pose]:
        return PictureAnimator(self.networks, source, self.config.size, (("decoder",),), precision)

    def move_pose(self, mode: str, source: Pose, driving: Pose, reference: Pose, options: Mapping[str, bool]) -> Pose:
        """The driving vectors; "relative" (ours): the source's, changed as the driving ones since the reference."""
        if mode == "standard":
            return driving
        return Pose(source.vector + driving.vector - reference.vector)

    def show_pair(self, source: Images, driving: Images) -> PairPreview:
        """There are no keypoints to show; `moved` is the embedded face."""
        pose = self.networks.detect(driving)
        face = self.networks.encode(source, pose)
        grid = self.networks.drive(pose)
        nowhere = driving.new_zeros(len(driving), 0, 2)
        return PairPreview(nowhere, nowhere, self.networks.animate(face, pose), face.picture, None, grid=grid)

    def explain(
        self,
        data: X2FaceData | None,
        driving: Clip | None,
        source: Clip | str | None = None,
        *,
        frames: int = 6,
        **options: Any,
    ) -> list[Explanation]:
        """Both sampling grids, and the embedded face (the paper's figures of it)."""
        self.choose_options(options)
        if source is None and driving is not None:
            source = driving[:1]
        driving, source = check_inputs(self.card.name, driving, source)
        canvas = (self.config.size, self.config.size)
        chosen = torch.linspace(0, len(driving) - 1, min(frames, len(driving))).round().long()
        picture = resize_to_canvas(own_pixels(source[:1]), canvas).to(self.device)
        shown = resize_to_canvas(own_pixels(driving)[chosen], canvas).to(self.device)

        with torch.inference_mode():
            pose = self.networks.detect(shown)
            face = self.networks.encode(picture, pose)
            own = self.networks.encode(shown, pose)
            grids = self.networks.drive(pose)
            made = self.networks.animate(face, pose)

        embedded = enlarge_frame(face.picture[0])
        looks = [draw_lattice(enlarge_frame(frame), g) for frame, g in zip(shown, own.grid, strict=True)]
        embedding = {
            "frames as sources, and where a lattice of their embedded faces looks in them": looks,
            "their embedded faces": [enlarge_frame(each) for each in own.picture],
        }
        return [
            Explanation("embedding", EMBEDDED, embedding),
            Explanation("driving", DRIVEN, _driving_rows(shown, embedded, grids, made)),
        ]


def _driving_rows(shown: Images, embedded: Tensor, grids: Tensor, made: Images) -> dict[str, list[Tensor]]:
    size = (embedded.shape[1], embedded.shape[2])
    return {
        "driving frames": [enlarge_frame(frame) for frame in shown],
        "the embedded face, and where a lattice of the result looks in it": [draw_lattice(embedded, g) for g in grids],
        "the same as colours: hue is the direction, white looks straight ahead": [colour_flow(g, size) for g in grids],
        "what is made": [enlarge_frame(frame) for frame in made],
    }
