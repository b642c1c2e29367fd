"""The contract: what a method declares, what the engine and the verbs may ask of it."""

from muybridge.method.abilities import (
    ABILITIES,
    DescribesTraining,
    DrawnPose,
    EditsKeypoints,
    EditsResults,
    ExplainsItself,
    ExportsNetworks,
    FindsBestFrame,
    FollowsFrames,
    ImportsCheckpoints,
    MeasuresItself,
    Pose,
    PredictsVideos,
    ReconstructsClips,
    SharesKeypoints,
)
from muybridge.method.ability import Ability
from muybridge.method.animation import Animation, Explanation
from muybridge.method.contract import FolderMethod, LandmarkMethod, Method, PairMethod, SubjectPair
from muybridge.method.picture_method import PictureMethod
from muybridge.method.sharing import SharedDrawing, SharedView, SharesDrawing
from muybridge.method.training import Batch, Data, Group, Stage, Turn
from muybridge.settings import Card, Config, LandmarkConfig, Part

__all__ = [
    "ABILITIES",
    "Ability",
    "Animation",
    "Batch",
    "Card",
    "Config",
    "Data",
    "DescribesTraining",
    "DrawnPose",
    "EditsKeypoints",
    "EditsResults",
    "ExplainsItself",
    "Explanation",
    "ExportsNetworks",
    "FindsBestFrame",
    "FolderMethod",
    "FollowsFrames",
    "Group",
    "ImportsCheckpoints",
    "LandmarkConfig",
    "LandmarkMethod",
    "MeasuresItself",
    "Method",
    "PairMethod",
    "Part",
    "PictureMethod",
    "Pose",
    "PredictsVideos",
    "ReconstructsClips",
    "SharedDrawing",
    "SharedView",
    "SharesDrawing",
    "SharesKeypoints",
    "Stage",
    "SubjectPair",
    "Turn",
]
