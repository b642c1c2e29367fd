"""A worker process: imports what is slow, waits for one task, does it, and tells how it goes.

    python -m muybridge.studio.task_worker

In: one message, the order. Out: messages with an `event`; the last is done, failed or stopped. Where the input ends,
the studio is gone: then the worker stops as Ctrl-C stops it, so that a training keeps its checkpoint.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import muybridge.api  # noqa: F401  slow, and wanted by every task: this is what a spare worker has ready
from muybridge.studio import animation_tasks, tasks
from muybridge.studio.messages import Channel, describe_failure

TASKS = {**tasks.TASKS, **animation_tasks.TASKS}


def main() -> int:
    """Do one task; the exit code is 0, 1 where it failed, 130 where it was stopped."""
    channel = Channel.open()

    def tell(event: str, **more: Any) -> None:
        channel.write({"event": event, **more})

    tell("ready")
    try:
        message = channel.read()
        if message is None:
            return 0
        order, _ = message
        # A studio that was killed cannot stop its workers any more.
        threading.Thread(target=_watch_studio, daemon=True).start()
        os.nice(order.get("nice", 0))
        tell("done", result=TASKS[order["task"]](order, tell))
        return 0
    except KeyboardInterrupt:
        tell("stopped")
        return 130
    except Exception as e:
        tell("failed", **describe_failure(e))
        return 1


def _watch_studio() -> None:
    while os.read(0, 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    # Ctrl-C in the terminal reaches the studio and all its workers; only the studio answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(main())
