"""The command: which verbs there are, and what becomes of errors."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType

import cyclopts
from cyclopts import App

from muybridge.cli.animate import animate
from muybridge.cli.batch import batch
from muybridge.cli.bench import bench
from muybridge.cli.console import (
    PatientConsole,
    describe_unexpected,
    describe_wrong_use,
    note,
    print_error,
    warnings_as_notes,
)
from muybridge.cli.demo import demo
from muybridge.cli.doctor import doctor
from muybridge.cli.edit import edit
from muybridge.cli.evaluate import evaluate
from muybridge.cli.explain import explain
from muybridge.cli.export import export
from muybridge.cli.fetch import fetch
from muybridge.cli.fit import fit
from muybridge.cli.importing import import_checkpoint
from muybridge.cli.inspect import inspect
from muybridge.cli.landmarks import landmarks
from muybridge.cli.live import live
from muybridge.cli.mask import mask
from muybridge.cli.methods import methods
from muybridge.cli.motion import motion
from muybridge.cli.predict import predict
from muybridge.cli.puppets import puppets
from muybridge.cli.reconstruct import reconstruct
from muybridge.cli.retarget import retarget
from muybridge.cli.share import share
from muybridge.cli.studio import studio
from muybridge.cli.study import study
from muybridge.errors import MuybridgeError

HELP = """Move one subject the way another moves, learnt from ordinary videos.

Start with:

    muybridge demo

    muybridge retarget cat.mp4 fox.mp4 --out cat-fox

Result files say that they are synthetic, and which method made them (`muybridge inspect FILE`). `--no-mark`, with any
verb, leaves that out.
"""
NO_MARK = "--no-mark"


def app() -> App:
    """The command with its verbs."""
    made = App(
        name="muybridge",
        help=HELP,
        help_format="markdown",
        version=version("muybridge"),
        console=PatientConsole(),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
    )

    verbs = (
        retarget,
        mask,
        landmarks,
        fit,
        animate,
        predict,
        live,
        edit,
        share,
        evaluate,
        explain,
        reconstruct,
        bench,
        batch,
        study,
        studio,
        export,
        demo,
        puppets,
        methods,
        inspect,
        doctor,
        fetch,
    )

    for verb in verbs:
        made.command(verb)

    # `import` is a keyword of Python and no name for a function.
    made.command(import_checkpoint, name="import")
    made.command(motion)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code: 0, 2 for wrong use, 1 for anything else that failed, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with sigterm_as_ctrl_c(), warnings_as_notes(words), _apply_mark_choice(words) as rest:
            app()(rest)
    except cyclopts.CycloptsError as e:
        return print_error(*describe_wrong_use(e, words), 2)
    except MuybridgeError as e:
        if _wants_traceback():
            raise
        return print_error(e.message, e.hint, e.exit_code)
    except KeyboardInterrupt:
        return 130
    # A bug ends in a sentence that asks for a report; the traceback is there for whoever wants it.
    except Exception as e:
        if _wants_traceback():
            raise
        return print_error(*describe_unexpected(e), 1)

    return 0


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """While open, the first SIGTERM ends what is done as Ctrl-C does, so that drafts are taken away; another one does
    not break that off. A training has its own way, which saves first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        # A second signal would break off the very cleaning up that the first one began.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _apply_mark_choice(words: Sequence[str]) -> Iterator[list[str]]:
    """The arguments without --no-mark, which any verb takes; what is lost by it is said."""
    # Behind a bare -- everything is a name, even one that looks like the flag.
    end = words.index("--") if "--" in words else len(words)
    if NO_MARK not in words[:end]:
        yield list(words)
        return

    from muybridge.video.mark import leave_unmarked

    note(
        "the results do not say that they are synthetic: whoever publishes them has to, as the law of the European "
        "Union and of other countries asks"
    )
    with leave_unmarked():
        yield [each for each in words[:end] if each != NO_MARK] + list(words[end:])


def _wants_traceback() -> bool:
    return os.environ.get("MUYBRIDGE_DEBUG") == "1"
