"""muybridge import"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout


def import_checkpoint(
    checkpoint: Path,
    /,
    *,
    out: o.Out,
    config: Annotated[
        Path | None, Parameter(name="--config", help="YAML of the options that it was trained with.")
    ] = None,
    method: Annotated[
        str, Parameter(name="--method", help="The method it belongs to; auto detects it from the contents.")
    ] = "auto",
    force: o.Force = False,
) -> None:
    """Turn a checkpoint of the authors' program into a run. Nothing in it is executed.

    For example:

        muybridge import vox.pth.tar --config vox.yaml --out runs/vox

        muybridge import checkpoint.pth --config options.yaml --out runs/released

        muybridge animate runs/released --driving cat.mp4 --source B --out fox-like-cat.mp4

    Parameters
    ----------
    checkpoint
        The file.
    """
    import muybridge

    fitted = muybridge.import_checkpoint(checkpoint, config, out=out, method=method, force=force)
    note(f"a checkpoint of {fitted.method.card.name}: {fitted.method.card.title}")
    stdout().print(str(fitted.run.path), markup=False)
