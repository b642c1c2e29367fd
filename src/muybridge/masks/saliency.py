"""Silhouettes by a saliency network: U2-Net (Qin et al., "U2-Net: Going Deeper with Nested U-Structure", 2020)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from muybridge.errors import CheckpointError, Option, Sentence, Verb
from muybridge.masks.arrays import Bools, Bytes, Floats, frame_picture, pad_masks
from muybridge.masks.regions import fill_holes, keep_main_parts
from muybridge.masks.u2net import U2Net, u2net, u2net_small
from muybridge.model_files import find_model_file
from muybridge.tensors import Mattes
from muybridge.video.clip import Clip

SIDE = 320
"""The network's input, a square in pixels (section 3.3)."""
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours that it was trained on."""


def weights_path(weights: Path | None = None) -> Path:
    """Where the network's file lies: the one that was named, or u2net.pth in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    return find_model_file(
        weights,
        "u2net.pth",
        "the saliency network's weights are",
        Sentence(
            "Fetch u2net.pth (176 MB) or u2netp.pth (5 MB), published by the authors of U2-Net, and put it there or ",
            "name it: ",
            Verb("mask", "VIDEO", Option("out", "DIR"), Option("how", "saliency"), Option("weights", "FILE")),
            *(". ", Option("how", "colour"), " needs no weights."),
        ),
    )


def load_u2net(path: Path) -> U2Net:
    """The network of an authors' checkpoint, full or small as the file has it, in evaluation mode.

    Raises CheckpointError for a file that is no such checkpoint; nothing in it is ever executed.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, from OSError to UnpicklingError
        raise CheckpointError(f"{path.name} is not a file of weights: {str(error).splitlines()[0]}") from error
    name = "stage1.rebnconvin.conv_s1.weight"
    if not isinstance(state, dict) or not isinstance(state.get("stage2.rebnconv1.conv_s1.weight"), Tensor):
        raise CheckpointError(f"{path.name} is not a U2-Net: it has no {name}")
    network = u2net_small() if state["stage2.rebnconv1.conv_s1.weight"].shape[0] == 16 else u2net()
    try:
        network.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    except RuntimeError as error:
        raise CheckpointError(f"{path.name} is not a U2-Net of the published sizes") from error
    return network.eval()


def find_salient(clip: Clip, weights: Path | None = None) -> tuple[Mattes, Tensor, str]:
    """Silhouettes by the network, each frame by itself.

    returns  uint8 [T, 1, H, W], 255 on the subject; confidence [T] in [0, 1]; the file and its SHA-256
    """
    path = weights_path(weights)
    network = load_u2net(path)
    masks: list[Bools] = []
    trust = []
    for i in range(len(clip)):
        frame = frame_picture(clip, i)
        level = predict(network, frame)
        mask = keep_main_parts(fill_holes(level > 0.5))
        masks.append(mask)
        trust.append(float((2 * level[mask] - 1).mean()) if mask.any() else 0.0)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return pad_masks(masks, clip), torch.tensor(trust).clamp(0, 1), f"{path.name}, sha256 {digest}"


def predict(network: U2Net, frame: Bytes) -> Floats:
    """How salient each pixel is: uint8 [H, W, 3] to [H, W] in [0, 1], stretched to use all of it, as the authors do."""
    resized: Floats = cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    resized = (resized / max(float(resized.max()), 1.0) - np.array(MEAN, np.float32)) / np.array(SPREAD, np.float32)
    with torch.inference_mode():
        level = torch.sigmoid(network(torch.from_numpy(resized).permute(2, 0, 1)[None])[:, :1])[0, 0].numpy()
    lowest, highest = float(level.min()), float(level.max())
    stretched: Floats = (level - lowest) / max(highest - lowest, 1e-6)
    return cv2.resize(stretched, (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR)
