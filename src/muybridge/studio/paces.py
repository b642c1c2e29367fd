"""How fast this machine is at what takes long: measured by doing it, and kept in the studio's folder."""

from __future__ import annotations

import json
import platform
import threading
from pathlib import Path

from muybridge.disk import read_json, replace_file


class Paces:
    """Seconds for one unit of a kind of work, by machine: a folder may be carried to another one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.machine = platform.node() or "this machine"
        self.lock = threading.Lock()
        self.known = self._read()

    def expect(self, kind: str, amount: int | float) -> float | None:
        """Seconds that so much work will take; None where it was never done here."""
        pace = self.known.get(self.machine, {}).get(kind)
        return None if pace is None else pace * amount

    def note(self, kind: str, amount: int | float, seconds: int | float) -> None:
        """Keep how long it took; the newest counts as much as all before it, since other programs come and go."""
        if amount <= 0 or seconds <= 0:
            return

        with self.lock:
            here = self.known.setdefault(self.machine, {})
            pace = seconds / amount
            here[kind] = (here[kind] + pace) / 2 if kind in here else pace
            replace_file(self.path, json.dumps(self.known, indent=1).encode())

    def _read(self) -> dict[str, dict[str, float]]:
        try:
            found = read_json(self.path)
        except (OSError, ValueError):
            return {}

        known: dict[str, dict[str, float]] = {}
        # Anybody can edit the file, and a wrong one only means to measure anew.
        for machine, paces in found.items() if isinstance(found, dict) else ():
            if isinstance(paces, dict):
                known[machine] = {kind: float(pace) for kind, pace in paces.items() if isinstance(pace, int | float)}
        return known
