"""A run as one page that anybody can open: both results, and keypoints to drag, without a server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from muybridge.data.pair import SIDES, other
from muybridge.data.subject import Subject
from muybridge.disk import replace_file
from muybridge.engine.cpu_tuning import fast_kernels
from muybridge.errors import Option, RunError, Sentence, UsageError, Verb
from muybridge.jobs.loading import Fitted, load, require_ability
from muybridge.jobs.training import Notify
from muybridge.method import SharesDrawing, SubjectPair
from muybridge.output.animation import check_free, contrast_of
from muybridge.output.share_page import ShownView, write_page
from muybridge.video.contrast import Colour
from muybridge.video.mark import make_mark

FILM = 640
"""Longest side of a result's frame while it plays."""
INSET = 200
"""Longest side of the driving clip's frames beside it."""
LARGE = 30_000_000
"""Bytes of a page from which on a person is told how it gets smaller."""


@fast_kernels()
def share(
    run: Fitted | str | Path,
    *,
    out: str | Path,
    quality: int = 80,
    force: bool = False,
    device: str = "auto",
    notify: Notify | None = None,
) -> Path:
    """Write one page that plays both results and lets keypoints be dragged, in a browser without server or network.

    Args:
        run: A folder, or what `fit` and `load` give, of a pair whose results are made of own frames.
        out: The page, an .html file.
        quality: Of the pictures in it, 1 to 100; smaller makes a smaller page.
        force: Replace what is there.
        device: auto, cpu, cuda, cuda:1, mps; draws the results.
        notify: Told what is being done, and how large the page is.

    Returns:
        The page.

    Raises:
        UsageError: A method, or a run, whose poses a browser could not draw, or another ending than .html.
        OutputExistsError: Something stands at `out` already.
        RunError: The run is broken, has no videos of its own, or a network came out otherwise than it is.
        MissingExtraError: Without the packages onnx and onnxruntime.

    Example:
        >>> muybridge.share("runs/cat-fox", out="cat-fox.html")
    """
    target = Path(out)
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{target.name} would be no page", "Name a file that ends with .html.")
    if not 1 <= quality <= 100:
        raise UsageError(f"a quality lies between 1 and 100, not at {quality}")
    check_free(target, force)

    fitted = run if isinstance(run, Fitted) else load(run, device=device)
    method = require_ability(fitted.method, SharesDrawing)
    if fitted.data is None:
        raise RunError(
            "an imported checkpoint has no frames of its own", Sentence("Train on two videos with: ", Verb("fit"))
        )
    assert isinstance(fitted.data, SubjectPair)
    tell = notify or (lambda text: None)
    tell("networks and own frames for the page")
    drawing = method.share_drawing(fitted.data, quality)
    networks = {}
    for each, part in drawing.networks.items():
        networks[each] = part.encode(each, half=True)

    names = _find_names(fitted)
    shown: dict[str, ShownView] = {}
    for name, view in drawing.views.items():
        ground = contrast_of(fitted.data.subject(view.side))
        timing = fitted.data.subject(view.driver).timing
        shown[name] = ShownView(_word_view(name, names), _to_hex(ground), timing)

    films = {}
    for side in SIDES:
        subject = fitted.data.subject(side)
        tell(f"{names[SIDES.index(side)]} moving as the other one does: {len(fitted.data.subject(other(side)))} frames")
        moved = fitted.method.animate(fitted.data, None, side, full_frame=False)
        films[f"result_{side}{other(side)}"] = _film(moved.frames, contrast_of(subject), quality)
        films[f"driving_{side}"] = _inset(subject, quality)

    page = write_page(drawing, networks, shown, films, names, make_mark(fitted.method.card.name))
    replace_file(target, page)
    tell(f"{target.name} has {len(page) / 1e6:.1f} MB")
    if len(page) > LARGE and notify is not None:
        notify(str(Sentence("A smaller one: ", Option("quality", max(1, quality - 20)))))
    return target


def _find_names(fitted: Fitted) -> tuple[str, str]:
    """The subjects' names, as their files have them; A and B where those are the same or not known."""
    named = [Path(fitted.run.record.inputs.get(side, "")).stem for side in SIDES]
    if not all(named) or named[0] == named[1]:
        return "A", "B"
    return named[0], named[1]


def _word_view(name: str, names: tuple[str, str]) -> str:
    words = [names[SIDES.index(side)] for side in name]
    return f"{words[0]} moving like {words[1]}" if len(words) > 1 else f"{words[0]}, its own clip"


def _to_hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * value):02x}" for value in colour)


def _film(frames: Iterable[Tensor], ground: Colour, quality: int) -> list[bytes]:
    """Frames uint8 [4, H, W] with straight alpha, on their ground and no larger than they are shown."""
    film = []
    for rgba in frames:
        values = rgba.float() / 255
        behind = values.new_tensor(ground)[:, None, None]
        laid = behind + values[3:] * (values[:3] - behind)
        film.append(_encode((laid * 255).round().byte(), FILM, quality))
    return film


def _inset(subject: Subject, quality: int) -> list[bytes]:
    shown = subject.pixels.flip(-1) if subject.flip else subject.pixels
    film = []
    for frame in shown:
        film.append(_encode(frame, INSET, quality))
    return film


def _encode(rgb: Tensor, longest: int, quality: int) -> bytes:
    """uint8 [3, H, W] as WebP, made smaller where its longest side is longer."""
    bgr = np.ascontiguousarray(rgb.cpu().permute(1, 2, 0).flip(-1).numpy())
    height, width = bgr.shape[:2]
    factor = longest / max(height, width)
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    _, code = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])
    return code.tobytes()
