"""The numbers of the papers, in the presets that say they have them."""

from typing import Any

import pytest

from muybridge import catalogue
from muybridge.engine.optimisers import rate_factor

PUBLISHED: dict[tuple[str, str], dict[str, Any]] = {
    # Section 4.2 and 4.3, and the program's rate of the discriminators: 600 epochs of 100 videos
    # x 7 targets, 20 in a batch.
    ("tsnet", "standard"): {
        "train.steps": 600 * 100 * 7 / 20,
        "train.batch": 20,
        "train.lr": 2e-4,
        "train.critic_lr": 1e-4,
        "losses.vgg": 10,
        "losses.matching": 10,
        "losses.transformation": 10,
        "losses.alignment": 0,
        "losses.ssim": 0,
        "sharpness": 100,
        "sampling.sources": 3,
        "sampling.window": 10,
        "sampling.cross": 0,
        "size": 256,
        "width": 64,
        "image_blocks": 9,
        "mask_blocks": 0,
        "branches": "both",
        "combine": "concatenate",
        "mask_aware": True,
        "face_critic": True,
        "gradient": "faces",
    },
    ("tsnet", "face"): {"train.steps": 600 * 150 * 7 / 20, "kind": "face68", "losses.gradient": 10, "train.lr": 2e-4},
    # Zhu et al. 2017, section 4 and appendix: 200 epochs, half of them at a falling rate.
    ("cyclegan", "standard"): {
        "generator.width": 64,
        "generator.blocks": 9,
        "generator.downs": 2,
        "critic.width": 64,
        "critic.layers": 3,
        "history": 50,
        "losses.cycle": 10,
        "losses.identity": 5,
        "losses.adversarial": 1,
        "translate.batch": 1,
        "translate.lr": 2e-4,
        "translate.decay": 0.5,
        "augment.share": 1,
        "augment.scale": (0.8, 1.2),
    },
    # Bansal et al. 2018, section 3: both weights are 10, no cycle loss.
    ("recyclegan", "standard"): {
        "generator.width": 64,
        "generator.blocks": 6,
        "losses.recurrent": 10,
        "losses.recycle": 10,
        "losses.cycle": 0,
        "history": 50,
        "translate.lr": 2e-4,
        "translate.batch": 1,
    },
    # Siarohin et al. 2019 and its program.
    ("fomm", "standard"): {
        "size": 256,
        "keypoints": 10,
        "jacobian": True,
        "detector.width": 32,
        "detector.blocks": 5,
        "detector.scale": 0.25,
        "detector.temperature": 0.1,
        "motion.width": 64,
        "motion.variance": 0.01,
        "generator.blocks": 6,
        "losses.perceptual": (10,) * 5,
        "losses.scales": (1, 0.5, 0.25, 0.125),
        "losses.equivariance_value": 10,
        "losses.equivariance_jacobian": 10,
        "bend.affine": 0.05,
        "bend.thin_plate": 0.005,
        "training.lr": 2e-4,
        "training.drops": (0.6, 0.9),
        "perceptual": "vgg19",
    },
    # Siarohin et al. 2021, section 4.3 and appendix B.
    ("articulated", "standard"): {
        "regions": 10,
        "frames": "pca",
        "background.kind": "homography",
        "background.scale": 0.25,
        "generator.skips": True,
        "losses.equivariance_shift": 10,
        "losses.equivariance_affine": 10,
        "training.batch": 48,
        "training.steps": 3_000_000 / 48,
        "training.lr": 2e-4,
        "training.drops": (0.6, 0.9),
        "perceptual": "vgg19",
    },
    # Siarohin et al. 2019b, section 4: K = 10, both losses as printed.
    ("monkeynet", "standard"): {"keypoints": 10, "learn.lr": 2e-4, "learn.drops": (2 / 3,), "losses.gan": 1},
}
CASES = [(*where, name, value) for where, values in PUBLISHED.items() for name, value in values.items()]


@pytest.mark.parametrize(("method", "preset", "name", "value"), CASES, ids=lambda x: str(x))
def test_a_preset_has_the_papers_number(method: str, preset: str, name: str, value: Any) -> None:
    found: Any = catalogue.find(method).card.presets[preset]
    for part in name.split("."):
        found = getattr(found, part)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize("preset", ["standard", "face"])
def test_tsnets_rate_is_fixed_for_275_epochs_and_falls_to_nothing(preset: str) -> None:
    (stage,) = catalogue.find("tsnet")(catalogue.find("tsnet").card.presets[preset]).stages()
    epoch = stage.steps / 600
    assert rate_factor(stage, round(274 * epoch)) == 1
    assert rate_factor(stage, round(437.5 * epoch)) == pytest.approx(0.5, abs=0.01)
    assert 0 < rate_factor(stage, stage.steps - 1) < 0.001
