"""Frames per second of `animate` at the default sizes, against a plain loop with the same weights.

    python benchmarks/animate_speed.py [fomm articulated monkeynet tsnet] [--frames N] [--every N] [--rounds N]
                                       [--threads N] [--memory]

The plain loop is what the released programs do: frame by frame, in float32, source and driving frame through all
networks each time; each costs it the same, so it makes every sixth frame only. Our way makes all of them, and what it
does once, to find its precision too, is in its time. Both work in turn on the same clip, and the median round counts.
Weights are random; batch norm has seen the clip, so that its statistics are its own. TS-Net draws one puppet
dancer from three of its frames, by the landmarks of the other's dance. Seconds of the processor are told beside the
clock's, because those stay true on a machine that is busy with something else. With --memory ours alone is run, of one
method, and the most memory that the process has had is told.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from muybridge import catalogue
from muybridge.benchmark.figures import landmarks_for
from muybridge.data.canvas import resize_to_canvas
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.landmarks import label_indices
from muybridge.method import Method
from muybridge.methods.tsnet.animate import choose_performance
from muybridge.methods.tsnet.prepared_subject import draw_frames, encode_subject
from muybridge.puppets import scene
from muybridge.video import Clip, Timing


def settled(name: str, frames: int) -> tuple[Method[Any, Any], Clip]:
    """A method at its default sizes, with the statistics of a clip, and that clip."""
    torch.manual_seed(0)
    kind = catalogue.find(name)
    method = kind(kind.Config())
    clip = scene("dog-cat", frames=frames, size=method.config.size).a
    pictures = resize_to_canvas(clip.pixels[:6], (method.config.size, method.config.size))
    for module in method.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        seen_anew(method, pictures[:2], pictures[4:])
    return method.eval(), clip


def seen_anew(method: Method[Any, Any], source: Tensor, driving: Tensor) -> Tensor:
    """The source moved to the driving keypoints, nothing kept from before: [B, 3, S, S]."""
    if hasattr(method, "reconstruction"):
        return method.reconstruction(source, driving)[2].picture
    networks = method.networks
    return networks(source, networks.detect(source), networks.detect(driving))[0].picture


def plain(method: Method[Any, Any], driving: Clip, source: Clip) -> list[Tensor]:
    """Each driving frame with the source seen anew."""
    size = (method.config.size, method.config.size)
    made = []
    with torch.no_grad():
        for frame in driving.pixels:
            picture, moved = resize_to_canvas(source.pixels[:1], size), resize_to_canvas(frame[None], size)
            made.append(seen_anew(method, picture, moved)[0])
    return made


def timed(work: Callable[[], list[Tensor]]) -> tuple[list[Tensor], float, float]:
    """What it made, seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - clock, time.process_time() - processor


class Contest:
    """One method at its default sizes: the plain loop and ours on the same clip."""

    def __init__(self, name: str, frames: int, batch: int) -> None:
        self.method, self.clip = settled(name, frames)
        self.driving = self.clip[:frames]
        self.batch = batch

    def plain(self, every: int) -> list[Tensor]:
        """Frame by frame, one in `every`."""
        return plain(self.method, self.driving[::every], self.clip)

    def fast(self, frames: int | None = None) -> list[Tensor]:
        """What the command does."""
        driving = self.driving[:frames]
        return list(self.method.animate(None, driving, self.clip, mode="standard", batch=self.batch).frames)


class Dance(Contest):
    """The same of TS-Net, which needs a clip for its subject, and landmarks of both."""

    def __init__(self, frames: int) -> None:
        drawn = scene("dancers", frames=frames, size=256)
        torch.manual_seed(0)
        self.method = catalogue.find("tsnet")(catalogue.find("tsnet").Config(perceptual="weight-free")).eval()
        marks = landmarks_for(drawn)
        self.data = self.method.prepare([drawn.a, drawn.b], list(marks))
        self.driving, self.marks = drawn.b[:frames], marks[1]

    def plain(self, every: int) -> list[Tensor]:
        """Each driving frame with the subject frames encoded anew."""
        model, subject = self.method, self.data.tracks[0]
        performance = choose_performance(model, subject, self.driving, self.marks, True, 5)
        made = []
        for t in range(0, len(self.driving), every):
            labels = label_indices(performance.landmarks[[t]], model.config.crop)
            references = encode_subject(model, subject, model.config.sampling.sources, 0)
            made.append(draw_frames(model, references, labels)[0])
        return made

    def fast(self, frames: int | None = None) -> list[Tensor]:
        marks = self.marks[list(range(len(self.driving[:frames])))]
        return list(self.method.animate(self.data, self.driving[:frames], "a", landmarks=marks).frames)


def contend(name: str, frames: int, batch: int) -> Contest:
    """What is timed of the method called `name`."""
    return Dance(frames) if name == "tsnet" else Contest(name, frames, batch)


def measure(name: str, frames: int, every: int, rounds: int, batch: int) -> dict[str, float]:
    """Frames per second of both ways, and how far the pictures are apart."""
    contest = contend(name, frames, batch)
    seconds: dict[str, list[float]] = {"plain": [], "fast": [], "plain cpu": [], "fast cpu": []}
    contest.fast(batch)
    for _ in range(rounds):
        slow, a, b = timed(lambda: contest.plain(every))
        quick, c, d = timed(contest.fast)
        for key, value in zip(seconds, (a, c, b, d), strict=True):
            seconds[key].append(value)
    counts = dict(zip(seconds, (len(slow), len(quick)) * 2, strict=True))
    per_second = {key: counts[key] / statistics.median(values) for key, values in seconds.items()}
    apart = torch.stack(slow) - torch.stack(quick)[::every, :3].float() / 255
    noise = -10 * torch.log10(apart.square().mean((1, 2, 3)).max().clamp_min(1e-12))
    ratios = {"ratio": per_second["fast"] / per_second["plain"]}
    ratios["ratio cpu"] = per_second["fast cpu"] / per_second["plain cpu"]
    return per_second | ratios | {"dB of the worst": noise.item()}


def peak_memory(name: str, frames: int, batch: int) -> float:
    """The most that this process has had, in MB, when a method of pictures has animated noise."""
    kind = catalogue.find(name)
    method = kind(kind.Config()).eval()
    side = method.config.size
    noise = torch.randint(0, 256, (1, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    moving = torch.cat([noise.roll(t, 3) for t in range(frames)])
    clip = Clip(moving, Timing.constant(frames))
    for _ in method.animate(None, clip, clip[:1], mode="standard", batch=batch).frames:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print one line a method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", default=["fomm", "articulated", "monkeynet"])
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"torch {torch.__version__}, {given.threads} threads, {platform.processor() or platform.machine()}")
    with fast_kernels():
        if given.memory:
            print(given.methods[0], f"{peak_memory(given.methods[0], given.frames, given.batch):.0f} MB at most")
            return
        for name in given.methods:
            found = measure(name, given.frames, given.every, given.rounds, given.batch)
            print(name, "  ".join(f"{key} {value:.2f}" for key, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
