"""Where a batch can run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from muybridge.batches.local import LocalEngine
from muybridge.batches.ray_cluster import RayEngine
from muybridge.batches.slurm import SlurmEngine
from muybridge.batches.ticket import Engine
from muybridge.errors import UsageError

ENGINES: Mapping[str, str] = {
    "local": "processes of this machine, the cores shared out between them",
    "ray": "the Ray cluster that RAY_ADDRESS names, or one of this machine for the batch alone",
    "ray://HOST:PORT": "the Ray cluster whose head listens there",
    "slurm": "arrays of SLURM jobs; slurm:partition=gpu,timeout_min=120 passes options on",
}
"""What can be asked for, and what it is."""


def open_engine(
    on: str, folder: Path, at_most: int | None = None, notify: Callable[[str], object] | None = None
) -> Engine:
    """The engine of that name; UsageError names those that there are.

    folder   of the batch, for an engine that keeps files of its own
    at_most  jobs at once
    notify   told, in one sentence each, what a person should know of the engine
    """
    if at_most is not None and at_most < 1:
        raise UsageError(f"at least one job runs at a time, not {at_most}")
    if on == "local":
        return LocalEngine(at_most)
    if on == "ray" or re.fullmatch(r"ray://[^/\s]+:\d+", on):
        return RayEngine(on, at_most, notify)
    if on == "slurm" or on.startswith("slurm:"):
        return SlurmEngine(folder / "slurm", at_most, _slurm_options(on.partition(":")[2]))

    raise UsageError(f"nothing is known of {on!r} to run a batch on", f"Choose one of: {', '.join(ENGINES)}.")


def _slurm_options(text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"an option of SLURM is name=value, not {part!r}", "As in slurm:partition=gpu.")
        # submitit calls its own options by name, and those of sbatch slurm_NAME.
        key = name if name in ("timeout_min", "mem_gb", "cpus_per_task", "gpus_per_node") else f"slurm_{name}"
        options[key] = int(value) if value.isdigit() else value

    return options
