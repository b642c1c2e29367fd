"""docs/licences.md says what is installed, and what comes along inside of it."""

import hashlib
import re
import sys
import tarfile
from importlib.metadata import distribution, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
EXTRAS = ("fastapi", "onnx", "onnxruntime", "pillow-heif", "ray", "starlette", "submitit", "tensorboard", "uvicorn")
WITH_LIBRARIES = ("av", "numpy", "opencv-python-headless", "pillow", "pillow-heif")


def list_packages() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line.split("==")[0] for line in lines if "==" in line] + [*EXTRAS, "websockets"]


def find_licence(package: str) -> str:
    told = metadata(package)
    known = told.get("License-Expression")
    if not known:
        classifiers = told.get_all("Classifier") or []
        known = "; ".join(each.split(" :: ")[-1] for each in classifiers if each.startswith("License ::"))
    return known or (told.get("License") or "").split("\n")[0]


def list_libraries(package: str) -> set[str]:
    """Names of the shared libraries beside a package, without the marks and versions behind them."""
    found = set()
    for file in distribution(package).files or []:
        if file.parent.name.endswith(".libs") and ".so" in file.name:
            found.add(re.sub(r"(-[0-9a-f]{8})?\.so.*|-[0-9a-f]{8}.*", "", file.name))
    return found


@pytest.mark.parametrize("package", list_packages())
def test_the_page_says_each_packages_licence(package: str) -> None:
    assert f"| {package} | {find_licence(package)} |" in PAGE


@pytest.mark.skipif(sys.platform != "linux", reason="wheels of other systems bring other libraries")
@pytest.mark.parametrize("package", WITH_LIBRARIES)
def test_the_page_says_what_a_wheel_brings_along(package: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {package} | "))
    assert set(row.split("|")[2].strip().split(", ")) == list_libraries(package)


def test_the_page_names_the_files_inside_of_the_package() -> None:
    named = re.findall(r"^\| (ort\S+) \| ([0-9a-f]{64}) \|$", PAGE, flags=re.MULTILINE)
    (archive,) = (ROOT / "src" / "muybridge" / "output" / "shared_page").glob("*.tar.xz")
    assert f"`output/shared_page/{archive.name}`" in PAGE
    with tarfile.open(archive) as opened:
        held = {name: hashlib.sha256(opened.extractfile(name).read()).hexdigest() for name in opened.getnames()}  # type: ignore[union-attr]
    assert set(held) == {*dict(named), "LICENSE", "ThirdPartyNotices.txt"}
    assert {name: held[name] for name, _ in named} == dict(named)
