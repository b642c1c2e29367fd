"""The networks that `fetch` can get: whose they are, where they are published, and what their files must be.

Each address is its publisher's, and each SHA-256 was published by several people who fetched from there, independently
of one another; docs/models.md says who, and which networks are left out because theirs could not be confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from muybridge.errors import Sentence, UsageError, Verb
from muybridge.model_files.places import cache_folder, torch_cache_path

REMBG = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
MEDIAPIPE = "https://storage.googleapis.com/mediapipe-assets/"
TORCHVISION = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class ModelFile:
    """One file of a pretrained network.

    name      what a person types
    file      its name on this machine
    address   where its publisher has it
    size      in bytes
    sha256    of the whole file, 64 hexadecimal digits
    licence   of the weights, as their publisher states it
    what      for people: whose network it is and what it does here
    used_by   methods and verbs that can use it
    torchs    it lies in torch's own folder of checkpoints, where other programs find it too
    """

    name: str
    file: str
    address: str
    size: int
    sha256: str
    licence: str
    what: str
    used_by: tuple[str, ...]
    torchs: bool = False

    @property
    def path(self) -> Path:
        """Where it lies once it is fetched."""
        return torch_cache_path(self.file) if self.torchs else cache_folder() / self.file


MODEL_FILES = (
    ModelFile(
        name="fcn-resnet50",
        file="fcn-resnet50-11.onnx",
        address=(
            "https://github.com/onnx/models/raw/main/validated/vision/object_detection_segmentation/fcn/model/"
            "fcn-resnet50-11.onnx"
        ),
        size=141_193_553,
        sha256="8abd3ae6c258e6fd210d8fb296261ea5c0603c6cc2f568db6097f6fbaaeff0d5",
        licence="MIT",
        what="FCN with ResNet-50, people and the animals of PASCAL VOC: silhouettes",
        used_by=("mask", "jokr", "silhouettes"),
    ),
    ModelFile(
        name="u2net",
        file="u2net.onnx",
        address=REMBG + "u2net.onnx",
        size=175_997_641,
        sha256="8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
        licence="Apache-2.0",
        what="U2-Net, what stands out: silhouettes as JOKR's authors made theirs",
        used_by=("mask", "jokr", "silhouettes"),
    ),
    ModelFile(
        name="u2netp",
        file="u2netp.onnx",
        address=REMBG + "u2netp.onnx",
        size=4_574_861,
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        licence="Apache-2.0",
        what="U2-Net's small form: silhouettes",
        used_by=("mask", "silhouettes"),
    ),
    ModelFile(
        name="isnet",
        file="isnet-general-use.onnx",
        address=REMBG + "isnet-general-use.onnx",
        size=178_648_008,
        sha256="60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a",
        licence="Apache-2.0",
        what="IS-Net, what stands out, finer edges: silhouettes",
        used_by=("mask", "silhouettes"),
    ),
    ModelFile(
        name="birefnet-lite",
        file="BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
        address=REMBG + "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
        size=224_005_088,
        sha256="5600024376f572a557870a5eb0afb1e5961636bef4e1e22132025467d0f03333",
        licence="MIT",
        what="BiRefNet with a small trunk, what stands out, seconds a frame: silhouettes",
        used_by=("mask", "silhouettes"),
    ),
    ModelFile(
        name="vgg16",
        file="vgg16-397923af.pth",
        address=TORCHVISION + "vgg16-397923af.pth",
        size=553_433_881,
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        licence="BSD-3-Clause",
        what="VGG-16 of ImageNet: JOKR's perceptual loss, LPIPS",
        used_by=("jokr", "evaluate", "bench"),
        torchs=True,
    ),
    ModelFile(
        name="vgg19",
        file="vgg19-dcbb9e9d.pth",
        address=TORCHVISION + "vgg19-dcbb9e9d.pth",
        size=574_673_361,
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        licence="BSD-3-Clause",
        what="VGG-19 of ImageNet: the perceptual loss of fomm, articulated, tsnet, edn and x2face",
        used_by=("fomm", "articulated", "tsnet", "edn", "x2face"),
        torchs=True,
    ),
    ModelFile(
        name="lpips",
        file="lpips-vgg.pth",
        address=(
            "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/"
            "082bb24f84c091ea94de2867d34c4544f68e0963/lpips/weights/v0.1/vgg.pth"
        ),
        size=7_289,
        sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        licence="BSD-2-Clause",
        what="LPIPS's channel weights for VGG-16: a distance that people agree with",
        used_by=("jokr", "evaluate", "bench"),
    ),
    ModelFile(
        name="inception",
        file="pt_inception-2015-12-05-6726825d.pth",
        address=(
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
        ),
        size=95_628_359,
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        licence="Apache-2.0",
        what="Inception v3 of 2015: FID",
        used_by=("evaluate", "bench"),
        torchs=True,
    ),
    ModelFile(
        name="blazepose",
        file="pose_landmark_full.tflite",
        address=MEDIAPIPE + "pose_landmark_full.tflite?generation=1661875894245786",
        size=6_440_512,
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        licence="Apache-2.0",
        what="BlazePose of MediaPipe: a person's landmarks and mask, AKD, MKR",
        used_by=("landmarks", "tsnet", "edn", "evaluate", "reconstruct"),
    ),
    ModelFile(
        name="face-mesh",
        file="face_landmark.tflite",
        address=MEDIAPIPE + "face_landmark.tflite?generation=1676316347980492",
        size=1_242_398,
        sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        licence="Apache-2.0",
        what="MediaPipe's face mesh: a face's landmarks, with face-detector",
        used_by=("landmarks", "tsnet"),
    ),
    ModelFile(
        name="face-detector",
        file="face_detection_short_range.tflite",
        address=MEDIAPIPE + "face_detection_short_range.tflite?generation=1677044301978921",
        size=229_714,
        sha256="bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        licence="Apache-2.0",
        what="MediaPipe's detector of faces: where the face mesh looks",
        used_by=("landmarks", "tsnet"),
    ),
)


def find_model(name: str) -> ModelFile:
    """The entry of that name; UsageError where there is none."""
    for entry in MODEL_FILES:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in MODEL_FILES)
    raise UsageError(f"no network called {name!r} can be fetched", f"Take one of: {known}")


def hint_to_fetch(file: str, otherwise: str) -> Sentence:
    """What to do where `file` is missing: the command that fetches it, if there is one, and what can be done else."""
    for entry in MODEL_FILES:
        if entry.file == file:
            return Sentence("Fetch it: ", Verb("fetch", entry.name), ". ", otherwise)
    return Sentence(otherwise)


def models_used_by(user: str) -> list[ModelFile]:
    """Every entry that a method or a verb can use; UsageError where none is."""
    used = []
    for entry in MODEL_FILES:
        if user in entry.used_by:
            used.append(entry)

    if not used:
        users = sorted({user for entry in MODEL_FILES for user in entry.used_by})
        raise UsageError(f"nothing that can be fetched is used by {user!r}", f"Take one of: {', '.join(users)}")
    return used
