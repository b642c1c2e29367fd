"""How the command writes what a sentence names: options as flags, verbs as command lines."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from muybridge.errors import Option, Sentence, Verb

FLAGS = {
    "smoothing": "smooth",
    "boxes": "box",
    "subjects": "subject",
    "motion_smoothing": "smooth-motion",
    "given": "landmarks",
    "brought": "from",
}
"""Options whose flag has another name than the function's keyword."""


def word_for_command(text: str) -> str:
    """A text with its flags; as it is where it names none."""
    return text.word(write_option, write_verb) if isinstance(text, Sentence) else text


def write_option(option: Option) -> str:
    """A flag with its value."""
    name = FLAGS.get(option.name, option.name).replace("_", "-")
    if option.side is not None:
        name = f"{name}-{option.side}"

    value = option.value
    if value is None or value is True:
        return f"--{name}"
    if value is False:
        return f"--no-{name}"
    return f"--{name} {_write_value(option.name, value)}"


def write_verb(verb: Verb) -> str:
    """A command line."""
    words = ["muybridge", verb.name]
    words += (write_option(each) if isinstance(each, Option) else shlex.quote(each) for each in verb.arguments)
    if verb.name == "puppets" and not verb.arguments:
        words.append("--list")
    return " ".join(words)


def _write_value(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={each}" for key, each in value.items())
    if isinstance(value, tuple):
        return ("=" if name == "rough" else ",").join(map(str, value))
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)
