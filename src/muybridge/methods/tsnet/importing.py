"""Released checkpoints as this package's config and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.methods.tsnet.config import StageConfig, TsnetConfig
from muybridge.methods.tsnet.presets import CARD
from muybridge.methods.tsnet.released import ReleasedCheckpoint, read_released
from muybridge.networks import read_yaml_table

KINDS = {25: "body25", 2: "face68"}
"""Classes of labels of the program's two kinds of landmarks."""
STEPS = 63000
"""900 epochs of 7 targets of 100 (pose) or 150 (face) videos, in batches of 10 or 15 (facts: Training)."""


def imported(path: Path, options: Path | None = None) -> tuple[TsnetConfig, dict[str, Tensor], int]:
    """A released checkpoint as settings that reproduce it, and the weights under `Tsnet`'s names.

    path     checkpoint of either class
    options  YAML of the constructor's arguments; read for n_source, and refused where it is of another checkpoint
    returns  the settings, the weights, and 1, the only stage
    Raises CheckpointError.
    """
    found = read_released(path)
    if found.classes not in KINDS:
        raise CheckpointError(
            f"{path} has labels of {found.classes} classes; TS-Net's programs have 25 for bodies and 2 for faces"
        )
    said = _said(options, found)
    pose = found.kind == "pose"
    batch = 10 if pose else 15
    # Crop, sampling and margin are the preset's: the facts have no margin, but faces shifted by 20 % need its room.
    like = CARD.presets["standard" if pose else "face"]
    settings = like.model_dump() | {
        "kind": KINDS[found.classes],
        "width": found.width,
        "critic_width": found.critic_width,
        "image_blocks": found.image_blocks,
        "mask_blocks": found.mask_blocks,
        "decoder_blocks": found.decoder_blocks,
        "face_critic": pose,
        "gradient": "always",
        "perceptual": "weight-free",
        "train": StageConfig(steps=STEPS, batch=batch, decay=5 / 9).model_dump(),
    }
    settings["sampling"]["sources"] = said.get("n_source", 3)
    config = TsnetConfig.model_validate(settings)
    return config, {f"{net}.{name}": x for net, state in found.states.items() for name, x in state.items()}, 1


def _said(options: Path | None, found: ReleasedCheckpoint) -> dict[str, Any]:
    """The options file, where it says nothing else than the checkpoint's tensors."""
    if options is None:
        return {}
    said = read_yaml_table(options)
    has = {
        "variant": found.kind,
        "label_nc": found.classes,
        "ngf": found.width,
        "ndf": found.critic_width,
        "n_blocks": found.decoder_blocks,
        "img_enc_n_blocks": found.image_blocks,
        "lbl_enc_n_blocks": found.mask_blocks,
    }
    wrong = [f"{name} {said[name]} (it has {value})" for name, value in has.items() if said.get(name, value) != value]
    if wrong:
        raise CheckpointError(f"{options} is of another checkpoint: {', '.join(wrong)}")
    sources = said.get("n_source", 3)
    if not isinstance(sources, int) or isinstance(sources, bool) or sources < 1:
        raise CheckpointError(f"{options}: n_source is a number of frames, not {sources!r}")
    return said
