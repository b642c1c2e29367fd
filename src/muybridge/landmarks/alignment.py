"""The driving landmarks brought to the subject's size and place."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from muybridge.errors import InputError, MuybridgeWarning
from muybridge.landmarks.layout import PLACE
from muybridge.landmarks.points import Landmarks

JUMP_FRAMES = 12
"""Frames on either side within which a jump comes back to the ground: half a second at 25 a second."""
LEVEL_GROUND = 0.1
"""A ground that rises less than this part of the body's height through a clip is taken as level."""
PARTS = (
    *(tuple(range(17)), tuple(range(17, 22)), tuple(range(22, 27)), tuple(range(27, 36))),
    *(tuple(range(36, 42)), tuple(range(42, 48)), tuple(range(48, 68))),
)
"""Of a face: jaw, two brows, nose, two eyes, mouth."""
NEARLY_WHOLE = 0.9
"""Share of a face's points that are sure on the frames that tell its usual shape; all of them seldom are."""

_CHAIN = (("nose", "neck"), ("neck", "mid_hip"))
_LEG = (("hip", "knee"), ("knee", "ankle"))


def align(driving: Landmarks, subject: Landmarks) -> Landmarks:
    """Bring driving landmarks to the subject's size and place; both in pixels of pictures of one size.

    Bodies, as in Chan et al., "Everybody Dance Now" (2019), global pose normalisation: the subject's ground, near and
    far, is where the ankles are lowest and highest in the picture; a driving frame is moved as far between
    them, and scaled by the ratio of the two bodies' heights there. Two things differ, because a clip of a second
    is not the paper's minutes: the ground under somebody who jumps is where they stand half a second before or after,
    and the height is measured along the bones and not from nose to ankle, so that bending the knees is not growing
    smaller. Sideways the middles of the two ways fall together.

    Faces, part by part as in Wang et al., "Few-shot video-to-video synthesis" (2019): the face as a whole by its size
    and middle, and then each of jaw, brows, nose, eyes and mouth by its own usual size and its usual place in the face.
    Points that are not seen are taken to be where the clip's usual shape has them, turned, scaled and moved as what is
    seen of it; their confidence stays.

    Raises InputError where the two are of different kinds, or one of them is never seen. Where ankles are never seen, a
    MuybridgeWarning says so and the trunk's length and the neck are used in their place.
    """
    if driving.kind != subject.kind:
        raise InputError(
            f"landmarks of kind {driving.kind} cannot drive landmarks of kind {subject.kind}",
            "Read both with the same kind: body25 or face68.",
        )
    return _align_faces(driving, subject) if driving.kind == "face68" else _align_bodies(driving, subject)


@dataclass(frozen=True, eq=False)
class Stance:
    """Where a body stands on each frame, and how large it is.

    way     [T]  x of the hips, pixels
    ground  [T]  y of the ground beneath, pixels
    height  [T]  along the bones, pixels
    known   [T]  where the three were measured, not filled in
    """

    hips_x: Float[Tensor, "T"]
    ground: Float[Tensor, "T"]
    height: Float[Tensor, "T"]
    known: Bool[Tensor, "T"]

    @property
    def near_ground(self) -> float:
        """y of the ground where it is nearest to the camera."""
        return float(self.ground[self.known].quantile(0.95))

    @property
    def far_ground(self) -> float:
        """y of the ground where it is farthest."""
        return float(self.ground[self.known].quantile(0.05))

    @property
    def usual_height(self) -> float:
        """The body's height over the whole clip; bones are only ever foreshortened, so the upper quarter counts."""
        return float(self.height[self.known].quantile(0.75))

    @property
    def is_level(self) -> bool:
        """Whether it stays as near as it is."""
        return self.near_ground - self.far_ground < LEVEL_GROUND * self.usual_height

    def height_at(self, part: float) -> float:
        """The height where the ground is about that part of the way from far (0) to near (1)."""
        if self.is_level:
            return self.usual_height
        here = (self.ground - self.far_ground) / (self.near_ground - self.far_ground)
        close = self.known & ((here - part).abs() < 1 / 3)
        return float(self.height[close].quantile(0.75)) if bool(close.any()) else self.usual_height


def _align_bodies(driving: Landmarks, subject: Landmarks) -> Landmarks:
    legs = _has_ankles(driving) and _has_ankles(subject)
    if not legs:
        warnings.warn(
            "the ankles are never seen in one of the two clips: sizes are compared by the trunk, places by the neck",
            MuybridgeWarning,
            stacklevel=3,
        )

    # Both are measured in the same way, or lengths with and without legs would be compared.
    one = _measure_stance(driving, legs)
    two = _measure_stance(subject, legs)
    # Without a way of its own a clip stands in the middle of the other's.
    part = (
        torch.full_like(one.ground, 0.5)
        if one.is_level
        else (one.ground - one.far_ground) / (one.near_ground - one.far_ground)
    )
    far = two.height_at(0.0) / one.height_at(0.0)
    near = two.height_at(1.0) / one.height_at(1.0)
    scale = torch.lerp(torch.tensor(far), torch.tensor(near), part.clamp(0, 1))
    ground = two.far_ground + part * (two.near_ground - two.far_ground)
    if one.is_level:
        # Small steps stay small steps.
        ground = two.ground[two.known].median() + scale * (one.ground - one.ground[one.known].median())

    middle = one.hips_x[one.known].median(), two.hips_x[two.known].median()
    x = middle[1] + scale[:, None] * (driving.points[..., 0] - middle[0])
    y = ground[:, None] + scale[:, None] * (driving.points[..., 1] - one.ground[:, None])

    return replace(driving, points=torch.stack([x, y], -1))


def _has_ankles(landmarks: Landmarks) -> bool:
    ankles = landmarks.seen[:, [PLACE["left_ankle"], PLACE["right_ankle"]]].any(1)
    return int(ankles.sum()) > 0.2 * max(1, int(landmarks.present.sum()))


def _measure_stance(landmarks: Landmarks, legs: bool) -> Stance:
    at = landmarks.points
    seen = landmarks.seen
    length = sum((_bone_length(landmarks, a, b) for a, b in _CHAIN[0 if legs else 1 :]), torch.zeros(len(at)))
    feet = []
    for name in ("left_ankle", "right_ankle") if legs else ("neck",):
        feet.append(PLACE[name])

    if legs:
        for a, b in _LEG:
            sides = []
            for side in ("left", "right"):
                sides.append(_bone_length(landmarks, f"{side}_{a}", f"{side}_{b}"))

            length = length + torch.stack(sides).nan_to_num(-1).amax(0).where(~torch.stack(sides).isnan().all(0), NAN)
    lowest = at[:, feet, 1].where(seen[:, feet], -torch.inf).amax(1)
    hip = PLACE["mid_hip"] if bool(seen[:, PLACE["mid_hip"]].any()) else PLACE["neck"]
    known = lowest.isfinite() & length.isfinite() & seen[:, hip]
    if not bool(known.any()):
        raise InputError(
            "the body is never seen whole enough to be measured: neck, hips and, where there are any, a leg",
            "Leave alignment out, or use other landmarks.",
        )
    ground = _fill_from_nearest(lowest, lowest.isfinite())
    if legs:
        ground = _find_ground(ground)
    return Stance(
        _fill_from_nearest(at[:, hip, 0], seen[:, hip]), ground, _fill_from_nearest(length, length.isfinite()), known
    )


NAN = torch.tensor(float("nan"))


def _bone_length(landmarks: Landmarks, a: str, b: str) -> Float[Tensor, "T"]:
    """Length on each frame, pixels; NaN where an end is not seen."""
    i = PLACE[a]
    j = PLACE[b]
    length = (landmarks.points[:, i] - landmarks.points[:, j]).norm(dim=-1)
    return length.where(landmarks.seen[:, i] & landmarks.seen[:, j], NAN)


def _fill_from_nearest(values: Float[Tensor, "T"], known: Bool[Tensor, "T"]) -> Float[Tensor, "T"]:
    """Gaps filled from the nearest frame that is known; zero where none is."""
    if not bool(known.any()):
        return torch.zeros_like(values)
    index = known.nonzero().flatten()
    gap = (torch.arange(len(values))[:, None] - index[None]).abs()
    return values[index[gap.argmin(1)]]


def _find_ground(lowest: Float[Tensor, "T"]) -> Float[Tensor, "T"]:
    """The ground under the lower foot: the lowest that it comes within half a second (y grows downwards), averaged."""
    size = 2 * JUMP_FRAMES + 1
    padded = torch.cat([lowest[:1].expand(JUMP_FRAMES), lowest, lowest[-1:].expand(JUMP_FRAMES)])
    deepest = padded.unfold(0, size, 1).amax(1)
    padded = torch.cat([deepest[:1].expand(JUMP_FRAMES), deepest, deepest[-1:].expand(JUMP_FRAMES)])
    return padded.unfold(0, size, 1).mean(1)


def _align_faces(driving: Landmarks, subject: Landmarks) -> Landmarks:
    # Faces turned away or half hidden would pull the usual shape out of its form.
    whole = _nearly_whole(driving, "driving"), _nearly_whole(subject, "subject's")
    usual = []
    for face in whole:
        usual.append(_mean_shape(face))

    # What one face never shows is where the other's shape has it.
    usual = [_fill_unseen(own, other) for own, other in (usual, usual[::-1])]
    one, two = (_fill_unseen(face, shape) for face, shape in zip(whole, usual, strict=True))
    followed = _fill_unseen(driving, usual[0]).points
    scale = _face_size(two.points).norm() / _face_size(one.points).norm().clamp(min=1e-6)
    middles = []
    for face in (one, two):
        middles.append(face.points.mean(1, keepdim=True))

    here = followed.mean(1, keepdim=True)
    moved = middles[1].mean(0) + scale * (here - middles[0].mean(0))
    points = torch.zeros_like(followed)
    for part in PARTS:
        rows = list(part)
        places = []
        for face, middle in zip((one, two), middles, strict=True):
            places.append((face.points[:, rows].mean(1, keepdim=True) - middle).mean(0))

        size = _face_size(two.points[:, rows]) / _face_size(one.points[:, rows]).clamp(min=1e-6)
        centre = followed[:, rows].mean(1, keepdim=True)
        place = moved + places[1] + scale * (centre - here - places[0])
        points[:, rows] = place + size * (followed[:, rows] - centre)
    return replace(driving, points=points)


def _nearly_whole(face: Landmarks, whose: str) -> Landmarks:
    """The frames on which nearly all of the face is seen."""
    frames = []
    for i in (face.seen.float().mean(1) >= NEARLY_WHOLE).nonzero().flatten():
        frames.append(int(i))

    if not frames:
        raise InputError(
            f"the {whose} face is seen nearly whole on no frame ({NEARLY_WHOLE:.0%} of its points)",
            "Use other landmarks, or fill the gaps first.",
        )
    return face[frames]


def _mean_shape(face: Landmarks) -> Landmarks:
    """The mean shape, as one frame: each point over the frames on which it is seen, all brought to the fullest frame.

    A point that none of them shows is in the middle of the others, with confidence 0.
    """
    fullest = face[[int(face.seen.sum(1).argmax())]]
    weight = face.seen.float()[..., None]
    known = weight.amax(0, keepdim=True)
    mean = (_fit_shape(face, fullest) * weight).sum(0, keepdim=True) / weight.sum(0).clamp(min=1)
    middle = (mean * known).sum(1, keepdim=True) / known.sum()
    return replace(face, points=torch.where(known > 0, mean, middle), confidence=known[..., 0])


def _fill_unseen(face: Landmarks, shape: Landmarks) -> Landmarks:
    """Points that are not seen put where a shape of one frame, fitted to those that are, has them."""
    return replace(face, points=torch.where(face.seen[..., None], face.points, _fit_shape(shape, face)))


def _fit_shape(form: Landmarks, goal: Landmarks) -> Float[Tensor, "T N 2"]:
    """All points of `form`, turned, scaled and moved so that those which both show lie nearest to those of `goal`.

    Each has T frames, or one that serves for all of the other's.
    """
    both = (form.seen & goal.seen).float()[..., None]
    share = both / both.sum(1, keepdim=True).clamp(min=1)
    here = (form.points * share).sum(1, keepdim=True)
    there = (goal.points * share).sum(1, keepdim=True)
    own = torch.view_as_complex(form.points - here)
    wanted = torch.view_as_complex(goal.points - there)
    # Of complex numbers, one factor turns and scales.
    spread = (share[..., 0] * own.abs().square()).sum(1, keepdim=True).clamp(min=1e-6)
    factor = (share[..., 0] * own.conj() * wanted).sum(1, keepdim=True) / spread

    return torch.view_as_real(factor * own) + there


def _face_size(points: Float[Tensor, "T N 2"]) -> Float[Tensor, "2"]:
    """Usual width and height, pixels: the mean over the frames of each one's spread, twice the standard deviation."""
    return 2 * points.std(dim=1, unbiased=False).mean(0)
