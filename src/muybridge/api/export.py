"""The networks of a run as ONNX files."""

from __future__ import annotations

from pathlib import Path

from muybridge.disk import check_files
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
    named = {folder / f"{name}.onnx": part for name, part in method.onnx_parts(fitted.data).items()}
    check_files(folder, [path.name for path in named], force)
    with WholeFiles(folder) as whole:
        for path, part in named.items():
            part.write(whole / path.name)

    return list(named)
