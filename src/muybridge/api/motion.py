"""Motion as data: out of a run or a video into files of other programs, and back."""

from __future__ import annotations

from pathlib import Path

from muybridge.errors import Option, RunError, Sentence, UsageError
from muybridge.inputs.clips import Source
from muybridge.inputs.landmarks import LandmarkFiles, read_with_landmarks
from muybridge.inputs.motion import refine_motion, track_keypoints, track_landmarks
from muybridge.jobs.loading import Fitted, load, require_ability
from muybridge.landmarks import Kind
from muybridge.method import EditsKeypoints, SubjectPair
from muybridge.motion import MotionTrack, read_motion, write_motion
from muybridge.output.animation import check_free
from muybridge.video import Clip, read


def export_motion(
    source: Fitted | Source,
    out: str | Path,
    *,
    subject: str | None = None,
    landmarks: LandmarkFiles | None = None,
    kind: Kind | None = None,
    model: str | Path | None = None,
    form: str | None = None,
    smoothing: str | None = None,
    strength: float = 1.0,
    force: bool = False,
    device: str = "auto",
) -> MotionTrack:
    """Write the motion of a run's subject, or of the person in a video, for other programs.

    Args:
        source: A run of a pair method with keypoints, or a video.
        out: The file; its ending says the format unless `form` does: .csv, .json, .slp, .py (Blender), .txt (After
            Effects).
        subject: "a" or "b" of a run.
        landmarks: Of the video, from files; None finds them with a pose network.
        kind: "face68" for a face.
        model: The pose network's file.
        form: csv, json, deeplabcut, sleap, blender or after-effects.
        smoothing: "one-euro" or "savgol"; None leaves the motion as it is.
        strength: How strong the motion about each point's mean place is, 0 to 1.5.
        force: Replace what is there.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        The motion: points [T, K, 2] in pixels of the frame, their confidence, names and times.

    Raises:
        UsageError: A subject of a video, none of a run, or a method without keypoints.
        InputError: The video or its landmarks cannot be used.
        OutputExistsError: Something stands at `out` already.
        RunError: The run is broken, or has no videos of its own.
        MissingWeightsError: The pose network's file is not here; MissingExtraError where a package is not.

    Example:
        >>> muybridge.export_motion("dance.mp4", "dance.csv", landmarks="dance-landmarks")
    """
    target = Path(out)
    check_free(target, force)
    # A folder may be a run or a video in frames: only a run has a record.
    is_run = isinstance(source, Fitted) or (not isinstance(source, Clip) and (Path(source) / "run.json").is_file())

    if is_run:
        assert not isinstance(source, Clip)
        motion = _of_run(source, subject, device)
    else:
        assert not isinstance(source, Fitted)
        if subject is not None:
            raise UsageError("a video has no subjects A and B", Sentence("Leave ", Option("subject"), " out."))
        person = read_with_landmarks(source, landmarks, kind=kind, model=model)
        motion = track_landmarks(person.landmarks, person.clip.timing, (person.clip.height, person.clip.width))

    motion = refine_motion(motion, smoothing, strength)
    write_motion(motion, target, form)
    return motion


def import_motion(
    file: str | Path,
    out: str | Path,
    *,
    video: Source | None = None,
    form: str | None = None,
    smoothing: str | None = None,
    strength: float = 1.0,
    force: bool = False,
) -> MotionTrack:
    """Read a motion of another program, and write it as one that `animate` takes as driving, or in any other format.

    Args:
        file: Our CSV or JSON, DeepLabCut's CSV, SLEAP's .slp.
        out: As for `export_motion`.
        video: The video that it belongs to, for its size and times, where the file does not say them.
        form: As for `export_motion`.
        smoothing: As for `export_motion`.
        strength: As for `export_motion`.
        force: Replace what is there.

    Returns:
        The motion as it was written.

    Raises:
        InputError: The file is none of those, or says neither size nor times and no video was named.
        UsageError: No such format, way of smoothing or strength.
        OutputExistsError: Something stands at `out` already.
        MissingExtraError: Without the package for a format.

    Example:
        >>> muybridge.import_motion("mouse-dlc.csv", "mouse.csv", video="mouse.mp4")
    """
    target = Path(out)
    check_free(target, force)
    size = None
    timing = None

    if video is not None:
        clip = video if isinstance(video, Clip) else read(video)
        size = clip.height, clip.width
        timing = clip.timing

    motion = refine_motion(read_motion(file, size, timing), smoothing, strength)
    write_motion(motion, target, form)
    return motion


def _of_run(run: Fitted | str | Path, subject: str | None, device: str) -> MotionTrack:
    fitted = run if isinstance(run, Fitted) else load(run, device=device)
    editor = require_ability(fitted.method, EditsKeypoints)
    if not isinstance(fitted.data, SubjectPair):
        raise RunError("an imported checkpoint has no videos of its own", "Name a video instead of the run.")

    side = (subject or "").lower()
    if side not in ("a", "b"):
        raise UsageError("a run has two subjects", Sentence("Name one of them: ", Option("subject", "A")))

    shown = fitted.data.subject(side)
    return track_keypoints(editor.locate_keypoints(fitted.data, side), shown.timing, shown.frame)
