"""Networks as ONNX files, run by onnxruntime against PyTorch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, numpy, onnxruntime, torch
sys.path.insert(0, sys.argv[1])
from tiny_methods import build
method = build(sys.argv[2]).eval()
for module in method.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.running_mean.normal_(0, 0.1)
        module.running_var.uniform_(0.5, 2)
for name, part in method.onnx_parts().items():
    path = f"{sys.argv[3]}/{name}.onnx"
    from pathlib import Path
    part.write(Path(path))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        given = {k: torch.cat([x, x.flip(-1)])[:batch] if k in ("images", "source") else torch.cat([x, x])[:batch]
                 for k, x in part.inputs.items()}
        taken = {i.name for i in session.get_inputs()}
        found = session.run(None, {k: x.numpy() for k, x in given.items() if k in taken})
        with torch.no_grad():
            wanted = part.network(*given.values())
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        for name_, a, b in zip(part.outputs, found, wanted, strict=True):
            assert a.shape == tuple(b.shape), (name_, a.shape, b.shape)
            assert abs(a - b.numpy()).max() < 1e-4, (name_, batch, abs(a - b.numpy()).max())
            assert float(b.std()) > 1e-4, name_
print("same")
"""


@pytest.mark.parametrize("name", ["articulated", "fomm", "monkeynet"])
def test_onnxruntime_computes_what_pytorch_does(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny = Path(__file__).parents[1] / "every_method"
    # In a process of its own: the exporter traces with shapes that are tensors, which the checks of shapes refuse.
    plain = {**os.environ, "MUYBRIDGE_CHECK_SHAPES": "0"}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tiny), name, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, env=plain, timeout=240, check=False)
    assert ran.stdout.strip() == "same", ran.stderr[-2000:]
    assert {path.name for path in tmp_path.glob("*.onnx")} == {"detector.onnx", "generator.onnx"}


JOKR = """
import sys, torch
from pathlib import Path
from torch import nn
sys.path.insert(0, sys.argv[1])
from tiny_jokr import TINY_NETWORKS
import muybridge
from muybridge import catalogue
from muybridge.errors import RunError
from muybridge.jobs.settings import make_config
from muybridge.networks import OnnxPart
from muybridge.puppets import scene

kind = catalogue.find("jokr")
torch.manual_seed(0)
method = kind(make_config(kind, "smoke", TINY_NETWORKS))
pair = scene("gif", 4, 64)
data = method.prepare([pair.a, pair.b])
method.begin(method.stages()[0], data, torch.Generator())
method.eval()
files = {name: part.encode(name) for name, part in method.onnx_parts(data).items()}
print(*sorted(files))
print(*sorted(set(files) - set(method.onnx_parts())))
half = method.onnx_parts(data)["shapes"].encode("shapes", half=True)
assert len(half) < 0.7 * len(files["shapes"])

class Chance(nn.Module):
    def forward(self, x):
        return x + torch.rand_like(x)

class Fixed(nn.Module):
    def forward(self, x):
        return x * len(x)

for network in (Chance(), Fixed()):
    try:
        OnnxPart(network, {"x": torch.rand(4, 3)}, ("y",)).encode("wrong")
    except RunError as error:
        print(error.message)
"""


def test_jokr_is_exported_and_what_is_wrong_is_refused() -> None:
    pytest.importorskip("onnxruntime")
    plain = {**os.environ, "MUYBRIDGE_CHECK_SHAPES": "0"}
    command = [sys.executable, "-W", "ignore", "-c", JOKR, str(Path(__file__).parents[1])]
    ran = subprocess.run(command, capture_output=True, text=True, env=plain, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    names, of_data, *refused = ran.stdout.splitlines()
    assert names == "detector merge_a merge_b motion painter_a painter_b shapes"
    assert of_data == "merge_a merge_b"
    assert [said.split(":")[0] for said in refused] == ["y of wrong is not what PyTorch computes"] * 2
