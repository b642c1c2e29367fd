"""What worker processes do for pictures that move: read a checkpoint, animate, pack a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from muybridge import api
from muybridge.errors import CheckpointError, MuybridgeError, Sentence, Verb
from muybridge.studio.animation_models import abilities
from muybridge.studio.decode_upload import limit
from muybridge.studio.tasks import Order, Tell, clip_of, zipped
from muybridge.video.sound import find_sound


def importing(order: Order, tell: Tell) -> dict[str, Any]:
    """Read a checkpoint of another program, as data, in a process with limits; what it is called is its file's name.

    folder   with the file `checkpoint` in it and perhaps `config.yaml`; run/ is made beside them
    seconds, memory, one_file   limits of this process
    Raises CheckpointError, which says what the file really is.
    """
    limit(int(order["seconds"]), int(order["memory"]), int(order["one_file"]))
    folder, name = Path(order["folder"]), str(order["name"])
    checkpoint, config = folder / "checkpoint", folder / "config.yaml"
    try:
        fitted = api.import_checkpoint(
            checkpoint, config if config.is_file() else None, out=folder / "run", force=(folder / "run").is_dir()
        )
        able = abilities(fitted.method.card.name)
        if able is None:
            shutil.rmtree(folder / "run")
            raise CheckpointError(
                f"{checkpoint} is a checkpoint of {fitted.method.card.name}, which does not move a picture",
                Sentence("Use it from the command: ", Verb("import")),
            )
    except MuybridgeError as e:
        # The person knows the files by their own names, not by where they lie.
        told, hint = (
            text.replace(str(checkpoint), name).replace(str(config), "the YAML") for text in (e.message, e.hint or "")
        )
        raise CheckpointError(told, hint or None) from e
    checkpoint.unlink()
    return {**able, "size": getattr(fitted.method.config, "size", None), "done": fitted.run.record.done}


def move(order: Order, tell: Tell) -> dict[str, Any]:
    """A picture moving as a driving clip does: frames/ with the clip's times, and an MP4 of them with its sound."""
    folder = Path(order["folder"])
    _, notes = api.animate(
        order["run"],
        clip_of(order["driving"]),
        api.read(Path(order["picture"]) / "frames", max_frames=1),
        out=folder / "frames",
        mode=order["mode"],
        best_frame=order["best_frame"],
        device=order["device"],
        force=True,
    )
    return {**pack({**order, "suffix": "mp4"}, tell), "notes": list(notes)}


def pack(order: Order, tell: Tell) -> dict[str, Any]:
    """The frames of an animation as a file."""
    folder = Path(order["folder"])
    target = folder / "made" / f"{order['name']}.{order['suffix']}"
    target.parent.mkdir(exist_ok=True)
    if order["suffix"] == "zip":
        zipped(folder / "frames", target)
    else:
        made = api.read(folder / "frames")
        api.write(target, made.pixels, made.timing, audio=find_sound(clip_of(order["driving"]).audio), force=True)
    return {"file": target.name}


TASKS: Mapping[str, Callable[[Order, Tell], dict[str, Any]]] = {"import": importing, "move": move, "pack": pack}
