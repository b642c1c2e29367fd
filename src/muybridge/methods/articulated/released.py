"""The checkpoints and configs of the released program, as data and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.methods.articulated.config import (
    ArticulatedConfig,
    AvdConfig,
    BackgroundConfig,
    BendConfig,
    DetectorConfig,
    Frames,
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
Options = Mapping[str, Any]
_HOURGLASS = {"block_expansion", "max_features", "num_blocks", "scale_factor"}
KNOWN = {
    "model_params": {"num_regions", "num_channels", "estimate_affine", "revert_axis_swap", "region_predictor_params"}
    | {"bg_predictor_params", "generator_params", "avd_network_params"},
    "region_predictor_params": _HOURGLASS | {"temperature", "pad", "pca_based", "fast_svd"},
    "bg_predictor_params": _HOURGLASS | {"bg_type"},
    "generator_params": {"block_expansion", "max_features", "num_down_blocks", "num_bottleneck_blocks", "skips"}
    | {"estimate_occlusion_map", "pixelwise_flow_predictor_params"},
    "pixelwise_flow_predictor_params": _HOURGLASS
    | {"use_deformed_source", "use_covar_heatmap", "estimate_occlusion_map", "region_var"},
    "avd_network_params": {"id_bottle_size", "pose_bottle_size"},
    "dataset_params": None,
    "train_params": None,
    "train_avd_params": None,
    "loss_weights": None,
    "transform_params": None,
}
"""The options that are understood in the sections of the networks; in others any may stand."""
PARTS = (
    ("region_predictor", r"^predictor\.", "networks.detector.trunk."),
    ("region_predictor", r"^regions\.", "networks.detector.head."),
    ("region_predictor", r"^jacobian\.", "networks.detector.frame_head."),
    ("bg_predictor", r"^encoder\.", "networks.background.encoder."),
    ("bg_predictor", r"^fc\.", "networks.background.head."),
    ("generator", r"^pixelwise_flow_predictor\.hourglass\.", "networks.motion.trunk."),
    ("generator", r"^pixelwise_flow_predictor\.mask\.", "networks.motion.masks."),
    ("generator", r"^pixelwise_flow_predictor\.occlusion\.", "networks.motion.occlusion."),
    ("generator", r"^(first|down_blocks|up_blocks|final)\.", r"networks.generator.\1."),
    ("generator", r"^bottleneck\.r(\d+)\.", r"networks.generator.bottleneck.\1."),
    ("avd_network", r"^id_encoder\.", "avd.identity_encoder."),
    ("avd_network", r"^pose_encoder\.", "avd.pose_encoder."),
    ("avd_network", r"^decoder\.", "avd.decoder."),
)
"""Part of the checkpoint, the program's names in it, ours."""
KINDS = {2: "shift", 6: "affine", 8: "homography"}


def is_released(table: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's table of contents is this program's."""
    return "generator" in table and "region_predictor" in table


def import_released(path: Path, options: Path | None = None) -> tuple[ArticulatedConfig, State, int]:
    """A released checkpoint as settings that reproduce the program, and the weights under `Articulated`'s names.

    path     as train or train_avd write it; of any sizes and options
    options  the program's YAML; without it the sizes are read off the weights, and what they do not show (`pad`,
             whether regions are measured) is as in its config for TaiChi
    returns  the settings, the weights, the stage: 2 with an AVD network, else 1
    Raises CheckpointError.
    """
    table = load_tensors(path)
    if not is_released(table):
        found = ", ".join(sorted(map(str, table))[:8])
        raise CheckpointError(
            f"{path} is no checkpoint of articulated animation: expected generator and region_predictor, found {found}"
        )

    said = read_options(options)
    states = {}
    for name in ("region_predictor", "generator"):
        states[name] = extract_state(table, name)
    for name in ("bg_predictor", "avd_network"):
        # Only some trainings have these two, and an entry may be there and empty.
        if isinstance(table.get(name), Mapping) and table[name]:
            states[name] = extract_state(table, name)

    try:
        config = _config(states, said)
    # First, for it is a ValueError too, and knows which setting is wrong.
    except ValidationError as error:
        wrong = describe_invalid(error)
        raise CheckpointError(f"{path} was made with settings that are not supported: {wrong}") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not in the released layout: {error}") from error

    return config, rename_weights(states), 1 + ("avd_network" in states)


def read_options(path: Path | None) -> Options:
    """The program's YAML; CheckpointError where the file is none, or names what is not understood."""
    if path is None:
        return {}
    said = read_yaml_options(path, KNOWN)
    if not said.get("model_params"):
        raise CheckpointError(f"{path} is not a config of articulated animation: it has no model_params")
    return said


def rename_weights(states: Mapping[str, State]) -> State:
    """The program's names to ours; CheckpointError names one that has no place."""
    ours: State = {}
    for part, state in states.items():
        for name, value in state.items():
            # A fixed blur: built here, so it is only compared.
            if name.endswith("down.weight"):
                _check_blur(f"{part}.{name}", value)
                continue
            ours[_place(part, name)] = value

    return ours


def _place(part: str, name: str) -> str:
    """Our name of a weight, by the first of `PARTS` that fits."""
    for of, pattern, to in PARTS:
        if of == part and re.match(pattern, name):
            return re.sub(pattern, to, name)
    raise CheckpointError(f"{part}.{name} has no place in articulated animation")


def _check_blur(name: str, kernel: Tensor) -> None:
    taps = gaussian_taps((kernel.shape[-1] + 3) // 4)
    if kernel.shape[-2:] != (len(taps),) * 2 or (kernel - taps[:, None] * taps).abs().max() > 1e-5:
        raise CheckpointError(f"{name} is not the program's Gaussian")


def _config(states: Mapping[str, State], said: Options) -> ArticulatedConfig:
    regions = states["region_predictor"]
    generator = states["generator"]
    model = said.get("model_params", {})
    train = said.get("train_params", {})
    of_regions = model.get("region_predictor_params", {})
    of_generator = model.get("generator_params", {})

    return ArticulatedConfig(
        size=square_side(said.get("dataset_params", {}), "frame_shape", 256),
        regions=regions["regions.weight"].shape[0],
        frames=_frames(regions, of_regions, model.get("estimate_affine", True)),
        solver="svd",
        swaps=bool(model.get("revert_axis_swap", True)),
        align_corners=False,
        detector=_detector(regions, of_regions),
        background=_background(states.get("bg_predictor"), model.get("bg_predictor_params", {})),
        motion=_motion(generator, of_generator.get("pixelwise_flow_predictor_params", {})),
        generator=_generator(generator, of_generator),
        losses=_losses(train),
        bend=_bend(train.get("transform_params", {})),
        training=_read_training(train),
        avd=_avd(states.get("avd_network"), said.get("train_avd_params", {})),
    )


def _frames(state: State, said: Options, affine: bool) -> Frames:
    if "jacobian.weight" in state:
        return "regression"
    return "pca" if affine and said.get("pca_based", True) else "none"


def _hourglass(state: State, prefix: str) -> dict[str, int]:
    widths = _widths(state, prefix + "encoder.")
    last = state[f"{prefix}decoder.up_blocks.{len(widths) - 1}.conv.weight"].shape[0]
    return {"width": last, "max_width": max(widths), "blocks": len(widths)}


def _widths(state: State, prefix: str) -> list[int]:
    """Of the blocks of an encoder."""
    numbers = captured_names(state, re.escape(prefix) + r"down_blocks\.(\d+)\.conv\.weight")
    found = []
    for i in sorted(map(int, numbers)):
        found.append(state[f"{prefix}down_blocks.{i}.conv.weight"].shape[0])

    return found


def _scale(state: State, name: str, said: Options) -> float:
    """1 / n for a blur of 4 (n - 1) + 1 taps; what the options say where nothing is scaled."""
    kernel = state.get(name)
    return float(said.get("scale_factor", 1)) if kernel is None else 4 / (kernel.shape[-1] + 3)


def _detector(state: State, said: Options) -> DetectorConfig:
    sizes: dict[str, Any] = {**_hourglass(state, "predictor."), "scale": _scale(state, "down.weight", said)}
    padding = int(said.get("pad", 3 if said else 0))
    return DetectorConfig(temperature=float(said.get("temperature", 0.1)), padding=padding, **sizes)  # type: ignore[arg-type]


def _background(state: State | None, said: Options) -> BackgroundConfig:
    """Where the first block's width is capped, any width that reaches the cap is the same."""
    if state is None or "fc.weight" not in state:
        return BackgroundConfig(kind="none")
    widths = _widths(state, "encoder.")
    kind = KINDS[state["fc.weight"].shape[0]]
    sizes: dict[str, Any] = {"width": -(-widths[0] // 2), "max_width": max(widths), "blocks": len(widths)}
    return BackgroundConfig(kind=kind, scale=float(said.get("scale_factor", 1)), **sizes)  # type: ignore[arg-type]


def _motion(state: State, said: Options) -> MotionConfig:
    here = "pixelwise_flow_predictor."
    sizes = _hourglass(state, here + "hourglass.")
    motions = state[here + "mask.weight"].shape[0]
    seen = state[here + "hourglass.encoder.down_blocks.0.conv.weight"].shape[1]

    return MotionConfig.model_validate(
        {
            **sizes,
            "scale": _scale(state, here + "down.weight", said),
            "covariance": bool(said.get("use_covar_heatmap", not said)),
            "variance": float(said.get("region_var", 0.01)),
            # Only with the moved pictures are there more maps than motions.
            "deformed": seen > motions,
            "occlusion": here + "occlusion.weight" in state,
        }
    )


def _generator(state: State, said: Options) -> GeneratorConfig:
    first = state["first.conv.weight"].shape[0]
    downs = _widths(state, "")
    blocks = len(captured_names(state, r"bottleneck\.(r[^.]*)"))
    skips = bool(said.get("skips", not said))
    return GeneratorConfig(width=first, max_width=max(first, *downs), downs=len(downs), blocks=blocks, skips=skips)


def _losses(train: Options) -> LossConfig:
    said = train.get("loss_weights", {})
    names = ("perceptual", "equivariance_shift", "equivariance_affine")
    values = rename_options(said, dict(zip(names, names, strict=True)))
    return LossConfig.model_validate(values | rename_options(train, {"scales": "scales"}))


def _bend(said: Options) -> BendConfig:
    names = {"sigma_affine": "affine", "sigma_tps": "thin_plate", "points_tps": "points"}
    return BendConfig.model_validate(rename_options(said, names))


def _read_training(said: Options) -> TrainingConfig:
    """Steps are not in the file: the program counts epochs of a data set that it does not name."""
    values = rename_options(said, {"lr": "lr", "batch_size": "batch"}) | relative_drops(said)
    return TrainingConfig.model_validate(values)


def _avd(state: State | None, said: Options) -> AvdConfig:
    if state is None:
        return AvdConfig(steps=0)

    widths = []
    for i in range(0, len(state), 3):
        if f"id_encoder.{i}.weight" in state:
            widths.append(state[f"id_encoder.{i}.weight"].shape[0])

    # Batch norms have weights too, which are no matrices.
    poses = []
    for name in captured_names(state, r"(pose_encoder\.\d+\.weight)"):
        if state[name].ndim == 2:
            poses.append(name)
    names = {
        "batch_size": "batch",
        "lr": "lr",
        "random_scale": "scaling",
        "lambda_shift": "shift",
        "lambda_affine": "affine",
    }
    values = rename_options(said, names)
    # The last layer of either encoder gives the code itself.
    sizes = {"widths": widths[:-1], "identity": widths[-1], "pose": state[poses[-1]].shape[0]}
    return AvdConfig.model_validate({**values, **sizes})
