"""The run folder: one training on disk, safe to interrupt, to move and to share.

    run.json             what this is and how far it came (`Record`)
    config.json          the method's settings
    data.safetensors     what it trains on
    weights.safetensors  the last checkpoint: weights, optimisers and position in one file, so that they always agree
    log.jsonl            one JSON object a line
    previews/NNNNNN.png  pictures by steps done
    tensorboard/         events of the training, where they were asked for
    .lock                held while a training writes
    .replaced/           the run that stood here before, until the first checkpoint of this one

Files are replaced whole; nothing is ever pickled. Steps are optimiser steps; `step` counts within a stage, `done`
over all stages. The lock is a POSIX file lock.
"""

from muybridge.run.folder import Run
from muybridge.run.record import FORMAT, Checkpoint, Record, Status

__all__ = ["FORMAT", "Checkpoint", "Record", "Run", "Status"]
