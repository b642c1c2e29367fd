"""Authors' released programs, each in a process of its own: built from a folder that lies outside this repository.

Used by peers.py. Nothing of this package is imported here, so that the memory of the process is the program's. What a
program is given that it does not come with on a present PyTorch and a machine without a GPU is in `lend_torchvision`
and `stay_on_the_processor`.
"""

from __future__ import annotations

import ast
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import yaml
from torch import Tensor, nn
from tqdm import tqdm

NEEDED = {
    "fomm": (
        "demo.py",
        "animate.py",
        "modules/dense_motion.py",
        "modules/discriminator.py",
        "modules/generator.py",
        "modules/keypoint_detector.py",
        "modules/model.py",
        "modules/util.py",
        "sync_batchnorm/__init__.py",
    ),
    "tsnet": ("model/TSNet_pose.py", "model/networks.py"),
}
"""Files of a program's folder that are used."""
VGG19_WIDTHS = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
TSNET_MEAN = (101.84807705937696, 112.10832843463207, 111.65973036298041)
"""Of the authors' training pictures, BGR from 0 to 255."""

WARM = 2
"""Frames that are animated before any counts: what a process does once is not measured."""
Seconds = tuple[float, float]
"""Of the clock, and of the processor."""


@dataclass(frozen=True)
class Task:
    """What a process is to do.

    program    fomm or tsnet
    folder     of the released program
    work       folder for what the processes hand to each other
    config     YAML of the program's sizes, in `folder`
    threads    of PyTorch
    length     frames of the clip
    batch      pairs in a step of training
    precision  of our training
    """

    program: str
    folder: str
    work: str
    config: str
    threads: int
    length: int
    batch: int
    precision: str = "float32"

    def file(self, name: str) -> Path:
        """What is handed on under a name."""
        return Path(self.work) / f"{self.program}-{name}"


class Side(Protocol):
    """A program, ready."""

    def animate(self, frames: int) -> np.ndarray:
        """Pictures of the first frames of the clip: [T, H, W, 3]."""

    def step(self) -> dict[str, float]:
        """One step of training: the losses before it."""


def measured(work: Callable[[], Any]) -> tuple[Any, Seconds]:
    """What it made, and how long it took."""
    clock, processor = time.perf_counter(), time.process_time()
    made = work()
    return made, (time.perf_counter() - clock, time.process_time() - processor)


def most_memory() -> float:
    """The most memory that this process has had since it began, MB. Not `ru_maxrss`, which begins with its parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def missing_files(program: str, folder: Path, config: str) -> list[str]:
    """What a folder lacks to be the released program."""
    needed = NEEDED[program] + ((config,) if program == "fomm" else ())
    return [name for name in needed if not (folder / name).is_file()]


def open_released(task: Task) -> Side:
    """The program of a folder, with the weights that `save_weights` left where there are any."""
    torch.set_num_threads(task.threads)
    sys.path.insert(0, task.folder)
    return {"fomm": ReleasedFomm, "tsnet": ReleasedTsnet}[task.program](task)


# -- first order motion model ------------------------------------------------------------------------------------------


class ReleasedFomm:
    """The networks at the sizes of a config, and what demo.py and train.py do with them."""

    def __init__(self, task: Task) -> None:
        lend_torchvision(task.file("vgg19.pth"))
        from modules.generator import OcclusionAwareGenerator
        from modules.keypoint_detector import KPDetector

        self.task = task
        self.options = yaml.safe_load((Path(task.folder) / task.config).read_text(encoding="utf-8"))
        model = self.options["model_params"]
        torch.manual_seed(0)
        self.generator = OcclusionAwareGenerator(**model["generator_params"], **model["common_params"])
        self.detector = KPDetector(**model["kp_detector_params"], **model["common_params"])
        if task.file("weights.pth.tar").is_file():
            table = torch.load(task.file("weights.pth.tar"), map_location="cpu", weights_only=True)
            self.generator.load_state_dict(table["generator"])
            self.detector.load_state_dict(table["kp_detector"])
        self.generator.eval()
        self.detector.eval()
        self.steps: Iterator[dict[str, float]] | None = None

    def save_weights(self) -> None:
        """Random weights with the statistics of the clip, as a checkpoint of the program."""
        # The program begins with Jacobians that are the same everywhere, which would leave half of it untried.
        nn.init.normal_(self.detector.jacobian.weight, std=0.01)
        self._see_clip()
        networks = {"generator": self.generator, "kp_detector": self.detector}
        if self.options["train_params"]["loss_weights"]["generator_gan"]:
            networks["discriminator"] = self._discriminator()
        table = {name: network.state_dict() for name, network in networks.items()}
        torch.save({**table, "epoch": 0}, self.task.file("weights.pth.tar"))

    def _see_clip(self) -> None:
        frames = torch.from_numpy(self._frames(6)).movedim(-1, 1)
        networks = (self.generator, self.detector)
        norms = [m for network in networks for m in network.modules() if hasattr(m, "running_mean")]
        for norm in norms:
            norm.momentum = 1.0
            norm.train()
        with torch.no_grad():
            source, driving = self.detector(frames[:2]), self.detector(frames[4:])
            self.generator(frames[:2], kp_source=source, kp_driving=driving)
        for norm in norms:
            norm.momentum = 0.1
            norm.eval()

    def _discriminator(self) -> nn.Module:
        from modules.discriminator import MultiScaleDiscriminator

        model = self.options["model_params"]
        return MultiScaleDiscriminator(**model["discriminator_params"], **model["common_params"])

    def _frames(self, count: int) -> np.ndarray:
        return np.load(self.task.file("clip.npy"))[:count].astype(np.float32) / 255

    def animate(self, frames: int) -> np.ndarray:
        """The program's own loop, keypoints relative to the first frame."""
        clip = self._frames(frames)
        loop = take_functions(Path(self.task.folder), {"animate.py": "normalize_kp", "demo.py": "make_animation"})
        made = loop["make_animation"](
            clip[0], clip, self.generator, self.detector, relative=True, adapt_movement_scale=False, cpu=True
        )
        return np.stack(made)

    def step(self) -> dict[str, float]:
        """What train.py does with a batch."""
        if self.steps is None:
            self.steps = self._train()
        return next(self.steps)

    def _train(self) -> Iterator[dict[str, float]]:
        from modules.model import DiscriminatorFullModel, GeneratorFullModel

        params = self.options["train_params"]
        judge = self._discriminator()
        networks = {"generator": self.generator, "discriminator": judge, "kp_detector": self.detector}
        optimisers = {}
        for name, network in networks.items():
            optimisers[name] = torch.optim.Adam(network.train().parameters(), params[f"lr_{name}"], betas=(0.5, 0.999))

        makes = GeneratorFullModel(self.detector, self.generator, judge, params)
        judges = DiscriminatorFullModel(self.detector, self.generator, judge, params)
        adversarial = params["loss_weights"]["generator_gan"] != 0
        batch = dict(np.load(self.task.file("batch.npz")))
        pair = {name: torch.from_numpy(x) for name, x in batch.items()}
        while True:
            losses, generated = makes(pair)
            sum(value.mean() for value in losses.values()).backward()
            for name in ("generator", "kp_detector"):
                optimisers[name].step()
                optimisers[name].zero_grad()
            if adversarial:
                optimisers["discriminator"].zero_grad()
                judged = judges(pair, generated)
                sum(value.mean() for value in judged.values()).backward()
                optimisers["discriminator"].step()
                optimisers["discriminator"].zero_grad()
                losses |= judged
            yield {name: value.mean().item() for name, value in losses.items()}


def take_functions(folder: Path, wanted: dict[str, str]) -> dict[str, Callable[..., Any]]:
    """Single functions of scripts whose other imports (readers of videos, plots) are not needed for them.

    wanted  file to function; later ones may call earlier ones
    """
    space: dict[str, Any] = {"np": np, "torch": torch, "tqdm": tqdm}
    for file, name in wanted.items():
        tree = ast.parse((folder / file).read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        if not tree.body:
            raise LookupError(f"{folder / file} has no function {name}: it is not the released program")
        exec(compile(tree, file, "exec"), space)
    return space


# -- TS-Net ------------------------------------------------------------------------------------------------------------


class ReleasedTsnet:
    """The networks for bodies at the sizes of the demo, and the demo's loop over driving frames."""

    def __init__(self, task: Task) -> None:
        lend_torchvision(task.file("vgg19.pth"))
        stay_on_the_processor()
        from model.TSNet_pose import TSNet

        self.task = task
        torch.manual_seed(0)
        mean = np.array(TSNET_MEAN, np.float32)
        self.model = TSNet(
            is_train=False, label_nc=25, n_blocks=4, n_downsampling=3, n_source=3, use_mask=True, mean=mean
        )
        self.names = ("img_enc", "lbl_enc", "fuse_net", "dec")
        if task.file("weights.pth.tar").is_file():
            table = torch.load(task.file("weights.pth.tar"), map_location="cpu", weights_only=True)
            for name in self.names:
                getattr(self.model, name).load_state_dict(table[name])
        self.model.eval()

    def save_weights(self) -> None:
        """Random weights, as a checkpoint of the program. It has no statistics: its norms are of each picture."""
        from model import networks

        table = {name: getattr(self.model, name).state_dict() for name in self.names}
        for name, channels in (("netD", 28), ("netDF", 3)):
            network = networks.define_D(channels, 64, "basic", 3, "instance", "normal", 0.02, True)
            table[name] = network.state_dict()
        torch.save({**table, "example": 0}, self.task.file("weights.pth.tar"))

    def animate(self, frames: int) -> np.ndarray:
        """Frame by frame, each in the colours of the first subject frame, on the columns that the subject has."""
        given = {name: torch.from_numpy(x) for name, x in np.load(self.task.file(f"clip-{frames}.npz")).items()}
        sources = (given["pictures"].unsqueeze(1), given["labels"].unsqueeze(1), given["boxes"].unsqueeze(1))
        wanted = given["pictures"][:1] / 255
        spread, mean = torch.std_mean(wanted, (2, 3), keepdim=True)
        made = []
        with torch.no_grad():
            for t in tqdm(range(frames)):
                labels = nn.functional.one_hot(given["driving"][t : t + 1].long(), 25).movedim(-1, 1).float()
                self.model.set_test_input(*sources, labels, given["driving_boxes"][t : t + 1])
                self.model.forward()
                made.append(self._coloured(self.model.rec_tar_img, spread, mean))
        return np.stack(made)

    @staticmethod
    def _coloured(drawn: Tensor, spread: Tensor, mean: Tensor) -> np.ndarray:
        own_spread, own_mean = torch.std_mean(drawn, (2, 3), keepdim=True)
        picture = ((drawn - own_mean) / own_spread * spread + mean)[0].permute(1, 2, 0).numpy()
        rgb = (picture + np.array(TSNET_MEAN, np.float32) / 255).clip(0, 1)[..., ::-1]
        return np.ascontiguousarray(rgb[:, 64:192])

    def step(self) -> dict[str, float]:
        """Not measured."""
        raise NotImplementedError("a training step of TS-Net is not measured here")


# -- what the programs miss --------------------------------------------------------------------------------------------


def lend_torchvision(weights: Path) -> None:
    """`torchvision.models.vgg19` for a program that imports it: the same layers, with the weights of a file."""

    def vgg19(pretrained: bool = False) -> types.SimpleNamespace:
        layers: list[nn.Module] = []
        channels = 3
        for level in VGG19_WIDTHS:
            for width in level:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))
        features = nn.Sequential(*layers)
        known = torch.load(weights, weights_only=True)
        features.load_state_dict({**features.state_dict(), **known})
        return types.SimpleNamespace(features=features)

    lent = types.ModuleType("torchvision")
    lent.models = types.SimpleNamespace(vgg19=vgg19)
    sys.modules["torchvision"] = lent


def stay_on_the_processor() -> None:
    """Let `.cuda()` leave tensors and networks where they are."""
    Tensor.cuda = lambda self, *_, **__: self  # type: ignore[method-assign]
    nn.Module.cuda = lambda self, *_, **__: self  # type: ignore[method-assign]
