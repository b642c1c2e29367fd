"""muybridge demo"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import note, print_files, resumable, stdout
from muybridge.cli.values import parse_settings


def demo(
    *,
    out: o.Out = Path("muybridge-demo"),
    preset: o.Preset = None,
    scene: Annotated[str, Parameter(name="--scene", help="Which puppets; see: muybridge puppets --list")] = "cat-horse",
    frames: Annotated[int | None, Parameter(name="--frames", help="Frames per clip.")] = None,
    set: o.Set = (),
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    force: o.Force = False,
    resume: o.Resume = False,
) -> None:
    """Two puppets exchange their motion: the whole process, on subjects for which the true result is known.

    For example:

        muybridge demo --preset smoke        (a first look, under 90 seconds on two cores)

        muybridge demo --out my-demo         (about ten minutes on a small machine)
    """
    import muybridge
    from muybridge.engine import RichCallback

    # The training is the long part, and the one that Ctrl-C is likely to hit.
    with resumable(out / "run"):
        results = muybridge.demo(
            out,
            preset,
            which=scene,
            frames=frames,
            set=parse_settings(set),
            seed=seed,
            device=device,
            precision=precision,
            resume=resume,
            force=force,
            callback=RichCallback(),
            notify=note,
        )
    for name, value in results.figures.items():
        # Only puppets have a true answer: it is what a demo can show and a real pair cannot.
        if name.startswith("truth_"):
            stdout().print(f"{name}  {value:.3f}")
    print_files(results.files, last="contact-sheet.png")
