"""A method's settings from a preset and what was set on top."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from muybridge.errors import UsageError
from muybridge.method import Config, Method


def make_config(method_class: type[Method[Any, Any]], preset: str | None, changes: Mapping[str, Any] | None) -> Config:
    """The preset, or the first one, with some fields changed.

    changes  dotted names to values: {"shape.steps": 500}
    Raises UsageError for an unknown preset, an unknown name, or a value that the field refuses.
    """
    card = method_class.card
    name = preset or next(iter(card.presets))
    if name not in card.presets:
        raise UsageError(f"{card.name} has no preset {name!r}", f"There are: {', '.join(card.presets)}.")
    values = card.presets[name].model_dump()
    for dotted, value in (changes or {}).items():
        _put(values, dotted, value, card.name)
    return validate_config(method_class, values)


def validate_config(method_class: type[Method[Any, Any]], values: Mapping[str, Any]) -> Config:
    """A config of plain values; UsageError names the fields that are wrong."""
    try:
        return method_class.Config.model_validate(values)
    except ValidationError as e:
        problems = []
        for error in e.errors():
            where = ".".join(map(str, error["loc"]))
            what = error["msg"].removeprefix("Value error, ")
            problems.append(f"{where}: {what}" if where else what)

        wrong = "; ".join(problems)
        raise UsageError(
            f"{method_class.card.name} cannot be set up so: {wrong}", "See docs/methods for what there is."
        ) from e


def resolve_config(method_class: type[Method[Any, Any]], config: Config) -> tuple[Config, tuple[str, ...]]:
    """The config with what the method leaves to this machine decided, and what a person should know of that."""
    return method_class.resolve_config(config)


def _put(values: dict[str, Any], dotted: str, value: Any, method: str) -> None:
    *way, last = dotted.split(".")
    place: Any = values
    for part in way:
        place = place.get(part) if isinstance(place, dict) else None

    if not isinstance(place, dict) or last not in place:
        close = get_close_matches(dotted, dotted_names(values), n=3, cutoff=0.5)
        hint = f"Perhaps {' or '.join(close)}?" if close else f"There are: {', '.join(values)}."
        raise UsageError(f"{method} has no setting {dotted!r}", hint)

    place[last] = value


def dotted_names(values: Mapping[str, Any], before: str = "") -> list[str]:
    """All dotted names of nested settings."""
    out: list[str] = []
    for name, value in values.items():
        out += dotted_names(value, f"{before}{name}.") if isinstance(value, dict) else [before + name]
    return out
