"""The networks of a run as ONNX files."""

from __future__ import annotations

from pathlib import Path

from muybridge.disk import sweep
from muybridge.errors import REPLACE_OR_CHOOSE, OutputExistsError
from muybridge.jobs.loading import Fitted, load, require_ability
from muybridge.method import ExportsNetworks
from muybridge.output.results import WholeFiles


def export(run: Fitted | str | Path, *, out: str | Path, force: bool = False) -> list[Path]:
    """Write a run's networks as ONNX files, each tried against PyTorch before it is kept.

    Args:
        run: A folder, or what `fit` and `load` give.
        out: A folder; one file a network is written to it.
        force: Replace files that are there.

    Returns:
        The files.

    Raises:
        UsageError: The method has no networks to export.
        MissingExtraError: Without the packages onnx and onnxruntime.
        OutputExistsError: One of the files is there already, or `out` is a file.
        RunError: The run is broken or has no weights yet, or a file does not give what PyTorch gives.

    Example:
        >>> muybridge.export("runs/faces", out="faces-onnx")
    """
    fitted = run if isinstance(run, Fitted) else load(run, device="cpu")
    method = require_ability(fitted.method, ExportsNetworks)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file: expected a folder", "Choose another name.")

    # Drafts that a kill left go at the next start, also where that is refused.
    sweep(folder)
    named = {folder / f"{name}.onnx": part for name, part in method.onnx_parts(fitted.data).items()}
    # All names are checked before the first is written, so that a refusal leaves no half of an export.
    there = [path for path in named if path.exists()]
    if there and not force:
        raise OutputExistsError(f"{there[0]} exists already", REPLACE_OR_CHOOSE)

    with WholeFiles(folder) as whole:
        for path, part in named.items():
            part.write(whole / path.name)

    return list(named)
