"""A part of a config."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from muybridge.settings.limits import refuse_absurd_sizes


class Part(BaseModel):
    """A part of a config: frozen, unknown names refused; each field's docstring is its help."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="after")
    def _refuse_absurd_sizes(self) -> Any:
        refuse_absurd_sizes(self)
        return self
