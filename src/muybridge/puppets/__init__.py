"""Puppets: articulated figures drawn by the project, for which the true retargeting is known."""

from muybridge.puppets.build import Build
from muybridge.puppets.draw import Drawing, draw, fit
from muybridge.puppets.export import write_scene
from muybridge.puppets.motion import Motion
from muybridge.puppets.paint import Placement
from muybridge.puppets.scenes import BUILDS, SCENES, Scene, SceneClips, scene

__all__ = [
    "BUILDS",
    "SCENES",
    "Build",
    "Drawing",
    "Motion",
    "Placement",
    "Scene",
    "SceneClips",
    "draw",
    "fit",
    "scene",
    "write_scene",
]
