"""Checkpoints of the authors' programs as run folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from muybridge import catalogue
from muybridge.errors import CheckpointError, Option, Sentence
from muybridge.jobs.loading import Fitted
from muybridge.method import ImportsCheckpoints, Method
from muybridge.networks import load_tensors
from muybridge.run import Checkpoint, Run


def import_checkpoint(
    checkpoint: str | Path,
    config: str | Path | None = None,
    *,
    out: str | Path,
    method: str = "auto",
    force: bool = False,
) -> Fitted:
    """Read a released checkpoint, as data and nothing else, into a run folder that reproduces the authors' program.

    Args:
        checkpoint: The file.
        config: YAML of the options that it was trained with, where there is one.
        out: The run's folder; it has no training data, so `animate` needs a driving clip and a source.
        method: Whose it is; auto tells by the names of the networks in it.
        force: Replace the run that is there.

    Returns:
        The method with the released weights, and its run.

    Raises:
        CheckpointError: The file is anything else.
        UsageError: No such method.
        OutputExistsError: Something stands at `out` already.

    Example:
        >>> muybridge.import_checkpoint("vox.pth.tar", "vox.yaml", out="runs/vox")
    """
    target = Path(out)
    # What an import left that was killed before its weights were written is no run to keep.
    force = force or not Run(target).is_begun
    Run(target).check_free(force)

    method = recognise_method(Path(checkpoint)) if method == "auto" else method
    method_class = catalogue.find(method)
    if not issubclass(method_class, ImportsCheckpoints):
        raise CheckpointError(f"{method} cannot read checkpoints of other programs")

    settings, weights, stage = method_class.import_checkpoint(
        Path(checkpoint), None if config is None else Path(config)
    )
    # Weights that the checkpoint lacks are drawn, and an import shall be the same each time.
    torch.manual_seed(0)
    built: Method[Any, Any] = method_class(settings)
    state = built.state_dict()
    strange = []
    for name, x in weights.items():
        # Torch would refuse them too, but in words that do not name the file.
        if name not in state or state[name].shape != x.shape:
            strange.append(name)

    if strange:
        raise CheckpointError(f"{checkpoint} has weights that have no place here: {', '.join(strange[:4])}")

    built.load_state_dict({**state, **weights})
    stages = built.stages()
    index = stage - 1
    done = sum(s.steps for s in stages[: index + 1])
    inputs = {"checkpoint": str(checkpoint)}
    run = Run.create(target, method, settings.model_dump(mode="json"), force, inputs=inputs, keep_lock=True)
    with run.hold_lock():
        # The weights come last: a run that has them is whole, and until then the one that it replaces comes back.
        run.mark(status="finished" if stage == len(stages) else "interrupted")
        run.save_checkpoint(Checkpoint(index, stages[index].name, stages[index].steps, done, 0.0, built.state_dict()))
    return Fitted(built.eval(), None, run)


def recognise_method(path: Path) -> str:
    """The method whose authors' program wrote a checkpoint, by the names in it.

    Raises CheckpointError, which says what the file is otherwise.
    """
    table = load_tensors(path)
    readable = catalogue.names_with(ImportsCheckpoints)
    for name in readable:
        method_class = catalogue.find(name)
        if issubclass(method_class, ImportsCheckpoints) and method_class.recognises(table):
            return name

    # Some of the names inside let a person see what file it is.
    found = ", ".join(sorted(map(str, table))[:8]) or "nothing"
    raise CheckpointError(
        f"{path} is of none of the programs that are known here ({', '.join(readable)}): it holds {found}",
        Sentence("Give a checkpoint as the authors' program wrote it, or name the method with ", Option("method"), "."),
    )
