"""Motion for programs that animate: a script for Blender, and keyframes to paste into After Effects."""

from __future__ import annotations

import json

import numpy as np

from muybridge.motion.track import MotionTrack, fill_missing

_BLENDER = '''"""Run in Blender's text editor: an empty for each point, keyed on each frame. Made by Muybridge."""

import bpy

NAMES = {names}
TIMES = {times}
# x to the right and z up, in metres: the frame is {height:.3f} high and stands on the ground.
PLACES = {places}

scene = bpy.context.scene
rate = scene.render.fps / scene.render.fps_base
group = bpy.data.collections.new("muybridge motion")
scene.collection.children.link(group)
for name, places in zip(NAMES, PLACES):
    empty = bpy.data.objects.new(name, None)
    empty.empty_display_size = 0.03
    group.objects.link(empty)
    for time, (x, z) in zip(TIMES, places):
        empty.location = (x, 0.0, z)
        empty.keyframe_insert("location", frame=1 + time * rate)
scene.frame_end = max(scene.frame_end, int(1 + TIMES[-1] * rate) + 1)
'''
_HEIGHT = 2.0
"""Metres of a frame in Blender."""


def blender_script(motion: MotionTrack) -> str:
    """A script for Blender: an empty for each point, keyed on every frame, on a plane that faces the camera."""
    points = fill_missing(motion.points, motion.confidence)
    height, width = motion.size
    scale = _HEIGHT / height
    # Blender counts upwards from the middle, pictures downwards from the corner.
    across = (points[..., 0] + 0.5 - width / 2) * scale
    up = (height - points[..., 1] - 0.5) * scale
    places = np.round(np.stack([across, up], -1), 5).transpose(1, 0, 2).tolist()

    return _BLENDER.format(
        names=json.dumps(list(motion.names)),
        times=json.dumps([round(time, 6) for time in motion.timing.seconds]),
        places=json.dumps(places),
        height=_HEIGHT,
    )


def after_effects_text(motion: MotionTrack) -> str:
    """Keyframe data as After Effects pastes it on a layer: a point control for each point, in order, in pixels."""
    points = fill_missing(motion.points, motion.confidence)
    rate = motion.timing.rate
    lines = [
        "Adobe After Effects 8.0 Keyframe Data",
        "",
        f"\tUnits Per Second\t{rate:.6g}",
        f"\tSource Width\t{motion.size[1]}",
        f"\tSource Height\t{motion.size[0]}",
        "\tSource Pixel Aspect Ratio\t1",
        "\tComp Pixel Aspect Ratio\t1",
        "",
    ]
    frames = []
    for time in motion.timing.seconds:
        frames.append(round(time * rate))

    for k in range(len(motion.names)):
        lines += [f"Effects\tPoint Control #{k + 1}\tPoint #2", "\tFrame\tX pixels\tY pixels\t"]
        # After Effects counts from the edge of the first pixel.
        for frame, (x, y) in zip(frames, points[:, k] + 0.5, strict=True):
            lines.append(f"\t{frame}\t{x:.3f}\t{y:.3f}\t")
        lines.append("")
    return "\n".join([*lines, "End of Keyframe Data", ""])
