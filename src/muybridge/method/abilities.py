"""What a method may do beside training and animating: a small base class for each ability.

A method inherits those that it has and lists their names on its card; both are held against each other when its class
is made. The verbs ask `isinstance(method, PredictsVideos)`, and call what that class declares.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.method.ability import Ability
from muybridge.method.animation import Animation, Explanation
from muybridge.method.sharing import SharesDrawing
from muybridge.networks.onnx_files import OnnxPart
from muybridge.settings import Config
from muybridge.tensors import Points
from muybridge.video.clip import Clip

BATCH = 8
"""Frames that go through the networks together, unless told."""


@dataclass(frozen=True)
class Pose:
    """One frame with keypoints moved.

    side    "a" or "b"
    frame   index into that subject's frames, or into those of its result
    moves   keypoint -> (dx, dy), as `edit_keypoints` takes them, or `edit_result`
    result  whether it is of the result, where the subject moves as the other one does
    """

    side: str
    frame: int
    moves: Mapping[int, tuple[float, float]]
    result: bool = False


@dataclass(frozen=True, eq=False)
class DrawnPose:
    """What came of a pose.

    picture  uint8 [4, H, W], straight alpha
    sources  the subject's own frames that it is made of, the one with the largest share first; () where it is of none
    """

    picture: Tensor
    sources: tuple[int, ...] = ()


class EditsKeypoints(Ability):
    """A pair method whose keypoints a person can see and drag: `muybridge edit`, and the studio's page for it.

    Its `animate` takes `edits` too, [T, K, 2] in units of its crop: they are added to the driving keypoints of one of
    its own videos, which is how motion files drive it.
    """

    name = "edit"
    what = "keypoints that can be moved"
    lack = "has no keypoints that can be moved"

    @abstractmethod
    def locate_keypoints(self, data: Any, side: str) -> Points:
        """A subject's keypoints where they lie in its own frames: [T, K, 2] in [-1, 1].

        side  "a" or "b"
        """

    @abstractmethod
    def edit_keypoints(
        self,
        data: Any,
        side: str,
        frame: int,
        moves: Mapping[int, tuple[float, float]],
        steps: int = 12,
        quick: bool = False,
    ) -> Animation:
        """One frame with some keypoints moved, and the frames along the way.

        moves  keypoint -> (dx, dy) in normalised units of the method's crop
        steps  frames drawn, the first with no offset and the last with all of it
        quick  half as large, and as fast as it can be: what a person sees while dragging
        """

    def draw_poses(self, data: Any, poses: Sequence[Pose], quick: bool = False) -> list[DrawnPose]:
        """Several frames at once, of one or several people who drag.

        A method whose networks take several as fast as one does better than this, which draws one after the other.
        """
        drawn = []
        for pose in poses:
            if pose.result:
                assert isinstance(self, EditsResults)
                animation = self.edit_result(data, pose.side, {pose.frame: pose.moves}, pose.frame, quick)
            else:
                animation = self.edit_keypoints(data, pose.side, pose.frame, pose.moves, 1, quick)
            drawn.append(DrawnPose(next(animation.frames)))
        return drawn


class EditsResults(Ability):
    """A pair method whose results have keypoints that a person can drag: the driving motion, with offsets added to it.

    A result is a subject moving as the other one does in the clip that was trained on.
    """

    name = "edit-results"
    what = "results whose keypoints can be moved"
    lack = "has no results whose keypoints can be moved"

    @abstractmethod
    def locate_result(self, data: Any, side: str) -> Points:
        """The keypoints of a result where they lie in its frames: [T, K, 2] in [-1, 1], T those of the driving clip.

        side  "a" or "b", whose appearance the result has
        """

    @abstractmethod
    def edit_result(
        self,
        data: Any,
        side: str,
        moves: Mapping[int, Mapping[int, tuple[float, float]]],
        frame: int | None = None,
        quick: bool = False,
    ) -> Animation:
        """The result with some keypoints moved, or one frame of it.

        moves  frame -> keypoint -> (dx, dy), where the result's frame spans 2; a frame that is left out stays as it is
        frame  which one, None for all
        quick  of one frame: half as large, and as fast as the method can
        """


class FollowsFrames(Ability):
    """A picture that follows frames as they come: `muybridge live`, and driving videos of any length."""

    name = "live"
    what = "a picture that follows a camera or a long video"
    lack = "has no live mode"

    @abstractmethod
    def stream(
        self,
        driving: Iterable[Tensor],
        source: Clip,
        mode: str | None = None,
        *,
        reference: Tensor | None = None,
        batch: int = BATCH,
        **options: Any,
    ) -> Iterator[Tensor]:
        """`animate` on frames that come one by one: `batch` of them are held, not more.

        driving    uint8 [3, h, w] each, of one size
        source     a clip of which the first frame counts
        mode       one of the method's `modes`
        reference  the driving frame to which movements are relative, uint8 [3, h, w]; None: the first
        options    of the method's `motion_options`
        returns    iterator over uint8 [4, H, W], the source's size
        """


class FindsBestFrame(Ability):
    """The driving frame from which relative motion starts best: the option `best_frame`."""

    name = "best-frame"
    what = "the driving frame to start from"
    lack = "has no search for the best frame"

    @abstractmethod
    def nearest_frame(self, driving: Clip | Iterable[Tensor], source: Clip, batch: int = BATCH) -> int:
        """The place of the driving frame that is posed most like the source's first; of a clip, or of frames
        uint8 [3, h, w] of one size that come one by one."""


class ReconstructsClips(Ability):
    """A clip made again from its first frame, as the papers measure: `muybridge reconstruct`."""

    name = "reconstruct"
    what = "test clips made again and measured"
    lack = "has no reconstruction of a clip"

    @abstractmethod
    def reconstruct(self, clip: Clip, batch: int = BATCH) -> Animation:
        """The clip made again from its first frame and the motion of all of them."""


class PredictsVideos(Ability):
    """Image to video: `muybridge predict`."""

    name = "predict"
    what = "image to video"
    lack = "has no image to video"

    @abstractmethod
    def predict(
        self, data: Any, source: Clip, frames: int = 32, generator: torch.Generator | None = None, batch: int = BATCH
    ) -> Animation:
        """The first frame of `source`, and how it might go on.

        frames     how many, the given one included
        generator  draws one of the possible outcomes; None gives the likeliest
        """


class ExplainsItself(Ability):
    """Pictures of what its networks found and looked at: `muybridge explain`."""

    name = "explain"
    what = "pictures of what its networks found and looked at"
    lack = "has no pictures of what its networks found"

    @abstractmethod
    def explain(
        self, data: Any, driving: Any, source: Clip | str | None = None, *, frames: int = 6, **options: Any
    ) -> list[Explanation]:
        """A few frames of the driving clip, as the networks see them and as the source is brought there.

        driving, source  as in `animate`
        frames           how many are shown, spread over the clip
        options          those of `animate` without which the inputs cannot be understood: landmarks
        """


class ExportsNetworks(Ability):
    """Networks as ONNX files: `muybridge export`."""

    name = "export"
    what = "networks as ONNX files"
    lack = "cannot be written as ONNX files"

    @abstractmethod
    def onnx_parts(self, data: Any = None) -> dict[str, OnnxPart]:
        """The files of a run, by name.

        data  what it was trained on, where that is there: files may need it, and are tried on it
        """


class ImportsCheckpoints(Ability):
    """Weights that the authors released: `muybridge import`."""

    name = "import"
    what = "the authors' checkpoints"
    lack = "cannot read checkpoints of other programs"

    @staticmethod
    @abstractmethod
    def import_checkpoint(path: Path, options: Path | None = None) -> tuple[Config, dict[str, Tensor], int]:
        """A released checkpoint as settings that reproduce it, weights under this method's names, and the stage that
        they end, counted from 1.

        options  YAML of the options that it was trained with, where there is one
        Raises CheckpointError.
        """

    @staticmethod
    @abstractmethod
    def recognises(table: Mapping[str, Any]) -> bool:
        """Whether a checkpoint's table of contents is that program's."""


class MeasuresItself(Ability):
    """Figures that need no truth: `muybridge evaluate`, the report and the benchmark's tables."""

    name = "measure"
    what = "figures of its own"
    lack = "has no figures of its own"

    @abstractmethod
    def measure_quality(self, data: Any) -> dict[str, float]:
        """Figures by name; a name ends with the side that it is of."""

    @staticmethod
    @abstractmethod
    def explain_figure(name: str) -> str:
        """What a figure of `measure_quality` means; "" where it is not one."""


class SharesKeypoints(Ability):
    """Keypoints that both subjects of a pair share, which a stranger should not be able to tell apart."""

    name = "shared-keypoints"
    what = "how well the keypoints of two subjects are mixed"
    lack = "has no keypoints that both subjects share"

    @abstractmethod
    def shared_points(self, data: Any) -> dict[str, Points]:
        """Of the frames that have a silhouette, in their order: "a" and "b" -> [N, K, 2], b's brought to a's."""


class DescribesTraining(Ability):
    """Facts of a training that only its method knows, for the report."""

    name = "report"
    what = "facts for the report"
    lack = "has no facts for the report"

    @abstractmethod
    def describe_training(self) -> dict[str, str]:
        """What is told, by its name."""

    def describe_sources(self, data: Any) -> dict[str, str]:
        """Result -> which frames of its training each of its frames is made of; nothing where none are used."""
        return {}


ABILITIES: tuple[type[Ability], ...] = (
    EditsKeypoints,
    EditsResults,
    FollowsFrames,
    FindsBestFrame,
    ReconstructsClips,
    PredictsVideos,
    ExplainsItself,
    ExportsNetworks,
    SharesDrawing,
    ImportsCheckpoints,
    MeasuresItself,
    SharesKeypoints,
    DescribesTraining,
)


def members_of(ability: type[Ability]) -> list[str]:
    """The names that an ability declares."""
    return sorted(ability.__abstractmethods__)


def check_abilities(method: type, listed: tuple[str, ...]) -> None:
    """Hold a method's class against the abilities on its card; TypeError says what is missing where."""
    known = [ability.name for ability in ABILITIES]
    strange = sorted(set(listed) - set(known))
    if strange:
        raise TypeError(f"{method.__name__}: its card lists {strange[0]!r}, which is no ability: {', '.join(known)}")

    for ability in ABILITIES:
        inherits = issubclass(method, ability)
        if ability.name in listed and not inherits:
            raise TypeError(
                f"{method.__name__}: its card lists the ability {ability.name!r}, but the class does not inherit "
                f"{ability.__name__}"
            )
        # The other way round is a mistake too: the card would hide what the method can do.
        if inherits and ability.name not in listed:
            raise TypeError(
                f"{method.__name__} inherits {ability.__name__}, but its card does not list the ability "
                f"{ability.name!r}"
            )
        _check_members(method, ability, inherits)


def _check_members(method: type, ability: type[Ability], inherits: bool) -> None:
    for name in members_of(ability):
        member = getattr(method, name, None)
        if inherits and getattr(member, "__isabstractmethod__", False):
            raise TypeError(f"{method.__name__} lists the ability {ability.name!r}, but has no {name} of its own")
        if not inherits and member is not None:
            # A verb would never find it: abilities are asked for by their class.
            raise TypeError(
                f"{method.__name__} has {name}, which belongs to the ability {ability.name!r}: inherit "
                f"{ability.__name__} and list it on the card"
            )
