"""Checkpoints of FOMM of other sizes and options than the golden one, whole after their import."""

from pathlib import Path
from typing import Any

import pytest
import torch
from released_family import blur, saved, shaken, theirs

from muybridge.errors import CheckpointError
from muybridge.methods.fomm.config import FommConfig
from muybridge.methods.fomm.method import Fomm
from muybridge.methods.fomm.released import PARTS, import_released

DETECTOR = {"width": 5, "max_width": 17, "blocks": 3, "scale": 0.5, "padding": 0}
MOTION = {"width": 3, "max_width": 11, "blocks": 2, "scale": 0.25}
CRITIC = {"width": 4, "max_width": 8, "blocks": 2, "scales": (1.0, 0.5), "keypoints": True}
OURS: dict[str, Any] = {
    "size": 64,
    "keypoints": 4,
    "align_corners": False,
    "detector": DETECTOR,
    "motion": MOTION,
    "generator": {"width": 5, "max_width": 9, "downs": 2, "blocks": 2},
}


def options(
    common: Any = (), detector: Any = (), generator: Any = (), motion: Any = (), critic: Any = (), gan: float = 0
) -> dict[str, Any]:
    """The program's YAML, with changes in the sections named."""
    seen = {"block_expansion": 3, "max_features": 11, "num_blocks": 2, "scale_factor": 0.25} | dict(motion)
    made = {"block_expansion": 5, "max_features": 9, "num_down_blocks": 2, "num_bottleneck_blocks": 2}
    found = {"temperature": 0.1, "block_expansion": 5, "max_features": 17, "scale_factor": 0.5, "num_blocks": 3}
    judged = {"scales": [1, 0.5], "block_expansion": 4, "max_features": 8, "num_blocks": 2, "sn": True, "use_kp": True}
    weights = {"generator_gan": gan, "feature_matching": [10, 10], "perceptual": [10] * 5}
    return {
        "dataset_params": {"frame_shape": [64, 64, 3]},
        "model_params": {
            "common_params": {"num_kp": 4, "num_channels": 3, "estimate_jacobian": True} | dict(common),
            "kp_detector_params": found | dict(detector),
            "generator_params": made | {"estimate_occlusion_map": True, "dense_motion_params": seen} | dict(generator),
            "discriminator_params": judged | dict(critic),
        },
        "train_params": {"loss_weights": weights},
    }


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "critics of two sizes": ({"critic": CRITIC, "losses": {"adversarial": 1.0}}, {"gan": 1}),
    "critics without spectral norm": (
        {"critic": CRITIC | {"spectral": False}, "losses": {"adversarial": 1.0}},
        {"gan": 1, "critic": {"sn": False}},
    ),
    "no Jacobians": ({"jacobian": False}, {"common": {"estimate_jacobian": False}}),
    "one map for all Jacobians": (
        {"detector": DETECTOR | {"one_frame_map": True}},
        {"detector": {"single_jacobian_map": True}},
    ),
    "no occlusion": ({"motion": MOTION | {"occlusion": False}}, {"generator": {"estimate_occlusion_map": False}}),
    "whole pictures, coarse flow": (
        {"detector": DETECTOR | {"scale": 1.0}, "motion": MOTION | {"scale": 0.125}},
        {"detector": {"scale_factor": 1}, "motion": {"scale_factor": 0.125}},
    ),
    "padding, temperature, variance": (
        {"detector": DETECTOR | {"padding": 3, "temperature": 0.2}, "motion": MOTION | {"variance": 0.02}},
        {"detector": {"pad": 3, "temperature": 0.2}, "motion": {"kp_variance": 0.02}},
    ),
    "one keypoint": ({"keypoints": 1}, {"common": {"num_kp": 1}}),
}


def released(method: Fomm) -> dict[str, dict[str, torch.Tensor]]:
    """The program's table of its networks."""
    c = method.config
    state = method.state_dict()
    table = theirs({k: x for k, x in state.items() if not k.startswith("critics.")}, PARTS)
    table["generator"]["dense_motion_network.down.weight"] = blur(c.motion.scale)
    if c.detector.scale < 1:
        table["kp_detector"]["down.weight"] = blur(c.detector.scale)
    for name, x in state.items():
        if name.startswith("critics.judges."):
            place, rest = name.removeprefix("critics.judges.").split(".", 1)
            scale = f"{c.critic.scales[int(place)]:g}".replace(".", "-")
            table.setdefault("discriminator", {})[f"discs.{scale}.{rest}"] = x
    return table


@pytest.mark.parametrize("kind", VARIANTS)
def test_variants_come_back_whole(tmp_path: Path, kind: str) -> None:
    ours, said = VARIANTS[kind]
    method = shaken(Fomm(FommConfig.model_validate(OURS | {"perceptual": "weight-free"} | ours)))
    config, weights, _ = import_released(*saved(tmp_path, released(method), options(**said), epoch=3))
    again = Fomm(config)
    again.load_state_dict(weights)
    source, driving = torch.rand(2, 2, 3, 64, 64).unbind(0)
    with torch.no_grad():
        pictures = [
            n(source, n.detect(source), n.detect(driving))[0].picture for n in (method.networks, again.eval().networks)
        ]
        assert pictures[0].std() > 0.01
        assert torch.equal(*pictures)
        if method.critics is not None:
            points = method.networks.detect(driving).points
            for one, other in zip(method.critics(driving, points), again.critics(driving, points), strict=True):
                assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    for part in ("size", "keypoints", "jacobian", "detector", "motion", "generator"):
        assert getattr(config, part) == getattr(method.config, part)


@pytest.mark.parametrize("shape", [[64, 48, 3], [64, 64, 1], 64, ["a", "a", 3]])
def test_pictures_that_are_no_squares_in_colour_are_refused(tmp_path: Path, shape: Any) -> None:
    method = shaken(Fomm(FommConfig.model_validate(OURS | {"perceptual": "weight-free"})))
    said = options() | {"dataset_params": {"frame_shape": shape}}
    with pytest.raises(CheckpointError, match="frame_shape is"):
        import_released(*saved(tmp_path, released(method), said))
