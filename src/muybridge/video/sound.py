"""The sound that goes with a written video: copied packet by packet where the container takes it, else encoded anew."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from muybridge.errors import InputError
from muybridge.video.containers import FORMATS
from muybridge.video.paths import check_path

COPYABLE = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "alac"},
    "mov": {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le"},
    "webm": {"opus", "vorbis"},
    "matroska": {"aac", "mp3", "ac3", "eac3", "alac", "opus", "vorbis", "flac", "pcm_s16le"},
}
"""Sound that a container takes as it is, and that players of that container play."""

_FORMATS = f"{FORMATS},mp3,aac,ac3,eac3,flac,ogg,wav,w64,aiff,caf"
"""Videos, and files that hold nothing but sound."""

_PRIMING = -0.1
"""Seconds before the start that may hold an encoder's warm-up, which the container says to leave out."""


class Soundtrack:
    """The first audio stream of a file, muxed into a video that is being written, up to where the video has come.

    output     the container, before its first packet
    container  its format: mp4, mov, webm or matroska
    path       the file with the sound; its time 0 is that of its video's first frame, if it has video
    """

    def __init__(self, output: OutputContainer, container: str, path: Path) -> None:
        self._output = output
        self._input = _open_sound(check_path(path))
        source = self._input.streams.audio[0]
        self._offset = _picture_start(self._input)
        codec = source.codec_context.name
        self._packets: Iterator[av.Packet]
        if codec in COPYABLE[container]:
            # Elsewhere than in MP4 the warm-up would push everything back by a few milliseconds.
            earliest = _PRIMING if container in ("mp4", "mov") or codec == "opus" else 0.0
            self._stream: Any = output.add_stream_from_template(source)
            self._packets = self._copy_packets(source, earliest)
        else:
            name, rate = (
                ("libopus", 48000) if container == "webm" else ("aac", _choose_aac_rate(source.codec_context.rate))
            )
            self._stream = output.add_stream(name, rate=rate)
            self._stream.codec_context.layout = "mono" if source.codec_context.channels == 1 else "stereo"
            self._packets = self._encode_packets(source)
        self._next: av.Packet | None = None

    def write_until(self, seconds: float) -> None:
        """Mux what begins before this time of the video; later calls go on from there."""
        while True:
            if self._next is None:
                self._next = next(self._packets, None)
            packet = self._next
            if packet is None or (packet.pts or 0) * (packet.time_base or 0) >= seconds:
                return
            self._next = None
            packet.stream = self._stream
            self._output.mux(packet)

    def close(self) -> None:
        """Close the file that the sound comes from."""
        self._input.close()

    def _copy_packets(self, source: Any, earliest: float) -> Iterator[av.Packet]:
        shift = round(self._offset / source.time_base)
        for packet in self._input.demux(source):
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            if packet.pts * source.time_base >= earliest:
                yield packet

    def _encode_packets(self, source: Any) -> Iterator[av.Packet]:
        encoder = self._stream.codec_context
        resampler = av.AudioResampler(encoder.format, encoder.layout, encoder.rate)
        shift: int | None = None
        for frame in self._input.decode(source):
            for ready in resampler.resample(frame):
                tick = Fraction(1, encoder.rate)
                if shift is None:
                    shift = round(self._offset / tick)
                ready.pts, ready.time_base = max(0, (ready.pts or 0) - shift), tick
                yield from encoder.encode(ready)
        yield from encoder.encode(None)


def _open_sound(path: Path) -> InputContainer:
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except (FFmpegError, UnicodeEncodeError) as error:
        raise InputError(f"{path} holds no sound that can be read", "Give a video or a sound file.") from error
    if not container.streams.audio:
        container.close()
        raise InputError(f"{path} has no sound", "Leave the sound out, or give a file that has some.")
    return container


def _picture_start(container: InputContainer) -> Fraction:
    """When the picture begins, in seconds of the file's own clock: clips count from there."""
    for stream in container.streams.video:
        if stream.start_time is not None and stream.time_base is not None:
            return stream.start_time * stream.time_base
    return Fraction(0)


def _choose_aac_rate(rate: int) -> int:
    return rate if rate in (16000, 22050, 24000, 32000, 44100, 48000) else 48000
