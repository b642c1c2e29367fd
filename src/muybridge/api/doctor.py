"""What this machine has: device, threads, codecs, extras, weights, disk."""

from __future__ import annotations

import importlib.util
import platform
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import torch

from muybridge.engine import computes_bfloat16, resolve_device
from muybridge.errors import MissingWeightsError, MuybridgeError
from muybridge.landmarks.pose_network import face_detector_path, face_mesh_path, model_path
from muybridge.masks.saliency import weights_path
from muybridge.masks.segmenters import find_segmenter_file
from muybridge.networks import load_lpips_weights
from muybridge.networks.pretrained import torch_cache_path
from muybridge.networks.pretrained.c3d import C3D_FILE
from muybridge.networks.pretrained.identity import identity_path
from muybridge.networks.pretrained.inception import INCEPTION_FILE
from muybridge.networks.pretrained.vgg import VGG16_FILE, VGG19_FILE
from muybridge.output.report import package_versions
from muybridge.video.memory import find_memory_limit

CODECS = {"h264": "libx264", "vp9": "libvpx-vp9", "prores": "prores_ks", "gif": "gif", "aac": "aac", "opus": "libopus"}
"""What each file format is written with."""


EXTRAS = {
    "tensorboard": "tensorboard",
    "segment": "onnxruntime",
    "landmarks": "onnxruntime",
    "studio": "fastapi",
    "onnx": "onnx",
    "ray": "ray",
    "slurm": "submitit",
    "addresses": "s3fs",
    "heif": "pillow_heif",
    "sleap": "sleap_io",
}


IN_TORCHS_CACHE = {
    "VGG-16 (LPIPS)": VGG16_FILE,
    "VGG-19 (perceptual loss)": VGG19_FILE,
    "Inception (FID)": INCEPTION_FILE,
    "C3D (SVFID)": C3D_FILE,
}
"""Network and what it is for -> its file in torch's folder of checkpoints."""


IN_OUR_CACHE: Mapping[str, Callable[[], Path]] = {
    "segmentation network (silhouettes)": find_segmenter_file,
    "U2-Net (saliency)": weights_path,
    "pose network (landmarks, AKD)": model_path,
    "face mesh (landmarks)": face_mesh_path,
    "face detector (landmarks)": face_detector_path,
    "identity network (AED)": identity_path,
}
"""The same -> where its file is, or MissingWeightsError with where it should be."""


def doctor(out: str | Path = ".") -> dict[str, dict[str, str]]:
    """What this machine has for Muybridge; nothing is changed or fetched.

    Args:
        out: Where results would be written: whose free disk is told.

    Returns:
        Sections of name -> value: machine, writes, extras, weights, versions.

    Example:
        >>> print(muybridge.doctor()["machine"]["device"])
    """
    return {
        "machine": _machine(Path(out)),
        "writes": {name: "yes" if _writes(codec) else "no" for name, codec in CODECS.items()},
        "extras": {name: _extra(name, module) for name, module in EXTRAS.items()},
        "weights": _weights(),
        "versions": package_versions(),
    }


def _machine(out: Path) -> dict[str, str]:
    machine = resolve_device()
    name = torch.cuda.get_device_name(machine.device) if machine.device.type == "cuda" else platform.processor()
    place = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())

    return {
        "device": f"{machine.device} {name}".strip(),
        "precision": machine.precision,
        "bfloat16": "in hardware" if computes_bfloat16(machine.device) else "emulated: float32 is used",
        "threads": str(torch.get_num_threads()),
        "memory": f"{find_memory_limit() / 2**30:.1f} GiB may be taken; `cost` says what a training takes",
        "free disk": f"{shutil.disk_usage(place).free / 2**30:.1f} GiB",
    }


def _writes(codec: str) -> bool:
    try:
        av.Codec(codec, "w")
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def _extra(name: str, module: str) -> str:
    there = importlib.util.find_spec(module) is not None
    return "installed" if there else f"not installed: pip install 'muybridge[{name}]'"


def _weights() -> dict[str, str]:
    """Which pretrained files are here, and where the others are looked for; none is needed by default."""
    places = {}
    for name, file in IN_TORCHS_CACHE.items():
        path = torch_cache_path(file)
        places[name] = str(path) if path.is_file() else f"not here; put {file} at {path}"

    for name, place in IN_OUR_CACHE.items():
        try:
            # A missing network is what a person came here to read of, and no error.
            places[name] = str(place())
        except MissingWeightsError as e:
            places[name] = f"not here; {e.message}"

    try:
        load_lpips_weights()
        places["LPIPS channel weights"] = "installed"
    except MuybridgeError as e:
        places["LPIPS channel weights"] = f"not here; {e.hint}"

    return places
