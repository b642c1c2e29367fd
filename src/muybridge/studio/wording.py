"""How the page writes what a sentence names: options as its own controls, verbs as its pages or as the command's."""

from __future__ import annotations

from collections.abc import Mapping

from muybridge.errors import Option, Sentence, Verb

CONTROLS = {
    "force": "“Begin learning”",
    "resume": "“Resume”",
    "flip": "“Mirror”",
    "out": "name",
    "runs": "folder",
    "set": "setting",
    "boxes": "box",
    "subject": "what it is",
    "how": "way of finding silhouettes",
    "max_frames": "number of frames",
    "given": "landmarks",
    "brought": "file",
    "mode": "way of moving",
}
"""Options that the page calls otherwise: in quotes what stands on a button or beside a choice."""
PLACES = {
    "mask": "“Check the silhouettes”",
    "retarget": "“New pair”",
    "puppets": "“New pair”",
}
"""Verbs that the page has itself; for any other the command is needed."""


def word_for_page(text: str) -> str:
    """A text with the words of the page; as it is where it names no option and no verb."""
    return text.word(write_option, write_verb) if isinstance(text, Sentence) else text


def write_option(option: Option) -> str:
    """A control, or the option's name in words, with its value behind it."""
    words = CONTROLS.get(option.name, option.name.replace("_", " "))
    if option.side is not None:
        words = f"{words} of {option.side.upper()}"

    value = option.value
    if value is None or value is True:
        return words
    if value is False:
        return f"no {words}"
    return f"{words} {_write_value(value)}"


def write_verb(verb: Verb) -> str:
    """A page, or the command that does it, whose options are told behind it."""
    if verb.name in PLACES:
        return PLACES[verb.name]

    command = ["muybridge", verb.name]
    options = []
    for argument in verb.arguments:
        if isinstance(argument, Option):
            options.append(write_option(argument))
        else:
            command.append(argument)

    written = " ".join(command)
    return f"{written} with {' and '.join(options)}" if options else written


def _write_value(value: object) -> str:
    if isinstance(value, Mapping):
        return " and ".join(f"{name} {_write_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
