"""Checkpoints of articulated animation of other sizes and options than the golden one, whole after their import."""

from pathlib import Path
from typing import Any

import pytest
import torch
from released_family import blur, saved, shaken, theirs

from muybridge.errors import CheckpointError
from muybridge.methods.articulated.config import ArticulatedConfig
from muybridge.methods.articulated.method import Articulated
from muybridge.methods.articulated.released import PARTS, import_released

DETECTOR = {"width": 5, "max_width": 17, "blocks": 3, "scale": 0.5, "padding": 0}
MOTION = {"width": 3, "max_width": 11, "blocks": 2, "scale": 0.25}
BEHIND = {"kind": "affine", "width": 3, "max_width": 20, "blocks": 2, "scale": 1.0}
GENERATOR = {"width": 5, "max_width": 9, "downs": 2, "blocks": 2}
AVD = {"steps": 5, "widths": (256, 512, 1024), "identity": 12, "pose": 7}
OURS: dict[str, Any] = {
    "size": 64,
    "regions": 4,
    "perceptual": "weight-free",
    "align_corners": False,
    "solver": "svd",
    "detector": DETECTOR,
    "background": BEHIND,
    "motion": MOTION,
    "generator": GENERATOR,
    "avd": {"steps": 0},
}
PLAIN = {"use_deformed_source": False, "use_covar_heatmap": False, "estimate_occlusion_map": False, "region_var": 0.02}
BOTTLES = {"avd_network_params": {"id_bottle_size": 12, "pose_bottle_size": 7}}


def options(
    regions: Any = (), behind: Any = (), generator: Any = (), flow: Any = (), without: str = "", **more: Any
) -> dict[str, Any]:
    """The program's YAML, with changes in the sections named; `without` leaves an option of the regions out."""
    found = {"temperature": 0.1, "block_expansion": 5, "max_features": 17, "scale_factor": 0.5, "num_blocks": 3}
    found |= {"pca_based": True, "pad": 0, "fast_svd": False} | dict(regions)
    seen = {"block_expansion": 3, "max_features": 11, "num_blocks": 2, "scale_factor": 0.25}
    seen |= {"use_deformed_source": True, "use_covar_heatmap": True, "estimate_occlusion_map": True} | dict(flow)
    made = {"block_expansion": 5, "max_features": 9, "num_down_blocks": 2, "num_bottleneck_blocks": 2, "skips": True}
    networks = {"num_regions": 4, "num_channels": 3, "estimate_affine": True, "revert_axis_swap": True}
    return {
        "dataset_params": {"frame_shape": [64, 64, 3]},
        "model_params": networks
        | {
            "bg_predictor_params": {"block_expansion": 3, "max_features": 20, "num_blocks": 2, "bg_type": "affine"}
            | dict(behind),
            "region_predictor_params": {name: x for name, x in found.items() if name != without},
            "generator_params": made
            | {"estimate_occlusion_map": True, "pixelwise_flow_predictor_params": seen}
            | dict(generator),
        }
        | more,
    }


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "padding unsaid, as for vox": ({"detector": DETECTOR | {"padding": 3}}, {"without": "pad"}),
    "regression": ({"frames": "regression"}, {"regions": {"pca_based": False}}),
    "places alone": ({"frames": "none"}, {"estimate_affine": False}),
    "a still background": ({"background": {"kind": "none"}}, {"behind": {"bg_type": "zero"}}),
    "homography": ({"background": BEHIND | {"kind": "homography"}}, {"behind": {"bg_type": "perspective"}}),
    "shift": ({"background": BEHIND | {"kind": "shift"}}, {"behind": {"bg_type": "shift"}}),
    "nothing beside places": (
        {
            "generator": GENERATOR | {"skips": False},
            "motion": MOTION | {"deformed": False, "covariance": False, "occlusion": False, "variance": 0.02},
        },
        {"generator": {"skips": False}, "flow": PLAIN},
    ),
    "another AVD network": ({"swaps": False, "avd": AVD}, {"revert_axis_swap": False, **BOTTLES}),
    "AVD of regressed axes": (
        {"frames": "regression", "avd": AVD},
        {"regions": {"pca_based": False}, **BOTTLES},
    ),
}


def released(method: Articulated) -> dict[str, dict[str, torch.Tensor]]:
    """The program's table of its networks."""
    c = method.config
    table = theirs(method.state_dict(), PARTS)
    table["region_predictor"]["down.weight"] = blur(c.detector.scale)
    table["generator"]["pixelwise_flow_predictor.down.weight"] = blur(c.motion.scale)
    table.setdefault("bg_predictor", {})
    return table


@pytest.mark.parametrize("kind", VARIANTS)
def test_variants_come_back_whole(tmp_path: Path, kind: str) -> None:
    ours, said = VARIANTS[kind]
    method = shaken(Articulated(ArticulatedConfig.model_validate(OURS | ours)))
    files = saved(tmp_path, released(method), options(**said), epoch_reconstruction=3)
    config, weights, _ = import_released(*files)
    again = Articulated(config)
    again.load_state_dict(weights)
    source, driving = torch.rand(2, 2, 3, 64, 64).unbind(0)
    with torch.no_grad():
        pictures = []
        for one in (method, again.eval()):
            n = one.networks
            at, to = n.detect(source), n.detect(driving)
            if one.avd is not None:
                to = one.avd(at, to)
            pictures.append(n(source, at, to, n.background_motion(source, driving))[0].picture)
    assert pictures[0].std() > 0.01
    assert torch.equal(*pictures)
    for part in ("size", "regions", "frames", "swaps", "detector", "motion", "generator"):
        assert getattr(config, part) == getattr(method.config, part)
    assert config.background.kind == method.config.background.kind


def test_pictures_that_are_no_squares_are_refused(tmp_path: Path) -> None:
    said = options() | {"dataset_params": {"frame_shape": [64, 48, 3]}}
    method = shaken(Articulated(ArticulatedConfig.model_validate(OURS)))
    with pytest.raises(CheckpointError, match="frame_shape is"):
        import_released(*saved(tmp_path, released(method), said))
