"""Ctrl-C and SIGTERM as a wish that is granted between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While open, the first Ctrl-C or SIGTERM sets `requested`; a Ctrl-C after that acts at once, as it always did.

    Another SIGTERM changes nothing: who sends it twice must not break off the saving that the first one asked for.
    Python hears signals in its main thread alone; in another this does nothing.
    """

    def __init__(self) -> None:
        self.requested = False
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self._receive)
        return self

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        if signal.SIGINT in self.before:
            signal.signal(signal.SIGINT, self.before.pop(signal.SIGINT))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self.before:  # one by one, for a signal may come in between
            signal.signal(*self.before.popitem())
