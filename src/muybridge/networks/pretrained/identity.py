"""An identity network from an ONNX file: features that are near for pictures of one person, and far for another's."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from muybridge.errors import CheckpointError, Option, Sentence
from muybridge.model_files import OnnxNetwork, find_model_file
from muybridge.tensors import Pixels

MEAN = (0.485, 0.456, 0.406)
SPREAD = (0.229, 0.224, 0.225)
"""Of the colours RGB in [0, 1] that networks for person re-identification are trained on: ImageNet's."""
OPEN = (256, 128)
"""(h, w) for files that leave their sides open, as such networks are trained."""


def identity_path(path: Path | None = None) -> Path:
    """Where the network's file lies: the one that was named, or identity.onnx in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    return find_model_file(
        path,
        "identity.onnx",
        "the identity network's file is",
        Sentence(
            "Export a network for person re-identification as ONNX, a picture [1, 3, H, W] in and features [1, D] ",
            *("out, and put it there or name it: ", Option("weights", {"identity": "FILE"})),
        ),
    )


class Identity:
    """Pictures to the features by which the network tells people apart.

    One input [1, 3, H, W], RGB, normalised by ImageNet's mean and deviation; one output [1, D] (or [1, D, 1, 1]). A
    network that was trained on other levels carries the change as its first layer.

    Raises MissingExtraError without onnxruntime, CheckpointError for a file that is no such network.
    """

    def __init__(self, path: Path) -> None:
        self._network = OnnxNetwork(path, OPEN, "an identity network needs")
        self.size = self._network.size
        outputs = self._run(torch.zeros(1, 3, *self.size))
        if len(outputs) != 1 or outputs[0].shape[0] != 1 or outputs[0].numel() != outputs[0].shape[1]:
            raise CheckpointError(
                f"{path.name} gives {[tuple(o.shape) for o in outputs]} for a picture, not one row of features [1, D]"
            )

    def __call__(self, pixels: Pixels) -> Float[Tensor, "T D"]:
        """The features of frames [T, 3, H, W], each by itself and squeezed to the network's size."""
        level = torch.tensor([MEAN, SPREAD]).view(2, 1, 3, 1, 1)
        found = []
        for frame in pixels:
            # Bicubic and rounded to bytes: as the published protocol resizes, which works on 8-bit pictures.
            small = F.interpolate(frame[None].float(), self.size, mode="bicubic", antialias=True).clamp(0, 255).round()
            found.append(self._run((small / 255 - level[0]) / level[1])[0].flatten(1))
        return torch.cat(found)

    def _run(self, picture: Tensor) -> list[Tensor]:
        found = []
        for o in self._network(picture.numpy()):
            found.append(torch.from_numpy(o))

        return found
