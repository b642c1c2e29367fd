"""Scenes as ordinary files: videos, silhouettes as pictures, joints as text."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from muybridge.disk import check_folder, replace_folder
from muybridge.puppets.scenes import SCENES, SceneClips, scene
from muybridge.video import Clip, write

VIDEOS = {"a": "a", "b": "b", "truth_ab": "ab", "truth_ba": "ba"}
"""File name without its ending, and the field of SceneClips that goes there."""
PARTS = ("*.mp4", "*_masks", "joints.json")


def write_scene(
    name: str, out_dir: str | Path, *, frames: int | None = None, size: int = 256, seed: int = 0, force: bool = False
) -> Path:
    """Draw a scene and write it to a folder; the folder appears whole or not at all.

    a.mp4, b.mp4                 the two clips; a_masks/, b_masks/: their silhouettes, one PNG a frame from 00000.png
    truth_ab.mp4, truth_ba.mp4   the true retargeting (a's appearance with b's motion, and the reverse), with
                                 truth_ab_masks/ and truth_ba_masks/; where the scene turns one subject against the
                                 other also truth_ab_unaligned and truth_ba_unaligned: with the motion giver's turn,
                                 scale and shift, which is the truth without the affine map
    joints.json                  {"names": [J], "a": [T][J][2], "b": ..., "truth_ab": ..., ...}, (x, y) in [-1, 1]

    frames, size, seed  as `scene` takes them
    force               replace a scene that is there
    returns             the folder
    raises              UsageError as `scene`; OutputExistsError where a scene is there already, or anything else
    """
    out = Path(out_dir)
    check_folder(out, force, lambda there: (there / "joints.json").is_file(), "puppets", PARTS)

    clips = scene(name, frames, size, seed)
    # Written beside its place and moved there whole: a scene that is half there does not exist.
    with replace_folder(out) as part:
        _fill(part, clips)

    return out


def _fill(folder: Path, clips: SceneClips) -> None:
    fields = dict(VIDEOS)
    if SCENES[clips.name].a.tilt != SCENES[clips.name].b.tilt:
        fields |= {"truth_ab_unaligned": "ab_unaligned", "truth_ba_unaligned": "ba_unaligned"}
    joints: dict[str, object] = {"names": clips.joint_names}

    for stem, field in fields.items():
        clip: Clip = getattr(clips, field)
        write(folder / f"{stem}.mp4", clip.pixels, clip.timing)
        _write_masks(folder / f"{stem}_masks", clip)
        # Five digits are a hundredth of a pixel of the largest frame.
        places = getattr(clips, f"joints_{field}")
        joints[stem] = [[[round(v, 5) for v in point] for point in frame] for frame in places.tolist()]

    (folder / "joints.json").write_text(json.dumps(joints), encoding="utf-8")


def _write_masks(folder: Path, clip: Clip) -> None:
    folder.mkdir()
    if clip.mattes is None:
        return
    for t, matte in enumerate(clip.mattes.numpy()):
        (folder / f"{t:05d}.png").write_bytes(cv2.imencode(".png", matte[0])[1].tobytes())
