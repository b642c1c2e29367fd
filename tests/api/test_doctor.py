"""doctor: every network that some part loads is in its table, there or not, and every extra."""

import ast
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import muybridge
from muybridge.api.doctor import EXTRAS
from muybridge.errors import MissingWeightsError
from muybridge.landmarks.pose_network import face_detector_path, face_mesh_path, model_path
from muybridge.masks.saliency import weights_path
from muybridge.masks.segmenters import find_segmenter_file
from muybridge.networks import load_vgg16, load_vgg19, require_lpips, require_vgg19
from muybridge.networks.pretrained.c3d import load_c3d
from muybridge.networks.pretrained.identity import identity_path
from muybridge.networks.pretrained.inception import load_inception

ROOT = Path(__file__).parents[2]
LOADERS: dict[Callable[..., Any], str] = {
    load_vgg16: "vgg16-397923af.pth",
    load_vgg19: "vgg19-dcbb9e9d.pth",
    load_inception: "pt_inception-2015-12-05-6726825d.pth",
    load_c3d: "c3d.pickle",
    weights_path: "u2net.pth",
    model_path: "pose.onnx",
    face_mesh_path: "face_landmark.tflite",
    face_detector_path: "face_detection_short_range.tflite",
    identity_path: "identity.onnx",
}
"""What loads a network, or says where its file is -> that file's name."""
SHARED = {"fill_pretrained", "find_weights", "find_model_file"}
"""What loaders call to say that their file is missing."""
IN_A_PACKAGE = {"_find_channels"}
"""Of `load_lpips_weights`, whose file comes with an installed package."""
ASKED_BEFORE = {require_vgg19, require_lpips}
"""Which say before a training that a file of the loaders above is missing."""
OF_SEVERAL_NAMES = {find_segmenter_file}
"""Which takes the file of any of several networks."""


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Empty caches of torch and of Muybridge."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("MUYBRIDGE_CACHE", str(tmp_path / "own"))
    return tmp_path / "torch" / "hub" / "checkpoints", tmp_path / "own"


def test_every_loader_of_weights_is_known_here() -> None:
    """A new one that says that its file is missing has to come into the table, and into this test."""
    found = set()
    for path in (ROOT / "src" / "muybridge").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name not in SHARED:
                called = {ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
                if called & {*SHARED, "MissingWeightsError"}:
                    found.add(node.name)
    assert found == IN_A_PACKAGE | {loader.__name__ for loader in (*LOADERS, *ASKED_BEFORE, *OF_SEVERAL_NAMES)}


@pytest.mark.parametrize("loader", LOADERS, ids=lambda loader: loader.__name__)
def test_a_loaders_file_is_in_the_table_there_or_not(loader: Callable[..., Any], caches: tuple[Path, Path]) -> None:
    file = LOADERS[loader]
    with pytest.raises(MissingWeightsError, match=file.replace(".", r"\.")):
        loader()
    place = next(folder for folder in caches if str(folder / file) in _said(loader))
    before = [line for line in muybridge.doctor()["weights"].values() if str(place / file) in line]
    assert [line.startswith("not here; ") for line in before] == [True]
    place.mkdir(parents=True)
    (place / file).write_bytes(b"weights")
    assert str(place / file) in muybridge.doctor()["weights"].values()


def test_a_segmentation_network_is_in_the_table_there_or_not(caches: tuple[Path, Path]) -> None:
    with pytest.raises(MissingWeightsError, match="no segmentation network's file is in"):
        find_segmenter_file()
    name = "segmentation network (silhouettes)"
    assert muybridge.doctor()["weights"][name].startswith("not here; ")
    caches[1].mkdir(parents=True)
    (caches[1] / "u2netp.onnx").write_bytes(b"weights")
    assert muybridge.doctor()["weights"][name] == str(caches[1] / "u2netp.onnx")


def _said(loader: Callable[..., Any]) -> str:
    try:
        loader()
    except MissingWeightsError as e:
        return e.message
    raise AssertionError("the caches are not empty")


def test_every_extra_is_told() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(EXTRAS) == set(extras) - {"dev"}
    assert set(muybridge.doctor()["extras"]) == set(EXTRAS)
    assert all(EXTRAS[name] in {part.split(">")[0].replace("-", "_") for part in extras[name]} for name in EXTRAS)
    assert "LPIPS channel weights" in muybridge.doctor()["weights"]
