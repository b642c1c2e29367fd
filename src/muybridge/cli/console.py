"""What the commands print, and what they say when somebody stops them."""

from __future__ import annotations

import os
import shlex
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muybridge.cli.wording import word_for_command
from muybridge.errors import MuybridgeWarning, is_out_of_memory

if TYPE_CHECKING:
    from cyclopts import CycloptsError

    from muybridge.engine import Callback

_given: list[str] = []
"""The command line that is running, for the advice on how to go on with it."""


class PatientConsole(Console):
    """A console whose reader may leave, as `| head` does: the rest is told to nobody, and the work goes on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # Python flushes the stream once more at the end, which would be an error then.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


def stdout() -> Console:
    """Where results go; of several processes the first one speaks."""
    return PatientConsole(soft_wrap=True, highlight=False, quiet=os.environ.get("RANK", "0") != "0")


def stderr() -> Console:
    """Where progress, notes and errors go."""
    return PatientConsole(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def warnings_as_notes(words: Sequence[str]) -> Iterator[None]:
    """While open, warnings of this package are printed as notes."""
    _given[:] = words
    with warnings.catch_warnings():
        warnings.simplefilter("always", MuybridgeWarning)
        # Other packages' warnings are theirs to word, and go on as they were.
        before = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if issubclass(category, MuybridgeWarning):
                note(message.args[0] if isinstance(message, Warning) else message)
            else:
                before(message, category, *rest, **more)

        warnings.showwarning = show
        yield


def note(text: str) -> None:
    """A sentence for the person who waits."""
    stderr().print(Text.assemble(("note: ", "yellow"), word_for_command(text)))


def print_error(message: str, hint: str | None, code: int) -> int:
    """Print what was wrong and what to do; returns the exit code."""
    stderr().print(Text.assemble(("error: ", "bold red"), word_for_command(message)))
    if hint:
        stderr().print(Text(word_for_command(hint)))
    return code


def describe_wrong_use(e: CycloptsError, words: Sequence[str]) -> tuple[str, str]:
    """A sentence and a hint for a command line that cannot be understood."""
    from cyclopts import UnknownOptionError, UnusedCliTokensError

    hint = f"See: muybridge {e.command_chain[0]} --help" if e.command_chain else "See: muybridge --help"
    end = words.index("--") if "--" in words else len(words)
    if isinstance(e, UnusedCliTokensError) and e.unused_tokens and e.unused_tokens[0] in words:
        first = e.unused_tokens[0]
        before = words[words.index(first) - 1]
        if before.startswith("--") and before != "--":
            return f"{before} stands alone, and takes no {first!r}", hint
        return f"{' '.join(e.unused_tokens)} is one word more than this takes", hint
    if (
        isinstance(e, UnknownOptionError)
        and end < len(words)
        and (option := e.token.keyword or e.token.value) in words[end:]
    ):
        named = shlex.join(["muybridge", words[0], "OPTIONS", *words[end : end + 2]])
        return f"behind -- stand names alone, and {option} is an option", f"Put it before: {named}"
    return str(e), hint


def describe_unexpected(e: Exception) -> tuple[str, str]:
    """A sentence and a hint for an error that nobody foresaw."""
    if is_out_of_memory(e):
        return "there is not enough memory", "End other programs, or ask for something smaller."
    if isinstance(e, OSError) and e.strerror:
        named = f"{e.filename}: " if e.filename else ""
        return f"{named}{e.strerror}", "Check the path, its permissions and the free disk."
    return (
        f"something went wrong inside: {type(e).__name__}: {e}",
        "Run the same with MUYBRIDGE_DEBUG=1 to see where, and report it.",
    )


@contextmanager
def resumable(run: str | Path) -> Iterator[None]:
    """Say how to go on, where Ctrl-C stops a training that has a run."""
    before = _read_record(run)
    try:
        yield
    except KeyboardInterrupt:
        command = []
        for part in _given:
            # With --force the very run that is to go on would be removed.
            if part not in ("--force", "--resume"):
                command.append(part)

        # Before the first record there is nothing that --resume could find.
        kept = (Path(run) / "run.json").is_file()
        advice = f"Go on with: {shlex.join(['muybridge', *command, '--resume'])}" if kept else "Nothing was kept."
        # With --resume the old run would go on, which nobody asked for.
        if kept and "--force" in _given and _read_record(run) == before:
            advice = f"Nothing was replaced yet: {run} is as it was."
        stderr().print(Text.assemble(("stopped. ", "yellow"), advice))
        raise


def _read_record(run: str | Path) -> str:
    """run.json as it stands there, or nothing; once the run is back in its place, where it was to be replaced."""
    from muybridge.errors import MuybridgeError
    from muybridge.run import Run

    try:
        return Run.open(run).record.model_dump_json()
    except MuybridgeError:
        return ""


def progress_callback(run: Path, tensorboard: bool) -> Callback:
    """Who shows a training in `run`: the terminal, and TensorBoard where it was asked for."""
    from muybridge.engine import CallbackList, RichCallback, TensorBoardCallback

    shown = RichCallback(PatientConsole(stderr=True))
    return CallbackList(shown, TensorBoardCallback(run / "tensorboard")) if tensorboard else shown


def print_files(found: Mapping[str, Path], last: str | None = None) -> None:
    """The paths of what was written, the one to look at first last of all."""
    for name, path in found.items():
        if name != last:
            stdout().print(Text(str(path)))
    if last is not None and last in found:
        stdout().print(Text(str(found[last]), style="bold"))


def write_name(path: Path) -> str:
    """A path that can be typed behind a flag: one that begins with a dash would be taken for another flag."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def print_table(title: str, rows: Mapping[str, str], heads: tuple[str, str] = ("", "")) -> None:
    """Two columns."""
    made = Table(title=title, title_justify="left", show_header=any(heads), box=None, pad_edge=False)
    made.add_column(heads[0], no_wrap=True)
    made.add_column(heads[1], overflow="fold")
    for name, value in rows.items():
        made.add_row(Text(name), Text(value))
    console = PatientConsole(highlight=False)
    if not console.is_terminal:
        # A file or a pipe has no width, and a broken address is none.
        console = PatientConsole(highlight=False, width=100_000)
    console.print(made)
    stdout().print()
