"""Checkpoints of the released JOKR program, read as data; nothing in them is run.

Every size comes from the tensors. What they cannot say (padding, temperature, batch sizes, loss weights) comes from an
optional YAML file of the program's options, or is the program's default. Networks are built with the program's habits:
the detector never leaves training mode (so keypoints depend on the batch, and dropout stays on in the strong variant),
its last convolution is not padded, and bumps are to be drawn with `geometry.released_gaussians`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.methods.jokr.networks import KeypointDetector, PointDiscriminator, Refiner, ShapeGenerator
from muybridge.networks import gaussian_taps
from muybridge.networks.checkpoints import (
    captured_names,
    extract_state,
    fill_network,
    load_tensors,
    read_yaml_table,
    rename_options,
)

State = dict[str, Tensor]
DROPOUT = 0.5
"""The program's only probability; whether it is used shows in the names of the layers."""


@dataclass(frozen=True, eq=False)
class ReleasedCheckpoint:
    """What a checkpoint holds, under this package's names.

    stage          1 (shape) or 2 (texture)
    keypoints      K
    detector       arguments of `KeypointDetector`
    shapes         arguments of `ShapeGenerator`
    refiner        arguments of `Refiner`; None at stage 1
    discriminator  arguments of `PointDiscriminator`; None at stage 2
    affine         [1, 2, 3], or None where the program was run without affine
    resolution     side of the square pictures, pixels
    epoch          as written in the file
    states         state dict of each network: detector, shapes, refiner_a, refiner_b, discriminator
    options        the YAML file's sections stage1, stage2, kp_detector, kp_disc; empty where there was none
    """

    stage: int
    keypoints: int
    detector: dict[str, Any]
    shapes: dict[str, Any]
    refiner: dict[str, Any] | None
    discriminator: dict[str, Any] | None
    affine: Tensor | None
    resolution: int
    epoch: int
    states: dict[str, State]
    options: dict[str, dict[str, Any]]

    def build_detector(self) -> KeypointDetector:
        """E with the checkpoint's weights, in training mode for ever."""
        return fill_network(KeypointDetector(**self.detector), self.states["detector"], "KP")

    def build_shapes(self) -> ShapeGenerator:
        """G with the checkpoint's weights, in evaluation mode."""
        return fill_network(ShapeGenerator(**self.shapes), self.states["shapes"], "G_A").eval()

    def build_refiners(self) -> tuple[Refiner, Refiner]:
        """R_A and R_B with the checkpoint's weights, in evaluation mode; only at stage 2."""
        if self.refiner is None:
            raise CheckpointError(
                "a stage 1 checkpoint has no R_A and R_B: it can draw silhouettes only",
                "Import the stage 2 checkpoint of the same training.",
            )

        a = Refiner(**self.refiner)
        b = Refiner(**self.refiner)
        fill_network(a, self.states["refiner_a"], "R_A")
        fill_network(b, self.states["refiner_b"], "R_B")

        return a.eval(), b.eval()

    def build_discriminator(self) -> PointDiscriminator:
        """D with the checkpoint's weights; only at stage 1."""
        if self.discriminator is None:
            raise CheckpointError("a stage 2 checkpoint has no discriminator", "Import the stage 1 checkpoint.")
        return fill_network(PointDiscriminator(**self.discriminator), self.states["discriminator"], "Disc")


def read_released(path: Path, options: Path | None = None) -> ReleasedCheckpoint:
    """Read a checkpoint of either stage.

    path     as written by train_first_stage.py or train_second_stage.py
    options  YAML of the command line's options, either flat or in sections stage1, stage2, kp_detector, kp_disc
    Raises CheckpointError, which names what the file is instead.
    """
    raw = load_tensors(path)
    if not {"G_A", "KP"} <= raw.keys() or not ({"R_A", "R_B"} <= raw.keys() or "Disc" in raw):
        found = ", ".join(sorted(map(str, raw))[:8])
        raise CheckpointError(
            f"{path} is not a checkpoint of JOKR: expected G_A and KP with Disc or with R_A and R_B, found {found}"
        )

    # Only the second stage has refiners, and it no longer has D.
    stage = 2 if "R_A" in raw else 1
    said = read_options(options)
    parts: dict[str, State] = {}
    for name in ("G_A", "KP", "R_A", "R_B", "Disc"):
        if name in raw:
            parts[name] = extract_state(raw, name)

    try:
        detector = _detector_sizes(parts["KP"], said.get("kp_detector", {}), said.get("stage1", {}))
        shapes = _generator_sizes(parts["G_A"])
        checkpoint = ReleasedCheckpoint(
            stage=stage,
            keypoints=detector["keypoints"],
            detector=detector,
            shapes={"keypoints": shapes.pop("in_channels"), **shapes},
            refiner=_generator_sizes(parts["R_A"]) if stage == 2 else None,
            discriminator=_discriminator_sizes(parts["Disc"]) if stage == 1 else None,
            affine=_affine(raw.get("learned_t")),
            resolution=int(said.get("stage1", {}).get("resize_w", 256)),
            epoch=raw["epoch"] if isinstance(raw.get("epoch"), int) else 0,
            states=_rename_weights(parts, stage),
            options=said,
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} has parts of JOKR, but not in the released layout: {error}") from error

    # Now, when the message can still name the file.
    _agree(checkpoint, path)
    return checkpoint


def read_options(path: Path | None) -> dict[str, dict[str, Any]]:
    """The sections of an options file; a flat file counts as each of them."""
    if path is None:
        return {}
    raw = read_yaml_table(path)
    names = ("stage1", "stage2", "kp_detector", "kp_disc")
    sections = rename_options(raw, dict(zip(names, names, strict=True)))
    if not all(isinstance(section, dict) for section in sections.values()):
        raise CheckpointError(f"{path}: {', '.join(sections)} should each hold names with values")
    return sections or dict.fromkeys(("stage1", "stage2", "kp_detector", "kp_disc"), raw)


def released_name(name: str, blocks: int, dropout: bool) -> str:
    """The program's name of a parameter of `ResnetGenerator`: trunk.0.second.bias is model.10.conv_block.6.bias."""
    *layer, kind = name.split(".")
    second = 6 if dropout else 5
    places = {
        "stem": lambda: 1,
        "down": lambda: 4 + 3 * int(layer[1]),
        "trunk": lambda: f"{10 + int(layer[1])}.conv_block.{1 if layer[2] == 'first' else second}",
        "up": lambda: 10 + blocks + 3 * int(layer[1]),
        "out": lambda: 17 + blocks,
    }

    return f"model.{places[layer[0]]()}.{kind}"


def _generator_sizes(state: State, prefix: str = "") -> dict[str, Any]:
    blocks = _count(state, rf"{re.escape(prefix)}model\.(\d+)\.conv_block\.")
    return {
        "in_channels": state[f"{prefix}model.1.weight"].shape[1],
        "width": state[f"{prefix}model.1.weight"].shape[0],
        "blocks": blocks,
        "dropout": DROPOUT if f"{prefix}model.10.conv_block.6.weight" in state else 0.0,
    }


def _detector_sizes(state: State, said: Mapping[str, Any], stage1: Mapping[str, Any]) -> dict[str, Any]:
    sizes: dict[str, Any] = {"temperature": float(said.get("temperature", 0.1)), "always_training": True}
    kernel = state.get("down.weight")
    scale = 1.0 if kernel is None else 4 / (kernel.shape[-1] + 3)
    sizes["scale"] = float(stage1.get("scale_kp", scale)) if kernel is None else scale
    if "kp.weight" in state:
        levels = _count(state, r"predictor\.encoder\.down_blocks\.(\d+)\.conv\.weight")
        widths = []
        for i in range(levels):
            widths.append(state[f"predictor.encoder.down_blocks.{i}.conv.weight"].shape[0])

        return sizes | {
            "keypoints": state["kp.weight"].shape[0],
            "variant": "hourglass",
            "width": state[f"predictor.decoder.up_blocks.{levels - 1}.conv.weight"].shape[0],
            "max_width": max(widths),
            "blocks": levels,
            "padding": int(said.get("pad", 0)),
            "norm": "batch",
        }

    generator = _generator_sizes(state, "predictor.")
    last = state[f"predictor.model.{17 + generator['blocks']}.weight"]
    # A detector always sees colours, so it has no such setting.
    del generator["in_channels"]
    return sizes | generator | {"keypoints": last.shape[0], "variant": "strong", "norm": "instance"}


def _discriminator_sizes(state: State) -> dict[str, Any]:
    width, twice = state["classify.0.weight"].shape
    return {"keypoints": twice // 2, "width": width}


def _count(state: State, pattern: str) -> int:
    return len(captured_names(state, pattern))


def _affine(raw: object) -> Tensor | None:
    if raw is None:
        return None
    if not isinstance(raw, Tensor) or tuple(raw.shape) != (1, 2, 3):
        raise ValueError("learned_t should be a tensor (1, 2, 3)")
    return raw.detach().clone().float()


def _rename_weights(parts: dict[str, State], stage: int) -> dict[str, State]:
    states = {"detector": _detector_state(parts["KP"]), "shapes": _generator_state(parts["G_A"], "net.")}
    if stage == 1:
        return states | {"discriminator": parts["Disc"]}
    return states | {
        "refiner_a": _generator_state(parts["R_A"], "net."),
        "refiner_b": _generator_state(parts["R_B"], "net."),
    }


def _generator_state(state: State, prefix: str) -> State:
    """The program's names to ours; names that have no place (another kind of norm, say) are kept, to be refused."""
    sizes = _generator_sizes(state)
    blocks = sizes["blocks"]
    dropout = sizes["dropout"] > 0
    layers = ["stem.0", "down.0.0", "down.1.0", "up.0.0", "up.1.0", "out"]
    for i in range(blocks):
        for which in ("first", "second"):
            layers.append(f"trunk.{i}.{which}")

    ours = {}
    for layer in layers:
        for kind in ("weight", "bias"):
            ours[released_name(f"{layer}.{kind}", blocks, dropout)] = f"{prefix}{layer}.{kind}"

    table = {}
    for name, x in state.items():
        table[ours.get(name, name)] = x

    return table


def _detector_state(state: State) -> State:
    kernel = state.get("down.weight")
    if kernel is not None:
        taps = gaussian_taps((kernel.shape[-1] + 3) // 4)
        if kernel.shape[-2:] != (len(taps),) * 2 or (kernel - taps[:, None] * taps).abs().max() > 1e-5:
            raise ValueError("KP.down.weight is not the program's Gaussian")
    # The blur is built here, so it was only compared.
    rest = dict(state)
    rest.pop("down.weight", None)
    if "kp.weight" in rest:
        renamed = {}
        for name, x in rest.items():
            place = re.sub(r"^predictor\.", "trunk.", name)
            renamed[re.sub(r"^kp\.", "head.", place)] = x
        return renamed

    inner = {}
    for name, x in rest.items():
        inner[name.removeprefix("predictor.")] = x

    return _generator_state(inner, "trunk.")


def _agree(checkpoint: ReleasedCheckpoint, path: Path) -> None:
    """Networks must take what the others give, and every weight must have its place."""
    counts = {checkpoint.keypoints, checkpoint.shapes["keypoints"]}
    if checkpoint.discriminator is not None:
        counts.add(checkpoint.discriminator["keypoints"])
    if len(counts) > 1:
        raise CheckpointError(f"the networks in {path} disagree on the number of keypoints: {sorted(counts)}")

    checkpoint.build_detector()
    checkpoint.build_shapes()
    if checkpoint.stage == 2:
        checkpoint.build_refiners()
    else:
        checkpoint.build_discriminator()
