"""What lies on the disk: clips and runs by number, and the only place that makes paths of what a browser says.

clips/ID/  clip.json   upload (the bytes as they came)   frames/ (PNG, times.json)   silhouettes/ (of `mask`)
runs/ID/   run.json    out/ (of `finish`, with run/ in it)   made/ (what was asked for afterwards)   edits.json
imports/ID/     import.json      run/ (of `import`)
animations/ID/  animation.json   frames/ (PNG, times.json)   made/
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muybridge.disk import replace_file
from muybridge.errors import MuybridgeError
from muybridge.inputs.clips import shorten_name
from muybridge.studio.quota import Quota
from muybridge.studio.settings import Limits

ID = re.compile(r"[a-f0-9]{12}")
KINDS = {"clips": "clip.json", "runs": "run.json", "imports": "import.json", "animations": "animation.json"}
OLD_NAMES = {"mover": "model", "mover_name": "model_name"}
"""Fields of records that earlier studios wrote, and what they are called today."""
GONE = ".gone-"
"""How the names begin of folders that are being taken away."""
BITS = re.compile(r"[\w.()&,+'-]+", re.UNICODE)


class Missing(MuybridgeError):
    """Nothing of that number is here."""


class Storage:
    """The folder of a studio, which holds `quota` bytes at most."""

    def __init__(self, root: Path, quota: int = Limits.quota_bytes) -> None:
        self.root, self.quota = root, Quota(root, quota)
        for kind in KINDS:
            (root / kind).mkdir(parents=True, exist_ok=True)
            for left in (root / kind).glob(f"{GONE}*"):
                shutil.rmtree(left, ignore_errors=True)

    def new(self, kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """Make a folder and its record; the record with its `id`."""
        made = secrets.token_hex(6)
        (self.root / kind / made).mkdir()
        return self.save(kind, {**record, "id": made})

    def save(self, kind: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a record, whole or not at all."""
        path = self.folder(kind, str(record["id"])) / KINDS[kind]
        replace_file(path, json.dumps(dict(record), indent=1, ensure_ascii=False).encode())
        return dict(record)

    def folder(self, kind: str, number: str) -> Path:
        """Where one lies; Missing for anything that is not the number of one that is here."""
        if ID.fullmatch(number):
            path = self.root / kind / number
            if path.is_dir() and not path.is_symlink():
                return path
        raise Missing(f"there is no {kind[:-1]} {number[:40]!r} here", "It may have been deleted in another tab.")

    def load(self, kind: str, number: str) -> dict[str, Any]:
        """One record; Missing where there is none, or where it is broken."""
        path = self.folder(kind, number) / KINDS[kind]
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as e:
            raise Missing(f"the record of {kind[:-1]} {number} cannot be read", "Delete its folder.") from e
        if not isinstance(found, dict) or found.get("id") != number:
            raise Missing(f"the record of {kind[:-1]} {number} is not its own", "Delete its folder.")
        return {OLD_NAMES.get(str(name), str(name)): value for name, value in found.items()}

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every record that can be read, the newest first."""
        found = []
        for path in (self.root / kind).iterdir():
            if ID.fullmatch(path.name) and (path / KINDS[kind]).is_file():
                try:
                    found.append(self.load(kind, path.name))
                except Missing:
                    continue  # a broken record is no reason not to show the others
        return sorted(found, key=lambda r: (str(r.get("created", "")), str(r["id"])), reverse=True)

    def remove(self, kind: str, number: str) -> None:
        """Take one away for good; others see all of it, or nothing."""
        folder = self.folder(kind, number)
        gone = folder.with_name(f"{GONE}{number}")
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        self.quota.changed()

    def files(self, number: str, kind: str = "runs") -> dict[str, Path]:
        """What may be fetched of a run or an animation, by name: its results and what was made afterwards."""
        folder = self.folder(kind, number)
        found: dict[str, Path] = {}
        for part in (folder / "out", folder / "made"):
            if part.is_dir():
                for path in sorted(part.iterdir()):
                    if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                        found[path.name] = path
        return found


def plain_name(name: str) -> str:
    """A name to show and to write files under: no folders, no control characters, `shortened`, never empty."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    words = " ".join(BITS.findall(last)).strip(" .")
    stem = words.rsplit(".", 1)[0] if "." in words[1:] else words
    return shorten_name(stem.strip(" .")) or "clip"
