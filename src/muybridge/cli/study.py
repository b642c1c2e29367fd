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
    bench: Annotated[
        Path | None, Parameter(name="--bench", help="The folder that bench wrote, whose results are shown.")
    ] = None,
    results: Annotated[
        Path | None,
        Parameter(
            name="--results",
            help="CSV of any results: the columns method, place, result, source, driving; the last two may be empty.",
        ),
    ] = None,
    ask: Annotated[
        str,
        Parameter(
            name="--ask",
            help="What people are asked: marks from 1 to 5, pairs (the better of two), ranks (an order with ties).",
        ),
    ] = "marks,pairs",
    answers: Annotated[
        tuple[Path, ...], Parameter(name="--answers", help="What people saved, one file each.", negative="")
    ] = (),
    trivial: Annotated[
        bool, Parameter(name="--trivial", help="Include trivial answers, which need no method.")
    ] = False,
    seed: o.Seed = 0,
    force: o.Force = False,
) -> None:
    """A user study: a page of results in random order and without names; then what the answers say.

    For example:

        muybridge study --bench bench --out my-study

        muybridge study --results results.csv --ask ranks --out my-study

        muybridge study --out my-study --answers anna.json --answers ben.json
    """
    if (bench is not None) + (results is not None) + bool(answers) != 1:
        raise UsageError(
            "a study is made with --bench or --results, and later read with --answers", "Name one of the three."
        )
    # Imported late: a mistake in the options is answered without waiting for torch.
    from muybridge.api import score
    from muybridge.api import study as make_study

    if not answers:
        asked = tuple(part.strip() for part in ask.split(",") if part.strip())
        page = make_study(bench, out, results=results, ask=asked, trivial=trivial, seed=seed, force=force)
        stdout().print(str(page), markup=False)
        return
    for found in score(out, answers):
        said = []
        if found.marks:
            said.append(f"appearance {found.appearance or 'not marked'}, motion {found.motion or 'not marked'}")
        if found.comparisons:
            said.append(f"preferred {found.preferred} of {found.comparisons} comparisons")
        if found.orders:
            said.append(f"rank {found.rank}, first {found.first} of {found.orders} orders")
        stdout().print(f"{found.method}: {'; '.join(said) or 'nobody was asked, or nobody answered'}", markup=False)
