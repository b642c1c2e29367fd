"""How the studio and its child processes talk: one form of message in both directions.

A message is a header of 8 bytes (how long its head and its body are, 4 bytes each, little end first), the head as JSON,
and the body, which may be a picture. A head with `message` says what went wrong, and `hint` what to do about it.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import threading
import traceback
from collections.abc import Mapping
from io import BufferedIOBase, RawIOBase
from typing import Any, BinaryIO

from muybridge.errors import MuybridgeError, is_out_of_memory
from muybridge.studio.wording import word_for_page

HEADER = struct.Struct("<II")
LARGEST = 2**27
"""Bytes of a head or a body, at most: all keypoints of a long pair are a tenth of it."""
SENTENCE = 1000
"""Characters of a message for a person, at most: a file's own words may be a million."""

Head = dict[str, Any]
Stream = RawIOBase | BufferedIOBase | BinaryIO


def pack_message(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A message as it is sent."""
    written = json.dumps(dict(head), ensure_ascii=False).encode(errors="replace")
    return HEADER.pack(len(written), len(body)) + written + body


def unpack_header(header: bytes) -> tuple[int, int]:
    """How long head and body are; ValueError where that cannot be."""
    head, body = HEADER.unpack(header)
    if max(head, body) > LARGEST:
        raise ValueError(f"a message of {head + body} bytes")
    return head, body


def unpack_head(written: bytes) -> Head:
    """The head of a message; ValueError where it is none."""
    head = json.loads(written)
    if not isinstance(head, dict):
        raise ValueError("a head that is no mapping")
    return head


def describe_failure(error: Exception) -> Head:
    """What went wrong, in a sentence for the person, with what to do; what nobody foresaw goes to the terminal, too."""
    if isinstance(error, MuybridgeError):
        return {"message": word_message(error.message), "hint": word_hint(error.hint)}
    if is_out_of_memory(error):
        return {"message": "there was not enough memory for this", "hint": "Try a smaller or shorter video."}

    traceback.print_exception(error)
    said = f"something went wrong inside: {type(error).__name__}: {error}"
    return {"message": shorten(said), "hint": "Please report it."}


def word_message(text: str) -> str:
    """A message as a page says it."""
    return shorten(word_for_page(text))


def word_hint(hint: str | None) -> str | None:
    """A hint as a page says it: what it cannot do itself, the command can."""
    return None if hint is None else word_message(hint)


def shorten(text: str) -> str:
    """A text of at most `SENTENCE` characters: its beginning, and its end, where a sentence says what to do."""
    if len(text) <= SENTENCE:
        return text
    return f"{text[: SENTENCE - 200]} … {text[-190:]}"


class Channel:
    """The child's end: messages from the studio, and messages to it."""

    def __init__(self, source: Stream, target: Stream) -> None:
        self.source = source
        self.target = target
        self._writing = threading.Lock()
        """Held while a message goes out: several threads may have something to tell."""

    @classmethod
    def open(cls) -> Channel:
        """Standard input and output, taken over: what libraries print goes to the terminal instead."""
        target = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)

        # Unbuffered: a thread that waits inside a buffered reader holds its lock when the process ends.
        return cls(os.fdopen(0, "rb", buffering=0, closefd=False), target)

    def read(self) -> tuple[Head, bytes] | None:
        """The next message, or None where the studio has ended."""
        header = self._read_bytes(HEADER.size)
        if header is None:
            return None
        head_size, body_size = unpack_header(header)
        head = self._read_bytes(head_size)
        body = self._read_bytes(body_size)
        return None if head is None or body is None else (unpack_head(head), body)

    def write(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        """Send a message; where nobody listens any more, nothing happens: the input ends as well."""
        left = memoryview(pack_message(head, body))
        with contextlib.suppress(BrokenPipeError), self._writing:
            while left:
                left = left[self.target.write(left) or 0 :]

    def _read_bytes(self, count: int) -> bytes | None:
        read = bytearray()
        while len(read) < count:
            part = self.source.read(count - len(read))
            if not part:
                return None
            read += part
        return bytes(read)
