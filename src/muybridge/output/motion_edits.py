"""A pair's driving keypoints brought to a motion: another program's, or their own made steadier or stronger."""

from __future__ import annotations

import torch
from torch import Tensor

from muybridge.errors import InputError, RunError
from muybridge.inputs.motion import keypoints_of, refine_motion, track_keypoints
from muybridge.jobs.loading import Fitted, require_ability
from muybridge.method import EditsKeypoints, SubjectPair
from muybridge.motion import MotionTrack


def motion_edits(
    fitted: Fitted, side: str, motion: MotionTrack | None, smoothing: str | None, strength: float
) -> Tensor:
    """What is added to the keypoints of subject `side` on its own frames: [T, K, 2] in units of the method's crop.

    motion  where its keypoints shall be, as `export_motion` writes them; None: where they are
    """
    editor = require_ability(fitted.method, EditsKeypoints)
    if not isinstance(fitted.data, SubjectPair):
        raise RunError("an imported checkpoint has no videos of its own whose motion could be changed")
    shown = fitted.data.subject(side)
    own = editor.locate_keypoints(fitted.data, side)
    there = track_keypoints(own, shown.timing, shown.frame)

    if motion is not None and motion.points.shape != there.points.shape:
        raise InputError(
            f"the motion has {len(motion.timing)} frames of {len(motion.names)} points, and subject {side.upper()} has "
            f"{len(there.timing)} of {len(there.names)}",
            "A pair is driven by its own keypoints: export them, change them, and come back with as many.",
        )
    wanted = keypoints_of(refine_motion(motion or there, smoothing, strength))

    h, w = shown.frame
    # The points are in units of the frame, while the method moves them within each frame's own crop.
    reach = torch.tensor([w, h]) / shown.boxes[:, None, 2:].float().cpu()
    moved = (wanted - own) * reach
    return moved * torch.tensor([-1.0, 1.0]) if shown.flip else moved
