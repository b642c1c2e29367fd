"""muybridge puppets"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import print_table, stdout
from muybridge.errors import UsageError


def puppets(
    *,
    list_: Annotated[bool, Parameter(name="--list", negative="", help="List the scenes.")] = False,
    scene: Annotated[str | None, Parameter(name="--scene", help="Which one to draw.")] = None,
    out: Annotated[Path | None, Parameter(name="--out", help="Folder to write it to.")] = None,
    frames: Annotated[int | None, Parameter(name="--frames", help="Frames per clip.")] = None,
    size: Annotated[int, Parameter(name="--size", help="Side of the frames in pixels.")] = 256,
    seed: o.Seed = 0,
    force: o.Force = False,
) -> None:
    """Draw puppets whose true retargeting is known, as ordinary videos.

    For example:

        muybridge puppets --list

        muybridge puppets --scene horse-giraffe --out puppets
    """
    if out is None and not list_:
        raise UsageError("say where to write the puppets", "muybridge puppets --scene cat-horse --out DIR, or --list")
    from muybridge.api import puppets as drawn

    scenes = drawn(scene, None if list_ else out, frames=frames, size=size, seed=seed, force=force)
    if list_:
        print_table("", scenes)
    else:
        stdout().print(str(out), markup=False)
