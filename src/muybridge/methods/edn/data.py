"""What EDN trains on: successive frames of clips that are cropped to their people, with their label maps."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Int64
from torch import Tensor

from muybridge.disk import parse_json
from muybridge.errors import InputError, MuybridgeWarning, UsageError
from muybridge.landmarks import Landmarks, label_indices, shows_face
from muybridge.method import Data, Stage
from muybridge.method.landmark_track import Track, crop_clips, require_landmarks, restore_tracks, tensors_of
from muybridge.methods.edn.config import EdnConfig
from muybridge.video import Clip


class EdnData(Data):
    """One or more tracks of one size.

    tracks  of the clips, in order
    people  1 where all show one person, else how many there are, one a track
    """

    def __init__(self, tracks: list[Track], people: int) -> None:
        self.tracks = tracks
        self.people = people
        # Drawn once: they are small, and every batch wants some.
        self.labels = []
        for track in tracks:
            self.labels.append(label_indices(track.landmarks, track.size))

    @classmethod
    def from_clips(
        cls, clips: Sequence[Clip], landmarks: Sequence[Landmarks | None] | None, config: EdnConfig
    ) -> EdnData:
        """Crop every clip; see `Edn.prepare`."""
        given = require_landmarks(clips, landmarks, "edn")
        if config.people > 1 and len(clips) != config.people:
            raise UsageError(
                f"edn was told of {config.people} people, and there are {len(clips)} clips",
                "With more than one person there is one clip of each; several clips of one person go with people=1.",
            )
        if config.people == 1 and len(clips) > 1:
            warnings.warn(
                f"all {len(clips)} clips are taken to show one person; people={len(clips)} tells each from the others",
                MuybridgeWarning,
                stacklevel=2,
            )

        data = cls(crop_clips(clips, given, config, "edn"), config.people)
        for index, clip in enumerate(clips):
            if not len(data.pairs(index, faces=False)):
                raise InputError(f"{clip.name}: nobody is seen on two frames in a row", "Look at its landmarks.")
        if config.faces.steps and not data.with_faces:
            raise InputError(
                "the landmarks show no face on any frame, and edn has a stage that refines it",
                "Use landmarks with eyes and ears, or leave that stage out: faces.steps 0.",
            )
        return data

    def person(self, index: int) -> int:
        """Whom a track shows."""
        return index if self.people > 1 else 0

    def pairs(self, index: int, faces: bool) -> Int64[Tensor, "N"]:
        """The later frames of all pairs of successive frames of a track on which somebody is seen.

        faces  those alone whose later frame shows a face
        """
        present = self.tracks[index].landmarks.present
        usable = present[1:] & present[:-1]
        if faces:
            usable = usable & shows_face(self.labels[index])[1:]
        return usable.nonzero()[:, 0] + 1

    @property
    def with_faces(self) -> list[int]:
        """The tracks that show a face where two frames follow each other."""
        found = []
        for index in range(len(self.tracks)):
            if len(self.pairs(index, faces=True)):
                found.append(index)
        return found

    def batch(self, stage: Stage, generator: torch.Generator, device: torch.device) -> dict[str, Tensor]:
        """Pairs of successive frames, as many of each clip as chance has it:

        pictures  [B, 2, 3, h, w]  RGB in [0, 1]
        labels    [B, 2, h, w]     uint8
        people    [B]              int64, whom each sample shows
        """
        faces = stage.name == "faces"
        able = self.with_faces if faces else list(range(len(self.tracks)))
        pictures = []
        labels = []
        people = []
        for _ in range(stage.batch):
            index = able[int(torch.randint(len(able), (1,), generator=generator))]
            later = self.pairs(index, faces)
            t = int(later[torch.randint(len(later), (1,), generator=generator)])
            pictures.append(self.tracks[index].pixels[t - 1 : t + 1].float() / 255)
            labels.append(self.labels[index][t - 1 : t + 1])
            people.append(self.person(index))

        return {
            "pictures": torch.stack(pictures).to(device),
            "labels": torch.stack(labels).to(device),
            "people": torch.tensor(people, device=device),
        }

    def tensors(self) -> dict[str, Tensor]:
        said = {
            "people": self.people,
            "kind": self.tracks[0].landmarks.kind,
            "frames": [track.frame for track in self.tracks],
        }
        settings = torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)
        return {"settings": settings, **tensors_of(self.tracks)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> EdnData:
        said = parse_json(bytes(tensors["settings"].tolist()))
        return cls(restore_tracks(tensors, said["frames"], said["kind"]), int(said["people"]))
