"""This package beside a released program: the same weights through our import, the same clip. Used by peers.py."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from peers_released import Task
from torch import Tensor, nn

import muybridge
from muybridge.benchmark.figures import landmarks_for
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.engine.machine import Machine, to_channels_last, use_channels_last
from muybridge.engine.optimisers import build_optimisers, parameters
from muybridge.landmarks import Landmarks, label_indices, one_hot
from muybridge.losses import PerceptualPyramid
from muybridge.methods.tsnet.animate import choose_performance, choose_subject
from muybridge.methods.tsnet.data import make_box_maps
from muybridge.networks import Vgg19
from muybridge.puppets import scene
from muybridge.video import Clip, Timing


def draw_clip(task: Task) -> None:
    """The clip that both animate, a batch that both train on, and random weights of VGG-19."""
    if task.program == "tsnet":
        return
    pixels = _puppets(task)[0].pixels
    np.save(task.file("clip.npy"), pixels.movedim(1, -1).numpy())

    # He's weights keep the scale of features; PyTorch's own would let the deeper ones vanish.
    torch.manual_seed(0)
    vgg = Vgg19()
    for layer in vgg.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    torch.save(vgg.features.state_dict(), task.file("vgg19.pth"))

    index = torch.arange(task.batch)
    pairs = {"source": pixels[index % task.length], "driving": pixels[(index + task.length // 2) % task.length]}
    np.savez(task.file("batch.npz"), **{name: (x.float() / 255).numpy() for name, x in pairs.items()})


def import_weights(task: Task, counts: Sequence[int]) -> None:
    """The released checkpoint as a run; for TS-Net also what the program is given for each count of frames."""
    options = None if task.program == "tsnet" else f"{task.folder}/{task.config}"
    fitted = muybridge.import_checkpoint(task.file("weights.pth.tar"), options, out=task.file("run"))
    if task.program == "tsnet":
        for frames in counts:
            _hand_over_labels(task, fitted.method, frames)


def _hand_over_labels(task: Task, model: Any, frames: int) -> None:
    """Subject frames, labels and boxes as the program's own reader makes them of pictures and OpenPose's files."""
    subject_clip, driving, marks = _puppets(task)
    subject = choose_subject(model, None, subject_clip, marks[0])
    order = torch.randperm(len(subject.present), generator=torch.Generator().manual_seed(0))
    chosen = subject.present[order[:3]]
    labels = label_indices(subject.landmarks[chosen.tolist()], model.config.crop)
    followed = marks[1][list(range(frames))]
    performance = choose_performance(model, subject, driving[:frames], followed, True, 5)
    asked = label_indices(performance.landmarks, model.config.crop)

    given = {
        "pictures": model.frame(subject.pixels[chosen][None].float() / 255)[0] * 255,
        "labels": one_hot(model.pad(labels), 25),
        "boxes": model.pad(make_box_maps(labels))[:, 0],
        "driving": model.pad(asked),
        "driving_boxes": model.pad(make_box_maps(asked))[:, 0],
    }
    np.savez(task.file(f"clip-{frames}.npz"), **{name: x.numpy() for name, x in given.items()})


def _puppets(task: Task) -> tuple[Clip, Clip, tuple[Landmarks, Landmarks]]:
    """Source, driving clip and their landmarks; one clip is both where there are none."""
    if task.program == "fomm":
        clip = scene("dog-cat", frames=task.length, size=256).a
        return clip, clip, ()  # type: ignore[return-value]
    drawn = scene("dancers", frames=task.length, size=256)
    return drawn.a, drawn.b, landmarks_for(drawn)


def open_ours(task: Task) -> Ours:
    """The imported run."""
    torch.set_num_threads(task.threads)
    return Ours(task)


class Ours:
    """An imported run, as `animate` and `train` use it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.method: Any = muybridge.load(task.file("run")).method
        self.settings = ExitStack()  # for as long as the process lives
        self.training: Training | None = None
        self.clips: tuple[Any, ...] | None = None

    def animate(self, frames: int) -> np.ndarray:
        """What the command does, its start and its checks of precision included."""
        made = self._animation(frames)
        with fast_kernels():
            return np.stack([frame[:3].permute(1, 2, 0).numpy() for frame in made])

    def _animation(self, frames: int) -> Any:
        if self.task.program == "fomm":
            pixels = torch.from_numpy(np.load(self.task.file("clip.npy"))[:frames]).movedim(-1, 1)
            clip = Clip(pixels, Timing.constant(frames))
            return self.method.animate(None, clip, clip[:1], mode="relative").frames
        source, driving, marks = self.clips or _puppets(self.task)
        self.clips = (source, driving, marks)
        asked = marks[1][list(range(frames))]
        made = self.method.animate(None, driving[:frames], source, landmarks=asked, source_landmarks=marks[0])
        return made.frames

    def step(self) -> dict[str, float]:
        """What the engine does with a batch."""
        if self.training is None:
            self.settings.enter_context(fast_kernels())
            self.training = Training(self.method, self.task)
        return self.training.step()


class Training:
    """Steps on one batch, as the engine makes them."""

    def __init__(self, method: Any, task: Task) -> None:
        self.method = method.train()
        self.machine = Machine(torch.device("cpu"), task.precision)  # type: ignore[arg-type]
        w = method.config.losses
        vgg = Vgg19().requires_grad_(False).eval()
        vgg.features.load_state_dict(torch.load(task.file("vgg19.pth"), weights_only=True))
        method._distance.pyramid = PerceptualPyramid(vgg, w.perceptual, w.scales)
        self.stage = method.stages()[0]
        use_channels_last(method)
        self.optimisers = build_optimisers(method.groups(self.stage))
        batch = np.load(task.file("batch.npz"))
        self.batch = {name: to_channels_last(torch.from_numpy(x)) for name, x in batch.items()}

    def step(self) -> dict[str, float]:
        """The losses of the turns, weighted as they are added up."""
        told: dict[str, float] = {}
        turns = self.method.turns(self.stage, self.batch)
        while True:
            with self.machine.autocast():
                turn = next(turns, None)
            if turn is None:
                return told
            told |= {name: loss.item() for name, loss in turn.losses.items()}
            self._move(self.optimisers[turn.group], turn.total)

    @staticmethod
    def _move(optimiser: torch.optim.Adam, total: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(total, inputs=parameters(optimiser))
        optimiser.step()
