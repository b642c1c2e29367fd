"""What one process of a bench does: a training with both its cells, or the answers of a scene that need no method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from muybridge.benchmark.folder import Plan
from muybridge.evaluation import digest


class CellJob(BaseModel):
    """One training on one scene with one seed; without a method, the trivial answers of that scene."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    scene: str
    method: str = ""
    """"" for the trivial answers."""
    preset: str = ""
    variant: str = ""
    """What was changed of the preset, for people."""
    changes: Mapping[str, Any] = {}
    """Settings on top of the preset."""
    seed: int = 0

    @property
    def name(self) -> str:
        """Readable, and distinct for distinct jobs."""
        parts = (self.method or "trivial", self.variant, self.scene, f"seed{self.seed}")
        words = "__".join(re.sub(r"[^A-Za-z0-9.+-]+", "-", part)[:60] for part in parts if part)
        return f"{words}__{digest(self.model_dump(mode='json'))}"


class Conditions(BaseModel):
    """How all jobs of a bench are done."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    plan: Plan = Plan()
    device: str = "auto"
    precision: str = "auto"
    weights: Mapping[str, Path] = {}
    """Files of the networks to judge with."""
    checkpoint_seconds: float = 60
    """The most that a kill can cost."""
