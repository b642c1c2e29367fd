"""The sound that goes with a written video: copied packet by packet where the container takes it, else encoded anew."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from muybridge.errors import InputError, MuybridgeWarning, is_out_of_memory
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

_GAP = 0.05
"""Seconds by which the file's times may differ from the samples counted so far before silence is put between them."""

_PRIMING = -0.1
"""Seconds before the start that may hold an encoder's warm-up, which the container says to leave out."""


def find_sound(path: Path | None) -> Path | None:
    """The file, where its sound can go along; None, with a warning where there is sound that cannot.

    For results that must not be lost to the sound of a video that was moved away, or that nobody here can decode.
    """
    if path is None:
        return None

    try:
        with _open_sound(path) as container:
            # Looked for before anything is written: a failure half way would cost the whole result.
            if _find_track(path, container) is not None:
                return path
        text = f"the sound of {path.name} is of a kind that cannot be decoded here; the result is written without it"
    except InputError as error:
        text = f"{error.message}; the result is written without sound"

    warnings.warn(text, MuybridgeWarning, stacklevel=2)
    return None


class Soundtrack:
    """The first track of a file that can be decoded, muxed into a video that is being written, as far as that has come.

    output     the container, before its first packet
    container  its format: mp4, mov, webm or matroska
    path       the file with the sound; its time 0 is that of its video's first frame, if it has video

    Sound that breaks off or cannot be decoded ends there, with a warning: the pictures are never lost to it.
    Raises InputError where the file has no sound at all.
    """

    def __init__(self, output: OutputContainer, container: str, path: Path) -> None:
        self._output = output
        self._path = path
        self._input = _open_sound(path)
        self._packets: Iterator[av.Packet] = iter(())
        self._next: av.Packet | None = None
        self._last_dts: int | None = None

        index = _find_track(path, self._input)
        if index is None:
            self._warn("is of a kind that cannot be decoded here; the video is written without it")
            return

        track: Any = self._input.streams[index]
        self._offset = _picture_start(self._input)
        codec = track.codec_context.codec.canonical_name
        # Copying loses nothing; encoding anew is for containers that do not take the sound as it is.
        if codec in COPYABLE[container]:
            # Elsewhere than in MP4 the warm-up would push everything back by a few milliseconds.
            earliest = _PRIMING if container in ("mp4", "mov") or codec == "opus" else 0.0
            self._stream: Any = output.add_stream_from_template(track)
            self._packets = self._copy_packets(track, earliest)
        else:
            name = "libopus" if container == "webm" else "aac"
            rate = 48000 if container == "webm" else _choose_aac_rate(track.codec_context.rate)
            self._stream = output.add_stream(name, rate=rate)
            self._stream.codec_context.layout = "mono" if track.codec_context.channels == 1 else "stereo"
            self._packets = self._encode_packets(track)

    def write_until(self, seconds: float) -> None:
        """Mux what begins before this time of the video; later calls go on from there."""
        while True:
            if self._next is None:
                self._next = self._read_packet()
            packet = self._next
            if packet is None or (packet.pts or 0) * (packet.time_base or 0) >= seconds:
                return

            self._next = None
            # Containers take no packet that is not later than the one before it, and broken files have some.
            if self._last_dts is not None and packet.dts is not None and packet.dts <= self._last_dts:
                continue
            self._last_dts = packet.dts
            packet.stream = self._stream
            self._output.mux(packet)

    def close(self) -> None:
        """Close the file that the sound comes from."""
        self._input.close()

    def _read_packet(self) -> av.Packet | None:
        try:
            return next(self._packets, None)
        except FFmpegError as error:
            # What was written until then stays.
            self._packets = iter(())
            self._warn(f"breaks off ({error.strerror}); the rest of the video is silent")
            return None

    def _warn(self, what: str) -> None:
        warnings.warn(f"the sound of {self._path.name} {what}", MuybridgeWarning, stacklevel=2)

    def _copy_packets(self, track: Any, earliest: float) -> Iterator[av.Packet]:
        shift = round(self._offset / track.time_base)
        for packet in self._input.demux(track):
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts -= shift
            packet.dts -= shift
            if packet.pts * track.time_base >= earliest:
                yield packet

    def _encode_packets(self, track: Any) -> Iterator[av.Packet]:
        encoder = self._stream.codec_context
        tick = Fraction(1, encoder.rate)

        for samples, start in self._decode_evenly(track, encoder):
            frame = av.AudioFrame.from_ndarray(samples, encoder.format.name, encoder.layout.name)
            frame.rate = encoder.rate
            frame.pts = start
            frame.time_base = tick
            yield from encoder.encode(frame)

        yield from encoder.encode(None)

    def _decode_evenly(self, track: Any, encoder: Any) -> Iterator[tuple[np.ndarray, int]]:
        """Decoded sound of the encoder's kind, each part with the number of its first sample, without gaps.

        A file's own times are only as fine as its time base (a millisecond in WebM), and encoders want each part to
        begin where the one before it ended: samples are counted, and silence is put in where sound is missing.
        """
        resampler = av.AudioResampler(encoder.format, encoder.layout, encoder.rate)
        planar = encoder.format.is_planar
        channels = 1 if planar else len(encoder.layout.channels)
        count = 0

        for frame in self._iter_audio(track):
            begin = self._find_begin(frame, encoder.rate)
            for ready in resampler.resample(frame):
                samples = ready.to_ndarray()
                if begin is not None:
                    missing = begin - count
                    if missing < 0 and count == 0:
                        # What was heard before the first picture is left out.
                        samples = samples[:, -missing * channels :]
                    elif missing > _GAP * encoder.rate or (count == 0 and missing > 0):
                        yield np.zeros((samples.shape[0], missing * channels), samples.dtype), count
                        count += missing
                    begin = None
                if samples.shape[1]:
                    yield np.ascontiguousarray(samples), count
                    count += samples.shape[1] // channels

    def _find_begin(self, frame: av.AudioFrame, rate: int) -> int | None:
        """The sample at which a decoded frame begins by the file's times, from the first picture on."""
        if frame.pts is None or frame.time_base is None:
            return None
        return round((frame.pts * frame.time_base - self._offset) * rate)

    def _iter_audio(self, track: Any) -> Iterator[av.AudioFrame]:
        """Decoded frames; damaged packets are passed over, as players do."""
        broken = 0
        for packet in self._input.demux(track):
            try:
                yield from packet.decode()
            except FFmpegError:
                broken += 1
        if broken:
            self._warn(f"is damaged: {broken} parts of it are left out")


def _find_track(path: Path, container: InputContainer) -> int | None:
    """The number of the first stream whose sound can be decoded; phones put one first that only they can."""
    for stream in container.streams.audio:
        if stream.codec_context is not None and _can_be_decoded(path, stream.index):
            return stream.index
    return None


def _can_be_decoded(path: Path, index: int) -> bool:
    # In a container of its own, for what was read to try it would be missing in the result.
    with _open_sound(path) as container:
        try:
            for packet in container.demux(container.streams[index]):
                if packet.decode():
                    return True
        except FFmpegError as error:
            if is_out_of_memory(error):
                raise
            return False
    return False


def _open_sound(path: Path) -> InputContainer:
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    path = check_path(path)

    try:
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except (FFmpegError, UnicodeEncodeError) as error:
        if is_out_of_memory(error):
            raise
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
