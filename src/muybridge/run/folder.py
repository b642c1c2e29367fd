"""The run folder: create, open, record, checkpoint, log, previews."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
from pydantic import ValidationError
from torch import Tensor

from muybridge.errors import (
    CHOOSE_ANOTHER,
    REPLACE_OR_RESUME,
    CheckpointError,
    OutputExistsError,
    RunError,
    Sentence,
    Verb,
)
from muybridge.run.disk import explain_disk_errors, hold_lock, is_locked, read_tensors, replace_file, write_tensors
from muybridge.run.record import FORMAT, Checkpoint, Record, Status

UPDATE = "Update with: pip install -U muybridge"


class Run:
    """A run folder; make one with `create`, or `open` what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(
        cls,
        path: Path | str,
        method: str,
        config: Mapping[str, Any],
        force: bool = False,
        *,
        preset: str | None = None,
        silhouettes: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        places: Mapping[str, str] | None = None,
        digests: Mapping[str, str] | None = None,
    ) -> Run:
        """A new run in `path`, which must be new, empty, or (with `force`) a run folder: then the files of the old run
        are removed and whatever else lies there stays. OutputExistsError otherwise; RunError while it is trained.
        """
        run = cls(Path(path))
        old = run._is_run()
        if old and not force:
            raise OutputExistsError(f"{path} already holds a run", REPLACE_OR_RESUME)
        if not old and run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir())):
            raise OutputExistsError(f"{path} exists and is not a run folder: nothing there is replaced", CHOOSE_ANOTHER)
        with explain_disk_errors(run.path.parent):
            run.path.mkdir(parents=True, exist_ok=True)
        record = Record(
            muybridge=version("muybridge"),
            method=method,
            preset=preset,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            silhouettes=dict(silhouettes or {}),
            inputs=dict(inputs or {}),
            places=dict(places or {}),
            digests=dict(digests or {}),
        )
        with run.hold_lock():
            # run.json first: what is half made is then known as a run, and may be replaced.
            run._write("run.json", record.model_dump_json(indent=2))
            run._clear()
            run._write("config.json", json.dumps(dict(config), indent=2, ensure_ascii=False))
        return run

    @classmethod
    def open(cls, path: Path | str, method: str | None = None) -> Run:
        """The run in `path`; RunError where there is none, it is broken, newer, or not of `method`."""
        run = cls(Path(path))
        if not (run.path / "run.json").is_file():
            raise RunError(f"{path} is not a run folder: it has no run.json", Sentence("Make one with: ", Verb("fit")))
        found = run.record.method
        if method is not None and found != method:
            raise RunError(f"{path} is a run of {found}, not of {method}", f"Name the method {found}, or another run.")
        if not isinstance(run.config, dict):
            raise RunError(f"{run.path / 'config.json'} does not hold an object of settings")
        return run

    @property
    def record(self) -> Record:
        """run.json, read anew."""
        values = self._read_json("run.json")
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise RunError(f"{self.path / 'run.json'} is not the record of a run")
        if values["format"] > FORMAT:
            raise RunError(f"{self.path} has run format {values['format']}; this muybridge reads {FORMAT}", UPDATE)
        try:
            return Record(**values)
        except ValidationError as e:
            where = ", ".join(".".join(map(str, problem["loc"])) for problem in e.errors())
            raise RunError(f"{self.path / 'run.json'} is not the record of a run: wrong or missing {where}") from e

    @property
    def config(self) -> dict[str, Any]:
        """The method's settings."""
        return self._read_json("config.json")

    @property
    def status(self) -> Status:
        """The recorded status; a training that was killed is `interrupted`."""
        status = self.record.status
        return "interrupted" if status == "training" and not self.busy else status

    @property
    def busy(self) -> bool:
        """Whether a training holds the folder now."""
        return is_locked(self._file(".lock"))

    def hold_lock(self) -> AbstractContextManager[None]:
        """Held while writing; RunError where another training holds the folder. It ends with its process."""
        return hold_lock(self._file(".lock"))

    def mark(self, **changes: Any) -> None:
        """Change fields of the record."""
        self._write("run.json", Record(**{**self.record.model_dump(), **changes}).model_dump_json(indent=2))

    def save_data(self, tensors: Mapping[str, Tensor]) -> None:
        """Store what the run trains on."""
        write_tensors(self._file("data.safetensors"), tensors, {"format": str(FORMAT)})

    def load_data(self) -> dict[str, Tensor]:
        """The tensors of `save_data`; CheckpointError where they are missing or broken."""
        return read_tensors(self._file("data.safetensors"))[0]

    @property
    def has_data(self) -> bool:
        return self._file("data.safetensors").is_file()

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint, then bring the record up to it."""
        place = {name: getattr(checkpoint, name) for name in ("index", "stage", "step", "done", "seconds")}
        tensors = {f"method.{name}": t for name, t in checkpoint.method.items()}
        tensors |= {f"optimiser.{name}": t for name, t in checkpoint.optimisers.items()}
        notes = {"format": str(FORMAT), "place": json.dumps(place)}
        write_tensors(self._file("weights.safetensors"), tensors, notes)
        self.mark(stage=checkpoint.stage, step=checkpoint.step, done=checkpoint.done, seconds=checkpoint.seconds)

    def load_checkpoint(self) -> Checkpoint:
        """The last checkpoint; CheckpointError where it is missing, cut off or of a newer format."""
        path = self._file("weights.safetensors")
        tensors, notes = read_tensors(path)
        try:
            newer = int(notes["format"]) > FORMAT
            place = {} if newer else json.loads(notes["place"])
        except (KeyError, ValueError) as e:
            raise CheckpointError(f"{path} does not say which step it is of") from e
        if newer:
            raise CheckpointError(f"{path} has a newer format than {FORMAT}", UPDATE)
        return Checkpoint(
            **place, method=_with_prefix("method.", tensors), optimisers=_with_prefix("optimiser.", tensors)
        )

    def load_weights(self) -> dict[str, Tensor]:
        """The method's state_dict alone; CheckpointError as above."""
        return _with_prefix("method.", read_tensors(self._file("weights.safetensors"), "method.")[0])

    @property
    def has_checkpoint(self) -> bool:
        return self._file("weights.safetensors").is_file()

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one object to the log."""
        text = json.dumps(dict(line), ensure_ascii=False) + "\n"
        with explain_disk_errors(self.path), open(self._file("log.jsonl"), "a", encoding="utf-8") as f:
            f.write(text)

    def read_log(self) -> list[dict[str, Any]]:
        """The log; a last line that a kill has cut off is left out."""
        path = self._file("log.jsonl")
        if not path.exists():
            return []
        whole = path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
        try:
            return [json.loads(line) for line in whole]
        except ValueError as e:
            raise RunError(f"{path} has a line that is not JSON: {e}", "Delete that line.") from e

    def rewind(self, done: int) -> None:
        """Forget log lines and previews past this step, so that a resumed training writes them again."""
        kept = [json.dumps(line, ensure_ascii=False) + "\n" for line in self.read_log() if line.get("done", 0) <= done]
        self._write("log.jsonl", "".join(kept))
        for picture in self.previews():
            if int(picture.stem) > done:
                picture.unlink()

    def save_preview(self, done: int, picture: Tensor) -> Path:
        """Store a picture uint8 [3, H, W] under the steps done."""
        folder = self._file("previews")
        _, png = cv2.imencode(".png", picture.permute(1, 2, 0).flip(-1).contiguous().cpu().numpy())
        with explain_disk_errors(self.path):
            folder.mkdir(exist_ok=True)
        path = self._file(f"previews/{done:06d}.png")
        replace_file(path, png.tobytes())
        return path

    def previews(self) -> list[Path]:
        """The pictures in the order of their steps."""
        pictures = self._file("previews").glob("*.png")
        return sorted((p for p in pictures if p.stem.isdecimal()), key=lambda p: int(p.stem))

    def _is_run(self) -> bool:
        # A record of a newer format still marks a run.
        try:
            values = self._read_json("run.json")
        except RunError:
            return False
        return isinstance(values, dict) and {"format", "muybridge", "method"} <= values.keys()

    def _clear(self) -> None:
        for picture in self.previews():
            picture.unlink()
        for events in self._file("tensorboard").glob("events.out.tfevents.*"):
            events.unlink()
        for name in ("weights.safetensors", "data.safetensors", "log.jsonl", "config.json"):
            self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        path = self.path / name
        if path.is_symlink():
            raise RunError(f"{path} is a link; a run keeps its files in its own folder", "Put the file itself there.")
        return path

    def _read_json(self, name: str) -> Any:
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as e:
            raise RunError(f"{self.path} is not a whole run: {name} is missing or not JSON ({e})") from e

    def _write(self, name: str, text: str) -> None:
        replace_file(self._file(name), text.encode())


def _with_prefix(start: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(start): t for key, t in tensors.items() if key.startswith(start)}
