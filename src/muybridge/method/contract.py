"""The contract between a method and everything else.

A method says what is learned: its stages, its turns (each names a parameter group and its losses), how it animates.
The engine says how: device, precision, optimisers, schedules, logging, previews, checkpoints. Neither knows the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from muybridge.data.subject import Subject
from muybridge.method.abilities import check_abilities
from muybridge.method.animation import Animation
from muybridge.method.training import Batch, Data, Group, Stage, Turn
from muybridge.settings import Card, Config, Needs
from muybridge.video.clip import Clip

C = TypeVar("C", bound=Config)
D = TypeVar("D", bound=Data)


class Method(nn.Module, ABC, Generic[C, D]):
    """A method of motion retargeting: networks, what is learned from what, and how a finished one animates."""

    card: ClassVar[Card]
    Config: ClassVar[type[Config]]
    Data: ClassVar[type[Data]]
    needs: ClassVar[Needs]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Hold a class with a card against it: what it needs, and what it can do."""
        super().__init_subclass__(**kwargs)
        card = getattr(cls, "card", None)
        if card is not None:
            check_needs(cls, card.needs)
            check_abilities(cls, card.abilities)

    def __init__(self, config: C) -> None:
        super().__init__()
        self.config = config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @classmethod
    def resolve_config(cls, config: C) -> tuple[C, tuple[str, ...]]:
        """The config with what it leaves to this machine decided, and what a person should know of that. Asked once;
        what was decided is kept in the run."""
        return config, ()

    @classmethod
    def require_weights(cls, config: C) -> None:
        """MissingWeightsError where a training with this config needs a network of other people that is not on this
        machine; nothing is read, so that it can be asked before anything is begun."""

    @abstractmethod
    def prepare(self, clips: Sequence[Clip], **options: Any) -> D:
        """The training data from what the user gave; checks it (InputError says what to do)."""

    @abstractmethod
    def stages(self) -> tuple[Stage, ...]:
        """The stages in their order."""

    @abstractmethod
    def groups(self, stage: Stage) -> dict[str, Group]:
        """The parameters that learn in `stage`; all others stand still."""

    def begin(self, stage: Stage, data: D, generator: torch.Generator) -> None:
        """Called once before the first step of a stage (not on resume); may set weights from data."""

    def recall(self, stage: str | None, data: D | None) -> None:
        """Called once weights are loaded to animate: how far their training came, and what it learned from, where that
        is here. What a stage that was never begun would have learned can be told from noise by it."""

    @abstractmethod
    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        """The turns of one step, in order."""

    @abstractmethod
    def preview(self, data: D, stage: Stage) -> Tensor:
        """A picture of how far the training is: uint8 [3, H, W]; deterministic, under no_grad, cheap."""

    @abstractmethod
    def animate(self, data: D, driving: Any, source: Clip | str | None = None, **options: Any) -> Animation:
        """The source moving as the driving clip does.

        driving  the motion, a clip; None means the clip that belongs to the training, where the method has one
        source   the appearance: a clip, or for pair methods "a" or "b"
        """


@runtime_checkable
class SubjectPair(Protocol):
    """Training data of a pair method: both subjects, cropped to one canvas."""

    a: Subject
    b: Subject

    def subject(self, side: str) -> Subject:
        """ "a" or "b"."""


class PairMethod(Method[C, D]):
    """A method that learns from two clips with silhouettes. Its data is a `SubjectPair`.

    `prepare` is also handed `flip`, the side to be mirrored, and `plates`, both backgrounds; `animate` is asked for a
    source "a" or "b" with `affine` (False: without the map between the subjects) and `full_frame` (False: the crop).
    """

    needs: ClassVar[Needs] = "pair"
    takes_streamed_video: ClassVar[bool] = False
    """Whether `animate` also takes a driving video that stays in its file, of any length (`data.driving_video`)."""

    def draws_scene(self, side: str) -> bool:
        """Whether results of the subject "a" or "b" hold the scene that it was filmed in: no background shows."""
        return False


class FolderMethod(Method[C, D]):
    """A method that learns from a folder of clips of one kind of object, and moves any picture of that kind.

    Its data mixes in `data.clips.ClipsData`. `animate` is handed None for the data, a driving clip and a picture, with
    `mode` and the `motion_options` that a person asked for.
    """

    needs: ClassVar[Needs] = "folder"
    modes: ClassVar[tuple[str, ...]] = ()
    """How motion can be carried over, where there are several ways: the option `mode`."""
    motion_options: ClassVar[Mapping[str, bool]] = {}
    """What relative motion may do beside moving, with what it does unless told: `scale`, `adapt_covariances`."""

    @property
    def default_mode(self) -> str:
        """How motion is carried over unless somebody asks for another way."""
        return "relative"


class LandmarkMethod(Method[C, D]):
    """A method that learns from clips with landmarks. Its config is a `LandmarkConfig`.

    `prepare` is handed `landmarks`, one for each clip; `animate` is handed `landmarks` of the driving clip,
    `source_landmarks` where the source is a clip, `aligned`, and what a person asked of `sources`, `smoothing`, `seed`.
    """

    needs: ClassVar[Needs] = "landmarks"


def check_needs(method: type, needs: Needs) -> None:
    """Hold a method's class against the `needs` on its card; TypeError names the base class that fits."""
    base = {"pair": PairMethod, "folder": FolderMethod, "landmarks": LandmarkMethod}[needs]
    if not issubclass(method, base):
        raise TypeError(f"{method.__name__}: its card needs a {needs}, but the class does not inherit {base.__name__}")
