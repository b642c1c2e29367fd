"""Segmentation networks of other people behind one interface: a frame in, a map for each kind of subject out.

A network is an ONNX file and one entry of `FORMS`, which says how its picture is prepared and its answer is read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import cv2
import numpy as np

from muybridge.errors import CheckpointError, MissingWeightsError, Option, Sentence, Verb
from muybridge.masks.arrays import Bytes, Floats
from muybridge.model_files import OnnxNetwork, cache_folder

PASCAL = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "table"),
    *("dog", "horse", "motorbike", "person", "plant", "sheep", "sofa", "train", "screen"),
)
"""The classes of PASCAL VOC after its background, in its order."""
ANIMALS = frozenset({"bird", "cat", "cow", "dog", "horse", "sheep"})
ANIMAL = "animal"
"""Any of them: the word for a subject whose species a network may mistake."""
SALIENT = ("subject",)
"""What networks tell that know no classes: what stands out."""

HALVES = (0.5, 0.5, 0.5)
ONES = (1.0, 1.0, 1.0)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
GRID = 128
"""Cells of the longer side of a map, about: the networks' own maps are no finer, they enlarge them themselves."""


@dataclass(frozen=True)
class Form:
    """How one family of networks is fed and read.

    names      what their files' names begin with; the first is the family's name for people
    side       of the square that they read, in pixels
    mean       taken from the colours RGB in [0, 1] before they are divided by `deviation`
    deviation
    whole      the picture keeps its shape and is padded to the square; it is squeezed to it otherwise
    brightest  the colours are divided by the largest of them first, as their authors do
    read       softmax over classes of which the first is the background; a sigmoid; or stretched from 0 to 1
    labels     of the maps
    """

    names: tuple[str, ...]
    side: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    whole: bool
    brightest: bool
    read: Literal["softmax", "sigmoid", "stretch"]
    labels: tuple[str, ...]


FORMS = (
    Form(("deeplab",), 513, HALVES, HALVES, whole=True, brightest=False, read="softmax", labels=PASCAL),
    Form(("fcn",), 520, IMAGENET_MEAN, IMAGENET_DEVIATION, True, False, "softmax", PASCAL),
    Form(("birefnet",), 1024, IMAGENET_MEAN, IMAGENET_DEVIATION, False, True, "sigmoid", SALIENT),
    Form(("isnet",), 1024, HALVES, ONES, whole=False, brightest=True, read="stretch", labels=SALIENT),
    Form(("rmbg", "bria-rmbg"), 1024, HALVES, ONES, False, True, "stretch", SALIENT),
    Form(("u2net", "silueta"), 320, IMAGENET_MEAN, IMAGENET_DEVIATION, False, True, "stretch", SALIENT),
)
"""The families that can be read, the ones to be preferred first."""


FETCH = Sentence(
    *("Fetch one: ", Verb("fetch", "fcn-resnet50"), ", or another that makes silhouettes: ", Verb("fetch")),
    *("; or name a file: ", Option("how", "segment"), " with ", Option("weights", "FILE"), ". "),
    *(Option("how", "colour"), " needs no file."),
)


@runtime_checkable
class Segmenter(Protocol):
    """What finds subjects on one frame.

    name    for people: the file and its SHA-256
    labels  of the maps
    """

    name: str
    labels: tuple[str, ...]

    def __call__(self, frame: Bytes) -> Floats:
        """uint8 [H, W, 3] to maps [C, h, w] in [0, 1], one for each label, of any size that shows the whole frame."""
        ...


class OnnxSegmenter:
    """A segmentation network from an ONNX file of one of the known families.

    Raises MissingExtraError without onnxruntime, CheckpointError for a file of no known family or of another shape.
    """

    def __init__(self, path: Path) -> None:
        self.form = form_of(path)
        self.labels = self.form.labels
        self._network = OnnxNetwork(path, (self.form.side,) * 2, "a segmentation network needs", "segment")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.name = f"{path.name}, sha256 {digest}"

    def __call__(self, frame: Bytes) -> Floats:
        """uint8 [H, W, 3] to maps [C, h, w] in [0, 1]."""
        picture, used = self._prepare(frame)
        answer = self._network(picture)[0]
        wanted = len(self.labels) + (self.form.read == "softmax")
        if answer.ndim != 4 or answer.shape[0] != 1 or answer.shape[1] < wanted:
            raise CheckpointError(f"the network gives {list(answer.shape)}, not [1, {wanted}, H, W]")

        # The part of the answer that shows the frame, no finer than it is.
        rows = max(1, round(answer.shape[2] * used[0]))
        columns = max(1, round(answer.shape[3] * used[1]))
        step = max(1, max(rows, columns) // GRID)
        return self._read(answer[0, :wanted, :rows:step, :columns:step].astype(np.float32))

    def _prepare(self, frame: Bytes) -> tuple[Floats, tuple[float, float]]:
        """The picture [1, 3, h, w] that the network reads, and which share of its height and width shows the frame."""
        form = self.form
        rows, columns = self._network.size
        high = rows
        wide = columns
        if form.whole:
            scale = min(rows / frame.shape[0], columns / frame.shape[1])
            high = max(1, round(frame.shape[0] * scale))
            wide = max(1, round(frame.shape[1] * scale))

        shrinks = high < frame.shape[0]
        resized = cv2.resize(frame, (wide, high), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        # Some authors divide by the brightest value of each picture, and their networks expect it so.
        top = max(float(resized.max()), 1.0) if form.brightest else 255.0

        # The padding is the mean colour: nothing to the network.
        picture = np.zeros((rows, columns, 3), np.float32)
        mean = np.array(form.mean, np.float32)
        deviation = np.array(form.deviation, np.float32)
        picture[:high, :wide] = (resized.astype(np.float32) / np.float32(top) - mean) / deviation
        return picture.transpose(2, 0, 1)[None], (high / rows, wide / columns)

    def _read(self, answer: Floats) -> Floats:
        if self.form.read == "softmax":
            power = np.exp(answer - answer.max(0))
            return (power / power.sum(0))[1:]

        level = 1 / (1 + np.exp(-answer)) if self.form.read == "sigmoid" else answer
        lowest = float(level.min())
        highest = float(level.max())
        return (level - lowest) / max(highest - lowest, 1e-6)


def form_of(path: Path) -> Form:
    """The family that a file belongs to by its name; CheckpointError where it is none that is known."""
    name = path.name.casefold()
    for form in FORMS:
        if name.startswith(form.names):
            return form
    known = ", ".join(name for form in FORMS for name in form.names)
    raise CheckpointError(
        f"{path.name} is of no known family of segmentation networks: its name tells which", f"It begins with: {known}"
    )


def find_segmenter_file(path: Path | None = None) -> Path:
    """The file that was named, or the best of the known families in the cache folder.

    The cache folder is $MUYBRIDGE_CACHE, or ~/.cache/muybridge. Raises MissingWeightsError where no file is there.
    """
    if path is not None:
        if not path.is_file():
            raise MissingWeightsError(f"the segmentation network's file is not at {path}", FETCH)
        return path

    folder = cache_folder()
    # Whatever the files are called, the better families come first.
    files = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    for form in FORMS:
        for file in files:
            if file.name.casefold().startswith(form.names):
                return file
    raise MissingWeightsError(f"no segmentation network's file is in {folder}", FETCH)
