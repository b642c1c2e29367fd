"""A method's random weights as the released programs of the animation family would have saved them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from muybridge.networks import gaussian_taps

State = dict[str, Tensor]
Parts = Sequence[tuple[str, str, str]]


def saved(folder: Path, table: Mapping[str, State], options: Mapping[str, Any], **more: int) -> tuple[Path, Path]:
    """The two files."""
    checkpoint, config = folder / "released.pth.tar", folder / "released.yaml"
    torch.save({**table, **more}, checkpoint)
    config.write_text(yaml.safe_dump(dict(options)), encoding="utf-8")
    return checkpoint, config


def shaken(method: Any) -> Any:
    """With weights that no initialisation gives, so that nothing is right by chance."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in method.parameters():
            weight.normal_(std=0.2)
    return method.eval()


def theirs(state: State, parts: Parts) -> dict[str, State]:
    """Ours, by the program's names: the importer's table read from right to left."""
    table: dict[str, State] = {}
    for name, x in state.items():
        part, called = next(found for found in (_named(name, *row) for row in parts) if found)
        table.setdefault(part, {})[called] = x
    return table


def _named(name: str, part: str, pattern: str, ours: str) -> tuple[str, str] | None:
    before, hole, after = ours.partition(r"\1")
    if not hole:
        program = pattern.removeprefix("^").replace("\\", "")
        return (part, program + name.removeprefix(ours)) if name.startswith(ours) else None
    group = re.search(r"\(([^()]*)\)", pattern)
    assert group is not None
    wanted = re.match(re.escape(before) + f"({group[1]})" + re.escape(after), name)
    if wanted is None:
        return None
    program = re.sub(r"\([^()]*\)", lambda _: wanted[1], pattern.removeprefix("^"), count=1).replace("\\", "")
    return part, program + name[wanted.end() :]


def blur(scale: float) -> Tensor:
    """The program's Gaussian before a network that sees a picture made smaller."""
    taps = gaussian_taps(round(1 / scale))
    return (taps[:, None] * taps).expand(3, 1, -1, -1).clone()
