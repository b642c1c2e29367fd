"""Predictions that other programs' networks made of true and of made frames, compared file against file."""

from __future__ import annotations

from pathlib import Path

from muybridge.errors import UsageError
from muybridge.evaluation import compare_identities, compare_poses, read_predictions

Files = tuple[str | Path, str | Path]
"""Predictions of the true frames, and those of the made ones."""


def compare_predictions(*, poses: Files | None = None, identities: Files | None = None) -> dict[str, float]:
    """AKD and MKR of landmarks, AED of identity features, as other programs found them in true and in made frames.

    poses, identities  predictions of the true frames, and of the made ones; see `evaluation.read_predictions`
    returns            "akd" (pixels), "mkr" (0 to 1) and "aed", as far as they were asked for
    Raises InputError where the two cannot be compared: of other frames, or one of PNG and the other of compressed ones.
    """
    if poses is None and identities is None:
        raise UsageError(
            "there is nothing to compare", "Name predictions: muybridge evaluate --poses GROUND_TRUTH GENERATED"
        )
    found: dict[str, float] = {}
    if poses is not None:
        found |= compare_poses(*(read_predictions(Path(path)) for path in poses))
    if identities is not None:
        found |= compare_identities(*(read_predictions(Path(path)) for path in identities))
    return found
