"""What worker processes do for pictures that move: read a checkpoint, animate, pack a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from muybridge import api
from muybridge.errors import CheckpointError, MuybridgeError, Sentence, Verb
from muybridge.run import Run
from muybridge.studio.animation_models import abilities
from muybridge.studio.decode_upload import limit_process
from muybridge.studio.messages import describe_failure
from muybridge.studio.tasks import Order, Tell, read_stored_clip, zip_folder
from muybridge.video.mark import read_mark
from muybridge.video.sound import find_sound


def import_checkpoint(order: Order, tell: Tell) -> dict[str, Any]:
    """Read a checkpoint of another program, as data, in a process with limits; what it is called is its file's name.

    folder   with the file `checkpoint` in it and perhaps `config.yaml`; run/ is made beside them
    seconds, memory, one_file   limits of this process
    Raises CheckpointError, which says what the file really is.
    """
    limit_process(int(order["seconds"]), int(order["memory"]), int(order["one_file"]))
    folder = Path(order["folder"])
    checkpoint = folder / "checkpoint"
    config = folder / "config.yaml"
    try:
        told = _import(folder, checkpoint, config)
    except MuybridgeError as e:
        # The person knows the files by their own names, not by where they lie.
        name = str(order["name"])
        failure = describe_failure(e)
        hint = failure["hint"] and _name_files(failure["hint"], folder, name)
        raise CheckpointError(_name_files(failure["message"], folder, name), hint) from e

    # The run has everything now, and a checkpoint may be gigabytes.
    checkpoint.unlink()
    return told


def _import(folder: Path, checkpoint: Path, config: Path) -> dict[str, Any]:
    out = folder / "run"
    fitted = api.import_checkpoint(checkpoint, config if config.is_file() else None, out=out, force=out.is_dir())
    method = fitted.method.card.name
    able = abilities(method)

    if able is None:
        # The run is a good one, but the page could do nothing with it.
        shutil.rmtree(out)
        raise CheckpointError(
            f"{checkpoint} is a checkpoint of {method}, which does not move a picture",
            Sentence("Use it from the command: ", Verb("import")),
        )

    return {**able, "size": Run.open(out).config.get("size"), "done": fitted.run.record.done}


def _name_files(text: str, folder: Path, name: str) -> str:
    return text.replace(str(folder / "checkpoint"), name).replace(str(folder / "config.yaml"), "the YAML")


def move_picture(order: Order, tell: Tell) -> dict[str, Any]:
    """A picture moving as a driving clip does: frames/ with the clip's times, and an MP4 of them with its sound."""
    folder = Path(order["folder"])
    _, notes = api.animate(
        order["run"],
        read_stored_clip(order["driving"]),
        api.read(Path(order["picture"]) / "frames", max_frames=1),
        out=folder / "frames",
        mode=order["mode"],
        best_frame=order["best_frame"],
        device=order["device"],
        # An earlier attempt that was cut short may have left frames here.
        force=True,
    )
    return {**pack_frames({**order, "suffix": "mp4"}, tell), "notes": list(notes)}


def pack_frames(order: Order, tell: Tell) -> dict[str, Any]:
    """The frames of an animation as a file."""
    folder = Path(order["folder"])
    target = folder / "made" / f"{order['name']}.{order['suffix']}"
    target.parent.mkdir(exist_ok=True)
    if order["suffix"] == "zip":
        zip_folder(folder / "frames", target)
        return {"file": target.name}

    made = api.read(folder / "frames")
    # The sound is not among the frames: it stays with the driving clip.
    audio = find_sound(read_stored_clip(order["driving"]).audio)
    mark = read_mark(folder / "frames")
    api.write(target, made.pixels, made.timing, audio=audio, mark=mark, force=True)
    return {"file": target.name}


TASKS: Mapping[str, Callable[[Order, Tell], dict[str, Any]]] = {
    "import": import_checkpoint,
    "move": move_picture,
    "pack": pack_frames,
}
