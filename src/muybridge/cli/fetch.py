"""muybridge fetch"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from muybridge.cli.console import print_table, stderr, stdout

if TYPE_CHECKING:
    from muybridge.model_files import ModelFile


def fetch(
    *names: str,
    listing: Annotated[
        bool, Parameter(name="--list", negative="", help="Show what can be fetched; nothing is downloaded.")
    ] = False,
    brought: Annotated[
        Path | None, Parameter(name="--from", help="A file, or a folder of files, brought from another machine.")
    ] = None,
    all_for: Annotated[
        str | None,
        Parameter(name="--all-for", help="Everything that a method or a verb can use: jokr, mask, evaluate."),
    ] = None,
) -> None:
    """Fetch pretrained networks from their publishers. Nothing else in Muybridge downloads anything.

    For example:

        muybridge fetch --list

        muybridge fetch u2netp

        muybridge fetch --all-for jokr

        muybridge fetch vgg16 --from /media/stick

    Parameters
    ----------
    names
        Networks, as --list names them.
    """
    # Not by way of the API, which imports torch.
    from muybridge.model_files import MODEL_FILES

    if listing or (not names and all_for is None):
        for entry in MODEL_FILES:
            print_table(entry.name, _describe(entry) | {"there": "yes" if entry.path.is_file() else "no"})
        return

    import muybridge

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=stderr(), transient=True) as bar:
        # Which ones are fetched is only known inside, so each has a bar, hidden until its first byte.
        tasks = {entry.name: bar.add_task(entry.name, total=entry.size, visible=False) for entry in MODEL_FILES}
        paths = muybridge.fetch(
            *names,
            brought=brought,
            all_for=all_for,
            announce=lambda entry: print_table(entry.name, _describe(entry)),
            progress=lambda entry, here, whole: bar.update(tasks[entry.name], completed=here, visible=True),
        )
    for path in paths:
        stdout().print(str(path), markup=False)


def _describe(entry: ModelFile) -> dict[str, str]:
    """What a person should know before a download starts."""
    return {
        "what": entry.what,
        "from": entry.address,
        "size": f"{entry.size:,} bytes",
        "SHA-256": entry.sha256,
        "licence": entry.licence,
        "goes to": str(entry.path),
    }
