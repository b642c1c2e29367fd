"""Networks as ONNX files."""

from __future__ import annotations

import copy
import importlib.util
import io
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from muybridge.errors import MissingExtraError, RunError
from muybridge.networks.antialias import Downsample
from muybridge.networks.resnet import LastConv

M = TypeVar("M", bound=nn.Module)
Axes = Mapping[str, Mapping[int, str]]
"""Input or output -> dimension -> its name."""
OPSET = 17
APART = 1e-3
"""How far a file may be off on average, as a share of the spread of what it gives; roundings are a thousandth of it."""
HALF_APART = 1e-2
"""The same with weights in float16."""
LEAST_SPREAD = 1e-3
"""Of what hardly varies."""
LARGE = 512
"""Numbers from which on a weight is kept in float16."""


@dataclass(frozen=True, eq=False)
class OnnxPart:
    """A network of a method as it goes into a file.

    network  takes the inputs by place, gives one tensor or a tuple
    inputs   an example of each, by name
    outputs  names
    axes     which dimensions of which may be of any size later, with a name for each; None: the first of all of them,
             which is the batch
    """

    network: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]
    axes: Axes | None = None

    def write(self, path: Path) -> None:
        """Write it to an .onnx file, see `encode`."""
        path.write_bytes(self.encode(path.name))

    def encode(self, name: str, half: bool = False) -> bytes:
        """The content of an .onnx file that gives what the network gives on its examples.

        name  for people
        half  keep large weights in float16, and compute in float32 all the same
        Raises MissingExtraError where a package is not installed, RunError where the file gives something else.
        """
        for package in ("onnx", "onnxruntime"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtraError(f"ONNX files need the package {package}", "pip install 'muybridge[onnx]'")

        names = [*self.inputs, *self.outputs]
        axes: Axes = {name: {0: "batch"} for name in names} if self.axes is None else self.axes
        written = io.BytesIO()
        with torch.no_grad(), warnings.catch_warnings():
            # The exporter warns that it is the older of two, and of every shape that it takes as fixed.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self.network.eval(),
                tuple(self.inputs.values()),
                written,  # type: ignore[arg-type]  # the older exporter writes to memory too
                input_names=list(self.inputs),
                output_names=list(self.outputs),
                dynamic_axes={name: dict(dims) for name, dims in axes.items()},
                opset_version=OPSET,
                dynamo=False,
            )

        content = halve_weights(written.getvalue()) if half else written.getvalue()
        self._compare(name, content, axes, HALF_APART if half else APART)
        return content

    def _compare(self, name: str, content: bytes, axes: Axes, allowed: float) -> None:
        """RunError where a file does not give on the examples what PyTorch gives."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        taken = {each.name for each in session.get_inputs()}
        # Once as the example is, and once smaller: what a trace takes as fixed shows in another size only.
        for inputs in (self.inputs, self._cut(axes)):
            with torch.no_grad():
                wanted = self.network(*inputs.values())
            found = session.run(
                list(self.outputs), {key: x.contiguous().numpy() for key, x in inputs.items() if key in taken}
            )
            for output, made, right in zip(
                self.outputs, found, wanted if isinstance(wanted, tuple) else (wanted,), strict=True
            ):
                _check_alike(f"{output} of {name}", torch.from_numpy(made), right, allowed)

    def _cut(self, axes: Axes) -> dict[str, Tensor]:
        """The examples with half of each dimension that may be of any size."""
        cut = {}
        for key, x in self.inputs.items():
            for dim in axes.get(key, {}):
                x = x.narrow(dim, 0, (x.shape[dim] + 1) // 2)
            cut[key] = x
        return cut


def _check_alike(what: str, found: Tensor, right: Tensor, allowed: float) -> None:
    spread = max(float(right.double().std()) if right.numel() > 1 else 0.0, LEAST_SPREAD)
    # Their mean: where a flow looks over an edge, rounding shows in single pixels.
    apart = float((found.double() - right.double()).abs().mean()) if found.shape == right.shape else math.inf
    if not apart <= allowed * spread:
        raise RunError(
            f"{what} is not what PyTorch computes: it is off by {apart:.2g} on average, where {allowed * spread:.2g} "
            "is allowed",
            "Please report it, with what `doctor` says of this machine.",
        )


def halve_weights(content: bytes) -> bytes:
    """An .onnx file whose large float32 weights are kept in float16, and widened when it is opened."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_from_string(content)
    graph = model.graph
    widened = []
    for weight in graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or math.prod(weight.dims) < LARGE:
            continue
        name = weight.name
        kept = numpy_helper.from_array(numpy_helper.to_array(weight).astype("float16"), f"{name}.half")
        weight.CopyFrom(kept)
        widened.append(helper.make_node("Cast", [kept.name], [name], to=onnx.TensorProto.FLOAT))

    # What is used has to be made before.
    nodes = [*widened, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return bytes(model.SerializeToString())


class FixedBlur(nn.Module):
    """`Downsample` for a known number of channels, as the exporter wants it."""

    def __init__(self, blur: Downsample, channels: int) -> None:
        super().__init__()
        n = len(blur.taps)
        kernel = blur.taps.view(1, 1, 1, n).repeat(channels, 1, 1, 1)
        self.across = nn.Conv2d(channels, channels, (1, n), (1, blur.stride), (0, n // 2), groups=channels, bias=False)
        self.down = nn.Conv2d(channels, channels, (n, 1), (blur.stride, 1), (n // 2, 0), groups=channels, bias=False)
        self.across.weight = nn.Parameter(kernel, requires_grad=False)
        self.down.weight = nn.Parameter(kernel.transpose(2, 3).contiguous(), requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H / stride, W / stride]."""
        return self.down(self.across(images))


def make_exportable(network: M, channels: int = 3) -> M:
    """A copy on the CPU, in evaluation mode, that the exporter understands; its blurs take pictures of `channels`."""
    ready = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    for module in list(ready.modules()):
        if isinstance(module, LastConv):
            module.folds = False
        for name, child in module.named_children():
            if isinstance(child, Downsample) and child.stride > 1:
                setattr(module, name, FixedBlur(child, channels))
    return ready


class _Detecting(nn.Module):
    def __init__(self, networks: Any) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        parts = []
        for x in self.networks.detect(images):
            if x is not None:
                parts.append(x)

        return tuple(parts)


class _Drawing(nn.Module):
    def __init__(self, networks: Any, pose: Any) -> None:
        super().__init__()
        self.networks = networks
        self.pose = pose

    def forward(self, source: Tensor, *numbers: Tensor) -> Tensor:
        half = len(numbers) // 2
        missing = [None] * (len(self.pose._fields) - half)
        at = self.pose(*numbers[:half], *missing)
        to = self.pose(*numbers[half:], *missing)
        picture: Tensor = self.networks.animate(self.networks.encode(source, at), to)
        return picture


def split_for_onnx(networks: nn.Module, size: int, pose: Any, names: Sequence[str]) -> dict[str, OnnxPart]:
    """The two files of networks that animate a picture.

    networks   from `make_exportable`, with the methods detect(images) -> pose, encode(images, pose) and
               animate(source, pose)
    size       S
    pose       the named tuple; its last fields may be None
    names      of its fields in the files
    detector   images [B, 3, S, S] in [0, 1] -> a tensor for each field
    generator  source [B, 3, S, S], the fields of its pose, those of the one to bring it to -> picture [B, 3, S, S]
    """
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    detector = _Detecting(networks)
    with torch.no_grad():
        fields = dict(zip(names, detector(images), strict=False))

    # All of the source's fields come before the driving ones: the order is that of the network's arguments.
    inputs = {"source": images}
    for name, x in fields.items():
        inputs[f"source_{name}"] = x
    for name, x in fields.items():
        inputs[f"driving_{name}"] = x.flip(0)

    return {
        "detector": OnnxPart(detector, {"images": images}, tuple(fields)),
        "generator": OnnxPart(_Drawing(networks, pose), inputs, ("picture",)),
    }
