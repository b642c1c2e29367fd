"""The released program's YAML files, as this package's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muybridge.errors import CheckpointError
from muybridge.networks import read_yaml_options, square_side

_MAPS = {"scale_factor", "use_heatmap", "use_deformed_source_image", "use_difference", "heatmap_type", "norm_const"}
KNOWN = {
    "model_params": {"common_params", "kp_detector_params", "generator_params", "discriminator_params"},
    "common_params": {"num_kp", "kp_variance", "num_channels"},
    "kp_detector_params": {"temperature", "block_expansion", "max_features", "num_blocks", "scale_factor"}
    | {"clip_variance", "temporal"},
    "generator_params": {"block_expansion", "max_features", "num_blocks", "num_refinement_blocks"}
    | {"dense_motion_params", "kp_embedding_params", "interpolation_mode", "temporal"},
    "discriminator_params": {"kp_embedding_params", "block_expansion", "max_features", "num_blocks", "temporal"},
    "dense_motion_params": {"block_expansion", "max_features", "num_blocks", "use_mask", "use_correction"}
    | {"scale_factor", "mask_embedding_params", "num_group_blocks", "bg_init", "temporal"},
    "mask_embedding_params": _MAPS,
    "kp_embedding_params": _MAPS,
    "dataset_params": None,
    "augmentation_params": None,
    "flip_param": None,
    "resize_param": None,
    "jitter_param": None,
    "train_params": None,
    "loss_weights": None,
    "transfer_params": None,
    "normalization_params": None,
}
"""The options that are understood in the sections of the networks; in others any may stand."""


@dataclass(frozen=True)
class Options:
    """What the weights cannot say.

    size      side of the pictures
    detector, motion, drawn_for_generator, drawn_for_discriminator   settings of this package
    discriminator    its sizes, for a file without its weights
    resampling   of flow and maps
    relative  whether the program's own transfer is relative
    train, dataset   as written
    """

    size: int
    detector: dict[str, Any]
    motion: dict[str, Any]
    drawn_for_generator: dict[str, Any]
    drawn_for_discriminator: dict[str, Any]
    critic: dict[str, Any]
    resampling: str
    relative: bool
    train: Mapping[str, Any]
    dataset: Mapping[str, Any]


def read_options(path: Path) -> Options:
    """Read a YAML file of the program; CheckpointError names what is not understood."""
    raw = read_yaml_options(path, KNOWN)
    model = raw.get("model_params", {})
    common = model.get("common_params", {})
    detector = model.get("kp_detector_params", {})
    generator = model.get("generator_params", {})
    discriminator = model.get("discriminator_params", {})
    motion = generator.get("dense_motion_params", {})
    seen = motion.get("mask_embedding_params", {})
    dataset = raw.get("dataset_params", {})
    transfer = raw.get("transfer_params", {})
    size = square_side(dataset, "image_shape", 64)
    scale = float(motion.get("scale_factor", 1))

    return Options(
        size=size,
        detector={
            "scale": float(detector.get("scale_factor", 1)),
            "temperature": float(detector.get("temperature", 0.1)),
            "smallest_variance": float(detector.get("clip_variance") or 0.0),
            "covariance": _covariance(common.get("kp_variance", "matrix"), path),
        },
        motion={
            "heat": bool(seen.get("use_heatmap", True)),
            "displacement": bool(seen.get("use_difference", False)),
            "source": bool(seen.get("use_deformed_source_image", False)),
            "bumps": _bumps(seen, path) | {"scale": scale * float(seen.get("scale_factor", 1))},
        },
        drawn_for_generator=_bumps(generator.get("kp_embedding_params", {}), path),
        drawn_for_discriminator=_bumps(discriminator.get("kp_embedding_params", {}), path),
        critic={
            "width": discriminator.get("block_expansion", 32),
            "max_width": discriminator.get("max_features", 512),
            "blocks": discriminator.get("num_blocks", 4),
        },
        resampling={"nearest": "nearest", "trilinear": "bilinear"}.get(
            generator.get("interpolation_mode", "nearest"), "unknown"
        ),
        relative=bool(transfer.get("normalization_params", {}).get("move_location", False)),
        train=raw.get("train_params", {}),
        dataset=dataset,
    )


def losses(train: Mapping[str, Any], blocks: int) -> dict[str, Any]:
    """The weights that the options name, or the paper's, with the program's habits."""
    said = train.get("loss_weights", {})
    return {
        "matching": tuple(said.get("reconstruction", [10] * (blocks + 1))),
        "gan": said.get("generator_gan", 1),
        "deformed": said.get("reconstruction_deformed", 0),
        "through_keypoints": not train.get("detach_kp_generator", False),
    }


def pace(train: Mapping[str, Any]) -> dict[str, Any]:
    """Batch, rate, and where it drops."""
    epochs = train.get("num_epochs") or 0
    parts = []
    for m in train.get("epoch_milestones") or ():
        if 0 < m < epochs:
            parts.append(m / epochs)

    drops = tuple(parts)
    return {"batch": train.get("batch_size", 64), "lr": train.get("lr", 2e-4), "drops": drops}


def augmentation(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """What the program does to a pair of frames."""
    said = dataset.get("augmentation_params", {})
    flips = said.get("flip_param", {})
    return {
        "time_flip": 0.5 if flips.get("time_flip") else 0.0,
        "mirror": 0.5 if flips.get("horizontal_flip") else 0.0,
        "resize": tuple(said.get("resize_param", {}).get("ratio", (1.0, 1.0))),
        "hue": said.get("jitter_param", {}).get("hue", 0.0),
    }


def _bumps(said: Mapping[str, Any], path: Path) -> dict[str, Any]:
    kinds = {"difference": "difference", "gaussian": "driving"}
    kind = said.get("heatmap_type", "gaussian")
    if kind not in kinds:
        raise CheckpointError(f"{path}: heatmap_type is difference or gaussian, not {kind!r}")

    return {
        "scale": float(said.get("scale_factor", 1)),
        "alpha": said.get("norm_const", "sum"),
        "drawn": kinds[kind],
    }


def _covariance(said: object, path: Path) -> str | float:
    if said == "matrix":
        return "fitted"
    if isinstance(said, int | float) and said > 0:
        return float(said)
    raise CheckpointError(f"{path}: kp_variance {said!r} is not supported: matrix, or a fixed variance")
