"""A folder of clips, for methods that learn from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muybridge.data.folders import ClipFolder
from muybridge.errors import Sentence, UsageError, Verb
from muybridge.inputs.clips import Source
from muybridge.video import Clip


def open_clips(method: str, inputs: Sequence[Source], options: Mapping[str, Any]) -> Sequence[Clip]:
    """A folder's clips to train on, not yet decoded, or those that are in memory; UsageError for anything else."""
    clips = []
    for source in inputs:
        if isinstance(source, Clip):
            clips.append(source)

    if clips and len(clips) == len(inputs):
        return clips
    # A folder is decoded as it is needed, and clips are in memory already: the two do not mix.
    if clips or len(inputs) != 1:
        raise UsageError(
            f"{method} learns from one folder of clips, not from {len(inputs)} inputs",
            Sentence(Verb("fit", method, "FOLDER")),
        )
    return ClipFolder(inputs[0], **options)  # type: ignore[arg-type]
