"""Frames of interlaced video, whose rows were filmed at two moments, made whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av


def deinterlace_frames(frames: Iterable[av.VideoFrame], time_base: Fraction) -> Iterator[av.VideoFrame]:
    """The same frames at the same times, in ticks of `time_base`; from the first interlaced one on through a filter.

    The filter (bwdif) leaves alone what is not interlaced, and holds one frame back.
    """
    graph: _Deinterlacer | None = None
    for frame in frames:
        if graph is None and frame.interlaced_frame:
            graph = _Deinterlacer(frame, time_base)
        if graph is None:
            yield frame
        else:
            yield from graph.push(frame)

    if graph is not None:
        yield from graph.push(None)


class _Deinterlacer:
    def __init__(self, like: av.VideoFrame, time_base: Fraction) -> None:
        self._base = time_base
        self._shape = (like.width, like.height, like.format.name)
        graph = av.filter.Graph()
        self._source = graph.add_buffer(width=like.width, height=like.height, format=like.format, time_base=time_base)
        filter_node = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
        self._sink: Any = graph.add("buffersink")
        self._source.link_to(filter_node)
        filter_node.link_to(self._sink)
        graph.configure()
        self._graph = graph  # the nodes do not keep their graph alive

    def push(self, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """What comes out when a frame goes in; None ends the video."""
        # The filter was set up for one shape, and a stream may change its own half way.
        if frame is not None and (frame.width, frame.height, frame.format.name) != self._shape:
            frame = frame.reformat(*self._shape)
        self._source.push(frame)
        while True:
            try:
                whole = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

            # The filter counts in half ticks.
            ratio = whole.time_base / self._base
            if whole.pts is not None:
                whole.pts = round(whole.pts * ratio)
            whole.duration = round((whole.duration or 0) * ratio)
            whole.time_base = self._base
            yield whole
