"""TS-Net on real dancers and on puppets: held-out frames drawn again, and each subject moving as the other.

    python3 benchmarks/dance.py DATA --out DIR [--train-minutes 25] [--set train.steps=3000 ...]
    python3 benchmarks/dance.py --puppets --out DIR

DATA holds images/NAME/*.jpg and labels/NAME/*.json (OpenPose, one file a frame). The first two thirds of each clip are
trained on (with --held third all but every third frame); the rest is held out, and drawn from its landmarks alone.
Stopped or killed, the same command goes on.
Writes to DIR: run/ (the training), self-NAME.png and cross.png to look at, figures.json and figures.md.

L2 is the root of the mean squared difference of RGB in [0, 1] of a frame, SSIM that of Wang et al. 2004; means over
frames. `nearest` shows, for each held-out frame, the trained-on frame whose landmarks are nearest: what copying gives.
With --puppets the truth of each subject moving as the other is known, and measured too.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge.api.settings import settings
from muybridge.data.crop import crop
from muybridge.engine import Listener, train
from muybridge.errors import InputError
from muybridge.landmarks import Landmarks, coloured, from_joints, label_indices
from muybridge.landmarks import read as read_landmarks
from muybridge.losses import ssim_loss
from muybridge.methods.tsnet.config import TsnetConfig
from muybridge.methods.tsnet.data import Track, TsnetData, into_box
from muybridge.methods.tsnet.method import Tsnet
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import Clip, Timing, contact_sheet, probe, read, write

SHARE = 2 / 3
"""Of each clip, trained on."""


@dataclass(frozen=True, eq=False)
class Dancer:
    """A clip with its landmarks, and with what it is moving like the other one, where that is known."""

    name: str
    clip: Clip
    landmarks: Landmarks
    held: list[int]
    """Frames that are not trained on."""
    truth: Clip | None = None

    @property
    def kept(self) -> list[int]:
        """Frames that are trained on."""
        return [t for t in range(len(self.clip)) if t not in self.held]


def held_out(count: int, how: str) -> list[int]:
    """Which of `count` frames are held out: the last third of them, or every third."""
    return list(range(2, count, 3)) if how == "third" else list(range(round(SHARE * count), count))


class Clock(Listener):
    """Prints the losses now and then."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def on_step(self, stage: Any, step: int, losses: Any, rate: float, left: float) -> None:
        if time.monotonic() - self.last > 30:
            self.last = time.monotonic()
            shown = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
            print(f"step {step}, {rate:.2f} steps/s, {left / 60:.1f} min left: {shown}", flush=True)


def filmed(folder: Path, side: int, held: str) -> list[Dancer]:
    """Every clip below `folder` that has labels; frames at most `side` pixels long."""
    found = []
    for images in sorted(p for p in (folder / "images").iterdir() if (folder / "labels" / p.name).is_dir()):
        clip = read(images, max_side=side)
        marks, _ = read_landmarks(folder / "labels" / images.name)
        marks = marks.resized(probe(images).size, (clip.height, clip.width))
        found.append(Dancer(images.name, clip, marks, held_out(len(clip), held)))
    if not found:
        raise InputError(f"{folder} holds no images/NAME with labels/NAME")
    return found


def drawn_puppets(frames: int, held: str) -> list[Dancer]:
    """The two dancers of the puppets' scene, 256 pixels."""
    s = scene("dancers", frames=frames, size=256)
    marks = [from_joints(joints, s.joint_names, (256, 256)) for joints in (s.joints_a, s.joints_b)]
    left = held_out(frames, held)
    return [Dancer("ballerina", s.a, marks[0], left, s.ab), Dancer("sailor", s.b, marks[1], left, s.ba)]


def l2(a: Tensor, b: Tensor) -> float:
    """Mean over frames of the root mean squared difference, values in [0, 1]."""
    return float((a - b).square().flatten(1).mean(1).sqrt().mean())


def compared(made: Tensor, truth: Tensor) -> dict[str, float]:
    """Both figures of frames [T, 3, h, w] in [0, 1]."""
    return {"l2": l2(made, truth), "ssim": 1 - float(ssim_loss(made, truth))}


def cropped(clip: Clip, track: Track) -> Tensor:
    """Frames of a clip as a track's own are cropped: [T, 3, h, w] in [0, 1]."""
    size = (track.pixels.shape[2], track.pixels.shape[3])
    return crop(clip.with_masks(None), track.box.expand(len(clip), 4), size)[0]


def nearest(track: Track, followed: Landmarks) -> Tensor:
    """For each driving frame, the track's frame whose seen landmarks are nearest."""
    apart = (followed.points[:, None] - track.landmarks.points).norm(dim=-1)
    both = (followed.seen[:, None] & track.landmarks.seen).float()
    distance = (apart * both).sum(-1) / both.sum(-1).clamp_min(1)
    return track.pixels[distance.argmin(1)].float() / 255


def fitted(dancers: list[Dancer], config: TsnetConfig, out: Path, minutes: float, seed: int) -> tuple[Tsnet, TsnetData]:
    """Train, or go on training, for at most so many minutes in this call; a finished run is only opened."""
    torch.manual_seed(seed)
    method = Tsnet(config)
    cuts = [d.clip[d.kept] for d in dancers]
    data = method.prepare(cuts, landmarks=[d.landmarks[d.kept] for d in dancers])
    there = (out / "run.json").is_file()
    run = Run.open(out, "tsnet") if there else Run.create(out, "tsnet", config.model_dump(mode="json"))
    if there and run.config != config.model_dump(mode="json"):
        raise InputError(f"{out} was made with other settings", "Choose another --out.")
    began = time.monotonic()
    while run.record.status != "finished" and (time.monotonic() - began) / 60 < minutes:
        train(method, data, run, seed=seed, resume=run.has_checkpoint, stop_after=100, listener=Clock())
    print(f"{run.record.done} of {config.train.steps} steps, {run.record.seconds or 0:.0f} s in all", flush=True)
    return method.eval(), data


def self_reconstruction(method: Tsnet, data: TsnetData, dancers: list[Dancer], out: Path) -> dict[str, Any]:
    """The held-out frames of each subject, drawn from their landmarks."""
    figures = {}
    for i, (dancer, track) in enumerate(zip(dancers, data.tracks, strict=True)):
        held, marks = dancer.clip[dancer.held], dancer.landmarks[dancer.held]
        made = method.animate(data, held, str(i + 1), landmarks=marks, aligned=False, smoothing=1).clip().frames
        truth = cropped(held, track)
        size = (truth.shape[2], truth.shape[3])
        followed = into_box(marks, track.box, size)
        copied = nearest(track, followed)
        figures[dancer.name] = {"tsnet": compared(made, truth), "nearest": compared(copied, truth)}
        labels = coloured(label_indices(followed, size), method.classes)
        rows = {"held out": truth, "landmarks": labels, "tsnet": made, "nearest trained-on frame": copied}
        save(out / f"self-{dancer.name}.png", rows)
    return figures


def across(method: Tsnet, data: TsnetData, dancers: list[Dancer], out: Path) -> dict[str, Any]:
    """Each of the first two subjects moving as the other does."""
    figures: dict[str, Any] = {}
    rows: dict[str, Tensor] = {}
    for i, driving in ((0, dancers[1]), (1, dancers[0])):
        own, track = dancers[i], data.tracks[i]
        made = method.animate(data, driving.clip, str(i + 1), landmarks=driving.landmarks).clip().frames
        rows[f"{driving.name} (driving)"] = cropped(driving.clip, data.tracks[1 - i])
        rows[f"{own.name} moving like {driving.name}"] = made
        if own.truth is not None:
            truth = cropped(own.truth, track)
            rows[f"{own.name}: the truth"] = truth
            figures[f"{own.name} moving like {driving.name}"] = {"tsnet": compared(made, truth)}
    save(out / "cross.png", rows)
    return figures


def save(path: Path, rows: dict[str, Tensor]) -> None:
    """A sheet of eight frames a row."""
    write(path, [contact_sheet(rows, columns=8, height=192)], Timing.constant(1), force=True)


def page(figures: dict[str, Any]) -> str:
    """The figures as a table."""
    lines = ["| setting | subject | what | L2 | SSIM |", "|---|---|---|---|---|"]
    for setting, subjects in figures.items():
        for name, each in subjects.items():
            for what, values in each.items():
                lines.append(f"| {setting} | {name} | {what} | {values['l2']:.4f} | {values['ssim']:.4f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--puppets", action="store_true")
    parser.add_argument("--frames", type=int, default=90, help="of the puppets")
    parser.add_argument("--held", choices=("last", "third"), default="last")
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--train-minutes", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    if told.puppets == (told.data is not None):
        parser.error("name either DATA or --puppets")
    changes = {name: json.loads(value) for name, value in (each.split("=", 1) for each in told.set)}
    config = settings(Tsnet, told.preset, changes)
    assert isinstance(config, TsnetConfig)
    dancers = drawn_puppets(told.frames, told.held) if told.puppets else filmed(told.data, 8 * config.size, told.held)
    told.out.mkdir(parents=True, exist_ok=True)
    method, data = fitted(dancers, config, told.out / "run", told.train_minutes, told.seed)
    figures = {"held out": self_reconstruction(method, data, dancers, told.out)}
    if len(dancers) > 1:
        figures["across"] = across(method, data, dancers, told.out)
    (told.out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    (told.out / "figures.md").write_text(page(figures), encoding="utf-8")
    print(page(figures))


if __name__ == "__main__":
    main()
