"""One person out of several, followed from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from muybridge.errors import UsageError
from muybridge.landmarks.skeletons import Person

MIN_CONFIDENCE = 0.05
MIN_POINTS = 3
"""Points of a body that make somebody a person; OpenPose leaves crumbs of one or two."""
MAX_STEP = 0.5
"""How far somebody may have moved since the frame before, as a part of their own size."""
PATIENCE = 30
"""Frames that somebody may be hidden and still be the same."""
CROWD = 24
"""People who are followed on one frame: the largest."""
MOST_TRACKS = 200
"""Tracks that may be pieces of one person: the heaviest."""
MAX_SIZE_RATIO = 1.5
"""How much larger one of two may be, and both still be the same person, seen at different times."""


@dataclass(eq=False)
class Track:
    """One person through the clip.

    seen    frame -> points
    weight  how large and sure they are, summed over the frames
    last    the frame where they were seen last
    """

    seen: dict[int, Person] = field(default_factory=dict)
    weight: float = 0.0
    last: int = -1

    @property
    def size(self) -> float:
        """Of the box round them, in pixels: the median over their frames."""
        return float(np.median([person_size(person) for person in self.seen.values()]))

    def add(self, frame: int, person: Person) -> None:
        """They were seen there."""
        self.seen[frame] = person
        self.last = max(self.last, frame)
        rows = _main_points(person)
        self.weight += person_size(person) * float(rows[rows[:, 2] >= MIN_CONFIDENCE, 2].sum())


def find_tracks(frames: Sequence[Sequence[Person]]) -> list[Track]:
    """Everybody in the clip, the largest, surest and longest seen first.

    frames  for each frame the people on it: [K, 3] each, (x, y, confidence)
    """
    found: list[Track] = []
    for t, people in enumerate(frames):
        there = []
        for person in people:
            if int((_main_points(person)[:, 2] >= MIN_CONFIDENCE).sum()) >= MIN_POINTS:
                there.append(person)

        # The pairs are compared each with each, which a large crowd would make slow.
        there = sorted(there, key=person_size, reverse=True)[:CROWD]
        active = [track for track in found if t - track.last <= PATIENCE][-2 * CROWD :]

        # The nearest pair of a track and a person belongs together, then the nearest of those that are left.
        continued: set[int] = set()
        taken: set[int] = set()
        for _, i, j in _near_pairs(active, there, t):
            if i not in continued and j not in taken:
                active[i].add(t, there[j])
                continued.add(i)
                taken.add(j)

        for j, person in enumerate(there):
            if j not in taken:
                found.append(Track())
                found[-1].add(t, person)
    return sorted(found, key=lambda track: -track.weight)


def _near_pairs(active: Sequence[Track], there: Sequence[Person], t: int) -> list[tuple[float, int, int]]:
    """(distance, track, person) of those who may be one, the nearest first."""
    pairs = []
    for i, track in enumerate(active):
        reach = MAX_STEP * (t - track.last) ** 0.5
        for j, person in enumerate(there):
            gap = person_distance(track.seen[track.last], person)
            if gap < reach:
                pairs.append((gap, i, j))
    return sorted(pairs)


def follow_person(
    frames: Sequence[Sequence[Person]], count: int, person: int = 0
) -> tuple[Float[np.ndarray, "T K 3"], int]:
    """The points [T, K, 3] of one person, zero where they are not seen; and how many there are at most on a frame.

    count   K
    person  0 for the largest and surest, 1 for the next; UsageError where there are not so many
    """
    out = np.zeros((len(frames), count, 3))
    found = find_tracks(frames)
    # Counted before tracks are joined, because how they are joined depends on it.
    most = max((sum(t in track.seen for track in found) for t in range(len(frames))), default=0)
    if not found:
        return out, 0

    # Where only one is ever seen there is nobody to be mistaken for, whatever their size.
    found = join_tracks(found, MAX_SIZE_RATIO if most > 1 else float("inf"))
    if not 0 <= person < len(found):
        raise UsageError(f"there is no person {person}: {len(found)} were found, numbered from 0 by size")

    chosen = found[person]
    for t, rows in chosen.seen.items():
        out[t] = rows
    return out, most


def join_tracks(found: Sequence[Track], alike: float = MAX_SIZE_RATIO) -> list[Track]:
    """Tracks of one size that are never seen together are one person, however far they moved in between: a subject who
    leaps, or was hidden for long. Each goes to whom it is nearest.

    alike  how much larger one of two may be
    """
    whole: list[Track] = []
    for track in found[:MOST_TRACKS]:
        # Somebody who leaves and comes back begins a new track, which may belong to an older one.
        near = []
        for i, one in enumerate(whole):
            if _may_be_one(one, track, alike):
                near.append((_track_distance(one, track), i))

        if near:
            earlier = whole[min(near)[1]]
            earlier.seen |= track.seen
            earlier.weight += track.weight
            earlier.last = max(earlier.last, track.last)
        else:
            whole.append(Track(dict(track.seen), track.weight, track.last))
    return sorted(whole, key=lambda track: -track.weight)


def _may_be_one(one: Track, other: Track, alike: float) -> bool:
    if one.seen.keys() & other.seen.keys():
        return False
    small, large = sorted((one.size, other.size))
    return large <= alike * small


def _track_distance(one: Track, other: Track) -> float:
    """How far apart they are where the one was seen nearest in time to the other."""
    a, b = min(((a, b) for a in one.seen for b in (min(other.seen), other.last)), key=lambda ab: abs(ab[0] - ab[1]))
    return person_distance(one.seen[a], other.seen[b])


def find_leaps(points: Float[np.ndarray, "T K 3"]) -> list[tuple[int, int]]:
    """Pairs of frames, the next on which they are seen, between which somebody moved by more than their own size: or
    somebody else took their place."""
    there = []
    for t, rows in enumerate(points):
        if int((_main_points(rows)[:, 2] >= MIN_CONFIDENCE).sum()) >= MIN_POINTS:
            there.append(t)

    leaps = []
    for a, b in pairwise(there):
        if person_distance(points[a], points[b]) > 1:
            leaps.append((a, b))

    return leaps


def person_size(person: Person) -> float:
    """The longer side of the box round the sure points, in pixels."""
    rows = _main_points(person)
    at = rows[rows[:, 2] >= MIN_CONFIDENCE, :2]
    return float(np.ptp(at, axis=0).max()) if len(at) else 0.0


def person_distance(one: Person, other: Person) -> float:
    """Median distance of the points that both have, as a part of the larger one's size; infinite where they share none.

    The median, so that an arm that was taken for the other does not tear a person apart.
    """
    a = _main_points(one)
    b = _main_points(other)
    both = (a[:, 2] >= MIN_CONFIDENCE) & (b[:, 2] >= MIN_CONFIDENCE)
    size = max(person_size(one), person_size(other))
    if not both.any() or size == 0:
        return float("inf")
    return float(np.median(np.linalg.norm(a[both, :2] - b[both, :2], axis=1))) / size


def _main_points(person: Person) -> Person:
    return person if len(person) == 68 else person[:25]
