"""Released checkpoints as this package's config and weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.methods.jokr.config import JokrConfig, StageConfig
from muybridge.methods.jokr.presets import RELEASED
from muybridge.methods.jokr.released import ReleasedCheckpoint, read_released
from muybridge.networks.checkpoints import describe_invalid, join_states, rename_options


def is_released(table: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's table of contents is this program's, of either stage."""
    return {"G_A", "KP"} <= table.keys() and ({"R_A", "R_B"} <= table.keys() or "Disc" in table)


def import_released(path: Path, options: Path | None = None) -> tuple[JokrConfig, dict[str, Tensor], int]:
    """A released checkpoint as settings that reproduce it, and the weights under `Jokr`'s names.

    path     checkpoint of either stage
    options  YAML of the program's options, see `read_released`
    returns  the settings; the networks that the checkpoint holds (D is missing at stage 2, R_A and R_B at stage 1);
             the stage, 1 or 2
    Raises CheckpointError.
    """
    found = read_released(path, options)
    try:
        config = _config(found)
    except ValidationError as e:
        wrong = describe_invalid(e)
        raise CheckpointError(f"{path} was made with settings that are not supported: {wrong}") from e

    weights = join_states(found.states)
    if found.affine is not None:
        weights["affine.matrix"] = found.affine
    # The file holds no canvas, and loading the weights would miss it.
    weights["canvas_size"] = torch.tensor([found.resolution, found.resolution])
    return config, weights, found.stage


def _config(found: ReleasedCheckpoint) -> JokrConfig:
    """The preset `released` with what the checkpoint and the options say."""
    first = found.options.get("stage1", {})
    second = found.options.get("stage2", {})
    affine = found.affine is not None
    said = {
        "size": found.resolution,
        "keypoints": found.keypoints,
        "affine": affine,
        "detector": RELEASED.detector.model_dump() | _sizes(found.detector),
        "shapes": RELEASED.shapes.model_dump() | _sizes(found.shapes),
        "refiner": RELEASED.refiner.model_dump() | _sizes(found.refiner or found.shapes),
        "texture_loss": "weight-free",  # an import needs no other files; it can be set for a training
        "losses": _losses(first, second, affine),
        "shape": _stage(RELEASED.shape, first),
        "texture": _stage(RELEASED.texture, second),
    }
    if found.discriminator is not None:
        said["discriminator_width"] = found.discriminator["width"]
    # One margin serves both subjects here; the program has one of each.
    if "pad_factor_a" in first:
        said["margin"] = float(first["pad_factor_a"])

    return JokrConfig.model_validate(RELEASED.model_dump() | said)


def _sizes(of_network: Mapping[str, Any]) -> dict[str, Any]:
    table = {}
    for name, value in of_network.items():
        if name not in ("keypoints", "in_channels"):
            table[name] = value

    return table


def _losses(first: Mapping[str, Any], second: Mapping[str, Any], affine: bool) -> dict[str, float]:
    """The weights that the options of the two stages name; the program's names on the left."""
    names = {
        "lambda_l2": "seg",
        "lambda_disc": "dc",
        "lambda_pred": "tmp",
        "lambda_eq": "eq",
        "lambda_sep": "sep",
        "lambda_sill": "sill",
        "delta": "delta",
    }
    textures = {"lambda_l1": "l1", "lambda_vgg": "perceptual"}
    weights = RELEASED.losses.model_dump()
    if not affine:
        weights |= {"dc": 0.5, "sep": 1.0}  # what the program is run with where T is not learned

    said = rename_options(first, names) | rename_options(second, textures)
    return weights | {name: float(weight) for name, weight in said.items()}


def _stage(stage: StageConfig, said: Mapping[str, Any]) -> dict[str, Any]:
    names = {"iters": "steps", "bs": "batch"}
    return stage.model_dump() | {name: int(count) for name, count in rename_options(said, names).items()}
