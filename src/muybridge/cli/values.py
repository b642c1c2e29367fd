"""Values on the command line that are more than one word: settings, boxes, moves, formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muybridge.disk import parse_yaml
from muybridge.errors import UsageError

Box = tuple[float, float, float, float]


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE each, the value as YAML has it: shape.steps=500, affine=false, augment.scale=[0.9,1.1]."""
    out: dict[str, Any] = {}
    for each in words:
        name, value = _pair(each, "--set", "shape.steps=500")
        try:
            out[name] = parse_yaml(value)
        except ValueError as e:
            raise UsageError(f"--set {each}: {value!r} is not a value", "For example: --set shape.steps=500") from e
    return out


def parse_box(text: str | None) -> Box | None:
    """x0,y0,x1,y1 in pixels."""
    if text is None:
        return None
    numbers = _numbers(text, 4, "a box", "10,20,300,240")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def parse_moves(words: Sequence[str]) -> dict[int, tuple[float, float]]:
    """KEYPOINT=DX,DY each."""
    out: dict[int, tuple[float, float]] = {}
    for each in words:
        name, value = _pair(each, "--move", "3=0.1,-0.05")
        dx, dy = _numbers(value, 2, "a move", "3=0.1,-0.05")
        out[_whole(name, "--move", "3=0.1,-0.05")] = (dx, dy)
    return out


def parse_corrections(words: Sequence[str]) -> dict[int, Path]:
    """FRAME=PICTURE each."""
    pairs = []
    for each in words:
        pairs.append(_pair(each, "--correct", "12=frame-12.png"))

    table = {}
    for name, value in pairs:
        table[_whole(name, "--correct", "12=frame-12.png")] = Path(value)

    return table


def parse_rough(text: str | None) -> tuple[int, Path] | None:
    """FRAME=PICTURE."""
    if text is None:
        return None
    name, value = _pair(text, "--rough", "12=roughly.png")
    return _whole(name, "--rough", "12=roughly.png"), Path(value)


def parse_formats(text: str | None) -> list[str]:
    """mp4,gif,webm."""
    formats = []
    for part in (text or "").split(","):
        if part.strip():
            formats.append(part.strip().lstrip(".").lower())

    return formats


def parse_names(text: str) -> list[str]:
    """Words with commas between, each once."""
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UsageError("a list of names is empty", "Names stand with commas between: cat-horse,birds")
    return names


def parse_whole_numbers(text: str, option: str) -> list[int]:
    """0,1,2."""
    numbers = []
    for part in text.split(","):
        numbers.append(_whole(part.strip(), option, "0,1"))

    return numbers


def parse_weights(words: Sequence[str], networks: Sequence[str] = ("vgg", "inception", "action")) -> dict[str, Path]:
    """NETWORK=FILE each, of the networks that the command can use."""
    pairs = []
    for each in words:
        pairs.append(_pair(each, "--weights", f"{networks[0]}=FILE"))

    unknown = []
    for name, _ in pairs:
        if name not in networks:
            unknown.append(name)

    if unknown:
        there = f"{', '.join(networks[:-1])} or {networks[-1]}"
        raise UsageError(f"there is no network {unknown[0]!r} to judge with", f"Take {there}.")
    return {name: Path(value) for name, value in pairs}


def parse_side(text: str | None) -> str | None:
    """A or B."""
    if text is not None and text.lower() not in ("a", "b"):
        raise UsageError(f"there are the subjects A and B, not {text!r}")
    return None if text is None else text.lower()


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"{option} takes NAME=VALUE, not {text!r}", f"For example: {option} {example}")
    return name.strip(), value


def _numbers(text: str, count: int, what: str, example: str) -> list[float]:
    try:
        numbers = []
        for part in text.split(","):
            numbers.append(float(part))
    except ValueError:
        numbers = []

    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise UsageError(f"{what} is {count} numbers with commas between, not {text!r}", f"For example: {example}")

    return numbers


def _whole(text: str, option: str, example: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{option} begins with a whole number, not {text!r}", f"For example: {option} {example}")
    return int(text)
