"""What a trained method found and looked at, as pictures."""

from __future__ import annotations

from pathlib import Path

from muybridge.disk import check_files
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import Option, Sentence, UsageError
from muybridge.inputs.clips import Source
from muybridge.inputs.driving_input import DrivingInput
from muybridge.inputs.landmarks import LandmarkFiles
from muybridge.jobs.loading import Fitted, load, needed_inputs, require_ability
from muybridge.method import ExplainsItself
from muybridge.output.explanations import find_explanations, write_explanations
from muybridge.output.options import AnimateOptions, check_concerns
from muybridge.video import Clip


@fast_kernels()
def explain(
    run: Fitted | str | Path,
    driving: Source | None = None,
    source: Source | None = None,
    *,
    out: str | Path,
    frames: int = 6,
    masks: str | Path | Clip | None = None,
    landmarks: LandmarkFiles | None = None,
    source_landmarks: LandmarkFiles | None = None,
    force: bool = False,
    device: str = "auto",
) -> dict[Path, str]:
    """Draw what a method found on some frames of a video and where it looked, as its paper does.

    Keypoints or regions with their heat maps, parts that move as one, flow and what it covers; of TS-Net the sampling
    grids and the attention of single places.

    Args:
        run: A folder, or what `fit` and `load` give.
        driving: The video whose frames are shown, as for `animate`; None: that of the training, for a pair or
            landmarks.
        source: Who follows it, as for `animate`; None: of a pair the subject that the video does not show, of pictures
            the video's own first frame.
        out: A folder for the sheets, PNG.
        frames: How many are shown, spread over the video.
        masks: Silhouettes of the driving video, for a pair.
        landmarks: Of the driving video, where the method needs them.
        source_landmarks: Of a source that is a video.
        force: Replace sheets that are there.
        device: auto, cpu, cuda, cuda:1, mps.

    Returns:
        The files, each with what it shows.

    Raises:
        UsageError: A method without such pictures, or options that are for methods of another kind.
        OutputExistsError: One of the files is there already, or `out` is a file.
        InputError: The video or the source cannot be used.

    Example:
        >>> for path, shown in muybridge.explain("runs/faces", "talk.mp4", out="faces-explained").items():
        ...     print(path, shown)
    """
    if frames < 1:
        raise UsageError(f"{frames} frames show nothing", Sentence("Ask for 1 or more: ", Option("frames", 6)))
    folder = Path(out)
    check_files(folder, (), force)

    fitted = run if isinstance(run, Fitted) else load(run, device=device, data=needed_inputs(run) != "folder")
    card = fitted.method.card
    require_ability(fitted.method, ExplainsItself)
    options = AnimateOptions(masks=masks, landmarks=landmarks, source_landmarks=source_landmarks)
    check_concerns(options, card.name, card.needs)
    found = find_explanations(fitted, DrivingInput(driving), source, frames, options)
    return write_explanations(found, folder, card.name, force)
