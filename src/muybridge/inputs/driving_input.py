"""What gives the motion, as a person named it: each kind of method asks it for what it learns from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from muybridge.data.driving_video import Driving
from muybridge.inputs.clips import Source, read_with_silhouettes
from muybridge.inputs.driving import read_driving
from muybridge.inputs.landmarks import LandmarkFiles, LandmarkInput, read_with_landmarks
from muybridge.inputs.motion import blank_clip, landmarks_of
from muybridge.landmarks import Kind
from muybridge.masks import Box, SilhouetteOptions
from muybridge.motion import MotionTrack, is_motion_file, read_motion
from muybridge.video import Clip, Frame, Timing, iter_frames, probe, read
from muybridge.video.sound import find_sound


@dataclass(frozen=True, eq=False)
class DrivingInput:
    """A video, a clip in memory, a file of motion, or nothing: then that of the training.

    strip  an image is a row of square frames, see `video.read`
    """

    given: Source | None
    strip: bool | None = None

    @property
    def path(self) -> Path | None:
        """Its file or folder; None where it is in memory, or nothing."""
        return None if self.given is None or isinstance(self.given, Clip) else Path(self.given)

    @property
    def is_motion(self) -> bool:
        """Whether it is a file of points over time, without pictures."""
        return is_motion_file(self.given)

    @property
    def count(self) -> int | None:
        """How many frames the file says it has."""
        return probe(self._file()).frames

    def read_motion(self, size: tuple[int, int] | None = None, timing: Timing | None = None) -> MotionTrack:
        """The motion of a file of motion; size (h, w) and times of its frames are for files that do not say them."""
        return read_motion(self._file(), size, timing)

    def read_clip(self, max_side: int | None = None) -> Clip:
        """All of its frames; of a file, larger ones are made smaller, pixels."""
        return self.given if isinstance(self.given, Clip) else read(self._file(), max_side=max_side, strip=self.strip)

    def iter_frames(
        self, *, start: int = 0, stride: int = 1, max_frames: int | None = None, max_side: int | None = None
    ) -> Iterator[Frame]:
        """The frames of its file, from the beginning at each call."""
        return iter_frames(
            self._file(), start=start, stride=stride, max_frames=max_frames, max_side=max_side, strip=self.strip
        )

    def find_sound(self) -> Path | None:
        """The file of its sound, where that can go along."""
        if isinstance(self.given, Clip):
            return find_sound(self.given.audio)
        return find_sound(self._file()) if probe(self._file()).has_audio else None

    def with_silhouettes(
        self, options: SilhouetteOptions, max_side: int | None, streamed: bool
    ) -> tuple[Driving, Path | None]:
        """The video with its silhouettes, and the file of its sound.

        max_side  larger frames are made smaller, pixels
        streamed  a long one stays in its file and is found piece by piece; else it comes as a clip
        """
        assert self.given is not None
        if streamed:
            return read_driving(self.given, options, max_side=max_side)
        clip = read_with_silhouettes(self.given, options, max_side=max_side).clip
        return clip, clip.audio

    def with_landmarks(self, files: LandmarkFiles | None, kind: Kind | None, box: Box | None) -> LandmarkInput:
        """The video with its landmarks, or those of a motion."""
        assert self.given is not None
        if not self.is_motion:
            return read_with_landmarks(self.given, files, kind=kind, box=box)

        motion = self.read_motion()
        path = self._file()
        # A motion has no pictures, but the method takes times and size from a clip.
        return LandmarkInput(path.stem, str(path), blank_clip(motion), landmarks_of(motion, kind), None)

    def _file(self) -> Path:
        assert self.path is not None
        return self.path
