"""What was trained, loaded from its run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from muybridge import catalogue
from muybridge.engine import load_weights, resolve_device
from muybridge.errors import CheckpointError, MuybridgeError, Option, RunError, Sentence, UsageError, Verb
from muybridge.jobs.request import recorded_config
from muybridge.method import Ability, Data, Method
from muybridge.networks.sizes import limit_parameters
from muybridge.run import Run

A = TypeVar("A", bound=Ability)


SPARE = 300_000_000
"""Numbers of pretrained networks that a method may hold beside its own."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained method.

    data  what it was trained on; None for an imported checkpoint
    run   its folder
    """

    method: Method[Any, Any]
    data: Data | None
    run: Run


def load(run: str | Path, method: str | None = None, device: str = "auto", data: bool = True) -> Fitted:
    """What was trained in a run folder, ready to animate.

    Args:
        run: The folder, or one that `retarget` wrote.
        method: Refuse runs of any other.
        device: auto, cpu, cuda, cuda:1, mps.
        data: With what it was trained on; False leaves that on the disk.

    Returns:
        The method with its weights, its data and its run.

    Raises:
        RunError: The folder is broken, of another method, or has no weights yet.
        CheckpointError: Its weights cannot be loaded.

    Example:
        >>> run = muybridge.load("cat-fox", device="cpu")
    """
    path = _run_folder(run)
    opened = Run.open(path, method)
    made_by = opened.record.method
    if made_by not in catalogue.names():
        raise RunError(
            f"{path} is a run of {made_by}, a method that is not here",
            f"There are: {', '.join(catalogue.names())}. Others come with packages of their own.",
        )

    method_class = catalogue.find(made_by)
    if not opened.has_checkpoint:
        raise RunError(f"{path} holds no weights yet", Sentence("Train it first, with ", Option("resume", True), "."))

    weights = opened.load_weights()
    # Settings of a file from elsewhere might ask for a network that fills the memory.
    with limit_parameters(4 * sum(x.numel() for x in weights.values()) + SPARE):
        built = method_class(recorded_config(method_class, opened))
    load_weights(built, weights)
    kept = restore_data(method_class, opened) if data and opened.has_data else None
    built.recall(opened.record.stage, kept)
    return Fitted(built.to(resolve_device(device, "float32").device).eval(), kept, opened)


def restore_data(method_class: type[Method[Any, Any]], run: Run) -> Data:
    """What a run trains on; CheckpointError where its file holds anything else, whichever method it is of."""
    tensors = run.load_data()
    try:
        return method_class.Data.restore(tensors)
    except MuybridgeError:
        raise
    # Methods of other packages have their own ways to take their data apart.
    except Exception as error:
        raise CheckpointError(
            f"data.safetensors in {run.path} does not hold what {method_class.card.name} trains on: {str(error)[:300]}",
            Sentence("Copy the run again, or train it anew with ", Option("force", True), "."),
        ) from error


def needed_inputs(run: str | Path) -> str:
    """What the method of a run learns from: pair, folder or landmarks."""
    found = Run.open(_run_folder(run)).record.method
    return catalogue.find(found).card.needs if found in catalogue.names() else ""


def _run_folder(run: str | Path) -> Path:
    """The run's folder, in that of `retarget` where this is one."""
    path = Path(run)
    within = path / "run"
    return within if (within / "run.json").is_file() and not (path / "run.json").exists() else path


def load_folder_method(run: Fitted | str | Path, device: str, verb: str) -> Fitted:
    """A run of a method that learns from a folder, without its training data; UsageError for any other."""
    fitted = run if isinstance(run, Fitted) else load(run, device=device, data=False)
    card = fitted.method.card
    if card.needs != "folder":
        raise UsageError(
            f"{card.name} learns from a {card.needs}, not from a folder of clips: it cannot {verb}",
            Sentence("See what each method gives: ", Verb("methods")),
        )
    return fitted


def require_ability(method: Method[Any, Any], ability: type[A]) -> A:
    """The method as one that has an ability; UsageError names those that have it where this one has not."""
    if isinstance(method, ability):
        return method
    able = ", ".join(catalogue.names_with(ability))
    raise UsageError(f"{method.card.name} {ability.lack}", Sentence(f"These can: {able}. See: ", Verb("methods")))
