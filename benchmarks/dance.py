"""TS-Net or EDN on real dancers and on puppets: held-out frames drawn again, and each subject moving as the other.

    python benchmarks/dance.py DATA --out DIR [--train-minutes 25] [--threads 2] [--set losses.ssim=1 ...]
    python benchmarks/dance.py DATA --out DIR --method edn
    python benchmarks/dance.py --puppets --out DIR

DATA holds images/NAME/*.jpg and labels/NAME/*.json (OpenPose, one file a frame). The first two thirds of each clip are
trained on (with --held third all but every third frame); the rest is held out, and drawn from its landmarks alone. A
clip ends where the numbers of its frames jump.
The time of a few steps says how many the minutes hold, the fall of the learning rate among them; plan.json keeps that
number, and whoever sets train.steps (of edn frames.steps) gets those; of edn a tenth of the minutes is for faces.steps,
which are as the preset has them. One EDN is told of both dancers (people=2), as one TS-Net is. Stopped or killed, the
same command goes on.
Writes to DIR: run/ (the training), self-NAME.png and cross.png to look at, figures.json and figures.md with what they
were made by.

L2 is the root of the mean squared difference of RGB in [0, 1] of a frame, SSIM that of Wang et al. 2004; means over
frames. With --pose FILE, AKD and MKR of the crops by that network; with --found it also finds the landmarks that are
trained on, so that nothing but the videos is used. `nearest` shows, for each held-out frame, the trained-on frame whose
landmarks are nearest: what copying gives.
With --puppets the truth of each subject moving as the other is known, and measured too.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from budgeted import machine, steps_within
from torch import Tensor

from muybridge import catalogue
from muybridge.data.crop import crop
from muybridge.engine import RichCallback, load_weights, train
from muybridge.errors import InputError
from muybridge.evaluation.person_metrics import PersonMetrics, Poses, load_poses
from muybridge.jobs.settings import make_config, resolve_config
from muybridge.landmarks import Landmarks, colour_labels, detect, from_joints, label_indices
from muybridge.landmarks import read as read_landmarks
from muybridge.losses import ssim_loss
from muybridge.method import Config, Method
from muybridge.method.landmark_track import Track, into_box
from muybridge.puppets import scene
from muybridge.run import Run
from muybridge.video import Clip, Timing, contact_sheet, probe, read, write
from muybridge.video.paths import list_images

SHARE = 2 / 3
"""Of each clip, trained on."""
STEPS = {"tsnet": "train.steps", "edn": "frames.steps"}
"""The setting that says how long each method learns."""
FIRST = {"tsnet": 1.0, "edn": 0.9}
"""Share of the minutes that those steps get."""


@dataclass(frozen=True, eq=False)
class Dancer:
    """A clip with its landmarks, and with what it is moving like the other one, where that is known."""

    name: str
    clip: Clip
    landmarks: Landmarks
    held: list[int]
    """Frames that are not trained on."""
    truth: Clip | None = None
    note: str = ""
    """What of the clip is not used at all, and why."""

    @property
    def kept(self) -> list[int]:
        """Frames that are trained on."""
        return [t for t in range(len(self.clip)) if t not in self.held]


def held_out(count: int, how: str) -> list[int]:
    """Which of `count` frames are held out: the last third of them, or every third."""
    return list(range(2, count, 3)) if how == "third" else list(range(round(SHARE * count), count))


def unbroken(names: Sequence[str]) -> int:
    """How many of these files there are before their numbers jump: what follows was filmed at another time."""
    numbers = [int(re.findall(r"\d+", name)[-1]) if re.search(r"\d", name) else i for i, name in enumerate(names)]
    steps = [b - a for a, b in pairwise(numbers)]
    return next((i + 1 for i, step in enumerate(steps) if step > steps[0]), len(names))


def filmed(folder: Path, side: int, held: str, detector: Path | None) -> list[Dancer]:
    """Every clip below `folder` that has labels; frames at most `side` pixels long.

    detector  a pose network that finds the landmarks in the pictures: the labels are not looked at then
    """
    found = []
    for images in sorted(p for p in (folder / "images").iterdir() if (folder / "labels" / p.name).is_dir()):
        names = [p.name for p in list_images(images)]
        marks, _ = read_landmarks(folder / "labels" / images.name, len(names), names=names)
        whole = unbroken(names)
        clip = read(images, max_side=side, max_frames=whole)
        marks = marks[:whole].resize(probe(images).size, (clip.height, clip.width))
        if detector is not None:
            marks, report = detect(clip, detector)
            print(f"{images.name}: {report.detail}", *report.warnings, sep="\n", flush=True)
        note = ""
        if rest := names[whole:]:
            jump = f"the numbers jump from {names[whole - 1]} to {rest[0]}"
            note = f"{images.name} without its last {len(rest)} frames: {jump}"
        found.append(Dancer(images.name, clip, marks, held_out(whole, held), note=note))
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


def compared(made: Tensor, truth: Tensor, pose: Poses | None) -> dict[str, float]:
    """The figures of frames [T, 3, h, w] in [0, 1]; AKD and MKR where there is a pose network."""
    figures = {"l2": l2(made, truth), "ssim": 1 - float(ssim_loss(made, truth))}
    if pose is None:
        return figures

    people = PersonMetrics(pose)
    people.look((made * 255).round().byte(), (truth * 255).round().byte())
    found, _ = people.figures()
    return figures | found


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


def wished(told: argparse.Namespace, people: int) -> Config:
    """The settings as they were asked for; `people` are the dancers, whom one EDN is told apart."""
    changes = {name: json.loads(value) for name, value in (each.split("=", 1) for each in told.set)}
    if told.method == "edn":
        changes = {"people": people, **changes}
    config, notes = resolve_config(catalogue.find(told.method), make_config(told.kind, told.preset, changes))
    print(*notes, sep="\n", flush=True)
    return config


def side_of(told: argparse.Namespace) -> int:
    """Side in pixels of the pictures that the networks will see."""
    side = wished(told, 1).picture_side
    assert side is not None
    return side


def planned(told: argparse.Namespace, config: Config, dancers: list[Dancer]) -> Config:
    """The settings with as many steps as the minutes hold: measured once, and kept in plan.json."""
    plan = told.out / "plan.json"
    asked = {name: str(value) for name, value in vars(told).items() if name not in ("out", "kind")}
    stage, _, field = STEPS[told.method].partition(".")
    if plan.is_file():
        kept = json.loads(plan.read_text(encoding="utf-8"))
        if kept["asked"] != asked:
            raise InputError(f"{told.out} was made with other options", "Choose another --out, or give the same.")
    else:
        method, steps = told.kind(config), getattr(getattr(config, stage), field)
        if not any(each.startswith(f"{STEPS[told.method]}=") for each in told.set):
            minutes = FIRST[told.method] * told.train_minutes
            steps = steps_within(minutes, method, prepared(method, dancers), told.device)
        kept = {"asked": asked, "steps": steps}
        told.out.mkdir(parents=True, exist_ok=True)
        plan.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return config.model_copy(update={stage: getattr(config, stage).model_copy(update={field: kept["steps"]})})


def prepared(method: Method[Any, Any], dancers: list[Dancer]) -> Any:
    """What is trained on."""
    return method.prepare([d.clip[d.kept] for d in dancers], landmarks=[d.landmarks[d.kept] for d in dancers])


def fitted(dancers: list[Dancer], config: Config, told: argparse.Namespace) -> tuple[Any, Any, Run]:
    """Train to the end, or go on training; a finished run is only opened."""
    torch.manual_seed(told.seed)
    method = told.kind(config)
    data, out = prepared(method, dancers), told.out / "run"
    wanted, there = config.model_dump(mode="json"), (out / "run.json").is_file()
    run = Run.open(out, told.method) if there else Run.create(out, told.method, wanted, preset=told.preset)
    if run.config != wanted:
        raise InputError(f"{out} was made with other settings", "Choose another --out.")
    if run.record.status == "finished":
        load_weights(method, run.load_weights())
    else:
        # Previews are rare, so that the minutes go into steps.
        train(
            method,
            data,
            run,
            seed=told.seed,
            device=told.device,
            preview_seconds=300,
            resume=run.has_checkpoint,
            callback=RichCallback(quiet=30),
        )
    return method.eval(), data, run


def self_reconstruction(method: Any, data: Any, dancers: list[Dancer], out: Path, pose: Poses | None) -> dict[str, Any]:
    """The held-out frames of each subject, drawn from their landmarks."""
    figures = {}
    for i, (dancer, track) in enumerate(zip(dancers, data.tracks, strict=True)):
        held, marks = dancer.clip[dancer.held], dancer.landmarks[dancer.held]
        made = method.animate(data, held, str(i + 1), landmarks=marks, aligned=False, smoothing=1).clip().frames
        truth = cropped(held, track)
        size = (truth.shape[2], truth.shape[3])
        followed = into_box(marks, track.box, size)
        copied = nearest(track, followed)
        name = method.card.name
        figures[dancer.name] = {name: compared(made, truth, pose), "nearest": compared(copied, truth, pose)}
        labels = colour_labels(label_indices(followed, size), method.classes)
        rows = {"held out": truth, "landmarks": labels, name: made, "nearest trained-on frame": copied}
        save(out / f"self-{dancer.name}.png", rows)
    return figures


def across(method: Any, data: Any, dancers: list[Dancer], out: Path, pose: Poses | None) -> dict[str, Any]:
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
            figures[f"{own.name} moving like {driving.name}"] = {method.card.name: compared(made, truth, pose)}
    save(out / "cross.png", rows)
    return figures


def save(path: Path, rows: dict[str, Tensor]) -> None:
    """A sheet of eight frames a row."""
    write(path, [contact_sheet(rows, columns=8, height=192)], Timing.constant(1), force=True)


def made_by(run: Run, told: argparse.Namespace, dancers: list[Dancer]) -> dict[str, Any]:
    """What the figures were made by."""
    record = run.record
    return {
        "method": told.method,
        "preset": told.preset,
        "set": told.set,
        "steps": record.done,
        "seconds": round(record.seconds),
        "machine": machine(),
        "threads": record.threads,
        "precision": record.precision,
        "seed": record.seed,
        "date": datetime.now(UTC).date().isoformat(),
        "held": told.held,
        "frames": {d.name: {"trained on": len(d.kept), "held out": len(d.held)} for d in dancers},
        "notes": [d.note for d in dancers if d.note],
    }


def page(made: dict[str, Any], figures: dict[str, Any]) -> str:
    """The figures as a table, below a line that says what they were made by."""
    head = [
        " ".join([f"{made['method']}, preset", made["preset"], *made["set"]]),
        f"{made['steps']} steps in {made['seconds'] / 60:.1f} minutes",
        f"{made['machine']}, {made['precision']}, seed {made['seed']}, {made['date']}",
    ]
    lines = ["; ".join([*head, *made["notes"]]), ""]
    lines += ["| setting | subject | what | L2 | SSIM | AKD, px | MKR |", "|---|---|---|---:|---:|---:|---:|"]
    for setting, subjects in figures.items():
        for name, each in subjects.items():
            for what, values in each.items():
                cells = [setting, name, what, f"{values['l2']:.4f}", f"{values['ssim']:.4f}"]
                cells += [f"{values['akd']:.2f}" if "akd" in values else "", f"{values.get('mkr', 0):.3f}"]
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--method", choices=tuple(STEPS), default="tsnet")
    parser.add_argument("--puppets", action="store_true")
    parser.add_argument("--frames", type=int, default=90, help="of the puppets")
    parser.add_argument("--held", choices=("last", "third"), default="last")
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--train-minutes", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--pose", type=Path, help="a pose network, for AKD and MKR")
    parser.add_argument("--found", action="store_true", help="the pose network's landmarks in place of the labels")
    told = parser.parse_args()
    if told.puppets == (told.data is not None):
        parser.error("name either DATA or --puppets")
    if told.found and told.pose is None:
        parser.error("--found needs --pose")
    torch.set_num_threads(told.threads)
    told.kind = catalogue.find(told.method)
    detector = told.pose if told.found else None
    dancers = (
        drawn_puppets(told.frames, told.held)
        if told.puppets
        else filmed(told.data, 8 * side_of(told), told.held, detector)
    )
    config = planned(told, wished(told, len(dancers)), dancers)
    method, data, run = fitted(dancers, config, told)
    pose = None if told.pose is None else load_poses(told.pose)
    figures = {"held out": self_reconstruction(method, data, dancers, told.out, pose)}
    if len(dancers) > 1:
        figures["across"] = across(method, data, dancers, told.out, pose)
    made = made_by(run, told, dancers)
    text = json.dumps({"made": made, "figures": figures}, indent=2)
    (told.out / "figures.json").write_text(text + "\n", encoding="utf-8")
    (told.out / "figures.md").write_text(page(made, figures), encoding="utf-8")
    print(page(made, figures))


if __name__ == "__main__":
    main()
