"""What the JOKR paper shows in pictures alone, one name each, with the truth beside it where there is one.

    python benchmarks/shows.py gif gif-files flowers affine seeds parts temporal backgrounds --out DIR
    python benchmarks/shows.py edit (--pair CAT FOX | --run RUN) --out DIR [--preset bench] [--seed 0] [--set NAME=X]
        [--scene cat-horse]

    gif          figures 5 top and 10: two loops in step, each silhouette over that of the one that it follows
    gif-files    the same of two real GIF files, of other lengths and delays, whose silhouettes are found
    flowers      figures 5 middle and 27: flowers that bloom
    affine       figure 9: a subject that is turned, scaled and shifted: T never learnt, left out at inference, applied
    seeds        figure 28: two seeds, the shapes between and the results
    parts        figure 7: results without each part
    temporal     figure 8: keypoints of neighbouring frames with and without the temporal term
    edit         figures 6 and 24: keypoints that are dragged, and what follows
    backgrounds  figure 5 bottom: dancers in their scene, learnt, and laid over the plate

Each name is one command. Runs are kept in DIR/runs, and a training that was stopped goes on; figures that are there are
not measured again. DIR/NAME.png is the picture, DIR/NAME.json the figures, and DIR/shows.html the page of all.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch
from ablations import ablations
from budgeted import machine, save, table
from torch import Tensor

import muybridge
from muybridge import catalogue, metrics
from muybridge.api.edit import draw_poses, handles
from muybridge.benchmark.figures import clips_for
from muybridge.cli.values import parse_settings
from muybridge.data.background import plate
from muybridge.data.pair import SIDES, other
from muybridge.data.subject import Subject
from muybridge.engine import RichCallback
from muybridge.evaluation import BASELINES, compare_to_truth
from muybridge.method import Pose
from muybridge.methods.jokr.drawing import detect_keypoints, draw_side, soften, transfer_keypoints
from muybridge.metrics import keypoint_step
from muybridge.puppets import BUILDS, SCENES, SceneClips, draw, fit, scene
from muybridge.puppets.gaits import Gait
from muybridge.video import Clip, Timing, contact_sheet, draw_keypoints, read, write

SIZE = 128
"""Side of the puppets' frames, pixels."""
FIGURES = ("iou", "boundary_f", "l1", "ssim")
GREY = 0.55
OTHER = {side: other(side) for side in SIDES}

Rows = dict[str, Tensor | Sequence[Tensor]]
Figures = dict[str, dict[str, float]]
"""Row of a table -> figure -> value."""


@dataclass(frozen=True)
class Shown:
    """A show: rows of its picture, and its table."""

    rows: Rows
    figures: Figures
    columns: int = 8


@dataclass(frozen=True)
class Work:
    """What was asked for."""

    out: Path
    preset: str
    seed: int
    changes: Mapping[str, Any]
    pair: tuple[Path, Path] | None = None
    run: Path | None = None
    scene: str = "cat-horse"

    def train(self, name: str, inputs: Sequence[Any], changes: Mapping[str, Any], seed: int | None = None) -> Any:
        """A training in DIR/runs, gone on with or only opened where it is there."""
        run = self.out / "runs" / f"{name}-{self.preset}-{self.seed if seed is None else seed}"
        return muybridge.fit(
            "jokr",
            *inputs,
            out=run,
            preset=self.preset,
            set={**self.changes, **changes},
            seed=self.seed if seed is None else seed,
            device="cpu",
            resume=(run / "run.json").is_file(),
            callback=RichCallback(quiet=60),
            notify=print,
        )

    def train_scene(
        self, drawn: SceneClips, changes: Mapping[str, Any] | None = None, what: str = "", seed: int | None = None
    ) -> Any:
        """The same of a scene's two clips."""
        name = f"{drawn.name}{'-' + what if what else ''}"
        return self.train(name, clips_for("pair", drawn), changes or {}, seed)


# -- pictures and figures ----------------------------------------------------------------------------------------------


def result(fitted: Any, side: str, **how: Any) -> Clip:
    """The subject `side` moving as the other one, with its silhouettes."""
    return fitted.method.animate(fitted.data, None, side, **how).clip()


def on_grey(clip: Clip) -> Tensor:
    """The subject on grey, [T, 3, H, W]."""
    masks = clip.masks
    assert masks is not None
    return clip.frames * masks + GREY * (1 - masks)


def one_over_the_other(made: Clip, driving: Clip) -> Tensor:
    """Both silhouettes of each frame, as figure 10 has them: red what follows, blue what is followed."""
    assert made.masks is not None
    assert driving.masks is not None
    red, blue = (clip.masks[:, 0] for clip in (made, driving))
    return torch.stack((1 - 0.75 * blue, 1 - 0.6 * (red + blue).clamp(max=1), 1 - 0.75 * red), 1).clamp(0, 1)


def measure(made: Clip, truth: Clip) -> dict[str, float]:
    """The four figures that the tables have."""
    found = compare_to_truth(made, truth)
    return {name: found[name] for name in FIGURES}


def both_ways(fitted: Any, drawn: SceneClips, overlaid: bool) -> Shown:
    """A scene in both directions beside the truth, and the best still frame, which is chosen knowing the truth."""
    rows: Rows = {}
    figures: Figures = {}
    for side, at in OTHER.items():
        driving, truth, own = getattr(drawn, at), getattr(drawn, side + at), getattr(drawn, side)
        made = result(fitted, side)
        rows[f"{at} (driving)"] = on_grey(driving)
        rows[f"{side} like {at}"] = on_grey(made)
        rows[f"{side} like {at}: the truth"] = on_grey(truth)
        if overlaid:
            rows[f"silhouettes: {at} (blue), {side} like {at} (red)"] = one_over_the_other(made, driving)
        figures[f"{side} like {at}"] = measure(made, truth)
        still = BASELINES["best still"](own, driving, truth, False)
        figures[f"{side} like {at}, the best still frame"] = measure(still, truth)
    return Shown(rows, figures)


def show_gif(work: Work) -> Shown:
    drawn = scene("gif", size=SIZE)
    return both_ways(work.train_scene(drawn), drawn, overlaid=True)


def show_flowers(work: Work) -> Shown:
    drawn = scene("flowers", size=SIZE)
    return both_ways(work.train_scene(drawn), drawn, overlaid=False)


# -- two GIF files -----------------------------------------------------------------------------------------------------


def show_gif_files(work: Work) -> Shown:
    """A dog's loop of 30 frames, 4/100 s each, and a horse's of 20 frames, 6/100 s each, which are read from files."""
    lengths, delays = {"a": 30, "b": 20}, {"a": 4, "b": 6}
    builds = {"a": BUILDS["dog"], "b": BUILDS["horse"]}
    gaits = {"a": Gait("trot", cycle=30, wander=0.0, tail=0.25), "b": Gait("walk", cycle=20, wander=0.0, stride=0.55)}
    motions = {side: gaits[side].motion(lengths[side]) for side in OTHER}

    def drawing(side: str, moves: str) -> Clip:
        return draw(builds[side], motions[moves], SIZE, fit(builds[side], *motions.values())).clip

    files = {}
    for side in OTHER:
        files[side] = work.out / "gifs" / f"{side}.gif"
        if not files[side].is_file():
            files[side].parent.mkdir(parents=True, exist_ok=True)
            timing = Timing.constant(lengths[side], 100 / delays[side])
            write(files[side], drawing(side, side).pixels, timing)

    fitted = work.train("gif-files", list(files.values()), {})
    rows: Rows = {}
    figures: Figures = {}
    for side, at in OTHER.items():
        target = work.out / "gifs" / f"{side}-like-{at}.gif"
        muybridge.animate(fitted, None, side, out=target, force=True)
        written, truth, made = read(target), drawing(side, at), result(fitted, side)
        rows[f"{at}.gif (driving)"] = read(files[at]).pixels
        rows[f"{side}-like-{at}.gif, as it was written"] = written.pixels
        rows[f"{side} like {at}: the truth"] = on_grey(truth)
        steps = (written.frames - written.frames.roll(-1, 0)).abs().flatten(1).mean(1)
        figures[f"{side} like {at}"] = measure(made, truth) | {
            "frames": float(len(written)),
            "delay, 1/100 s": 100 / written.timing.rate,
            # From the last frame to the first, beside the others: 1 where nobody sees where the loop closes.
            "seam": float(steps[-1] / steps[:-1].mean()),
        }
    return Shown(rows, figures)


# -- T -----------------------------------------------------------------------------------------------------------------


def show_affine(work: Work) -> Shown:
    """Each result beside both truths: with its own turn, size and place, and with those of the driving subject.

    Crops are compared, as the networks see them: a crop follows its subject, so that of turn, size and place the turn
    and what is left of the others is seen.
    """
    drawn = scene("rotated", size=SIZE)
    learnt, never = work.train_scene(drawn), work.train_scene(drawn, {"affine": False}, "without-t")
    ways = {
        "c: T never learnt": (never, True, ""),
        "d: T learnt, left out at inference": (learnt, False, "_unaligned"),
        "e: T learnt and applied": (learnt, True, ""),
    }
    rows: Rows = {}
    figures: Figures = {}
    for side, at in OTHER.items():
        rows[f"{at} (driving)"] = on_grey(getattr(drawn, at))
        for name, (fitted, affine, _) in ways.items():
            made = result(fitted, side, affine=affine, full_frame=False)
            rows[f"{side} like {at}, {name}"] = on_grey(made)
            for truth in ("", "_unaligned"):
                right = cropped(getattr(drawn, side + at + truth), fitted)
                what = "with the driving subject's turn" if truth else "with its own turn"
                row = figures.setdefault(f"{side} like {at}, {name}", {})
                row[f"iou with the truth, {what}"] = measure(resized(made, right), right)["iou"]
        for truth in ("", "_unaligned"):
            what = "with the driving subject's turn" if truth else "with its own turn"
            rows[f"{side} like {at}: the truth, {what}"] = on_grey(cropped(getattr(drawn, side + at + truth), learnt))
    return Shown(rows, figures)


def cropped(clip: Clip, fitted: Any) -> Clip:
    """A clip with silhouettes as the run's networks would see it."""
    c = fitted.method.config
    seen = Subject.from_clip(clip, fitted.method.canvas, c.margin, follow_size=c.follow_size)
    return Clip(seen.pixels, seen.timing, seen.mattes)


def resized(clip: Clip, like: Clip) -> Clip:
    """A clip at the size of another one."""
    assert clip.masks is not None
    small = resize(torch.cat((clip.frames, clip.masks), 1), (like.height, like.width))
    return Clip.from_floats(small[:, :3], small[:, 3:], clip.timing)


def resize(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures [T, C, H, W] in [0, 1] at another size."""
    return torch.nn.functional.interpolate(pictures, size, mode="bilinear", antialias=True).clamp(0, 1)


# -- seeds, parts, keypoints -------------------------------------------------------------------------------------------


def explained(fitted: Any, side: str) -> dict[str, Sequence[Tensor]]:
    """Rows of the run's own explanation: keypoints, bumps, silhouettes that G draws, results."""
    return dict(fitted.method.explain(fitted.data, None, side, frames=8)[0].rows)


def show_seeds(work: Work) -> Shown:
    drawn = scene(work.scene, size=SIZE)
    rows: Rows = {"b (driving)": on_grey(drawn.b)}
    figures: Figures = {}
    made = {}
    for seed in (0, 1):
        fitted = work.train_scene(drawn, seed=seed)
        found = explained(fitted, "a")
        rows[f"seed {seed}: keypoints brought to a, and the shape that is drawn of them"] = list(found.values())[2]
        made[seed] = result(fitted, "a")
        rows[f"seed {seed}: a like b"] = on_grey(made[seed])
        figures[f"a like b, seed {seed}"] = measure(made[seed], drawn.ab)
    rows["the truth"] = on_grey(drawn.ab)
    figures["seed 0 beside seed 1"] = measure(made[0], made[1])
    return Shown(rows, figures)


PARTS = {
    "c": "no equivariance",
    "d": "no augmentation",
    "e": "no domain confusion",
    "f": "no temporal",
    "g": "one step",
}
"""Figure 7's rows, as `ablations.py` names them."""


def train_part(work: Work, drawn: SceneClips, part: str) -> Any:
    """A run without one part; of the whole method where none is named."""
    if not part:
        return work.train_scene(drawn)
    config = catalogue.find_card("jokr").presets[work.preset]
    changes = {each.name: each.changes for each in ablations(config.shape.steps + config.texture.steps)}
    return work.train_scene(drawn, changes[part], part.replace(" ", "-"))


def show_parts(work: Work) -> Shown:
    drawn = scene(work.scene, size=SIZE)
    rows: Rows = {"a: a (driving)": on_grey(drawn.a)}
    figures: Figures = {}
    for letter, part in {"b": "", **PARTS}.items():
        made = result(train_part(work, drawn, part), "b")
        name = f"{letter}: {part or 'the whole method'}"
        rows[name] = on_grey(made)
        figures[name] = measure(made, drawn.ba)
    rows["the truth"] = on_grey(drawn.ba)
    return Shown(rows, figures)


def show_temporal(work: Work) -> Shown:
    drawn = scene(work.scene, size=SIZE)
    near = range(40, 46)
    rows: Rows = {"a: frames that follow each other": [drawn.b.pixels[t] for t in near]}
    figures: Figures = {}
    for letters, part in (("bc", "no temporal"), ("de", "")):
        fitted = train_part(work, drawn, part)
        name = part or "with the temporal term"
        own = fitted.method.locate_keypoints(fitted.data, "b").float()
        there = fitted.method.locate_result(fitted.data, "a").float()
        made = on_grey(result(fitted, "a"))
        rows[f"{letters[0]}: keypoints, {name}"] = [draw_keypoints(drawn.b.pixels[t], own[t], 2.5) for t in near]
        rows[f"{letters[1]}: a like b, {name}"] = [draw_keypoints(made[t], there[t], 2.5) for t in near]
        jerk = (own[2:] - 2 * own[1:-1] + own[:-2]).norm(dim=-1).mean()
        figures[name] = {"step": float(keypoint_step(own)), "change of the step": float(jerk)}
    joints = drawn.joints_b
    jerk = (joints[2:] - 2 * joints[1:-1] + joints[:-2]).norm(dim=-1).mean()
    figures["the true joints"] = {"step": float(keypoint_step(joints)), "change of the step": float(jerk)}
    return Shown(rows, figures, columns=6)


# -- editing -----------------------------------------------------------------------------------------------------------

REACH = 0.16
"""How far a keypoint is dragged; the frame spans 2."""
END, FOOT = 0.3, 0.1
"""How far from the keypoint at an end, or at a foot, those lie that go with it."""
NEAR = 4
"""A keypoint is on the subject where the subject is within this many pixels."""


def show_edit(work: Work) -> Shown:
    """A leg left and right, then one end up and the other down (head and tail), of both subjects."""
    if work.run is not None:
        fitted = muybridge.load(work.run, device="cpu")
    elif work.pair is not None:
        fitted = work.train("pair", work.pair, {})
    else:
        raise SystemExit("edit needs two videos, --pair CAT FOX, or a run of them, --run RUN")
    rows: Rows = {}
    figures: Figures = {}
    for side in OTHER:
        held = handles(fitted, side)
        frame = len(held.points) // 3
        points = held.points[frame]
        leg, left, right = held_ends(points, draw_poses(fitted, [Pose(side, frame, {})])[0].picture[3])
        for what, moves in {
            "a leg, left and right": dict.fromkeys(leg, (REACH, 0.0)),
            "head and tail, up and down": dict.fromkeys(left, (0.0, REACH)) | dict.fromkeys(right, (0.0, -REACH)),
        }.items():
            shares = (-1.0, -0.5, 0.0, 0.5, 1.0)
            poses = [Pose(side, frame, {k: (s * x, s * y) for k, (x, y) in moves.items()}) for s in shares]
            drawn = [shown_on_grey(each.picture) for each in draw_poses(fitted, poses)]
            marked = []
            for share, picture in zip(shares, drawn, strict=True):
                marked.append(mark(picture, points, {k: (share * x, share * y) for k, (x, y) in moves.items()}))
            rows[f"{side}: {what}; blue keypoints, green where it was, red where it is"] = marked
            rows[f"{side}: {what}"] = drawn
            changed = torch.stack([(each - drawn[2]).abs() for each in drawn]).amax((0, 1))
            figures[f"{side}: {what}"] = {"share of the picture that changes": float((changed > 0.1).float().mean())}
    return Shown(rows, figures, columns=5)


def held_ends(points: Tensor, alpha: Tensor) -> tuple[list[int], list[int], list[int]]:
    """Keypoints [K, 2] of a foot (the lowest), of the left and of the right end of the subject, whose alpha is uint8
    [H, W]; each with those beside it, for a part that has several goes as a whole. Which end is the head is not asked:
    a cat that walks has its back higher. Keypoints beside the subject move nothing and are left out."""
    h, w = alpha.shape
    wide = torch.nn.functional.max_pool2d(alpha[None].float(), 2 * NEAR + 1, 1, NEAR)[0]
    places = ((points + 1) / 2 * torch.tensor([w - 1, h - 1])).round().long()
    on = wide[places[:, 1].clamp(0, h - 1), places[:, 0].clamp(0, w - 1)] > 127
    far = points.where(on[:, None], torch.nan)
    leg = int(far[:, 1].nan_to_num(-torch.inf).argmax())
    rest = (points - points[leg]).norm(dim=-1) >= FOOT
    left = int(far[:, 0].where(rest, torch.nan).nan_to_num(torch.inf).argmin())
    right = int(far[:, 0].where(rest, torch.nan).nan_to_num(-torch.inf).argmax())
    held = []
    for end, beside in ((leg, FOOT), (left, END), (right, END)):
        held.append((((points - points[end]).norm(dim=-1) < beside) & on).nonzero()[:, 0].tolist())
    return held[0], held[1], held[2]


def shown_on_grey(rgba: Tensor) -> Tensor:
    """uint8 [4, H, W] on grey, [3, H, W] in [0, 1]."""
    values = rgba.float() / 255
    return values[:3] * values[3:] + GREY * (1 - values[3:])


def mark(picture: Tensor, points: Tensor, moves: Mapping[int, tuple[float, float]]) -> Tensor:
    """Keypoints as figure 6 has them: blue, those that are moved green where they were and red where they are."""
    shown = (picture * 255).round().to(torch.uint8)
    paint_dots(shown, [points[k] for k in range(len(points)) if k not in moves], (40, 90, 255))
    paint_dots(shown, [points[k] for k in moves], (30, 180, 60))
    paint_dots(shown, [points[k] + torch.tensor(way) for k, way in moves.items()], (235, 40, 40))
    return shown


def paint_dots(picture: Tensor, points: Sequence[Tensor], colour: tuple[int, int, int]) -> None:
    """Discs in a picture uint8 [3, H, W], a sixtieth of its longer side in radius."""
    h, w = picture.shape[1:]
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    for point in points:
        at = (point + 1) / 2 * torch.tensor([w - 1, h - 1])
        inside = (x - at[0]) ** 2 + (y - at[1]) ** 2 < (max(h, w) / 60) ** 2
        for channel, value in enumerate(colour):
            picture[channel][inside] = value


# -- backgrounds -------------------------------------------------------------------------------------------------------

LEARNT = {"background": "learnt"}


def show_backgrounds(work: Work) -> Shown:
    """Dancers before their own background: the scene as R has learnt it with the subject, and the same subject, of the
    same run, laid over the plate instead."""
    drawn = scene("dancers", size=SIZE)
    fitted = work.train_scene(drawn, LEARNT, "learnt")
    rows: Rows = {}
    figures: Figures = {}
    for side, at in OTHER.items():
        truth, behind = getattr(drawn, side + at), plate(getattr(drawn, side))
        learnt = result(fitted, side)
        inside = drawn_silhouettes(fitted, side, (SIZE, SIZE))
        places = torch.stack([behind.at(t) for t in range(len(learnt))])
        ways = {"learnt": learnt.frames, "laid over the plate": learnt.frames * inside + places * (1 - inside)}
        rows[f"{at} (driving)"] = getattr(drawn, at).pixels
        for name, whole in ways.items():
            rows[f"{side} like {at}, {name}"] = whole
            figures[f"{side} like {at}, {name}"] = in_the_scene(whole, truth)
        rows[f"{side} like {at}: the truth"] = truth.pixels
        # What neither way can pass: the plate where nobody stands, and the truth itself as small as R's pictures.
        figures[f"{side} like {at}, the plate alone"] = in_the_scene(places, truth)
        bounded = resize(resize(truth.frames, fitted.method.canvas), (SIZE, SIZE))
        figures[f"{side} like {at}, the truth at the size of the networks"] = in_the_scene(bounded, truth)
    return Shown(rows, figures)


def drawn_silhouettes(fitted: Any, side: str, size: tuple[int, int]) -> Tensor:
    """As alpha [T, 1, H, W], what G draws of the subject `side` moving as the other one."""
    method, data = fitted.method, fitted.data
    points = detect_keypoints(method, data.subject(OTHER[side]))
    drawn = soften(draw_side(method, transfer_keypoints(method, points, OTHER[side]), side)[1])
    return resize(drawn, size)


def in_the_scene(whole: Tensor, truth: Clip) -> dict[str, float]:
    """Figures of whole frames [T, 3, H, W] with their background, where the true subject stands and where not."""
    assert truth.masks is not None
    inside = (truth.masks > 0.5).float()
    return {
        "l1": float(metrics.l1(whole, truth.frames).mean()),
        "l1 on the true subject": float(metrics.l1(whole, truth.frames, inside).mean()),
        "l1 of the background": float(metrics.l1(whole, truth.frames, 1 - inside).mean()),
        "ssim": float(metrics.ssim(whole, truth.frames).mean()),
    }


# -- all of it ---------------------------------------------------------------------------------------------------------

SHOWS: Mapping[str, tuple[str, Callable[[Work], Shown]]] = {
    "gif": ("Figures 5 top and 10: GIFs in step", show_gif),
    "gif-files": ("Figure 10: two GIF files", show_gif_files),
    "flowers": ("Figures 5 middle and 27: flowers that bloom", show_flowers),
    "affine": ("Figure 9: with and without T", show_affine),
    "seeds": ("Figure 28: two seeds", show_seeds),
    "parts": ("Figure 7: without each part", show_parts),
    "temporal": ("Figure 8: keypoints from frame to frame", show_temporal),
    "edit": ("Figures 6 and 24: keypoints that are dragged", show_edit),
    "backgrounds": ("Figure 5 bottom: dancers in their scene", show_backgrounds),
}


def markdown(figures: Figures) -> str:
    """The table of a show."""
    names = list(dict.fromkeys(name for row in figures.values() for name in row))
    cells = [
        [row, *(f"{found[name]:.4g}" if name in found else "" for name in names)] for row, found in figures.items()
    ]
    return table(("", *names), cells)


def as_html(figures: Figures) -> str:
    """The same for the page."""
    lines = [line.strip("| ").split(" | ") for line in markdown(figures).splitlines()]
    rows = []
    for number, line in enumerate(lines):
        if number != 1:
            tag = "td" if number else "th"
            rows.append("<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) + "</tr>")
    return "<table>" + "".join(rows) + "</table>"


def write_page(out: Path) -> None:
    """DIR/shows.html of every show that is there, pictures within."""
    parts = ["<!doctype html><meta charset=utf-8><title>Shows of the JOKR paper</title>"]
    parts.append("<style>body{font:15px sans-serif;margin:2em}td,th{padding:.1em .6em;text-align:left}</style>")
    for name, (title, _) in SHOWS.items():
        kept = out / f"{name}.json"
        if kept.is_file():
            told = json.loads(kept.read_text(encoding="utf-8"))
            picture = base64.b64encode((out / f"{name}.png").read_bytes()).decode()
            parts += [
                f"<h2>{title}</h2>",
                f"<p><code>{html.escape(told['command'])}</code>, {html.escape(told['where'])}",
            ]
            parts += [as_html(told["figures"]), f"<p><img alt='{title}' src='data:image/png;base64,{picture}'>"]
    (out / "shows.html").write_text("\n".join(parts), encoding="utf-8")


def main() -> None:
    """Make the shows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=tuple(SHOWS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", default="bench")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pair", type=Path, nargs=2)
    parser.add_argument("--scene", choices=tuple(SCENES), default="cat-horse", help="of seeds, parts and temporal")
    parser.add_argument("--run", type=Path, help="of edit: a finished run in place of a training")
    parser.add_argument("--set", action="append", default=[], help="of every training, such as shape.steps=500")
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    pair = tuple(told.pair) if told.pair else None
    work = Work(told.out, told.preset, told.seed, parse_settings(told.set), pair, told.run, told.scene)

    for name in told.names:
        title, make = SHOWS[name]
        kept = told.out / f"{name}.json"
        if not kept.is_file():
            shown = make(work)
            save(contact_sheet(shown.rows, shown.columns, SIZE), told.out / f"{name}.png")
            changes = "".join(f" --set {each}" for each in told.set)
            changes += f" --scene {told.scene}" if told.scene != "cat-horse" else ""
            changes += " --run RUN" if told.run and name == "edit" else ""
            changes += " --pair CAT FOX" if told.pair and name == "edit" else ""
            ending = f"--preset {told.preset} --seed {told.seed}{changes}"
            facts = {
                "command": f"python benchmarks/shows.py {name} --out DIR {ending}",
                "where": f"{machine()}, {date.today()}",
                "figures": shown.figures,
            }
            kept.write_text(json.dumps(facts, indent=1), encoding="utf-8")
        print(f"## {title}\n\n{markdown(json.loads(kept.read_text(encoding='utf-8'))['figures'])}\n", flush=True)
        write_page(told.out)


if __name__ == "__main__":
    main()
