"""muybridge studio"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import stdout
from muybridge.errors import MissingExtraError

NEEDED = ("fastapi", "uvicorn", "websockets")


def studio(
    *,
    port: Annotated[int, Parameter(name="--port", help="Where the page is served; 0 takes a free one.")] = 8642,
    host: Annotated[str, Parameter(name="--host", help="Address to listen on.")] = "127.0.0.1",
    runs: Annotated[Path, Parameter(name="--runs", help="Where clips and runs are kept.")] = Path("muybridge-studio"),
    browser: Annotated[bool, Parameter(name="--browser", help="Open the page in the browser.")] = True,
    quota: Annotated[float, Parameter(name="--quota", help="The most that the folder may hold, in GB.")] = 20.0,
    new_token: Annotated[
        bool,
        Parameter(name="--new-token", negative="", help="Make a new token; pages that are open lose their access."),
    ] = False,
    background: Annotated[
        bool, Parameter(name="--background", help="Train a sample in the background if the folder is new.")
    ] = True,
    device: o.Device = "auto",
) -> None:
    """Open the studio: a page on this machine to upload two videos, watch them learn, and drag keypoints.

    For example:

        muybridge studio

        muybridge studio --port 9000 --runs ~/retargeting --no-browser
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise MissingExtraError(
            "the studio needs packages that are not installed", "Install them with: pip install 'muybridge[studio]'"
        )

    # Command and studio stand on one floor and do not import each other; the room is opened by its name.
    room = import_module("muybridge.studio")
    server = import_module("muybridge.studio.server")
    settings = room.Settings(
        runs=runs.absolute(),
        host=host,
        port=port,
        device=device,
        background=background,
        limits=room.Limits(quota_bytes=int(quota * 10**9)),
    )
    server.serve(settings, browser=browser, new_token=new_token, say=lambda text: stdout().print(text, markup=False))
