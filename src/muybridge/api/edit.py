"""Keypoints moved by hand: one picture at once, or a whole clip between keyframes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from muybridge.data.pair import other
from muybridge.data.subject import Subject
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import RunError, Sentence, UsageError, Verb
from muybridge.inputs.motion import keypoints_of, track_keypoints
from muybridge.jobs.loading import Fitted, load, require_ability
from muybridge.method import Animation, DrawnPose, EditsKeypoints, EditsResults, Method, Pose, SubjectPair
from muybridge.motion import check_refinement, scale_strength, smooth_motion
from muybridge.output.animation import (
    backdrop_of,
    check_background,
    check_free,
    holds_scene,
    suffix_of,
    write_animation,
)
from muybridge.tensors import Points
from muybridge.video import Timing

Moves = Mapping[int, tuple[float, float]]
"""Keypoint -> (dx, dy); the frame spans 2, x to the right and y down."""


@dataclass(frozen=True, eq=False)
class Handles:
    """What a person takes hold of: one subject's keypoints in its own frames.

    points  [T, K, 2]  where they lie in the frame
    size    (H, W)     of the frames
    timing  of the frames
    """

    points: Points
    size: tuple[int, int]
    timing: Timing

    def refine(self, strength: float = 1.0, smoothing: float = 0.0) -> Points:
        """Where they lie once the motion is made steadier, weaker or stronger: [T, K, 2].

        strength   of the motion about each keypoint's mean place: 0 stands still, 1 leaves it, at most 1.5
        smoothing  how much of the trembling is taken away, 0 to 1; all of it is the smoothing "savgol" of `animate`
        Raises UsageError outside these.
        """
        if not 0 <= smoothing <= 1:
            raise UsageError(f"a smoothing lies between 0 and 1, not at {smoothing:g}")

        steady = keypoints_of(smooth_motion(track_keypoints(self.points, self.timing, self.size), "savgol"))
        points = self.points + smoothing * (steady - self.points)
        return keypoints_of(scale_strength(track_keypoints(points, self.timing, self.size), strength))


def handles(run: Fitted | str | Path, subject: str, *, result: bool = False, device: str = "auto") -> Handles:
    """The keypoints of one subject's frames, to be moved by `pose` and `edit_clip`.

    subject  "a" or "b"
    result   False: of its own clip; True: of the result, where it moves as the other one does
    Raises UsageError for a method without keypoints to move, RunError for a run without videos of its own.
    """
    fitted = _editable(run, subject, device)
    side = subject.lower()
    shown = _subject(fitted, side)
    if result:
        places = _result_editor(fitted).locate_result(fitted.data, side)
        return Handles(places.float().cpu(), shown.frame, _find_times(fitted, side, result))

    points = _editor(fitted).locate_keypoints(fitted.data, side)
    return Handles(points.float().cpu(), shown.frame, shown.timing)


def pose(
    run: Fitted | str | Path,
    subject: str,
    frame: int,
    moves: Moves,
    *,
    result: bool = False,
    quick: bool = False,
    device: str = "auto",
) -> Tensor:
    """One frame of a subject drawn from its keypoints with some of them moved: uint8 [4, H, W], straight alpha.

    subject, frame, moves, result  see `handles`; no moves draw it as it was learnt
    quick                          half as large, and as fast as the method can: what a person sees while dragging
    """
    fitted = _editable(run, subject, device)
    side = subject.lower()
    return draw_poses(fitted, [Pose(side, frame, moves, result)], quick=quick)[0].picture


def draw_poses(run: Fitted, poses: Sequence[Pose], *, quick: bool = False) -> list[DrawnPose]:
    """Several frames at once, see `pose`: sooner than one after the other.

    poses  their moves where the frame spans 2
    """
    wishes = []
    for each in poses:
        _editable(run, each.side, "auto")
        if each.result:
            _result_editor(run)
            wishes.append(each)
        else:
            _check_frame(run, each.side, each.frame)
            wishes.append(replace(each, moves=_to_crop(run, each.side, each.frame, each.moves or {0: (0.0, 0.0)})))
    return _editor(run).draw_poses(run.data, wishes, quick)


def interpolate_moves(keys: Mapping[int, Moves], frame: int, *, ease: bool = False) -> dict[int, tuple[float, float]]:
    """The moves of a frame: straight lines between keyframes, held before the first and after the last.

    keys  frame -> moves; a keypoint that a keyframe leaves out has not moved there
    ease  start and end slowly on the way from one keyframe to the next
    """
    if not keys:
        return {}

    before = max((k for k in keys if k <= frame), default=min(keys))
    after = min((k for k in keys if k >= frame), default=max(keys))
    share = 0.0 if before == after else (frame - before) / (after - before)
    if ease:
        share = share * share * (3 - 2 * share)
    still = (0.0, 0.0)
    moved = {}

    # A keypoint may be named in one of the two keyframes only.
    for i in sorted({*keys[before], *keys[after]}):
        (x0, y0) = keys[before].get(i, still)
        (x1, y1) = keys[after].get(i, still)
        moved[i] = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))

    return moved


@fast_kernels()
def edit(
    run: Fitted | str | Path,
    subject: str,
    frame: int,
    moves: Moves,
    *,
    out: str | Path,
    steps: int = 12,
    background: str = "contrast",
    force: bool = False,
    device: str = "auto",
) -> Path:
    """Move keypoints of one frame and draw the frames along the way (JOKR, figures 6 and 24).

    Args:
        run: A folder, or what `fit` and `load` give, of a method with keypoints that can be moved.
        subject: "a" or "b".
        frame: Index into that subject's frames, from 0.
        moves: Keypoint -> (dx, dy): the frame spans 2, x to the right and y down.
        out: As for `animate`.
        steps: Frames drawn, from no offset to all of it.
        background: black, a colour, #rrggbb, transparent, or source, where the run keeps it.
        force: Replace what is there.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        The file.

    Raises:
        UsageError: No such subject or frame, or a method without keypoints to move.
        OutputExistsError: Something stands at `out` already.
        RunError: The run is broken, or has no videos of its own.

    Example:
        >>> muybridge.edit("runs/cat-fox", "a", 0, {2: (0.1, -0.05)}, out="raised.mp4")
    """
    target = Path(out)
    check_free(target, force)
    check_background(background, (suffix_of(out),))
    fitted = _editable(run, subject, device)
    side = subject.lower()
    animation = _draw(fitted, side, frame, moves, steps)
    shown = _subject(fitted, side)
    behind = backdrop_of(background, animation.size, shown.plate, shown, drawn=holds_scene(fitted.method, side))
    write_animation(animation, [target], behind, None, force, method=fitted.method.card.name)

    return target


@fast_kernels()
def edit_clip(
    run: Fitted | str | Path,
    subject: str,
    keys: Mapping[int, Moves],
    *,
    out: str | Path,
    result: bool = False,
    ease: bool = False,
    strength: float = 1.0,
    smoothing: float = 0.0,
    background: str = "contrast",
    force: bool = False,
    device: str = "auto",
) -> Path:
    """A subject's whole clip drawn from its keypoints, moved by hand on some frames and between them.

    subject, result      see `handles`
    keys, ease           frame -> moves, see `interpolate_moves`
    strength, smoothing  of the motion that the moves are added to, see `Handles.refine`
    out                  as for `animate`; background too
    """
    target = Path(out)
    check_free(target, force)
    check_background(background, (suffix_of(out),))
    fitted = _editable(run, subject, device)
    side = subject.lower()
    shown = _subject(fitted, side)
    # Looked at before anything is drawn: a mistake in the last one must not cost all the frames before it.
    for t in keys:
        _check_frame(fitted, side, t, result)

    moves = {}
    for t, base in enumerate(_refine_motion(fitted, side, result, strength, smoothing)):
        moves[t] = _add_moves(base, interpolate_moves(keys, t, ease=ease))

    if result:
        animation = _result_editor(fitted).edit_result(fitted.data, side, moves)
    else:
        frames = (_draw(fitted, side, t, moves[t] or {0: (0.0, 0.0)}) for t in moves)
        animation = Animation((drawn for one in frames for drawn in one.frames), shown.timing, shown.frame)
    write_animation(
        animation,
        [target],
        backdrop_of(background, shown.frame, shown.plate, shown, drawn=holds_scene(fitted.method, side)),
        None,
        force,
        method=fitted.method.card.name,
    )
    return target


def _refine_motion(
    fitted: Fitted, side: str, result: bool, strength: float, smoothing: float
) -> Iterator[dict[int, tuple[float, float]]]:
    """How far each keypoint of each frame is moved for this strength and smoothing."""
    check_refinement(None, strength)
    # Found anew they would be off by a rounding, and what was not changed is to be the result as it was.
    if strength == 1.0 and smoothing == 0.0:
        for _ in range(len(_find_times(fitted, side, result))):
            yield {}
        return

    held = handles(fitted, side, result=result)
    for frame in (held.refine(strength, smoothing) - held.points).tolist():
        yield {i: (x, y) for i, (x, y) in enumerate(frame)}


def _add_moves(base: Moves, more: Moves) -> dict[int, tuple[float, float]]:
    moved = dict(base)
    for i, (x, y) in more.items():
        there = moved.get(i, (0.0, 0.0))
        moved[i] = (there[0] + x, there[1] + y)
    return moved


def editable(method: type[Method[Any, Any]]) -> bool:
    """Whether a method has keypoints that can be moved."""
    return issubclass(method, EditsKeypoints)


def edits_results(method: type[Method[Any, Any]]) -> bool:
    """Whether a method has results whose keypoints can be moved."""
    return issubclass(method, EditsResults)


def _result_editor(fitted: Fitted) -> EditsResults:
    return require_ability(fitted.method, EditsResults)


def _editor(fitted: Fitted) -> EditsKeypoints:
    return require_ability(fitted.method, EditsKeypoints)


def _editable(run: Fitted | str | Path, subject: str, device: str) -> Fitted:
    if subject.lower() not in ("a", "b"):
        raise UsageError(f"a pair has the subjects a and b, not {subject!r}")

    fitted = run if isinstance(run, Fitted) else load(run, device=device)
    _editor(fitted)
    if fitted.data is None:
        raise RunError(
            "an imported checkpoint has no frames to edit", Sentence("Train on two videos with: ", Verb("fit"))
        )

    return fitted


def _subject(fitted: Fitted, side: str) -> Subject:
    assert isinstance(fitted.data, SubjectPair)
    return fitted.data.subject(side)


def _find_times(fitted: Fitted, side: str, result: bool) -> Timing:
    """Of a subject's own clip, or of its result, which is that of the other one."""
    return _subject(fitted, other(side) if result else side).timing


def _check_frame(fitted: Fitted, side: str, frame: int, result: bool = False) -> None:
    last = len(_find_times(fitted, side, result)) - 1
    if not 0 <= frame <= last:
        what = "the result" if result else f"subject {side}"
        raise UsageError(f"frame {frame} does not exist: {what} has frames 0 to {last}")


def _draw(fitted: Fitted, side: str, frame: int, moves: Moves, steps: int = 1) -> Animation:
    _check_frame(fitted, side, frame)
    inside = _to_crop(fitted, side, frame, moves)
    return _editor(fitted).edit_keypoints(fitted.data, side, frame, inside, steps)


def _to_crop(fitted: Fitted, side: str, frame: int, moves: Moves) -> Moves:
    """Moves of the frame as those of the method's crop."""
    scale = _reach(fitted, side, frame)
    inside = {}
    for i, (x, y) in moves.items():
        inside[i] = (x * float(scale[0]), y * float(scale[1]))
    return inside


def _reach(fitted: Fitted, side: str, frame: int) -> Float[Tensor, "2"]:
    """How much longer a way is in the method's crop than in the frame, where both span 2."""
    shown = _subject(fitted, side)
    h, w = shown.frame
    return torch.tensor([w, h]) / shown.boxes[frame, 2:].float().cpu()
