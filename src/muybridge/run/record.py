"""What a run says of itself, and a training at the end of a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict
from torch import Tensor

FORMAT = 1
"""Of the folder; higher ones are refused."""

Status = Literal["prepared", "training", "finished", "interrupted", "failed"]


class Record(BaseModel):
    """What run.json says."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = FORMAT
    muybridge: str
    """Version that made the run."""
    method: str
    preset: str | None = None
    """Its settings' starting point; config.json has what was made of it."""
    status: Status = "prepared"
    reason: str | None = None
    """Why it failed."""
    created: str
    """UTC, ISO 8601."""
    seconds: float = 0.0
    """Wall time of training, over all sittings, up to the last checkpoint."""
    stage: str | None = None
    step: int = 0
    """Steps done in `stage`."""
    done: int = 0
    """Steps done in all stages."""
    device: str | None = None
    precision: str | None = None
    threads: int | None = None
    seed: int | None = None
    silhouettes: dict[str, str] = {}
    """How each input's silhouettes were made."""
    inputs: dict[str, str] = {}
    """The inputs by the name of their part, as they were typed."""
    places: dict[str, str] = {}
    """Where those that are files lie, seen from the run's folder."""
    digests: dict[str, str] = {}
    """What is in them, so that they are known again wherever they have gone."""


@dataclass(frozen=True)
class Checkpoint:
    """A training at the end of a step; at the end of a stage there are no optimisers, for each stage starts its own."""

    index: int
    """Which stage."""
    stage: str
    step: int
    """Steps done in the stage."""
    done: int
    """Steps done in all stages."""
    seconds: float
    method: Mapping[str, Tensor]
    """The method's state_dict."""
    optimisers: Mapping[str, Tensor] = field(default_factory=dict)
    """`<group>.<index of the parameter>.<exp_avg, exp_avg_sq or step>`."""
