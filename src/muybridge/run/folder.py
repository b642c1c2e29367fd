"""The run folder: create, open, record, checkpoint, log, previews."""

from __future__ import annotations

import contextlib
import json
import os
import weakref
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
from pydantic import ValidationError
from torch import Tensor

from muybridge.disk import (
    explain_disk_errors,
    has_leftovers,
    is_blank,
    is_locked,
    parse_json,
    read_json,
    replace_file,
    sweep,
    take_lock,
)
from muybridge.errors import (
    CHOOSE_ANOTHER,
    REPLACE_OR_RESUME,
    CheckpointError,
    MuybridgeError,
    OutputExistsError,
    RunError,
    Sentence,
    Verb,
)
from muybridge.run.files import own_file, read_log
from muybridge.run.record import FORMAT, Checkpoint, Place, Record, Status, describe_problems
from muybridge.run.replacing import is_unsettled, let_go, own_files, settle, step_aside
from muybridge.run.tensors import read_tensors, with_prefix, write_tensors

UPDATE = "Update with: pip install -U muybridge"
COPY_AGAIN = "Copy the run again, the whole folder."
LARGEST_JSON = 4 * 2**20
"""Bytes of run.json and of config.json; ours have a few thousand."""


class Run:
    """A run folder; make one with `create`, or `open` what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept_lock: weakref.finalize[[int], Run] | None = None

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
        keep_lock: bool = False,
    ) -> Run:
        """A new run in `path`, which must be new, empty, or (with `force`) a run folder: then whatever else lies there
        stays. What a kill or a full disk left of a run counts as empty.

        keep_lock  nobody else may write it until the first `hold_lock` of this one ends. A trained run that is replaced
                   goes with the first checkpoint of the new one, and comes back where it has none by then; without
                   `keep_lock` it goes at once

        OutputExistsError where something else stands there; RunError while it is trained.
        """
        run = cls(Path(path))
        run.check_free(force)
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

        # A run of another process may begin between the check above and this lock.
        run.keep_lock()
        try:
            # Two may have come here at once: who holds the lock looks again.
            run.check_free(force)
            if run.has_checkpoint:
                with explain_disk_errors(run.path):
                    step_aside(run.path)
            else:
                # Of what is killed on the way, data never stand beside another run's record.
                run._clear()
            run._write("run.json", record.model_dump_json(indent=2))
            run._write("config.json", json.dumps(dict(config), indent=2, ensure_ascii=False))
        except BaseException:
            run.release_lock()
            raise
        if not keep_lock:
            let_go(run.path)
            run.release_lock()
        return run

    @classmethod
    def open(cls, path: Path | str, method: str | None = None) -> Run:
        """The run in `path`; RunError where there is none, it is broken, newer, or not of `method`."""
        run = cls(Path(path))
        run._recover()
        if not (run.path / "run.json").is_file():
            raise RunError(f"{path} is not a run folder: it has no run.json", Sentence("Make one with: ", Verb("fit")))
        found = run.record.method
        if method is not None and found != method:
            raise RunError(f"{path} is a run of {found}, not of {method}", f"Name the method {found}, or another run.")
        _ = run.config
        return run

    @property
    def record(self) -> Record:
        """run.json, read anew."""
        values = self._read_json("run.json")
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise RunError(f"{self.path / 'run.json'} is not the record of a run", COPY_AGAIN)
        if values["format"] > FORMAT:
            raise RunError(f"{self.path} has run format {values['format']}; this muybridge reads {FORMAT}", UPDATE)

        try:
            return Record(**values)
        except (ValidationError, TypeError) as e:
            why = describe_problems(e) if isinstance(e, ValidationError) else str(e)
            raise RunError(f"{self.path / 'run.json'} is not the record of a run: {why}", COPY_AGAIN) from e

    @property
    def config(self) -> dict[str, Any]:
        """The method's settings; RunError where the file holds anything else."""
        values = self._read_json("config.json")
        if not isinstance(values, dict):
            raise RunError(f"{self.path / 'config.json'} does not hold an object of settings", COPY_AGAIN)
        return values

    @property
    def status(self) -> Status:
        """The recorded status; a training that was killed is `interrupted`."""
        status = self.record.status
        return "interrupted" if status == "training" and not self.busy else status

    @property
    def busy(self) -> bool:
        """Whether a training holds the folder now."""
        return is_locked(self._file(".lock"))

    @property
    def is_begun(self) -> bool:
        """Whether anything would be lost with it: False for what a kill left before the first checkpoint, and where
        nothing stands."""
        self._recover()
        empty = not os.path.lexists(self.path) or is_blank(self.path)
        return self.has_checkpoint or not (empty or self._is_run())

    @contextlib.contextmanager
    def hold_lock(self) -> Iterator[None]:
        """Held while writing; RunError where another training holds the folder. It ends with its process."""
        if self._kept_lock is None:
            self.keep_lock()
        # The kept lock goes over to this block: whoever comes next has to take one, and finds it held.
        lock = self._kept_lock
        self._kept_lock = None
        try:
            yield
        finally:
            try:
                self._settle()
            finally:
                if lock is not None:
                    lock()

    def keep_lock(self) -> None:
        """Take the lock, and sweep what a killed training left; RunError as `hold_lock`."""
        handle = take_lock(self._file(".lock"))
        self._kept_lock = weakref.finalize(self, os.close, handle)
        self._settle()
        sweep(self.path)
        sweep(self.path / "previews")

    def release_lock(self) -> None:
        """Give a kept lock back, and its place to a run that was to be replaced and is not."""
        if self._kept_lock is not None:
            try:
                self._settle()
            finally:
                self._kept_lock()
                self._kept_lock = None

    def _settle(self) -> None:
        if is_unsettled(self.path):
            with explain_disk_errors(self.path):
                settle(self.path)

    def _recover(self) -> None:
        """Finish or undo what a kill has cut off: a run that was to be replaced comes back, where the one that was to
        take its place has no checkpoint yet, and goes where it has one; drafts that nobody writes go."""
        if self._has_leftovers() and not self.busy:
            # Where it cannot be, as in a folder that can only be read, what is asked for next says why.
            with contextlib.suppress(MuybridgeError), self.hold_lock():
                pass

    def _has_leftovers(self) -> bool:
        if is_unsettled(self.path):
            return True
        # In a folder that is no run, drafts are no business of ours, and a lock would be one thing more in it.
        is_run = (self.path / "run.json").is_file()
        return is_run and (has_leftovers(self.path) or has_leftovers(self.path / "previews"))

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
        place = {}
        for name in Place.model_fields:
            place[name] = getattr(checkpoint, name)

        tensors = {}
        for name, t in checkpoint.method.items():
            tensors[f"method.{name}"] = t
        for name, t in checkpoint.optimisers.items():
            tensors[f"optimiser.{name}"] = t

        notes = {"format": str(FORMAT), "place": json.dumps(place)}
        # The weights carry their own place, for a kill may come between the two files.
        write_tensors(self._file("weights.safetensors"), tensors, notes)
        self._settle()
        self.mark(stage=checkpoint.stage, step=checkpoint.step, done=checkpoint.done, seconds=checkpoint.seconds)

    def load_checkpoint(self) -> Checkpoint:
        """The last checkpoint; CheckpointError where it is missing, cut off or of a newer format."""
        path = self._file("weights.safetensors")
        tensors, notes = read_tensors(path)
        try:
            # The format is read first: what a newer one says of its place may not be readable here.
            newer = int(notes["format"]) > FORMAT
            place = None if newer else Place.model_validate(parse_json(notes["place"]))
        except (KeyError, ValueError) as e:
            raise CheckpointError(f"{path} does not say which step it is of") from e
        if place is None:
            raise CheckpointError(f"{path} has a newer format than {FORMAT}", UPDATE)

        optimisers = with_prefix("optimiser.", tensors)
        return Checkpoint(**place.model_dump(), method=with_prefix("method.", tensors), optimisers=optimisers)

    def load_weights(self) -> dict[str, Tensor]:
        """The method's state_dict alone; CheckpointError as above."""
        return with_prefix("method.", read_tensors(self._file("weights.safetensors"), "method.")[0])

    @property
    def has_checkpoint(self) -> bool:
        return self._file("weights.safetensors").is_file()

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one object to the log."""
        text = json.dumps(dict(line), ensure_ascii=False) + "\n"
        with explain_disk_errors(self.path), open(self._file("log.jsonl"), "a", encoding="utf-8") as f:
            f.write(text)

    def read_log(self) -> list[dict[str, Any]]:
        """The log; a last line that a kill has cut off is left out. RunError where another is broken."""
        path = self._file("log.jsonl")
        return read_log(path) if path.exists() else []

    def rewind(self, done: int) -> None:
        """Forget log lines and previews past this step, so that a resumed training writes them again."""
        kept = []
        for line in self.read_log():
            if line.get("done", 0) <= done:
                kept.append(json.dumps(line, ensure_ascii=False) + "\n")

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
        pictures = []
        for p in self._file("previews").glob("*.png"):
            if p.stem.isdecimal() and p.is_file():
                pictures.append(p)

        return sorted(pictures, key=lambda p: int(p.stem))

    def check_free(self, force: bool) -> None:
        """OutputExistsError where something stands in the folder that `create` may not replace."""
        self._recover()
        if self._is_run():
            whole = self.has_checkpoint or (self.path / "config.json").is_file()
            if whole and not force:
                raise OutputExistsError(f"{self.path} already holds a run", REPLACE_OR_RESUME)
        elif os.path.lexists(self.path) and not is_blank(self.path):
            raise OutputExistsError(
                f"{self.path} exists and is not a run folder: nothing there is replaced", CHOOSE_ANOTHER
            )

    def _is_run(self) -> bool:
        # A record of a newer format still marks a run.
        try:
            values = self._read_json("run.json")
        except RunError:
            return False
        return isinstance(values, dict) and {"format", "muybridge", "method"} <= values.keys()

    def _clear(self) -> None:
        for path in list(own_files(self.path)):
            path.unlink()

    def _file(self, name: str) -> Path:
        return own_file(self.path, name)

    def _read_json(self, name: str) -> Any:
        try:
            return read_json(self.path / name, LARGEST_JSON)
        except (OSError, ValueError) as e:
            raise RunError(f"{self.path} is not a whole run: {name} is missing or not JSON ({e})", COPY_AGAIN) from e

    def _write(self, name: str, text: str) -> None:
        replace_file(self._file(name), text.encode())
