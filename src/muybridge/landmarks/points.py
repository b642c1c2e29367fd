"""Landmarks of one subject through a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.errors import InputError
from muybridge.landmarks.layout import BODY, FACE, FACE68, LEFT_HAND, RIGHT_HAND, WHOLE

Kind = Literal["body25", "face68"]

MIN_CONFIDENCE = {"body": 0.05, "hand": 0.2, "face": 0.4}
"""Below this a point counts as not seen: what OpenPose itself does when it draws body, hands and face."""


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Where one subject's landmarks are on each frame of a clip.

    points      float32 [T, K, 2]  (x, y) in pixels of the frames; the centre of the first pixel is 0. Always finite;
                                   where the confidence is 0 it means nothing
    confidence  float32 [T, K]     in [0, 1]; 0 where the landmark was not found
    kind        "body25": K is 25, or 137 with the hands (21 each, left first) and the face (70), as `layout` has them;
                "face68": K is 68
    """

    points: Float[Tensor, "T K 2"]
    confidence: Float[Tensor, "T K"]
    kind: Kind

    def __post_init__(self) -> None:
        count = self.points.shape[1]
        fits = count == FACE68 if self.kind == "face68" else count in (BODY.stop, WHOLE)
        if not fits or self.points.shape[:2] != self.confidence.shape:
            raise InputError(
                f"landmarks of kind {self.kind} cannot be {count} points with {self.confidence.shape[-1]} confidences",
                "A body has 25 points, or 137 with hands and face; a face has 68.",
            )
        if not bool(torch.isfinite(self.points).all() and torch.isfinite(self.confidence).all()):
            raise InputError("landmarks are finite; a missing one has the confidence 0")

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: slice | Sequence[int]) -> Landmarks:
        """Some of the frames, in any order."""
        chosen = list(range(len(self))[index]) if isinstance(index, slice) else list(index)
        return replace(self, points=self.points[chosen], confidence=self.confidence[chosen])

    @property
    def seen(self) -> Tensor:
        """bool [T, K]: which landmarks are sure enough to be drawn."""
        return self.confidence >= self._min_confidence()

    @property
    def present(self) -> Tensor:
        """bool [T]: whether anything of the subject was found on a frame."""
        main = self.seen if self.kind == "face68" else self.seen[:, BODY]
        return main.sum(1) >= 3

    def parts(self) -> dict[str, slice]:
        """The rows of each part that these landmarks have: body, left_hand, right_hand, face."""
        if self.kind == "face68":
            return {"face": slice(0, FACE68)}
        if self.points.shape[1] == BODY.stop:
            return {"body": BODY}
        return {"body": BODY, "left_hand": LEFT_HAND, "right_hand": RIGHT_HAND, "face": FACE}

    def face(self) -> Landmarks:
        """The face alone, as "face68"; InputError where these are of a body without one."""
        if self.kind == "face68":
            return self
        if self.points.shape[1] != WHOLE:
            raise InputError(
                f"these landmarks are a body's {self.points.shape[1]} points, and a face's 68 are needed",
                "Use landmarks of a whole body, which has a face, or of a face.",
            )

        rows = slice(FACE.start, FACE.start + FACE68)
        return Landmarks(self.points[:, rows], self.confidence[:, rows], "face68")

    def transform(
        self, factor: float | int | tuple[float | int, float | int], shift: tuple[float | int, float | int] = (0, 0)
    ) -> Landmarks:
        """Each point times `factor` (x and y alike, or each its own), then plus `shift` in pixels."""
        both = torch.tensor(factor if isinstance(factor, tuple) else (factor, factor), dtype=torch.float32)
        return replace(self, points=self.points * both + torch.tensor(shift, dtype=torch.float32))

    def resize(self, old: tuple[int, int], new: tuple[int, int]) -> Landmarks:
        """In the pixels of the same frames at another size; (h, w) each. Pixel borders, not centres, stay in place."""
        down = new[0] / old[0]
        across = new[1] / old[1]
        return self.transform((across, down), (0.5 * across - 0.5, 0.5 * down - 0.5))

    def _min_confidence(self) -> Tensor:
        least = torch.empty(self.points.shape[1])
        for part, rows in self.parts().items():
            least[rows] = MIN_CONFIDENCE["hand" if part.endswith("hand") else part]
        return least
