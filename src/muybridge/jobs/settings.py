"""A method's settings from a preset and what was set on top."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from muybridge.errors import UsageError
from muybridge.method import Config, Method

_MAIN_STAGES = ("training", "learn")
"""What the stage is called in which a method learns all, or nearly all, that it knows."""


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
    dotted = _find_main_stage(values, dotted)
    *way, last = dotted.split(".")
    place: Any = values
    for part in way:
        place = place.get(part) if isinstance(place, dict) else None

    if not isinstance(place, dict) or last not in place:
        names = dotted_names(values)
        # The same word elsewhere is likelier to be meant than another word that looks like it.
        same = [name for name in names if name.endswith(f".{last}")]
        close = same or get_close_matches(dotted, names, n=3, cutoff=0.5)
        hint = f"Perhaps {' or '.join(close)}?" if close else f"There are: {', '.join(values)}."
        raise UsageError(f"{method} has no setting {dotted!r}", hint)

    place[last] = value


def _find_main_stage(values: Mapping[str, Any], dotted: str) -> str:
    """The name that a method itself has for a setting of its only or main stage: whether that is called `training` or
    `learn` is nothing to know by heart."""
    group, _, field = dotted.rpartition(".")
    if group not in ("", *_MAIN_STAGES) or dotted in dotted_names(values):
        return dotted

    for stage in _MAIN_STAGES:
        settings = values.get(stage)
        if isinstance(settings, dict) and field in settings:
            return f"{stage}.{field}"
    return dotted


def dotted_names(values: Mapping[str, Any]) -> list[str]:
    """All dotted names of nested settings."""
    return list(flatten(values))


def flatten(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        out |= flatten(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return out
