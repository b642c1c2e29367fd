"""What a person can choose, one class a concern: the options of a verb are one of them, or several in one.

Nonsense is refused when options are made, before a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict

from muybridge.errors import Option

Chosen = TypeVar("Chosen", bound="Options")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of one concern; pydantic's `TypeAdapter` validates plain values into them."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    def __post_init__(self) -> None:
        """Refuse what cannot be."""

    @classmethod
    def merge(cls: type[Chosen], options: Chosen | None, keywords: Mapping[str, Any]) -> Chosen:
        """The options as they are given, with single ones changed by keywords; TypeError for a keyword that is none."""
        return cls(**keywords) if options is None else replace(options, **keywords)

    def list_changed(self, concern: type[Options]) -> list[Option]:
        """Those of a concern that say something else than their default."""
        changed = []
        for each in fields(concern):
            value = vars(self)[each.name]
            if isinstance(value, list | tuple) and all(part is None for part in value):
                continue
            if value != each.default:
                changed.append(Option(each.name))
        return changed
