"""muybridge import"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import out as printed


def importing(
    checkpoint: Path,
    /,
    *,
    out: o.Out,
    config: Annotated[
        Path | None, Parameter(name="--config", help="YAML of the options that it was trained with.")
    ] = None,
    force: o.Force = False,
) -> None:
    """Read a checkpoint of the authors' program into a run. Nothing in it is executed.

    For example:

        muybridge import checkpoint.pth --config options.yaml --out runs/released

        muybridge animate runs/released --driving cat.mp4 --source B --out fox-like-cat.mp4

    Parameters
    ----------
    checkpoint
        The file.
    """
    import muybridge

    printed().print(str(muybridge.import_checkpoint(checkpoint, config, out=out, force=force).run.path), markup=False)
