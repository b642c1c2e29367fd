"""Animated GIFs: one palette for the whole clip, so that still parts stay still, found in a first pass over frames
that wait, compressed, in a file without a name."""

from __future__ import annotations

import tempfile
import warnings
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from muybridge.errors import MuybridgeWarning
from muybridge.video.encoders import Sink, make_av_frame
from muybridge.video.mark import Mark, mark_gif
from muybridge.video.media_input import Picture

_TICK = Fraction(1, 100)
_SHORTEST = 2
"""Ticks; browsers show frames that are to stay shorter for a tenth of a second."""


class GifSink(Sink):
    """A looping GIF. Frame times are rounded to 1/100 s each by itself, so that the error never adds up.

    A frame that would come less than 1/50 s after the one before it is left out, with a warning. Alpha becomes
    transparent or not, at one half.
    """

    def __init__(self, file: Path, like: Picture, base: Fraction, mark: Mark | None = None) -> None:
        self._file = file
        self._base = base
        self._shape = like.shape
        self._mark = mark
        self._waiting = tempfile.TemporaryFile(dir=file.parent)  # noqa: SIM115 - lives as long as the sink
        self._times: list[tuple[int, int]] = []
        self._end = 0
        self._skipped = 0
        graph = av.filter.Graph()
        self._colours = _add_buffer(graph, like.shape)
        finder = graph.add("palettegen", f"reserve_transparent={int(like.shape[2] == 4)}")
        self._palette: Any = graph.add("buffersink")
        self._colours.link_to(finder)
        finder.link_to(self._palette)
        graph.configure()

        self._finder = graph  # the nodes do not keep their graph alive

    def put(self, picture: Picture, pts: int, duration: int) -> None:
        """Count the frame's colours, and put it by."""
        begin = round(pts * self._base / _TICK)
        self._end = round((pts + duration) * self._base / _TICK)
        if self._times and begin < self._times[-1][0] + _SHORTEST:
            self._skipped += 1
            return

        self._colours.push(make_av_frame(_add_alpha(picture), begin, _TICK))
        assert not list(_pull_frames(self._palette))  # none before the end; but unasked, the graph keeps every frame
        packed = zlib.compress(picture.tobytes(), 1)
        self._times.append((begin, len(packed)))
        self._waiting.write(packed)

    def finish(self) -> None:
        """Find the palette, and write the GIF."""
        if self._skipped:
            text = f"a GIF cannot show more than 50 frames a second: {self._skipped} frames were left out"
            warnings.warn(text, MuybridgeWarning, stacklevel=2)

        # The palette is only known when every frame has been seen.
        self._colours.push(None)
        last = max(_SHORTEST, self._end - self._times[-1][0])
        options = {"loop": "0", "final_delay": str(last)}

        with av.open(f"file:{self._file}", "w", format="gif", options=options) as output:
            stream: Any = output.add_stream("gif")
            stream.height, stream.width, stream.pix_fmt = *self._shape[:2], "pal8"
            stream.codec_context.time_base = _TICK
            for frame in self._map_to_palette(self._palette.pull()):
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))

        self._waiting.close()
        if self._mark is not None:
            mark_gif(self._file, self._mark)

    def abandon(self) -> None:
        """Let the waiting frames go."""
        self._waiting.close()

    def _map_to_palette(self, palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
        graph = av.filter.Graph()
        frames = _add_buffer(graph, self._shape)
        colours = _add_buffer(graph, (palette.height, palette.width), "bgra")
        mapper = graph.add("paletteuse", "dither=sierra2_4a:alpha_threshold=128:diff_mode=rectangle")
        result: Any = graph.add("buffersink")
        frames.link_to(mapper, 0, 0)
        colours.link_to(mapper, 0, 1)
        mapper.link_to(result)
        graph.configure()
        palette.pts = 0
        palette.time_base = _TICK
        colours.push(palette)
        colours.push(None)
        self._waiting.seek(0)

        for pts, length in self._times:
            data = zlib.decompress(self._waiting.read(length))
            picture = np.frombuffer(data, np.uint8).reshape(self._shape)
            frames.push(make_av_frame(_add_alpha(picture), pts, _TICK))
            yield from _pull_frames(result)

        frames.push(None)
        yield from _pull_frames(result)


def _add_alpha(picture: Picture) -> Picture:
    if picture.shape[2] == 4:
        return picture
    return np.concatenate([picture, np.full_like(picture[:, :, :1], 255)], axis=2)


def _add_buffer(graph: av.filter.Graph, shape: tuple[int, ...], pixels: str = "rgba") -> Any:
    return graph.add_buffer(width=shape[1], height=shape[0], format=av.VideoFormat(pixels), time_base=_TICK)


def _pull_frames(node: Any) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield node.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
