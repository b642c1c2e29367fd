"""People drawn by hand, for tests: a body of 25 points that stands upright, and a face of 68."""

import numpy as np
import torch

from muybridge.landmarks import Landmarks
from muybridge.landmarks.layout import BODY25

UPRIGHT = {
    "nose": (0, -8.0),
    "neck": (0, -7.0),
    "right_shoulder": (-1, -7.0),
    "right_elbow": (-1.5, -5.5),
    "right_wrist": (-1.5, -4.0),
    "left_shoulder": (1, -7.0),
    "left_elbow": (1.5, -5.5),
    "left_wrist": (1.5, -4.0),
    "mid_hip": (0, -4.0),
    "right_hip": (-0.5, -4.0),
    "right_knee": (-0.5, -2.0),
    "right_ankle": (-0.5, 0.0),
    "left_hip": (0.5, -4.0),
    "left_knee": (0.5, -2.0),
    "left_ankle": (0.5, 0.0),
    "right_eye": (-0.2, -8.2),
    "left_eye": (0.2, -8.2),
    "right_ear": (-0.5, -8.0),
    "left_ear": (0.5, -8.0),
}
"""In units of an eighth of nose to ankle; feet are at y = 0."""


def person(at: tuple[float, float], unit: float, trust: float = 0.9) -> np.ndarray:
    """One person [25, 3] whose feet stand at `at`, pixels; toes and heels are not seen."""
    rows = np.zeros((25, 3))
    for i, name in enumerate(BODY25):
        if name in UPRIGHT:
            x, y = UPRIGHT[name]
            rows[i] = (at[0] + unit * x, at[1] + unit * y, trust)
    return rows


def walk(feet: list[tuple[float, float]], unit: float | list[float] = 10.0) -> Landmarks:
    """Somebody who stands on each of these places in turn."""
    units = unit if isinstance(unit, list) else [unit] * len(feet)
    rows = torch.from_numpy(np.stack([person(f, u) for f, u in zip(feet, units, strict=True)])).float()
    return Landmarks(rows[..., :2].contiguous(), rows[..., 2].contiguous(), "body25")


def face(middle: tuple[float, float], size: float, mouth: float = 1.0, eyes: float = 1.0) -> torch.Tensor:
    """A face [68, 2]: each part a small ellipse or line in its place; `mouth` and `eyes` are how far they are open."""
    t = torch.linspace(0, 1, 17)
    jaw = torch.stack([-torch.cos(t * np.pi), torch.sin(t * np.pi) * 1.2 - 0.1], -1)

    def ring(n: int, x: float, y: float, w: float, h: float) -> torch.Tensor:
        a = torch.linspace(0, 2 * np.pi, n + 1)[:-1]
        return torch.stack([x + w * a.cos(), y + h * a.sin()], -1)

    brows = [torch.stack([torch.linspace(x - 0.25, x + 0.25, 5), torch.full((5,), -0.6)], -1) for x in (-0.4, 0.4)]
    nose = torch.cat([torch.stack([torch.zeros(4), torch.linspace(-0.3, 0.1, 4)], -1), ring(5, 0, 0.2, 0.15, 0.05)])
    opened = [ring(6, x, -0.35, 0.15, 0.07 * eyes) for x in (-0.4, 0.4)]
    lips = [ring(12, 0, 0.6, 0.4, 0.15 * mouth), ring(8, 0, 0.6, 0.3, 0.08 * mouth)]
    points = torch.cat([jaw, *brows, nose, *opened, *lips])
    return (points * size + torch.tensor(middle)).float()
