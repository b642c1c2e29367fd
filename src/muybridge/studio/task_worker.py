"""A worker process: imports what is slow, waits for one task on its input, does it, and tells on its output.

    python -m muybridge.studio.task_worker

In: one line of JSON. Out: lines of JSON; the last has `event` done or failed. Where the input ends, the studio is
gone: then the worker stops as Ctrl-C stops it, so that a training keeps its checkpoint.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import traceback
from typing import Any

import muybridge.api  # noqa: F401  slow, and wanted by every task: this is what a spare worker has ready
from muybridge.errors import MuybridgeError
from muybridge.studio import animation_tasks, tasks

TASKS = {**tasks.TASKS, **animation_tasks.TASKS}


def main() -> int:
    """Do one task; the exit code is 0, 1 where it failed, 130 where it was stopped."""
    # What libraries print must not end up between our lines.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def tell(event: str, **more: Any) -> None:
        # Where nobody listens any more, `_watch_studio` ends this process as it should be ended.
        with contextlib.suppress(BrokenPipeError):
            told.write(json.dumps({"event": event, **more}, ensure_ascii=False) + "\n")

    tell("ready")
    try:
        line = sys.stdin.buffer.readline()
        if not line:
            return 0
        order = json.loads(line)
        threading.Thread(target=_watch_studio, daemon=True).start()
        result = TASKS[order["task"]](order, tell)
        tell("done", result=result)
        return 0
    except KeyboardInterrupt:
        tell("stopped")
        return 130
    except MuybridgeError as e:
        tell("failed", message=e.message, hint=e.hint)
    except MemoryError:
        tell("failed", message="there was not enough memory for this", hint="Try a smaller or shorter video.")
    except Exception as e:
        traceback.print_exc()
        tell("failed", message=f"something went wrong inside: {type(e).__name__}: {e}", hint="Please report it.")
    return 1


def _watch_studio() -> None:
    # Unbuffered, for a thread that waits inside a buffered reader holds its lock when the process ends.
    while os.read(0, 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


def _stopped(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stopped)
    # Ctrl-C in the terminal reaches the studio and all its workers; only the studio answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(main())
