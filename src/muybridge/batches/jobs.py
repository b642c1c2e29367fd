"""What a batch is made of: jobs from a list or a folder, each known by what it would do."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from muybridge.batches.addresses import is_address
from muybridge.batches.folder import BatchFolder
from muybridge.data.folders import clips_in
from muybridge.disk import parse_json, parse_yaml, read_bytes
from muybridge.errors import InputError, Sentence, UsageError, Verb
from muybridge.inputs.clips import input_name, shorten_name
from muybridge.jobs.provenance import digest

LARGEST_LIST = 2**26
"""Bytes of a list of jobs that are read."""
PATHS = ("a", "b", "run", "source", "driving", "masks_a", "masks_b", "subject_b")
"""Fields that name a file, a folder or an address."""


class Job(BaseModel):
    """One job: a pair that exchanges its motion (`a`, `b`), or what follows a driving video (`run`, `driving`).

    The other fields are options of `retarget` and of `animate` under their own names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = ""
    """The folder of its results; named after its inputs unless told."""
    a: str | None = None
    """The first video of a pair."""
    b: str | None = None
    """The second one."""
    run: str | None = None
    """A training to apply."""
    source: str | None = None
    """Whose appearance: a picture, or a side of the run's pair."""
    driving: str | None = None
    """The video that gives the motion."""
    method: str | None = None
    preset: str | None = None
    set: dict[str, Any] = {}
    """Settings by name."""
    masks_a: str | None = None
    masks_b: str | None = None
    subject_a: str | None = None
    """What a segmentation network looks for in the first video."""
    subject_b: str | None = None
    how: str | None = None
    flip: str | None = None
    background: str | None = None
    max_frames: int | None = None
    seed: int | None = None
    mode: str | None = None

    @model_validator(mode="after")
    def _check_what_it_does(self) -> Job:
        pair = (self.a, self.b)
        follows = (self.run, self.driving)
        if all(pair) == all(follows) or (any(pair) and any(follows)):
            raise ValueError("a job has either a and b, or run and driving")

        wrong = (
            ("mode", "source") if any(pair) else ("method", "preset", "set", "flip", "seed", "max_frames", "masks_b")
        )
        for name in wrong:
            if getattr(self, name):
                raise ValueError(f"{name} is for {'something that follows a video' if any(pair) else 'a pair'}")
        return self

    @property
    def verb(self) -> str:
        """The function that does it."""
        return "retarget" if self.a else "animate"

    @property
    def options(self) -> dict[str, Any]:
        """What that function is told beside its inputs: only what was said."""
        told = self.model_dump(
            exclude={"name", "a", "b", "run", "driving", "masks_a", "masks_b", "subject_a", "subject_b"},
            exclude_defaults=True,
        )
        if self.masks_a or self.masks_b:
            told["masks"] = [self.masks_a, self.masks_b]
        if self.subject_a or self.subject_b:
            told["subjects"] = [self.subject_a, self.subject_b]
        return told


def read_jobs(source: str | Path) -> list[Job]:
    """Jobs of a CSV, JSON lines or YAML file, or of a folder, whose clips are paired all with all.

    Paths in a file are seen from the file's own folder. Every job has a name, and no two the same. Raises InputError
    with the line that is wrong.
    """
    path = Path(source)
    if path.is_dir():
        paired = []
        for a, b in combinations(clips_in(path), 2):
            paired.append(Job(a=str(a), b=str(b)))
        return name_jobs(paired)
    if not path.is_file():
        raise InputError(
            f"there is no list of jobs {path}", "Name a CSV, JSON lines or YAML file, or a folder of clips."
        )
    # A video named by mistake would be read whole before it is refused.
    if path.stat().st_size > LARGEST_LIST:
        raise InputError(f"{path} is larger than {LARGEST_LIST // 2**20} MiB: it is no list of jobs")

    jobs = []
    for place, row in _rows(path):
        try:
            job = Job.model_validate(row)
        except ValidationError as e:
            first = e.errors()[0]
            field = ".".join(map(str, first["loc"]))
            said = str(first["msg"]).removeprefix("Value error, ")[:200]
            raise InputError(
                f"{path}, {place}: {field + ': ' if field else ''}{said}",
                f"A job has some of: {', '.join(Job.model_fields)}.",
            ) from e
        jobs.append(_resolve(job, path.parent))

    if not jobs:
        raise InputError(f"{path} lists no jobs", "Each row is a job: a,b or run,driving.")
    return name_jobs(jobs)


def name_jobs(jobs: Sequence[Job]) -> list[Job]:
    """The same jobs, each with a name of its own; UsageError where two were given one name."""
    used: set[str] = set()
    named = []
    for job in jobs:
        name = job.name or _name_of(job)
        # The name becomes a folder, and must not lead out of the batch.
        if name != Path(name).name or name.startswith("."):
            raise UsageError(f"{name[:80]!r} cannot be a job's name: it names its folder")
        if name.casefold() in used and job.name:
            raise UsageError(f"two jobs are called {name}", "Give each a name of its own.")

        stem = name
        count = 2
        # Without regard to case, because some file systems have none.
        while name.casefold() in used:
            name = f"{stem}-{count}"
            count += 1

        used.add(name.casefold())
        named.append(job.model_copy(update={"name": name}))

    return named


def fingerprint_job(job: Job, known: dict[str, str] | None = None) -> str:
    """What a job would do, in 16 letters: its inputs by what is in them, its settings, and this version.

    known  digests of inputs that were read already, and to which those of this job are added: in ten thousand pairs of
           a hundred clips, each clip is read once
    """
    known = {} if known is None else known
    said = job.model_dump(exclude={"name", *PATHS})
    contents = {}
    for field in PATHS:
        value = getattr(job, field)
        if value is not None:
            # An address that tells nothing is known by its name: looking into it would fetch it.
            if value not in known:
                known[value] = value if is_address(value) or not Path(value).exists() else digest(Path(value))
            contents[field] = known[value]

    parts = json.dumps([version("muybridge"), said, contents], sort_keys=True, default=str)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def order_job(folder: BatchFolder, job: Job, known: dict[str, str] | None = None) -> str:
    """Write what a job's own process is to do, and return its fingerprint; `known` as in `fingerprint_job`."""
    known = {} if known is None else known
    order: dict[str, Any] = {"job": job.model_dump(exclude_defaults=True)}
    tags = {}
    for address in list_addresses([job]):
        # One that does not answer now is taken for what it was: a lost network must not undo what is done.
        if address not in known:
            known[address] = str(folder.tags(job.name).get(address, address))
        tags[address] = known[address]

    order["fingerprint"] = fingerprint_job(job, known)
    folder.write_order(job.name, order | ({"tags": tags} if tags else {}))
    return str(order["fingerprint"])


def list_addresses(jobs: Sequence[Job]) -> list[str]:
    """Each address among the inputs of these jobs, once."""
    found: dict[str, None] = {}
    for job in jobs:
        for field in PATHS:
            value = getattr(job, field)
            if value is not None and is_address(value):
                found[value] = None
    return list(found)


def read_order(folder: BatchFolder, name: str) -> tuple[Job, str]:
    """A job that `order_job` wrote, and its fingerprint."""
    order = folder.order(name)
    return Job.model_validate(order["job"]), str(order["fingerprint"])


def _rows(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """(where it stands, its fields) of each job."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise InputError(f"{path} is no text", "Write the list as UTF-8.") from e

    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv_rows(text)
    if suffix in (".jsonl", ".ndjson"):
        return _json_rows(path, text)
    if suffix in (".yaml", ".yml", ".json"):
        return _yaml_rows(path, text)
    raise InputError(f"{path} is no list that is known", "Lists end in .csv, .jsonl, .yaml or .json.")


def _csv_rows(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    rows: list[tuple[str, Mapping[str, Any]]] = []
    reader = csv.DictReader(io.StringIO(text))

    for row in reader:
        fields: dict[str, Any] = {}
        for key, value in row.items():
            if key is None:
                raise InputError(f"line {reader.line_num} has more values than the first line has names")
            if not value:
                continue
            # A column `set.shape.steps` changes one setting; its value is read as YAML has it.
            if key.startswith("set."):
                fields.setdefault("set", {})[key.removeprefix("set.")] = _parse_setting(value, reader.line_num)
            else:
                fields[key] = value
        if fields:
            rows.append((f"line {reader.line_num}", fields))

    return rows


def _parse_setting(value: str, line: int) -> Any:
    try:
        return parse_yaml(value)
    except ValueError as e:
        raise InputError(f"line {line}: {value[:80]!r} is no value of a setting", "For example: 500") from e


def _json_rows(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append((f"line {number}", _as_mapping(parse_json(line), path, f"line {number}")))
        except ValueError as e:
            raise InputError(f"{path}, line {number}: no JSON", "Each line is one object.") from e

    return rows


def _yaml_rows(path: Path, text: str) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        given = parse_yaml(text)
    except ValueError as e:
        raise InputError(f"{path} is no YAML", "Write a list of jobs, each with a and b, or run and driving.") from e

    if isinstance(given, Mapping) and "jobs" in given:
        given = given["jobs"]
    if not isinstance(given, list):
        raise InputError(f"{path} is no list of jobs", "Write a list, each entry with a and b, or run and driving.")

    rows = []
    for number, row in enumerate(given, 1):
        # YAML does not say lines once it is parsed, so jobs are counted.
        rows.append((f"job {number}", _as_mapping(row, path, f"job {number}")))
    return rows


def _as_mapping(row: object, path: Path, place: str) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise InputError(f"{path}, {place}: a job is a mapping of names and values")
    return row


def _resolve(job: Job, base: Path) -> Job:
    """Paths as this process sees them; addresses, and the sides of a run's pair, stay as they are."""
    changed = {}
    for field in PATHS:
        value = getattr(job, field)
        # "a" and "b" are sides of a run's pair, and no files.
        side = field == "source" and value in ("a", "b")
        if value is not None and not side and not is_address(value):
            changed[field] = str(base / value)

    missing = [value for value in changed.values() if not Path(value).exists()]
    if missing:
        raise InputError(
            f"there is no {missing[0]}",
            Sentence("Paths in a list are seen from the list's folder; see: ", Verb("batch")),
        )
    return job.model_copy(update=changed)


def _name_of(job: Job) -> str:
    parts = (job.a, job.b) if job.a else (job.driving, job.run)
    names = []
    for part in parts:
        names.append(input_name(Path(str(part).rstrip("/").rpartition("/")[2] or "clip")))
    return shorten_name("-".join(names))
