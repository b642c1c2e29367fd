"""A person's silhouette from the pose network, which draws one beside its points."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import CheckpointError
from muybridge.landmarks.blazepose import BlazePose
from muybridge.landmarks.crops import Corners
from muybridge.landmarks.detection import follow_person
from muybridge.landmarks.pose_network import find_box, open_network
from muybridge.video.clip import Clip


def find_person_masks(
    clip: Clip, model: str | Path | None = None, box: Corners | None = None
) -> Float[Tensor, "T 1 H W"]:
    """How probable it is that each pixel is the person's, on every frame: BlazePose's mask, followed as `detect` does.

    model  BlazePose's file; the one in the cache folder unless told
    box    (x0, y0, x1, y1) in pixels round the person on the first frame
    returns  0 to 1; all 0 where nobody was found. Its resolution is that of the network, 256 pixels for the person

    Raises MissingWeightsError where no network is there, CheckpointError where it draws no masks.
    """
    network = open_network(None if model is None else Path(model))
    if not isinstance(network, BlazePose):
        raise CheckpointError(f"{network.name} draws no masks", "BlazePose does: pose_landmark_full.tflite.")

    masks = torch.zeros(len(clip), 1, clip.height, clip.width)
    for i, (frame, found) in enumerate(follow_person(network, clip, network.main, box)):
        around = None if found is None else find_box(found, network.main)
        if around is not None:
            mask = torch.from_numpy(network.find_mask(frame, around))
            masks[i, 0, : mask.shape[0], : mask.shape[1]] = mask.clamp(0, 1)
    return masks
