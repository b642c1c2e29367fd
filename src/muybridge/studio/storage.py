"""What lies on the disk: records and files by number, and the only place that makes paths of what a browser says.

clips/ID/  clip.json   upload (the bytes as they came)   frames/ (PNG, times.json)   silhouettes/ (of `mask`)
           glance/ (a few small frames, the subject alone bright)
runs/ID/   run.json    out/ (of `retarget`, with run/ in it)   made/ (what was asked for afterwards)   edits.json
machine.json   how fast this machine is, see `paces`
imports/ID/     import.json      run/ (of `import`)
animations/ID/  animation.json   frames/ (PNG, times.json)   made/
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import threading
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from muybridge.disk import parse_json, read_json
from muybridge.errors import MuybridgeError
from muybridge.studio.paces import Paces
from muybridge.studio.quota import Quota
from muybridge.studio.record_writer import RecordWriter
from muybridge.studio.settings import Limits

ID = re.compile(r"[a-f0-9]{12}")
KINDS = {"clips": "clip.json", "runs": "run.json", "imports": "import.json", "animations": "animation.json"}
GONE = ".gone-"
"""How the names begin of folders that are being taken away."""
RENAMED = {"mover": "model", "mover_name": "model_name"}
"""Fields of records that earlier studios wrote, and what they are called today."""
COMMON = {"name": "", "state": "failed", "created": "", "notes": []}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "clips": {**COMMON, "version": 0},
    "runs": {
        **COMMON,
        "method": "jokr",
        "wanted": "pause",
        "clips": ["", ""],
        "names": ["", ""],
        "set": {},
        "figures": {},
        "contrast": {"a": "#808080", "b": "#808080"},
        "made": [],
    },
    "imports": COMMON,
    "animations": {**COMMON, "model": "", "model_name": "", "picture": "", "driving": "", "file": "", "files": []},
}
"""What every record of a kind has, and what is taken where one lacks it."""


class Missing(MuybridgeError):
    """Nothing of that number is here."""


class Storage:
    """The folder of a studio, which holds `quota` bytes at most."""

    def __init__(self, root: Path, quota: int = Limits.quota_bytes) -> None:
        self.root = root
        self.quota = Quota(root, quota)
        self.writer = RecordWriter()
        self.paces = Paces(root / "machine.json")
        self.editing = threading.Lock()
        """Held while keyframes are compared and replaced."""

        for kind in KINDS:
            (root / kind).mkdir(parents=True, exist_ok=True)
            for left in (root / kind).glob(f"{GONE}*"):
                shutil.rmtree(left, ignore_errors=True)

    def new(self, kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """Make a folder and its record; the record with its `id`."""
        number = secrets.token_hex(6)
        (self.root / kind / number).mkdir()
        return self.save(kind, {**deepcopy(FIELDS[kind]), **record, "id": number})

    def save(self, kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a record, whole or not at all; `writer` says when it is on the disk."""
        path = self.folder(kind, str(record["id"])) / KINDS[kind]
        self.writer.write(path, json.dumps(dict(record), indent=1, ensure_ascii=False).encode())
        return dict(record)

    def folder(self, kind: str, number: str) -> Path:
        """Where one lies; Missing for anything that is not the number of one that is here."""
        if ID.fullmatch(number):
            path = self.root / kind / number
            if path.is_dir() and not path.is_symlink():
                return path
        raise Missing(f"there is no {kind[:-1]} {number[:40]!r} here", "It may have been deleted in another tab.")

    def file(self, kind: str, number: str, *parts: str) -> Path:
        """A file of one; Missing where there is none, or where a link leads to it."""
        path = self.folder(kind, number)
        for part in parts:
            path = path / part
            if path.is_symlink():
                raise Missing("this is a link, and links are not followed here", "Put the file itself in its place.")
        if not path.is_file():
            raise Missing("there is no such file here", "It may still be being made.")
        return path

    def read_json(self, kind: str, number: str, *parts: str) -> Any:
        """The value in a JSON file of one; Missing where there is none, or where it is broken."""
        path = self.file(kind, number, *parts)
        try:
            return read_json(path)
        except (OSError, ValueError) as e:
            raise Missing(f"{path.name} is broken", "Delete it.") from e

    def load(self, kind: str, number: str) -> dict[str, Any]:
        """One record; Missing where there is none, or where it is broken."""
        path = self.folder(kind, number) / KINDS[kind]
        try:
            found = parse_json(self.writer.read(path))
        except (OSError, ValueError) as e:
            raise Missing(f"the record of {kind[:-1]} {number} cannot be read", "Delete its folder.") from e

        # A folder that somebody copied has the number of the first one in its record.
        if not isinstance(found, dict) or found.get("id") != number:
            raise Missing(f"the record of {kind[:-1]} {number} is not its own", "Delete its folder.")
        record: dict[str, Any] = {}
        for name, value in found.items():
            record[RENAMED.get(str(name), str(name))] = value
        # Earlier studios wrote fewer fields, and anybody can edit the file.
        for name, default in FIELDS[kind].items():
            record.setdefault(name, deepcopy(default))
            if not isinstance(record[name], type(default)):
                raise Missing(f"the record of {kind[:-1]} {number} has no {name} of its own", "Delete its folder.")
        return record

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every record that can be read, the newest first."""
        found = []
        for path in (self.root / kind).iterdir():
            if ID.fullmatch(path.name):
                try:
                    found.append(self.load(kind, path.name))
                except Missing:
                    continue  # a broken record is no reason not to show the others
        return sorted(found, key=lambda record: (record["created"], record["id"]), reverse=True)

    def remove(self, kind: str, number: str) -> None:
        """Take one away for good; others see all of it, or nothing."""
        folder = self.folder(kind, number)
        gone = folder.with_name(f"{GONE}{number}")
        with self.writer.forget(folder / KINDS[kind]):
            folder.rename(gone)

        shutil.rmtree(gone, ignore_errors=True)
        self.quota.note_change()

    def files(self, number: str, kind: str = "runs") -> dict[str, Path]:
        """What may be fetched of a run or an animation, by name: its results and what was made afterwards."""
        folder = self.folder(kind, number)
        found: dict[str, Path] = {}
        for part in (folder / "out", folder / "made"):
            if part.is_dir() and not part.is_symlink():
                for path in sorted(part.iterdir()):
                    if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                        found[path.name] = path
        return found
