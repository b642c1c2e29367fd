"""One trained method on one scene with a known answer: what comes out, and every figure of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from muybridge import metrics
from muybridge.errors import InputError
from muybridge.evaluation import (
    MetricNetworks,
    compare_to_truth,
    joint_errors,
    keypoint_separability,
    limbs_of,
    measure_without_truth,
)
from muybridge.jobs.loading import Fitted
from muybridge.landmarks import Landmarks, from_joints
from muybridge.method import EditsKeypoints, MeasuresItself, SharesKeypoints
from muybridge.puppets import SCENES, SceneClips
from muybridge.video import Clip

DIRECTIONS = ("ab", "ba")
DARK = 32
"""Colours up to this count as the black that whole-frame methods are shown behind the subject, of 255."""


def clips_for(needs: str, drawn: SceneClips) -> tuple[Clip, Clip]:
    """What a method trains on: both clips with silhouettes; for methods of whole frames, on black."""
    a = replace(drawn.a, source=Path(f"{drawn.name}-{'a'}.mp4"))
    b = replace(drawn.b, source=Path(f"{drawn.name}-{'b'}.mp4"))
    return (a, b) if needs == "pair" else (put_on_black(a), put_on_black(b))


def mirrored_side(scene: str) -> str | None:
    """Which clip of a scene a person would mirror: "b" where the two look opposite ways."""
    plan = SCENES[scene]
    return "b" if plan.a.flip != plan.b.flip else None


def landmarks_for(drawn: SceneClips) -> tuple[Landmarks, Landmarks]:
    """Both subjects' joints as body landmarks, in pixels of their frames; InputError where they are not a body's."""
    sides = ((drawn.a, drawn.joints_a), (drawn.b, drawn.joints_b))
    a, b = (from_joints(joints, drawn.joint_names, (clip.height, clip.width)) for clip, joints in sides)
    return a, b


def has_body(drawn: SceneClips) -> bool:
    """Whether a scene's joints are those of bodies."""
    try:
        landmarks_for(drawn)
    except InputError:
        return False
    return True


def make_result(fitted: Fitted, drawn: SceneClips, direction: str) -> Clip:
    """The retargeted clip, with silhouettes, in frames of the source's size.

    A method of pairs is asked for its side; one of landmarks is given the driving subject's. Another one is shown the
    source's first frame and the driving clip, which is mirrored for it where the two look opposite ways, as a person
    would do. What either leaves lighter than black is its silhouette (`figures_of` reads the truth the same way).
    """
    source = direction[0]
    driving = direction[1]
    if fitted.method.card.needs == "pair":
        return fitted.method.animate(fitted.data, None, source).clip()

    clips = dict(zip("ab", clips_for("folder", drawn), strict=True))
    if fitted.method.card.needs == "landmarks":
        marks = dict(zip("ab", landmarks_for(drawn), strict=True))[driving]
        # The true joints are given, so that the method is measured and not a pose network.
        performed = fitted.method.animate(fitted.data, clips[driving], source, landmarks=marks, framed=True).clip()
        return mask_what_is_bright(put_on_black(performed))

    led = clips[driving] if mirrored_side(drawn.name) is None else clips[driving].mirror()
    made = fitted.method.animate(fitted.data, led, clips[source][:1]).clip()
    return mask_what_is_bright(made)


def mask_what_is_bright(clip: Clip) -> Clip:
    """The clip with what is lighter than black as its silhouette."""
    return replace(clip, mattes=(clip.pixels.amax(1, keepdim=True) > DARK).to(torch.uint8) * 255)


def measure_result(
    made: Clip, drawn: SceneClips, direction: str, by: MetricNetworks, needs: str = "pair"
) -> dict[str, float]:
    """Everything that can be measured of one result; `evaluation.METRIC_INFO` says what each figure is.

    needs  what the method trains on: silhouettes that were read off a result on black are compared with silhouettes
           read off the truth on black, or the rim alone would cost a twentieth of the overlap
    """
    truth = _side(drawn, direction, needs)
    own = _side(drawn, direction[0], needs)
    driving = _side(drawn, direction[1], needs)
    found = compare_to_truth(made, truth, by)
    joints = joints_of(drawn)
    found |= joint_errors(made, truth, joints[direction], own, joints[direction[0]])
    found["sharpness"] = _sharpness(made, own)
    return found | measure_without_truth(made, own, driving, by)


def _sharpness(made: Clip, own: Clip) -> float:
    """Gradient energy of a result over that of the source's own video, at the file's own size."""
    assert made.masks is not None
    assert own.masks is not None
    return float(metrics.sharpness(made.frames, made.masks, own.frames, own.masks))


def keypoint_figures(fitted: Fitted, drawn: SceneClips) -> dict[str, dict[str, float]]:
    """What a method with keypoints tells of itself, for each direction: its own figures of the driving side, how well
    both subjects' keypoints can be told apart, how faithfully they stay on limbs."""
    method: Any = fitted.method
    both = keypoint_separability(method.shared_points(fitted.data)) if isinstance(method, SharesKeypoints) else {}
    # The method is asked once for both directions: its own figures may be slow to measure.
    own: dict[str, float] = method.measure_quality(fitted.data) if isinstance(method, MeasuresItself) else {}
    limbs = limbs_of(drawn.joint_names)
    by_direction: dict[str, dict[str, float]] = {}

    for direction in DIRECTIONS:
        side = direction[1]
        figures = {}
        for full_name, value in own.items():
            name, _, of = full_name.rpartition("_")
            if of == side:
                figures[f"own_{name}"] = value

        figures |= both
        if isinstance(method, EditsKeypoints) and limbs:
            points: Tensor = method.locate_keypoints(fitted.data, side)
            joints = joints_of(drawn)[side]
            figures["limb_identity"] = float(metrics.limb_identity(points.float().cpu(), joints, limbs))
        by_direction[direction] = figures

    return by_direction


def clips_of(drawn: SceneClips) -> dict[str, Clip]:
    """Both clips of a scene, "a" and "b", and both true answers, "ab" and "ba"."""
    return {"a": drawn.a, "b": drawn.b, "ab": drawn.ab, "ba": drawn.ba}


def joints_of(drawn: SceneClips) -> dict[str, Tensor]:
    """The joints on the same clips."""
    return {"a": drawn.joints_a, "b": drawn.joints_b, "ab": drawn.joints_ab, "ba": drawn.joints_ba}


def _side(drawn: SceneClips, name: str, needs: str) -> Clip:
    clip = clips_of(drawn)[name]
    return clip if needs == "pair" else mask_what_is_bright(put_on_black(clip))


def put_on_black(clip: Clip) -> Clip:
    """The subject on black, with its silhouettes, as methods of whole frames are shown it."""
    masks = clip.masks
    assert masks is not None
    return Clip.from_floats(clip.frames * masks, masks, clip.timing)
