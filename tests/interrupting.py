"""Ctrl-C between any two instructions of Python, wherever the slow calls of the system are."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any


def interrupt_within(rooms: Sequence[ModuleType], after: int) -> Callable[..., Any]:
    """A trace for `sys.settrace`, which raises KeyboardInterrupt once, before an instruction of these rooms.

    rooms  packages; what they call elsewhere is not counted
    after  so many of their instructions
    """
    places = tuple(str(Path(room.__file__ or "").parent) for room in rooms)
    left = after

    def trace(frame: FrameType, event: str, given: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(places):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    return trace
