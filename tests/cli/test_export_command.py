"""`muybridge export`: the files of a run give the pictures that the run gives."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import muybridge
from muybridge import catalogue
from muybridge.cli import main
from muybridge.errors import OutputExistsError
from muybridge.method import Method
from muybridge.run import Checkpoint, Run

SOURCE = Path(__file__).parents[2] / "src"
SMALL = {"width": 4, "max_width": 16, "blocks": 2}
HALF = {"bumps": {"scale": 0.5}}


def exported(run: Path, out: Path) -> subprocess.CompletedProcess:
    # In a process of its own: the exporter traces with shapes that are tensors, which the checks of shapes refuse.
    plain = {**os.environ, "MUYBRIDGE_CHECK_SHAPES": "0", "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "muybridge", "export", str(run), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, env=plain, timeout=240, check=False)


def by_files(folder: Path, source: Tensor, driving: Tensor) -> np.ndarray:
    """The driving pictures made of the sources, with nothing but the two files."""
    onnxruntime = pytest.importorskip("onnxruntime")

    def ran(name: str, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        taken = {each.name for each in session.get_inputs()}
        found = session.run(None, {key: value for key, value in given.items() if key in taken})
        return dict(zip((each.name for each in session.get_outputs()), found, strict=True))

    at, to = (ran("detector", {"images": pictures.numpy()}) for pictures in (source, driving))
    given = {f"source_{key}": value for key, value in at.items()} | {f"driving_{key}": x for key, x in to.items()}
    return ran("generator", {"source": source.numpy(), **given})["picture"]


def by_torch(method: Method[Any, Any], source: Tensor, driving: Tensor) -> Tensor:
    """The same by the run's own networks, the background still as in an animation."""
    with torch.no_grad():
        if method.card.name == "monkeynet":
            # One batch for both, as statistics are those that were kept.
            return method.eval().reconstruction(source, driving)[2].picture
        networks = method.eval().networks
        return networks(source, networks.detect(source), networks.detect(driving))[0].picture


def same(run: Path, out: Path) -> None:
    done = exported(run, out)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == [str(out / "detector.onnx"), str(out / "generator.onnx")]
    method = muybridge.load(run, device="cpu").method
    side = method.config.size
    smooth = torch.rand(6, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    pictures = torch.nn.functional.interpolate(smooth, (side, side), mode="bilinear")
    for count in (1, 3):
        source, driving = pictures[:count], pictures[3 : 3 + count]
        wanted = by_torch(method, source, driving)
        assert wanted.std() > 0.01
        apart = np.abs(by_files(out, source, driving) - wanted.numpy())
        # Not the largest: where a flow of random weights looks over an edge, rounding shows in single pixels.
        assert apart.mean() < 3e-4
        assert np.quantile(apart, 0.99) < 3e-3


@pytest.mark.parametrize("name", ["articulated", "fomm", "monkeynet"])
def test_an_imported_run(name: str, shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    folder = shared / "golden" / name
    muybridge.import_checkpoint(folder / "checkpoint.pth", folder / "config.yaml", out=tmp_path / "run")
    same(tmp_path / "run", tmp_path / "files")


@pytest.mark.parametrize("resampling", ["bilinear", "aligned"])
def test_maps_of_half_the_size(resampling: str, tmp_path: Path) -> None:
    """As Monkey-Net's draft has them."""
    pytest.importorskip("onnx")
    settings: dict[str, Any] = {
        "size": 32,
        "keypoints": 3,
        "detector": SMALL | {"scale": 0.5},
        "motion": SMALL | HALF | {"displacement": True},
        "generator": SMALL | {"refinements": 1, "resampling": resampling},
        "critic": SMALL,
        "losses": {"matching": (10, 10, 10)},
        "prediction": {"steps": 0, "batch": 2, "lr": 1e-3},
    }
    kind = catalogue.find("monkeynet")
    torch.manual_seed(0)
    method = kind(kind.Config.model_validate(settings))
    for weight in (method.detector.head.weight, method.generator.motion.head.weight):
        torch.nn.init.normal_(weight, std=0.3)
    run = Run.create(tmp_path / "run", "monkeynet", method.config.model_dump(mode="json"))
    run.save_checkpoint(Checkpoint(0, "learn", 1, 1, 0.0, method.state_dict()))
    run.mark(status="finished")
    same(run.path, tmp_path / "files")


def test_what_a_kill_left_goes_at_the_next_start_though_that_is_refused(tmp_path: Path) -> None:
    kind = catalogue.find("fomm")
    method = kind(kind.card.presets["smoke"])
    run = Run.create(tmp_path / "run", "fomm", method.config.model_dump(mode="json"))
    run.save_checkpoint(Checkpoint(0, "train", 1, 1, 0.0, method.state_dict()))
    (tmp_path / "files" / ".results.0123abcd.part").mkdir(parents=True)
    (tmp_path / "files" / "detector.onnx").write_bytes(b"old")
    with pytest.raises(OutputExistsError):
        muybridge.export(run.path, out=tmp_path / "files")
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["detector.onnx"]


def test_what_is_not_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind = catalogue.find("cyclegan")
    method = kind(kind.card.presets["smoke"])
    run = Run.create(tmp_path / "run", "cyclegan", method.config.model_dump(mode="json"))
    run.save_checkpoint(Checkpoint(0, "translate", 1, 1, 0.0, method.state_dict()))
    assert main(["export", str(run.path), "--out", str(tmp_path / "files")]) == 2
    assert "cannot be written as ONNX files" in capsys.readouterr().err
    assert not (tmp_path / "files").exists()
