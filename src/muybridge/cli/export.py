"""muybridge export"""

from __future__ import annotations

from pathlib import Path

from muybridge.cli import options as o
from muybridge.cli.console import stdout


def export(run: Path, /, *, out: o.Out, force: o.Force = False) -> None:
    """Write the networks of a run as ONNX files, for programs without PyTorch. Each is checked against PyTorch first.

    For example:

        muybridge export runs/walkers --out walkers-onnx

    Parameters
    ----------
    run
        A run: the folder that `fit` or `import` wrote.
    """
    import muybridge

    for path in muybridge.export(run, out=out, force=force):
        stdout().print(str(path), markup=False)
