"""muybridge study"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from muybridge.cli import options as o
from muybridge.cli.console import stdout
from muybridge.errors import UsageError


def study(
    *,
    out: o.Out,
    bench: Annotated[Path | None, Parameter(name="--bench", help="Folder of `bench` whose results are shown.")] = None,
    answers: Annotated[
        tuple[Path, ...], Parameter(name="--answers", help="What people saved, one file each.", negative="")
    ] = (),
    trivial: Annotated[bool, Parameter(name="--trivial", help="Include the answers that need no method.")] = False,
    seed: o.Seed = 0,
    force: o.Force = False,
) -> None:
    """A user study: a page of results in random order and without names; then what the answers say.

    For example:

        muybridge study --bench bench --out my-study

        muybridge study --out my-study --answers anna.json --answers ben.json
    """
    if (bench is None) == (not answers):
        raise UsageError("a study is made with --bench, and later read with --answers", "Name one of the two.")
    # Imported late: a mistake in the options is answered without waiting for torch.
    from muybridge.api import score
    from muybridge.api import study as make_study

    if bench is not None:
        page = make_study(bench, out, trivial=trivial, seed=seed, force=force)
        stdout().print(str(page), markup=False)
        return
    for found in score(out, answers):
        opinions = {"appearance": found.appearance, "motion": found.motion}
        marks = ", ".join(f"{name} {value or 'not marked'}" for name, value in opinions.items())
        share = "never compared"
        if found.preferred is not None:
            share = f"preferred in {found.preferred:.0%} of {found.comparisons}"
        stdout().print(f"{found.method}: {marks}; {share}", markup=False)
