"""The exceptions that Muybridge raises on purpose, and sentences that each front end words in its own way.

Each message says what was wrong and what was expected; `hint` says what to do next. What a hint names is data: an
`Option` with a value, a `Verb` with its arguments. Python reads `force=True` and the command prints its own flag.

The command exits with `exit_code`. Nothing else in the package calls `sys.exit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

IN_PYTHON = {
    "methods": "api.methods",
    "puppets": "api.puppets",
    "landmarks": "find_landmarks",
    "import": "import_checkpoint",
}
"""Verbs whose function has another name than the command's."""


@dataclass(frozen=True)
class Option:
    """One option of a verb, as its Python function has it.

    value  what to say to it; None names the option alone. A mapping sets several things, a tuple is one value of parts
    side   of a pair: "a" or "b"
    """

    name: str
    value: object = None
    side: str | None = None

    def __str__(self) -> str:
        if self.value is None:
            return self.name if self.side is None else f"{self.name} of {self.side}"

        shown = _literal(self.value)
        if self.side is not None:
            shown = f'{{"{self.side}": {shown}}}'
        return f"{self.name}={shown}"


class Verb:
    """A call that would help: `Verb("mask", "fox.mp4", Option("out", "DIR"))`."""

    def __init__(self, name: str, *arguments: str | Option) -> None:
        self.name = name
        self.arguments = arguments

    def __str__(self) -> str:
        arguments = ", ".join(str(a) if isinstance(a, Option) else _literal(a) for a in self.arguments)
        return f"muybridge.{IN_PYTHON.get(self.name, self.name)}({arguments})"


def _literal(value: object) -> str:
    """A value as it is typed in Python; the words of a tuple stand for numbers."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(name)}: {_literal(x)}" for name, x in value.items()) + "}"
    return str(value)


class Sentence(str):
    """A text that knows the options and verbs in it. As a string it reads as a Python caller needs it."""

    parts: tuple[str | Option | Verb, ...]

    def __new__(cls, *parts: str | Option | Verb) -> Sentence:
        made = super().__new__(cls, "".join(map(str, parts)))
        made.parts = parts
        return made

    def word(self, option: Callable[[Option], str], verb: Callable[[Verb], str]) -> str:
        """The text with its options and verbs as a front end writes them."""
        words = []
        for part in self.parts:
            if isinstance(part, Option):
                words.append(option(part))
            elif isinstance(part, Verb):
                words.append(verb(part))
            elif isinstance(part, Sentence):
                words.append(part.word(option, verb))
            else:
                words.append(part)

        return "".join(words)


CHOOSE_ANOTHER = Sentence("Choose another ", Option("out"), ".")
REPLACE_OR_CHOOSE = Sentence("Replace it with ", Option("force", True), ", or choose another ", Option("out"), ".")
REPLACE_OR_RESUME = Sentence(
    *("Replace it with ", Option("force", True), ", go on with ", Option("resume", True)),
    *(", or choose another ", Option("out"), "."),
)
"""Hints where something stands in the way of a result."""

LONGEST = 1000
"""Letters of a message: files name what they like, and a person reads one sentence."""


_OUT_OF_MEMORY = (
    "out of memory",
    "not enough memory",
    "insufficient memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate memory",
    "unable to allocate",
    "bad allocation",
    "bad_alloc",
    "failed to map segment",
    "can't start new thread",
)
"""What libraries say, in small letters, where memory is out; a new thread needs some for its stack."""


def _bound_text(text: str) -> str:
    """The text itself, or its beginning and its end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 200]} [...] {text[-100:]}"


class MuybridgeError(Exception):
    """Root of the tree: catch this to catch everything that Muybridge raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        message = _bound_text(message)
        super().__init__(message)
        self.message = message
        self.hint = None if hint is None else _bound_text(hint)

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class UsageError(MuybridgeError):
    """The request itself is wrong: an unknown method, a value out of range, options that exclude each other."""

    exit_code = 2


class InputError(MuybridgeError):
    """A file or a clip cannot be used as it is: missing, empty, broken, of the wrong size or count."""


class OutputExistsError(MuybridgeError):
    """Something stands where the result should go, and it was not said that it may be replaced."""


class MissingSilhouettesError(InputError):
    """A method needs a silhouette per frame, and the clip has none."""


class MissingWeightsError(MuybridgeError):
    """A pretrained network was asked for whose file is not on this machine."""


class DownloadError(MuybridgeError):
    """A pretrained network could not be fetched: no connection, no space, or another content than was published."""


class MissingExtraError(MuybridgeError):
    """An optional dependency is not installed."""


class CheckpointError(MuybridgeError):
    """A file is not a checkpoint that can be loaded, or not of the method that was named."""


class RunError(MuybridgeError):
    """A run folder is broken, of another method, or not in the state that the request needs."""


class TrainingError(MuybridgeError):
    """Training could not go on (losses not finite, memory or disk exhausted); a checkpoint that was saved is kept."""


class OutOfMemoryError(MuybridgeError):
    """There is not as much memory as a verb asked for; what it was to replace still stands."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory was out, whichever library says so and by whichever class."""
    if isinstance(error, MuybridgeError):
        return False
    # A thread that the system refuses, as libav's decoders and scalers ask for, is missing memory for its stack.
    # By its name, because torch is not loaded for the sake of its errors.
    if isinstance(error, MemoryError | BlockingIOError) or type(error).__name__ == "OutOfMemoryError":
        return True
    # torch, OpenCV, onnxruntime and the dynamic loader raise general errors too, and only their words tell.
    said = str(error).lower()
    return any(words in said for words in _OUT_OF_MEMORY)


class MuybridgeWarning(UserWarning):
    """Something was put right or left out on the way, and the result is still good: say so, and go on."""
