"""What a training that cannot go on says, and how its run remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from muybridge.errors import MuybridgeError, TrainingError, is_out_of_memory
from muybridge.run import Run


@contextmanager
def record_failure(run: Run | None) -> Iterator[None]:
    """Mark the run interrupted or failed where the training ends early; memory that is out becomes a TrainingError."""
    try:
        yield
    except KeyboardInterrupt:
        _mark(run, "interrupted", None)
        raise
    except Exception as e:
        known = _out_of_memory(run) if is_out_of_memory(e) else e
        _mark(run, "failed", known.message if isinstance(known, MuybridgeError) else f"{type(e).__name__}: {e}")
        if known is e:
            raise
        raise known from e


def _mark(run: Run | None, status: str, reason: str | None) -> None:
    # The first error is the one to report, even where the disk is too full to note it.
    with suppress(MuybridgeError):
        if run is not None and run.record.status == "training":
            run.mark(status=status, reason=reason)


def kept_by(run: Run | None) -> str:
    """What is safe where a training ends early, for the end of a sentence."""
    return "; the last checkpoint is kept" if run is not None and run.has_checkpoint else ""


def _out_of_memory(run: Run | None) -> TrainingError:
    return TrainingError(
        f"out of memory{kept_by(run)}",
        "Lower the batch or the resolution, choose a smaller preset, or train in bfloat16.",
    )
