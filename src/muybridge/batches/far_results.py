"""The results of one job at an address: whole, or not there.

.jobs/NAME/results.json   written last: what the job did, and each of its files with its SHA-256
NAME/CONTENTS/            the files, in a folder named after what is in them

Results are there where `results.json` names them. An upload that was cut off leaves files that nothing names; the next
one completes them, or takes them away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from muybridge.batches.addresses import PIECE
from muybridge.batches.storage import Storage
from muybridge.disk import parse_json, replace_folder
from muybridge.disk.drafts import LEFTOVER
from muybridge.errors import InputError, MuybridgeError

KIND = "batch"
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FarFile(BaseModel):
    """One file of a job's results.

    size    bytes
    sha256  of its content
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: Annotated[int, Field(ge=0)]
    sha256: Digest


class Results(BaseModel):
    """What `results.json` says.

    fingerprint  what the job was to do, see `jobs.fingerprint_job`
    folder       under the job's name: where its files lie
    files        path in it -> what is there
    tags         address of an input -> what it told of itself
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    folder: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    files: Mapping[str, FarFile]
    seconds: float = 0.0
    figures: Mapping[str, float] = {}
    tags: Mapping[str, str] = {}

    @field_validator("files")
    @classmethod
    def _check_paths(cls, files: Mapping[str, FarFile]) -> Mapping[str, FarFile]:
        for name in files:
            path = PurePosixPath(name)
            # Whoever fetches them writes them, and never outside of his folder.
            if path.is_absolute() or ".." in path.parts or str(path) != name or "\0" in name:
                raise ValueError(f"{name[:80]!r} is no file of a job's folder")
        return files


def read_results(storage: Storage, name: str) -> Results | None:
    """What is known of a job's results there; None where there are none, or only nonsense."""
    content = storage.read(_record(name))
    try:
        return None if content is None else Results.model_validate(parse_json(content))
    except ValueError:
        return None


def are_whole(storage: Storage, name: str, results: Results) -> bool:
    """Whether each of the files is still there, by its size."""
    base = f"{name}/{results.folder}"
    found = storage.list_files(base)
    for path, file in results.files.items():
        listed = path in found and found[path][0] == file.size
        # A listing is silent about a network that is gone, and what is done must not be undone by that.
        if not listed and not storage.has(f"{base}/{path}", file.size):
            return False
    return True


def publish_results(
    storage: Storage,
    name: str,
    folder: Path,
    *,
    fingerprint: str,
    seconds: float,
    figures: Mapping[str, float],
    tags: Mapping[str, str],
) -> Results:
    """Bring a job's folder there; MuybridgeError where that is cut off, and what was there before then still is.

    Files that an earlier try has brought are not sent again.
    """
    files = _sum_files(folder)
    contents = json.dumps({path: [file.size, file.sha256] for path, file in files.items()}, sort_keys=True)
    results = Results(
        fingerprint=fingerprint,
        folder=hashlib.sha256(contents.encode()).hexdigest()[:16],
        files=files,
        seconds=seconds,
        figures=figures,
        tags=tags,
    )

    base = f"{name}/{results.folder}"
    there = storage.list_files(base)
    for path, file in files.items():
        if path not in there or there[path][0] != file.size:
            storage.send(folder / path, f"{base}/{path}")
    if not are_whole(storage, name, results):
        raise MuybridgeError(
            f"{storage.at(base)} does not hold what was written there", "Run the same again: it is sent once more."
        )

    storage.write(_record(name), results.model_dump_json().encode())
    # Only now: until then, what stood there before is the job's result.
    others = {path.partition("/")[0] for path in storage.list_files(name)} - {results.folder}
    for other in sorted(others):
        storage.remove(f"{name}/{other}")
    return results


def fetch_files(storage: Storage, name: str, results: Results, out: Path) -> None:
    """The folder of a job on this machine, whole or not at all; InputError where a file is another than was sent."""
    with replace_folder(out) as draft:
        for path, file in results.files.items():
            place = draft / path
            place.parent.mkdir(parents=True, exist_ok=True)
            far = f"{name}/{results.folder}/{path}"
            if storage.fetch(far, place) != file.sha256:
                raise InputError(f"{storage.at(far)} came damaged: its checksum is another", "Try again.")


def _record(name: str) -> str:
    return f".jobs/{name}/results.json"


def _sum_files(folder: Path) -> dict[str, FarFile]:
    """Every file of a job's folder, but for locks and drafts."""
    files = {}
    for path in sorted(folder.rglob("*")):
        hidden = path.name.endswith(".lock") or LEFTOVER.fullmatch(path.name)
        if path.is_symlink() or not path.is_file() or hidden:
            continue
        total = hashlib.sha256()
        size = 0
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                total.update(piece)
                size += len(piece)
        files[path.relative_to(folder).as_posix()] = FarFile(size=size, sha256=total.hexdigest())
    return files


def read_mark(storage: Storage) -> Mapping[str, Any] | None:
    """What `batch.json` at an address says; None where no batch is there."""
    mark = read_object(storage.read("batch.json"))
    return mark if mark.get("kind") == KIND else None


def listed_jobs(mark: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name -> what it is to do, of each job in `batch.json`; names that could lead elsewhere are none."""
    jobs = mark.get("jobs")
    listed = {}
    for name, fingerprint in jobs.items() if isinstance(jobs, dict) else ():
        if name == Path(name).name and not name.startswith(".") and "\0" not in name:
            listed[name] = fingerprint
    return listed


def read_object(content: bytes | None) -> Mapping[str, Any]:
    """A mapping in JSON; empty where there is none."""
    try:
        found = parse_json(content or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def state_path(name: str) -> str:
    """Where a job says how it is."""
    return f".jobs/{name}/state.json"
