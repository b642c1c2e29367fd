"""Silhouettes by a saliency network: U2-Net (Qin et al., "U2-Net: Going Deeper with Nested U-Structure", 2020)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge.errors import CheckpointError, Option, Sentence, Verb
from muybridge.masks.arrays import Bytes, Floats
from muybridge.masks.segmentation import Segmented, find_by_segmentation
from muybridge.masks.segmenters import IMAGENET_DEVIATION, IMAGENET_MEAN, SALIENT, OnnxSegmenter, Segmenter
from muybridge.masks.u2net import U2Net, u2net, u2net_small
from muybridge.model_files import cache_folder, find_model_file
from muybridge.tensors import Images
from muybridge.video.clip import Clip

SIDE = 320
"""The network's input, a square in pixels (section 3.3)."""
FILES = ("u2net.pth", "u2net.onnx", "u2netp.pth", "u2netp.onnx")
"""What is looked for in the cache folder, the best first."""
FETCH = Sentence(
    *("Fetch it: ", Verb("fetch", "u2net"), " (176 MB), or u2netp (5 MB); or name a file: "),
    Verb("mask", "VIDEO", Option("out", "DIR"), Option("how", "saliency"), Option("weights", "FILE")),
    *(". ", Option("how", "colour"), " needs no file."),
)


def weights_path(weights: Path | None = None) -> Path:
    """Where the network's file lies: the one that was named, or one of `FILES` in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    there = []
    for file in FILES:
        if (cache_folder() / file).is_file():
            there.append(file)

    return find_model_file(weights, (there or FILES)[0], "the saliency network's weights are", FETCH)


def find_salient(clip: Clip, weights: Path | None = None) -> Segmented:
    """Silhouettes of what stands out, by U2-Net from its authors' checkpoint or from an ONNX file."""
    path = weights_path(weights)
    segmenter: Segmenter = OnnxSegmenter(path) if path.suffix == ".onnx" else TorchU2Net(path)
    return find_by_segmentation(clip, segmenter)


class TorchU2Net:
    """U2-Net from an authors' checkpoint, as a `Segmenter`."""

    labels: tuple[str, ...] = SALIENT

    def __init__(self, path: Path) -> None:
        self._network = load_u2net(path)
        self.name = f"{path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"

    def __call__(self, frame: Bytes) -> Floats:
        """How salient each pixel is: uint8 [H, W, 3] to [1, h, w], stretched to all of [0, 1], as the authors do."""
        resized = cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        scaled = resized / max(float(resized.max()), 1.0)
        normalised = (scaled - np.array(IMAGENET_MEAN, np.float32)) / np.array(IMAGENET_DEVIATION, np.float32)

        picture: Images = torch.from_numpy(normalised.astype(np.float32)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            level = torch.sigmoid(self._network(picture)[:, :1])[0].numpy()
        lowest = float(level.min())
        highest = float(level.max())
        return (level - lowest) / max(highest - lowest, 1e-6)


def load_u2net(path: Path) -> U2Net:
    """The network of an authors' checkpoint, full or small as the file has it, in evaluation mode.

    Raises CheckpointError for a file that is no such checkpoint; nothing in it is ever executed.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, from OSError to UnpicklingError
        raise CheckpointError(f"{path.name} is not a file of weights: {str(error).splitlines()[0]}") from error

    first = "stage1.rebnconvin.conv_s1.weight"
    telling = "stage2.rebnconv1.conv_s1.weight"
    if not isinstance(state, dict) or not isinstance(state.get(telling), Tensor):
        raise CheckpointError(f"{path.name} is not a U2-Net: it has no {first}")

    # Both sizes have layers of the same names, and their widths tell them apart.
    network = u2net_small() if state[telling].shape[0] == 16 else u2net()
    try:
        network.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    except RuntimeError as error:
        raise CheckpointError(f"{path.name} is not a U2-Net of the published sizes") from error
    return network.eval()
