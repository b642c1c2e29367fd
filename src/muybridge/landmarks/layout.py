"""Which landmark is which: OpenPose's 25 body points, its hands and face, and the 68 face points of iBUG 300-W."""

from __future__ import annotations

BODY25 = (
    *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"),
    *("mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("right_eye", "left_eye", "right_ear", "left_ear"),
    *("left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"),
)
"""Right and left are the person's own."""
PLACE = {name: i for i, name in enumerate(BODY25)}

BODY = slice(0, 25)
LEFT_HAND = slice(25, 46)
RIGHT_HAND = slice(46, 67)
FACE = slice(67, 137)
"""Of the 137 points: body, hands and face in the order of OpenPose's JSON. The face's last two are pupils."""
WHOLE = 137
FACE68 = 68

Limb = tuple[int, int, int]
"""Two body points, and the label of the line between them."""

_CHAINS: tuple[tuple[tuple[str, str], int], ...] = (
    (("right_ear", "right_eye"), 1),
    (("right_eye", "nose"), 2),
    (("nose", "left_eye"), 3),
    (("left_eye", "left_ear"), 4),
    (("nose", "neck"), 5),
    (("neck", "mid_hip"), 6),
    (("neck", "right_shoulder"), 7),
    (("right_shoulder", "right_elbow"), 8),
    (("right_elbow", "right_wrist"), 9),
    (("neck", "left_shoulder"), 10),
    (("left_shoulder", "left_elbow"), 11),
    (("left_elbow", "left_wrist"), 12),
    (("mid_hip", "right_hip"), 13),
    (("right_hip", "right_knee"), 14),
    (("right_knee", "right_ankle"), 15),
    (("right_ankle", "right_heel"), 15),
    (("right_ankle", "right_big_toe"), 15),
    (("right_big_toe", "right_small_toe"), 15),
    (("mid_hip", "left_hip"), 16),
    (("left_hip", "left_knee"), 17),
    (("left_knee", "left_ankle"), 18),
    (("left_ankle", "left_heel"), 18),
    (("left_ankle", "left_big_toe"), 18),
    (("left_big_toe", "left_small_toe"), 18),
)
LIMBS: tuple[Limb, ...] = tuple((PLACE[a], PLACE[b], label) for (a, b), label in _CHAINS)
"""Labels as TS-Net's pose class has them: head 1-4, trunk 5-6, arms 7-12, legs 13-18; feet share 15 and 18."""

FINGERS: tuple[tuple[tuple[int, ...], int], ...] = tuple(((0, *range(1 + 4 * f, 5 + 4 * f)), 19 + f) for f in range(5))
"""Points of a hand from the wrist to a tip, and the label of that finger: thumb 19 to little finger 23."""
FACE_LABEL = 24

CONTOURS: tuple[tuple[int, ...], ...] = (
    tuple(range(17)),
    tuple(range(17, 22)),
    tuple(range(22, 27)),
    tuple(range(27, 31)),
    tuple(range(31, 36)),
    (*range(36, 42), 36),
    (*range(42, 48), 42),
    (*range(48, 60), 48),
    (*range(60, 68), 60),
)
"""Lines of a face of 68 points: jaw, brows, nose twice, eyes, lips; eyes and lips are closed."""
