"""The YAML files that the authors' programs were trained with: read as data, unknown options refused."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from muybridge.disk import parse_yaml, read_bytes
from muybridge.errors import CheckpointError

Known = Mapping[str, Set[str] | None]
"""Sections by name, and the options that are understood in each; None where any may stand."""

LARGEST = 2**18
"""Bytes of a file of options; those that are published have a few thousand."""


def read_yaml_options(path: Path, known: Known) -> dict[str, Any]:
    """The table in a YAML file, with an empty table in place of each section that is there without content.

    known  another option in one of these sections might change what the networks compute
    Raises CheckpointError where the file is none, a section is no table, or an option is not understood.
    """
    return _check_table(read_yaml_table(path), known, path)


def read_yaml_table(path: Path) -> dict[Any, Any]:
    """The table in a YAML file as it stands there; CheckpointError where the file is none."""
    try:
        raw = parse_yaml(read_bytes(path, LARGEST))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not a YAML file of options: {error}") from error
    if not isinstance(raw, dict):
        raise CheckpointError(f"{path} is not a YAML file of options: expected names with values")
    return raw


def square_side(section: Mapping[str, Any], name: str, default: int) -> int:
    """S of an option [S, S, 3], the pictures that the networks see; CheckpointError where it is anything else."""
    shape = section.get(name) or [default, default, 3]
    whole = isinstance(shape, list) and len(shape) == 3 and all(isinstance(side, int) for side in shape)
    if not whole or shape[0] != shape[1] or shape[2] != 3:
        raise CheckpointError(f"{name} is [side, side, 3], not {shape}", "Other shapes cannot be imported.")
    return int(shape[0])


def rename_options(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The options that were said, under our names.

    names  the program's -> ours
    """
    table = {}
    for theirs, ours in names.items():
        if theirs in said:
            table[ours] = said[theirs]

    return table


def relative_drops(said: Mapping[str, Any]) -> dict[str, Any]:
    """`epoch_milestones` as shares of `num_epochs`, under the name `drops`; empty where either is not said."""
    epochs = said.get("num_epochs")
    milestones = said.get("epoch_milestones")
    if not epochs or milestones is None:
        return {}
    return {"drops": [milestone / epochs for milestone in milestones if milestone < epochs]}


def describe_invalid(error: ValidationError) -> str:
    """Which settings are wrong, and how."""
    wrong = []
    for part in error.errors():
        place = ".".join(map(str, part["loc"]))
        wrong.append(f"{place}: {part['msg']}")
    return "; ".join(wrong)


def _check_table(table: Mapping[Any, Any], known: Known, path: Path) -> dict[str, Any]:
    checked = {}
    for name, value in table.items():
        checked[str(name)] = _section(str(name), value, known, path)

    return checked


def _section(name: str, value: Any, known: Known, path: Path) -> Any:
    if name not in known:
        return value
    if not isinstance(value, Mapping | None):
        raise CheckpointError(f"{path}: {name} should hold names with values")

    options = _check_table(value or {}, known, path)
    allowed = known[name]
    # A section without a list may hold anything: only what is read from it counts.
    strange = [] if allowed is None else sorted(set(options) - allowed)
    if strange:
        raise CheckpointError(f"{path}: {name} has options that are not understood: {', '.join(strange)}")

    return options
