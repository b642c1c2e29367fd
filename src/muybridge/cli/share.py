"""muybridge share"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, stdout


def share(
    run: Path,
    /,
    *,
    out: Annotated[Path, Parameter(name="--out", help="The page, an .html file.")],
    quality: Annotated[
        int, Parameter(name="--quality", help="Quality of the pictures, 1 to 100; a lower one makes a smaller page.")
    ] = 80,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Write one page to send: both results play, and keypoints are dragged in the browser, without server or network.

    For example:

        muybridge share runs/cat-fox --out cat-fox.html

    Whoever gets the page can open it like any other file. It holds what it needs: the networks, the subjects' own
    frames, and ONNX Runtime Web, which runs them. It contacts no server, and says that it is synthetic.

    Parameters
    ----------
    run
        A run whose results are made of the subjects' own frames (presets draft, standard, bench, smoke).
    """
    import muybridge

    path = muybridge.share(run, out=out, quality=quality, force=force, device=device, notify=note)
    stdout().print(str(path), markup=False)
