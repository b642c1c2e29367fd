"""What a run says of itself, and a training at the end of a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

FORMAT = 1
"""Of the folder; higher ones are refused."""

Status = Literal["prepared", "training", "finished", "interrupted", "failed"]
Count = Annotated[int, Field(ge=0)]


class Said(BaseModel):
    """What a file of a run says: a folder may come from anybody, so every value is checked."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Record(Said):
    """What run.json says."""

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
    step: Count = 0
    """Steps done in `stage`."""
    done: Count = 0
    """Steps done in all stages."""
    device: str | None = None
    precision: str | None = None
    threads: Count | None = None
    seed: Count | None = None
    silhouettes: dict[str, str] = {}
    """How each input's silhouettes were made."""
    inputs: dict[str, str] = {}
    """The inputs by the name of their part, as they were typed."""
    places: dict[str, str] = {}
    """Where those that are files lie, seen from the run's folder."""
    digests: dict[str, str] = {}
    """What is in them, so that they are known again wherever they have gone."""


class Place(Said):
    """How far a checkpoint is."""

    index: Count
    """Which stage."""
    stage: str
    step: Count
    """Steps done in the stage."""
    done: Count
    """Steps done in all stages."""
    seconds: float


class LogLine(Said):
    """What every line of the log has in common; what else it says is kept as it stands."""

    model_config = ConfigDict(extra="allow")

    done: Count = 0
    losses: dict[str, float] = {}
    rates: dict[str, float] = {}


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


def describe_problems(error: ValidationError) -> str:
    """Which fields are wrong or missing, the first few by name."""
    places = []
    for problem in error.errors():
        places.append(".".join(map(str, problem["loc"]))[:80])

    more = f" and {len(places) - 5} more" if len(places) > 5 else ""
    return f"wrong or missing {', '.join(places[:5])}{more}"
