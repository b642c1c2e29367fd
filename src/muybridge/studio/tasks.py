"""What worker processes do: one function a task, each a few calls of the API."""

from __future__ import annotations

import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge import api, catalogue
from muybridge.data.background import hex_of
from muybridge.data.subject import Subject
from muybridge.disk import Draft, read_json
from muybridge.errors import InputError, MuybridgeError
from muybridge.masks import find_doubtful, label_parts
from muybridge.masks.segmenters import OnnxSegmenter, find_segmenter_file
from muybridge.method import SubjectPair
from muybridge.output.animation import contrast_of
from muybridge.run import Run
from muybridge.studio.decode_upload import decode_upload
from muybridge.studio.names import file_name
from muybridge.studio.progress_events import ProgressEvents
from muybridge.studio.wording import word_for_page
from muybridge.video import Clip, Timing, read, write
from muybridge.video.stills import decode_image

Order = Mapping[str, Any]
Tell = Callable[..., None]


def read_stored_clip(folder: str | Path) -> Clip:
    """A clip of the studio with its name and sound, as the verbs take it."""
    folder = Path(folder)
    record = read_json(folder / "clip.json")
    audio = folder / "upload" if record.get("has_audio") else None
    return replace(read(folder / "frames"), source=Path(f"{file_name(record['name'])}.mp4"), audio=audio)


def find_silhouettes(order: Order, tell: Tell) -> dict[str, Any]:
    """Find the silhouettes of a clip, or correct them: masks, box, corrections {frame: picture}."""
    folder = Path(order["folder"])
    corrections = {int(frame): Path(path) for frame, path in order.get("corrections", {}).items()}
    box = order.get("box")
    try:
        clip, report = api.mask(
            read_stored_clip(folder),
            folder / "silhouettes",
            masks=order.get("masks"),
            box=None if box is None else tuple(box),
            how=order.get("how") or "auto",
            subject=order.get("subject"),
            corrections=corrections,
            # The silhouettes that were there before are the ones to be replaced.
            force=True,
        )
    except InputError as e:
        # The person painted it, and does not know where it lies.
        said = e.message
        for path in corrections.values():
            said = said.replace(str(path), "the painted silhouette")
        raise InputError(said, e.hint) from e

    noted = read_json(folder / "silhouettes" / "report.json")
    found = {"how": report.how, "detail": report.detail, "warnings": list(report.warnings)}
    assert clip.mattes is not None
    doubtful = [i for i in find_doubtful(clip.mattes) if i not in noted["corrected"]]
    return {**found, "empty": list(report.empty), "doubtful": doubtful, "corrected": noted["corrected"]}


def find_parts(order: Order, tell: Tell) -> dict[str, Any]:
    """What the segmentation network tells apart on one frame, as a picture whose values are labels."""
    frame = decode_image(Path(order["frame"]))[:, :, :3]
    parts = label_parts(frame, OnnxSegmenter(find_segmenter_file()))
    grey = torch.from_numpy(parts).expand(3, -1, -1)
    # The clip may have been deleted meanwhile, and must not come back.
    if not Path(order["frame"]).is_file():
        raise InputError("the frame is not there any more")

    write(Path(order["out"]), [grey], Timing.constant(1), force=True)
    return {}


def draw_puppets(order: Order, tell: Tell) -> dict[str, Any]:
    """Draw a scene and lay its two videos down as if they had been uploaded."""
    target = Path(order["target"])
    api.puppets(order["scene"], target, frames=order["frames"], size=order["size"], force=True)
    return {}


def measure_cost(order: Order, tell: Tell) -> dict[str, Any]:
    """A few steps of a training, to know what all of them cost."""
    clips, silhouettes = _read_clips(order)
    cost = api.cost(
        order["method"],
        *clips,
        preset=order["preset"],
        set=order["set"],
        **silhouettes,
        device=order["device"],
        steps=order["steps"],
    )
    return asdict(cost)


def train(order: Order, tell: Tell) -> dict[str, Any]:
    """Train, or go on with a training, and write the results."""
    run = Path(order["out"]) / "run"
    resume = _wait_for_run(run)
    clips, silhouettes = _read_clips(order)
    background: dict[str, Any] = {"keep_background": not resume} if silhouettes else {}
    api.fit(
        order["method"],
        *clips,
        out=run,
        # A training that goes on keeps its own preset and settings.
        preset=None if resume else order["preset"],
        set=None if resume else order["set"],
        **silhouettes,
        **background,
        device=order["device"],
        resume=resume,
        # A run that cannot go on would only stand in the way.
        force=not resume and (run / "run.json").is_file(),
        checkpoint_seconds=order["checkpoint_seconds"],
        callback=ProgressEvents(tell),
        notify=lambda text: tell("note", text=word_for_page(text)),
    )

    return write_results(order, tell)


def write_results(order: Order, tell: Tell) -> dict[str, Any]:
    """Results and report of a training as far as it came, and the pictures that the page plays."""
    out = Path(order["out"])
    _wait_for_run(out / "run")
    tell("finishing")
    clips, silhouettes = _read_clips(order)
    # What learns from many videos has no two subjects to exchange: its result is the model.
    if not silhouettes:
        return {"figures": {}, "notes": [], "contrast": {}, "status": Run.open(out / "run").record.status}
    first, second = clips
    results = api.write_results(out, first, second, masks=silhouettes["masks"], device=order["device"])

    fitted = api.load(out / "run", device=order["device"])
    made = out.parent / "made"
    contrast = {}
    for side in ("a", "b"):
        plate = background_of(fitted, side)
        if plate is not None and bool(plate.any()):
            write(made / f"background-{side}.png", [plate], Timing.constant(1), force=True)
        # What the page lays behind the subject unless told, by itself as it does every other background.
        contrast[side] = hex_of(contrast_of(subject_of(fitted, side)))
        # The page switches between both, and lays them over any background, without asking again.
        for affine in (True, False):
            frames = made / f"frames-{side}-{'with' if affine else 'without'}"
            api.animate(fitted, None, side, out=frames, background="transparent", affine=affine, force=True)

    told = {"figures": dict(results.figures), "notes": list(results.notes), "contrast": contrast}
    return {**told, "status": fitted.run.record.status}


def render(order: Order, tell: Tell) -> dict[str, Any]:
    """Something more of a finished run: other backgrounds and formats, another driving video, an edited clip."""
    out = Path(order["out"])
    name = order["name"]
    as_zip = order["suffix"] == "zip"
    # A folder that becomes a ZIP has no place among the files that can be fetched.
    target = out / (f".{name}" if as_zip else f"{name}.{order['suffix']}")
    fitted = api.load(Path(order["run"]) / "out" / "run", device=order["device"])
    options = {"out": target, "background": order["background"], "force": True}

    notes: tuple[str, ...] = ()
    if order.get("keys") is not None:
        side = order["side"]
        motion = {name: order[name] for name in ("ease", "strength", "smoothing")}
        api.edit_clip(fitted, side[0], _read_keyframes(order["keys"]), result=len(side) == 2, **motion, **options)
    else:
        driving = order.get("driving")
        clip = None if driving is None else read_stored_clip(driving)
        masks = None if driving is None else Path(driving) / "silhouettes"
        motion = {"motion_smoothing": order.get("motion_smoothing"), "strength": order.get("strength", 1.0)}
        _, notes = api.animate(fitted, clip, order["side"][0], affine=order["affine"], masks=masks, **motion, **options)

    if as_zip:
        zip_folder(target, out / f"{name}.zip")
        shutil.rmtree(target)
    return {"file": f"{name}.{order['suffix']}", "notes": list(notes)}


def subject_of(fitted: api.Fitted, side: str) -> Subject | None:
    """A subject of a run, where the run has kept its videos."""
    return fitted.data.subject(side) if isinstance(fitted.data, SubjectPair) else None


def background_of(fitted: api.Fitted, side: str) -> Tensor | None:
    """A subject's own background, uint8 [3, H, W], where the run has kept its videos."""
    subject = subject_of(fitted, side)
    return None if subject is None else subject.plate


def zip_folder(folder: Path, target: Path) -> None:
    """The pictures of a folder in one file."""
    draft = Draft(target, folder=False)
    try:
        with zipfile.ZipFile(draft.path, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
        draft.commit()
    finally:
        draft.discard()


def _read_clips(order: Order) -> tuple[list[Clip], dict[str, Any]]:
    """What is learned from, and what is told of a pair beside: its silhouettes, and which one is mirrored."""
    clips = []
    for folder in order["clips"]:
        clips.append(read_stored_clip(folder))
    if catalogue.find(order["method"]).card.needs != "pair":
        return clips, {}

    folders = [Path(folder) / "silhouettes" for folder in order["clips"]]
    return clips, {"masks": folders, "flip": order["flip"]}


def _read_keyframes(keys: Mapping[str, Mapping[str, list[float]]]) -> dict[int, dict[int, tuple[float, float]]]:
    """Keyframes as the API takes them: JSON has no numbers for names."""
    found: dict[int, dict[int, tuple[float, float]]] = {}
    for frame, moves in keys.items():
        found[int(frame)] = {int(i): (x, y) for i, (x, y) in moves.items()}
    return found


def _wait_for_run(run: Path) -> bool:
    """Whether a training can go on there; a worker whose studio was killed may still be saving."""
    if not (run / "run.json").is_file():
        return False

    # Half a minute: a large checkpoint takes its time on a slow disk.
    for _ in range(150):
        if not Run(run).busy:
            break
        time.sleep(0.2)
    try:
        opened = Run.open(run)
        return opened.has_checkpoint or opened.record.status == "prepared"
    except MuybridgeError:
        return False


def run_batch(order: Order, tell: Tell) -> dict[str, Any]:
    """Do what a list says, or what is left of it; that a job failed stands in its folder, and stops no other."""
    return dict(Counter(str(outcome.status) for outcome in api.batch(order["list"], order["out"])))


TASKS: Mapping[str, Callable[[Order, Tell], dict[str, Any]]] = {
    "decode": decode_upload,
    "puppets": draw_puppets,
    "silhouettes": find_silhouettes,
    "parts": find_parts,
    "cost": measure_cost,
    "train": train,
    "batch": run_batch,
    "finish": write_results,
    "render": render,
}
