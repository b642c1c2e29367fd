"""A method for tests that learns nothing: it shows the source as it is, frame after frame."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from muybridge.method import Animation, Batch, Card, Config, Data, FolderMethod, Group, Stage, Turn
from muybridge.video import Clip


class Still(FolderMethod[Config, Data]):
    """A method of whole frames that has learned to show the source as it is."""

    card = Card("still", "t", "p 2026", "folder", "g", {"bench": Config()}, {"bench": "none"})
    Config = Config
    Data = Data

    def __init__(self, config: Config) -> None:
        super().__init__(config)

    def prepare(self, clips: Sequence[Clip], **options: Any) -> Data:
        raise AssertionError("the test does not train")

    def stages(self) -> tuple[Stage, ...]:
        return ()

    def groups(self, stage: Stage) -> dict[str, Group]:
        return {}

    def turns(self, stage: Stage, batch: Batch) -> Iterator[Turn]:
        yield from ()

    def preview(self, data: Data, stage: Stage) -> torch.Tensor:
        raise AssertionError("the test does not train")

    def animate(self, data: Data, driving: Clip | None, source: Clip | str | None = None, **options: Any) -> Animation:
        assert driving is not None
        assert isinstance(source, Clip)
        rgba = torch.cat((source.pixels[0], torch.full_like(source.pixels[0, :1], 255)))
        return Animation(iter([rgba] * len(driving)), driving.timing, (driving.height, driving.width))
