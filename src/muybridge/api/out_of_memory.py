"""What a verb says where memory is out: which of its own options makes the job smaller."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from muybridge.errors import Option, OutOfMemoryError, Sentence, is_out_of_memory

SMALLER = ("max_frames", "frames", "max_side", "size", "sources", "preset", "set", "at_most")
"""Options that take less memory with a smaller value, those that help most first."""
TOLD = 3
"""Of them, at most."""


def explain_out_of_memory(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, whose memory that is out becomes an OutOfMemoryError, whatever library ran into it."""
    if inspect.isgeneratorfunction(verb):

        @functools.wraps(verb)
        def iterate(*arguments: Any, **keywords: Any) -> Iterator[Any]:
            try:
                yield from verb(*arguments, **keywords)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                raise _out_of_memory(verb) from error

        return iterate

    @functools.wraps(verb)
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return verb(*arguments, **keywords)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise _out_of_memory(verb) from error

    return call


def _out_of_memory(verb: Callable[..., Any]) -> OutOfMemoryError:
    options = _list_options(verb)
    known: list[str | Option] = []
    for name in SMALLER:
        if name in options and len(known) < 2 * TOLD:
            known += [", " if known else " by ", Option(name)]

    return OutOfMemoryError(
        f"there is not enough memory for {verb.__name__}; nothing that stood there before is lost",
        Sentence("Make it smaller", *known, ", or end other programs."),
    )


def _list_options(verb: Callable[..., Any]) -> set[str]:
    """The names of all that a verb can be told, in keywords or in its options."""
    names = set(inspect.signature(verb).parameters)
    for part in typing.get_args(typing.get_type_hints(verb).get("options")):
        if is_dataclass(part):
            names.update(each.name for each in fields(part))
    return names
