"""SLEAP's files, through sleap-io."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from muybridge.errors import InputError, MissingExtraError
from muybridge.motion.track import MotionTrack
from muybridge.video.clip import Timing


def write_sleap(motion: MotionTrack, path: Path) -> None:
    """One instance a frame; points that were not found are left out. Raises MissingExtraError without sleap-io."""
    sleap = _import_sleap()
    skeleton = sleap.Skeleton(list(motion.names))
    height, width = motion.size
    # The video need not be there: SLEAP only wants to know its name and size.
    video = sleap.Video(filename=path.stem + ".mp4", open_backend=False)
    video.backend_metadata["shape"] = (len(motion.timing), height, width, 3)

    frames = []
    for t, points in enumerate(motion.points.astype(np.float64)):
        places = np.where(motion.confidence[t][:, None] > 0, points, np.nan)
        instance = sleap.PredictedInstance.from_numpy(
            places, point_scores=motion.confidence[t].astype(np.float64), score=1.0, skeleton=skeleton
        )
        frames.append(sleap.LabeledFrame(video=video, frame_idx=t, instances=[instance]))
    labels = sleap.Labels(labeled_frames=frames, videos=[video], skeletons=[skeleton])
    labels.save(str(path), verbose=False)


def read_sleap(file: Path, size: tuple[int, int] | None, timing: Timing | None) -> MotionTrack:
    """One animal's points; InputError where there are several, or no file of SLEAP's."""
    sleap = _import_sleap()
    try:
        labels = sleap.load_slp(str(file), open_videos=False)
    except ImportError as error:  # sleap-io brings its own parts only when they are used
        raise _missing_extra() from error
    except Exception as error:  # it opens HDF5, whose errors are many
        raise InputError(f"{file} is not a file of SLEAP's: {str(error)[:120]}") from error
    if not labels.labeled_frames or any(len(frame.instances) > 1 for frame in labels.labeled_frames):
        raise InputError(f"{file} holds no frames, or several animals on one", "Export one animal's track alone.")

    names = tuple(map(str, labels.skeletons[0].node_names))
    # SLEAP lists only the frames that were labelled; the others have points that are missing.
    last = max(int(frame.frame_idx) for frame in labels.labeled_frames)
    count = 1 + last if timing is None else len(timing)
    if last >= count:
        raise InputError(
            f"{file} has a frame {last}, and the video that it belongs to {count} frames",
            "Take the video that was tracked, and all of its frames.",
        )
    points = np.zeros((count, len(names), 2), np.float32)
    confidence = np.zeros((count, len(names)), np.float32)
    for frame in labels.labeled_frames:
        if frame.instances:
            rows = np.asarray(frame.instances[0].numpy(), np.float64)
            found = np.isfinite(rows).all(1)
            points[frame.frame_idx, found] = rows[found]
            confidence[frame.frame_idx, found] = 1.0

    shape = labels.videos[0].shape if size is None and labels.videos else None
    if shape is not None:
        size = int(shape[1]), int(shape[2])
    if size is None:
        raise InputError(f"{file} does not say how large its frames are", "Give its video beside it.")
    return MotionTrack(points, confidence, names, timing or Timing.constant(count), size)


def _import_sleap() -> Any:
    try:
        import sleap_io
    except ImportError as error:
        raise _missing_extra() from error
    return sleap_io


def _missing_extra() -> MissingExtraError:
    return MissingExtraError("files of SLEAP's need sleap-io", "Install it with: pip install 'muybridge[sleap]'")
