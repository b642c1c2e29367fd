"""The checkpoints and configs of the released program, as data and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.methods.fomm.config import (
    BendConfig,
    DetectorConfig,
    DiscriminatorConfig,
    FommConfig,
    GeneratorConfig,
    LossConfig,
    MotionConfig,
    TrainingConfig,
)
from muybridge.networks import gaussian_taps
from muybridge.networks.checkpoints import (
    captured_names,
    describe_invalid,
    extract_state,
    load_tensors,
    read_yaml_options,
    relative_drops,
    rename_options,
    square_side,
)

State = dict[str, Tensor]
PARTS_NEEDED = ("kp_detector", "generator")
Options = Mapping[str, Any]
_HOURGLASS = {"block_expansion", "max_features", "num_blocks", "scale_factor"}
KNOWN = {
    "model_params": {"common_params", "kp_detector_params", "generator_params", "discriminator_params"},
    "common_params": {"num_kp", "num_channels", "estimate_jacobian"},
    "kp_detector_params": _HOURGLASS | {"temperature", "pad", "single_jacobian_map"},
    "generator_params": {"block_expansion", "max_features", "num_down_blocks", "num_bottleneck_blocks"}
    | {"estimate_occlusion_map", "dense_motion_params"},
    "dense_motion_params": _HOURGLASS | {"kp_variance", "estimate_occlusion_map"},
    "discriminator_params": {"scales", "block_expansion", "max_features", "num_blocks", "sn", "use_kp"},
    "dataset_params": None,
    "train_params": None,
    "loss_weights": None,
    "transform_params": None,
}
"""The options that are understood in the sections of the networks; in others any may stand."""
PARTS = (
    ("kp_detector", r"^predictor\.", "networks.detector.trunk."),
    ("kp_detector", r"^kp\.", "networks.detector.head."),
    ("kp_detector", r"^jacobian\.", "networks.detector.frame_head."),
    ("generator", r"^dense_motion_network\.hourglass\.", "networks.motion.trunk."),
    ("generator", r"^dense_motion_network\.mask\.", "networks.motion.masks."),
    ("generator", r"^dense_motion_network\.occlusion\.", "networks.motion.occlusion."),
    ("generator", r"^(first|down_blocks|up_blocks|final)\.", r"networks.generator.\1."),
    ("generator", r"^bottleneck\.r(\d+)\.", r"networks.generator.bottleneck.\1."),
    ("discriminator", r"^discs\.([^.]+)\.", r"critics.judges.\1."),
)
"""Part of the checkpoint, the program's names in it, ours."""


def is_released(table: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's table of contents is this program's."""
    generator = table.get("generator")
    return isinstance(generator, Mapping) and "kp_detector" in table and "first.conv.weight" in generator


def import_released(path: Path, options: Path | None = None) -> tuple[FommConfig, State, int]:
    """A released checkpoint as settings that reproduce the program, and the weights under `Fomm`'s names.

    path     *.pth.tar as the program writes it; of any sizes and options
    options  its YAML; without it the sizes are read off the weights, and what they do not show is the program's
             default
    returns  the settings, the weights, the stage (1)
    Raises CheckpointError.
    """
    table = load_tensors(path)
    if not is_released(table):
        found = ", ".join(sorted(map(str, table))[:8])
        raise CheckpointError(f"{path} is not a checkpoint of FOMM: expected generator and kp_detector, found {found}")

    states: dict[str, State] = {}
    for name in PARTS_NEEDED:
        states[name] = extract_state(table, name)

    said = read_options(options)
    if isinstance(table.get("discriminator"), Mapping) and table["discriminator"]:
        states["discriminator"] = extract_state(table, "discriminator")

    try:
        config = _config(states, said)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, ValidationError):
            wrong = describe_invalid(error)
            raise CheckpointError(f"{path} was made with settings that are not supported: {wrong}") from error
        raise CheckpointError(f"{path} has parts of FOMM, but not in the released layout: {error}") from error

    return config, rename_weights(states, config), 1


def read_options(path: Path | None) -> Options:
    """The program's YAML; CheckpointError where the file is none, or names what is not understood."""
    if path is None:
        return {}
    said = read_yaml_options(path, KNOWN)
    if "model_params" not in said:
        raise CheckpointError(f"{path} is not a config of FOMM: it has no model_params")
    return said


def rename_weights(states: Mapping[str, State], config: FommConfig) -> State:
    """The program's names to ours; CheckpointError names one that has no place."""
    ours: State = {}
    scales = []
    for scale in config.critic.scales:
        scales.append(_discriminator_name(scale))

    for part, state in states.items():
        # A run without the adversarial loss has no networks to put it in.
        if part == "discriminator" and not config.losses.adversarial:
            continue
        for name, value in state.items():
            # A fixed blur: built here, so it is only compared.
            if name.endswith("down.weight"):
                _check_blur(f"{part}.{name}", value)
                continue
            place = _place(part, name)
            if part == "discriminator":
                judge = name.split(".")[1]
                place = place.replace(f"judges.{judge}.", f"judges.{scales.index(judge)}.", 1)
            ours[place] = value

    return ours


def _place(part: str, name: str) -> str:
    """Our name of a weight, by the first of `PARTS` that fits."""
    for of, pattern, to in PARTS:
        if of == part and re.match(pattern, name):
            return re.sub(pattern, to, name)
    raise CheckpointError(f"{part}.{name} has no place in FOMM")


def _discriminator_name(scale: float) -> str:
    return f"{scale:g}".replace(".", "-")


def _check_blur(name: str, kernel: Tensor) -> None:
    taps = gaussian_taps((kernel.shape[-1] + 3) // 4)
    if kernel.shape[-2:] != (len(taps),) * 2 or (kernel - taps[:, None] * taps).abs().max() > 1e-5:
        raise CheckpointError(f"{name} is not the program's Gaussian")


def _config(states: Mapping[str, State], said: Options) -> FommConfig:
    detector = states["kp_detector"]
    generator = states["generator"]
    model = said.get("model_params", {})
    train = said.get("train_params", {})
    discriminator = _discriminator(states.get("discriminator"), model.get("discriminator_params", {}), detector)
    losses = _losses(train, discriminator is not None)

    return FommConfig(
        size=square_side(said.get("dataset_params", {}), "frame_shape", 256),
        keypoints=detector["kp.weight"].shape[0],
        jacobian="jacobian.weight" in detector,
        align_corners=False,
        detector=_detector(detector, {**model.get("kp_detector_params", {})}),
        motion=_motion(generator, model.get("generator_params", {}).get("dense_motion_params", {})),
        generator=_generator(generator),
        critic=discriminator or DiscriminatorConfig(),
        losses=losses,
        bend=_bend(train.get("transform_params", {})),
        training=_read_training(train),
    )


def hourglass_sizes(state: Mapping[str, Tensor], prefix: str) -> dict[str, int]:
    """Width, largest width and number of halvings of an hourglass, from the weights under a prefix."""
    pattern = re.escape(prefix) + r"encoder\.down_blocks\.(\d+)\.conv\.weight"
    widths = {}
    for name, x in state.items():
        if found := re.match(pattern, name):
            widths[int(found[1])] = x.shape[0]

    last = state[f"{prefix}decoder.up_blocks.{len(widths) - 1}.conv.weight"].shape[0]
    return {"width": last, "max_width": max(widths.values()), "blocks": len(widths)}


def _scale(state: Mapping[str, Tensor], name: str, said: Options) -> float:
    """1 / n for a blur of 4 (n - 1) + 1 taps; what the options say where nothing is scaled."""
    kernel = state.get(name)
    return float(said.get("scale_factor", 1)) if kernel is None else 4 / (kernel.shape[-1] + 3)


def _detector(state: State, said: Options) -> DetectorConfig:
    frames = state.get("jacobian.weight")
    return DetectorConfig.model_validate(
        {
            **hourglass_sizes(state, "predictor."),
            "scale": _scale(state, "down.weight", said),
            "temperature": float(said.get("temperature", 0.1)),
            "padding": int(said.get("pad", 0)),
            "one_frame_map": frames is not None and frames.shape[0] == 4 != 4 * state["kp.weight"].shape[0],
        }
    )


def _motion(state: State, said: Options) -> MotionConfig:
    return MotionConfig.model_validate(
        {
            **hourglass_sizes(state, "dense_motion_network.hourglass."),
            "scale": _scale(state, "dense_motion_network.down.weight", said),
            "variance": float(said.get("kp_variance", 0.01)),
            "occlusion": "dense_motion_network.occlusion.weight" in state,
        }
    )


def _generator(state: State) -> GeneratorConfig:
    downs = []
    for name, x in state.items():
        if re.match(r"down_blocks\.\d+\.conv\.weight", name):
            downs.append(x.shape[0])

    first = state["first.conv.weight"].shape[0]
    blocks = len(captured_names(state, r"bottleneck\.(r[^.]*)"))
    return GeneratorConfig(width=first, max_width=max(first, *downs), downs=len(downs), blocks=blocks)


def _discriminator(state: State | None, said: Options, detector: State) -> DiscriminatorConfig | None:
    """None where there is no discriminator."""
    if state is None:
        return None

    names = captured_names(state, r"[^.]*\.([^.]*)")
    convs = captured_names(state, rf"(discs\.{names[0]}\.down_blocks\.\d+\.conv\.weight(?:_orig)?)$")
    widths = []
    for name in convs:
        widths.append(state[name].shape[0])

    return DiscriminatorConfig.model_validate(
        {
            # The first block has twice the base width.
            "width": -(-widths[0] // 2),
            "max_width": max(widths),
            "blocks": len(widths),
            "scales": [float(name.replace("-", ".")) for name in names],
            "spectral": convs[0].endswith("_orig"),
            "keypoints": state[convs[0]].shape[1] == 3 + detector["kp.weight"].shape[0],
        }
    )


def _losses(train: Options, discriminator: bool) -> LossConfig:
    said = train.get("loss_weights", {})
    matching = said.get("feature_matching", [10])
    if len(set(matching)) > 1:
        raise ValueError(f"feature_matching has other weights for other blocks: {matching}")

    names = {"perceptual": "perceptual", "generator_gan": "adversarial"}
    names |= {"equivariance_value": "equivariance_value", "equivariance_jacobian": "equivariance_jacobian"}
    values = _drop_empty(rename_options(said, names) | rename_options(train, {"scales": "scales"}))
    # The program lists a weight for each block; here one number serves all.
    values["matching"] = matching[0]
    if not discriminator:
        values["adversarial"] = 0
    return LossConfig.model_validate(values)


def _bend(said: Options) -> BendConfig:
    names = {"sigma_affine": "affine", "sigma_tps": "thin_plate", "points_tps": "points"}
    return BendConfig.model_validate(rename_options(said, names))


def _read_training(said: Options) -> TrainingConfig:
    """Steps are not in the file: the program counts epochs of a data set that it does not name."""
    values = rename_options(said, {"lr_generator": "lr", "batch_size": "batch"}) | relative_drops(said)
    return TrainingConfig.model_validate(_drop_empty(values))


def _drop_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the YAML file does not leave empty."""
    table = {}
    for name, value in values.items():
        if value is not None:
            table[name] = value

    return table
