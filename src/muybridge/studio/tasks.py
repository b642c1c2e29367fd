"""What worker processes do: one function a task, each a few calls of the API."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from muybridge import api
from muybridge.disk import Draft
from muybridge.errors import InputError, MuybridgeError
from muybridge.run import Run
from muybridge.studio.decode_upload import decode_upload
from muybridge.studio.progress_events import ProgressEvents
from muybridge.video import Clip, Timing, read, write

Order = Mapping[str, Any]
Tell = Callable[..., None]


def clip_of(folder: str | Path) -> Clip:
    """A clip of the storage with its name and sound, as the verbs take it."""
    folder = Path(folder)
    record = json.loads((folder / "clip.json").read_text(encoding="utf-8"))
    audio = folder / "upload" if record.get("has_audio") else None
    return replace(read(folder / "frames"), source=Path(f"{record['name']}.mp4"), audio=audio)


def silhouettes(order: Order, tell: Tell) -> dict[str, Any]:
    """Find the silhouettes of a clip, or correct them: masks, box, corrections {frame: picture}."""
    folder = Path(order["folder"])
    corrections = {int(frame): Path(path) for frame, path in order.get("corrections", {}).items()}
    box = order.get("box")
    try:
        _, report = api.mask(
            clip_of(folder),
            folder / "silhouettes",
            masks=order.get("masks"),
            box=None if box is None else tuple(box),
            how=order.get("how") or "auto",
            corrections=corrections,
            force=True,
        )
    except InputError as e:
        # The person painted it, and does not know where it lies.
        said = e.message
        for path in corrections.values():
            said = said.replace(str(path), "the painted silhouette")
        raise InputError(said, e.hint) from e
    noted = json.loads((folder / "silhouettes" / "report.json").read_text(encoding="utf-8"))
    told = {"how": report.how, "detail": report.detail, "warnings": list(report.warnings)}
    return {**told, "empty": list(report.empty), "corrected": noted["corrected"]}


def puppets(order: Order, tell: Tell) -> dict[str, Any]:
    """Draw a scene and lay its two videos down as if they had been uploaded."""
    target = Path(order["target"])
    api.puppets(order["scene"], target, frames=order["frames"], size=order["size"], force=True)
    return {}


def cost(order: Order, tell: Tell) -> dict[str, Any]:
    """Ten steps of a training, to know what all of them cost."""
    pair = [clip_of(folder) for folder in order["clips"]]
    masks = [Path(folder) / "silhouettes" for folder in order["clips"]]
    found = api.cost(
        order["method"],
        *pair,
        preset=order["preset"],
        set=order["set"],
        masks=masks,
        flip=order["flip"],
        device=order["device"],
    )
    return asdict(found)


def train(order: Order, tell: Tell) -> dict[str, Any]:
    """Train, or go on with a training, and write the results."""
    out, pair = Path(order["out"]), [clip_of(folder) for folder in order["clips"]]
    run, resume = out / "run", _wait_for(out / "run")
    api.fit(
        order["method"],
        *pair,
        out=run,
        preset=None if resume else order["preset"],
        set=None if resume else order["set"],
        masks=[Path(folder) / "silhouettes" for folder in order["clips"]],
        flip=order["flip"],
        keep_background=not resume,
        device=order["device"],
        resume=resume,
        force=not resume and (run / "run.json").is_file(),
        checkpoint_seconds=order["checkpoint_seconds"],
        callback=ProgressEvents(tell),
        notify=lambda text: tell("note", text=text),
    )
    return finish(order, tell)


def finish(order: Order, tell: Tell) -> dict[str, Any]:
    """Results and report of a training as far as it came, and the pictures that the page plays."""
    out, pair = Path(order["out"]), [clip_of(folder) for folder in order["clips"]]
    _wait_for(out / "run")
    tell("finishing")
    masks = [Path(folder) / "silhouettes" for folder in order["clips"]]
    results = api.write_results(out, *pair, masks=masks, device=order["device"])
    fitted = api.load(out / "run", device=order["device"])
    for side in ("a", "b"):
        plate = getattr(getattr(fitted.data, side, None), "plate", None)
        if plate is not None and bool(plate.any()):
            write(out.parent / "made" / f"background-{side}.png", [plate], Timing.constant(1), force=True)
        for affine in (True, False):
            name = out.parent / "made" / f"frames-{side}-{'with' if affine else 'without'}"
            api.animate(fitted, None, side, out=name, background="transparent", affine=affine, force=True)
    return {"figures": dict(results.figures), "notes": list(results.notes), "status": fitted.run.record.status}


def render(order: Order, tell: Tell) -> dict[str, Any]:
    """Something more of a finished run: other backgrounds and formats, another driving video, an edited clip."""
    out, folder = Path(order["out"]), Path(order["run"])
    name, suffix = order["name"], order["suffix"]
    frames = suffix == "zip"
    target = out / (f".{name}" if frames else f"{name}.{suffix}")
    fitted = api.load(folder / "out" / "run", device=order["device"])
    look = {"out": target, "background": order["background"], "force": True}
    notes: tuple[str, ...] = ()
    if order.get("keys") is not None:
        keys = {int(t): {int(i): (x, y) for i, (x, y) in moves.items()} for t, moves in order["keys"].items()}
        api.edit_clip(fitted, order["side"], keys, **look)
    else:
        third = order.get("driving")
        clip = None if third is None else clip_of(third)
        masks = None if third is None else Path(third) / "silhouettes"
        _, notes = api.animate(fitted, clip, order["side"], affine=order["affine"], masks=masks, **look)
    if frames:
        zipped(target, out / f"{name}.zip")
        shutil.rmtree(target)
    return {"file": f"{name}.{suffix}", "notes": list(notes)}


def zipped(folder: Path, target: Path) -> None:
    """The pictures of a folder in one file."""
    draft = Draft(target, folder=False)
    try:
        with zipfile.ZipFile(draft.path, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
        draft.commit()
    finally:
        draft.discard()


def _wait_for(run: Path) -> bool:
    """Whether a training can go on there; a worker whose studio was killed may still be saving."""
    if not (run / "run.json").is_file():
        return False
    for _ in range(150):
        if not Run(run).busy:
            break
        time.sleep(0.2)
    try:
        opened = Run.open(run)
        return opened.has_checkpoint or opened.record.status == "prepared"
    except MuybridgeError:
        return False


TASKS: Mapping[str, Callable[[Order, Tell], dict[str, Any]]] = {
    "decode": decode_upload,
    "puppets": puppets,
    "silhouettes": silhouettes,
    "cost": cost,
    "train": train,
    "finish": finish,
    "render": render,
}
