"""muybridge live"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.live import Live
from rich.text import Text

from muybridge.cli import options as o
from muybridge.cli.console import note, stderr, stdout


def live(
    run: Path,
    /,
    *,
    source: Annotated[Path, Parameter(name="--source", help="The picture that moves.")],
    camera: Annotated[
        int | str | None,
        Parameter(
            name="--camera", help="A camera: its number (the first is 0), its device, or the address of a stream."
        ),
    ] = None,
    driving: Annotated[Path | None, Parameter(name="--driving", help="A video, played at its own pace.")] = None,
    out: Annotated[Path | None, Parameter(name="--out", help="Also write a video.")] = None,
    mode: Annotated[str | None, Parameter(name="--mode", help="How the motion is transferred.")] = None,
    port: Annotated[int, Parameter(name="--port", help="Port of the page that shows it; 0 takes a free one.")] = 0,
    screen: Annotated[bool, Parameter(name="--screen", help="Show it on a page of this machine.")] = True,
    max_frames: o.MaxFrames = None,
    force: o.Force = False,
    device: o.Device = "auto",
) -> None:
    """Make a picture follow you live, through the camera, and show the frame rate. Ctrl-C ends it.

    The picture is shown on a page for a browser on this machine (motion JPEG on 127.0.0.1), because the OpenCV that
    comes with this package cannot open windows.

    For example:

        muybridge live runs/faces --source photo.png --camera 0

        muybridge live runs/faces --source photo.png --camera rtsp://192.168.0.9/stream --out seen.mp4

        muybridge live runs/faces --source photo.png --driving talk.mp4 --out talked.mp4

    Parameters
    ----------
    run
        A run: the folder that `fit` or `import` wrote.
    """
    import muybridge

    with Live(Text(""), console=stderr(), transient=True) as shown:
        lived = muybridge.live(
            run,
            source,
            driving=driving,
            camera=camera,
            out=out,
            mode=mode,
            port=port if screen else None,
            max_frames=max_frames,
            force=force,
            device=device,
            on_open=lambda address: note(f"watch it at {address}"),
            on_frame=lambda rate: shown.update(Text(f"{rate:.1f} frames per second, Ctrl-C ends")),
        )
    # The line with the rate vanishes with the display, so the mean is said once more.
    note(f"{lived.frames} frames at {lived.rate:.1f} a second, {lived.missed} left out")
    if out is not None:
        stdout().print(str(out), markup=False)
