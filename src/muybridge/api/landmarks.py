"""Landmarks of one clip: read or found, smoothed, and written to be looked at and used."""

from __future__ import annotations

import json
from pathlib import Path

from muybridge.disk import check_folder, replace_folder
from muybridge.errors import UsageError
from muybridge.inputs.clips import Source
from muybridge.inputs.landmarks import LandmarkFiles, LandmarkInput, read_with_landmarks
from muybridge.landmarks import Kind, Landmarks, Report, draw_sheet, smooth, to_json
from muybridge.masks import Box
from muybridge.video import write

PARTS = ("landmarks.json", "sheet.png", "report.json")


def find_landmarks(
    video: Source,
    out: str | Path | None = None,
    *,
    given: LandmarkFiles | None = None,
    kind: Kind | None = None,
    person: int = 0,
    model: str | Path | None = None,
    box: Box | None = None,
    smoothing: int = 1,
    max_frames: int | None = None,
    force: bool = False,
) -> tuple[Landmarks, Report]:
    """Read or find a clip's landmarks, and write them.

    Args:
        video: A video, folder of frames, or clip.
        out: A folder: landmarks.json, which `fit` and `animate` take, sheet.png to judge by, report.json; None writes
            nothing.
        given: Files of another program, see `landmarks.read`; None: found by a pose network.
        kind: "face68": the face alone, where the files or the network have whole bodies.
        person: Which person, if the files hold several: 0 is the largest.
        model: The network's file, see `landmarks.detect`.
        box: Hint for the network: (x0, y0, x1, y1), in pixels, round the person on the first frame.
        smoothing: Frames to average over, odd, see `landmarks.smooth`; 1 leaves the points as they are.
        max_frames: At most so many, from the start.
        force: Replace landmarks that are there.

    Returns:
        The landmarks, points [T, K, 2] in pixels of the clip, and how they were found.

    Raises:
        InputError: The video or the files cannot be used, or do not belong together.
        UsageError: Hints for a network where files were given.
        OutputExistsError: Something stands at `out` already.
        MissingWeightsError: The network's file is not here; MissingExtraError where onnxruntime is not.

    Example:
        >>> landmarks, report = muybridge.find_landmarks("dance.mp4", "dance-landmarks", given="openpose-json")
    """
    folder = None if out is None else Path(out)
    if folder is not None:
        check_folder(folder, force, lambda there: (there / "landmarks.json").is_file(), "landmarks", PARTS)
    found = read_with_landmarks(video, given, kind=kind, person=person, model=model, box=box, max_frames=max_frames)
    if found.report is None:
        raise UsageError("these landmarks are in memory already", "Name files, or leave them out to have some found.")

    landmarks = found.landmarks if smoothing == 1 else smooth(found.landmarks, smoothing)
    if folder is not None:
        _write(folder, found, landmarks, found.report)
    return landmarks, found.report


def _write(folder: Path, found: LandmarkInput, landmarks: Landmarks, report: Report) -> None:
    clip = found.clip
    record = {
        "kind": "landmarks",
        "clip": found.name,
        "how": report.how,
        "detail": report.detail,
        "confidence": list(report.confidence),
        "missing": list(report.missing),
        "people": report.people,
        "warnings": list(report.warnings),
    }

    # Landmarks are in pixels of the frame itself, which may be smaller than a canvas of several sizes.
    size = clip.sizes[0] if clip.sizes is not None else (clip.height, clip.width)

    with replace_folder(folder) as part:
        (part / "landmarks.json").write_text(to_json(landmarks, size), encoding="utf-8")
        write(part / "sheet.png", [draw_sheet(clip, landmarks)], clip.timing.select([0]))
        (part / "report.json").write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")
