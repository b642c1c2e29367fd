"""Videos as input, decoded by PyAV: whatever it reads by a demuxer that opens no other file."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from muybridge.errors import InputError, MuybridgeWarning, is_out_of_memory
from muybridge.video.colour import is_high_dynamic_range, to_array
from muybridge.video.deinterlace import deinterlace_frames
from muybridge.video.media_input import LazyFrame, MediaInput, Picture
from muybridge.video.orientation import Orientation, apply_orientation, find_orientation
from muybridge.video.paths import MAX_VIDEO_PIXELS, check_frame_size, detect_still_format, name_format, read_head

# Playlists and scripts, which name other files or addresses, are not among these.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,"
    "h264,hevc,obu,ivf,mjpeg,yuv4mpegpipe,dv,mxf,nut,wtv"
)
_COUNTED = ("gif", "apng")
"""Files of these formats do not say how many frames they hold, and are small enough to be looked through."""
_UNCOUNTED = ("avi",)
"""AVI counts slots, of which some may be empty."""
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_AGAIN = "Copy or download it again, or convert it: ffmpeg -i IN OUT.mp4"


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """The container, open for reading.

    Raises InputError where it is not one of those that are read here.
    """
    # Playlists and the like could otherwise make libav open other files, or the network.
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    start = read_head(path)
    # A file of JPEG pictures one after the other is taken for a single one unless it is named.
    name = "mjpeg" if detect_still_format(start) == "jpeg" else None

    try:
        container = av.open(f"file:{path.absolute()}", format=name, options=options, metadata_errors="replace")
    except (FFmpegError, UnicodeEncodeError) as error:
        if is_out_of_memory(error):
            raise _no_memory(path) from error
        known = name_format(start)
        if known is not None:
            raise InputError(
                f"{path} is {known}, not a video or an image that can be read",
                "Videos are MP4, MOV, MKV, WebM, AVI or GIF files; images are PNG, JPEG, WebP, TIFF, AVIF or HEIC.",
            ) from error
        raise InputError(
            f"{path} is not a video or an image that can be read, or it is cut off at the wrong place",
            f"Videos are MP4, MOV, MKV, WebM, AVI or GIF files. {_AGAIN}",
        ) from error

    with container:
        try:
            yield container
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise _no_memory(path) from error


def _no_memory(path: Path) -> InputError:
    """A wrong count in a damaged file makes libav ask for more than any machine has."""
    return InputError(
        f"there is not enough memory to read {path}, or it is damaged and asks for more than a video takes",
        f"End other programs, read fewer frames or smaller ones. {_AGAIN}",
    )


def open_video(path: Path) -> MediaInput:
    """A video file or GIF.

    Raises InputError where there are no frames in it, or they are too large.
    """
    with open_container(path) as container:
        # Everything is asked while the file is open: the frames are read later, from a file opened anew.
        stream = _find_video_stream(path, container)
        name = container.format.name
        rate = stream.average_rate or stream.guessed_rate
        longest = max(_display_size(stream))
        base = stream.time_base or Fraction(1, 1000)
        has_audio = bool(container.streams.audio)
        count = _count_frames(container, stream)

    return MediaInput(
        path,
        "gif" if name == "gif" else "video",
        base,
        lambda: _iter_frames(path, count),
        lambda: longest,
        count,
        Fraction(rate) if rate else None,
        has_audio=has_audio,
    )


def _count_frames(container: InputContainer, stream: VideoStream) -> int | None:
    """How many frames are shown, without decoding any; None where only decoding would tell."""
    name = container.format.name
    if name in _UNCOUNTED:
        return None
    if name in _COUNTED:
        return sum(1 for _ in _iter_packets(container, stream)) or None

    # A video that was trimmed without being encoded again still holds frames that its edit list leaves out, for
    # others to be decoded from.
    discarded = sum(entry.is_discard for entry in stream.index_entries) if stream.frames else 0
    return (stream.frames - discarded) or None


def _find_video_stream(path: Path, container: InputContainer) -> VideoStream:
    streams = []
    # The cover picture of a song is a video stream too.
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            streams.append(stream)

    if not streams:
        what = "only sound" if container.streams.audio else "no frames"
        raise InputError(f"{path} holds {what}, no video", "Give a video, an image, or a folder of images.")

    stream = streams[0]
    if stream.codec_context is None:
        raise InputError(f"the video in {path} is of a kind that cannot be decoded here", "Convert it to MP4 first.")
    check_frame_size(path, stream.height, stream.width, MAX_VIDEO_PIXELS)
    return stream


def _display_size(stream: VideoStream) -> tuple[int, int]:
    """(H, W) with square pixels, before any turn; shapes of pixels within 1% of square are left alone."""
    shape = stream.sample_aspect_ratio
    if not shape or abs(shape - 1) < Fraction(1, 100):
        return stream.height, stream.width
    return stream.height, max(1, round(stream.width * shape))


def _choose_decoder(path: Path, stream: VideoStream) -> av.VideoCodecContext:
    """The stream's own decoder, or the one that also sees the alpha layer of VP8 and VP9."""
    context = stream.codec_context
    context.thread_type = "AUTO"
    tags = {}
    for key, value in stream.metadata.items():
        tags[key.lower()] = value

    if tags.get("alpha_mode") != "1" or context.name not in _WITH_ALPHA:
        return context
    try:
        decoder = cast(av.VideoCodecContext, av.CodecContext.create(_WITH_ALPHA[context.name], "r"))
    except av.codec.codec.UnknownCodecError:
        text = f"{path.name} has transparency that this build of PyAV cannot decode; it is read as opaque"
        warnings.warn(text, MuybridgeWarning, stacklevel=2)
        return context
    decoder.extradata = context.extradata
    return decoder


def _iter_frames(path: Path, count: int | None) -> Iterator[LazyFrame]:
    """All frames that can be decoded; warns at the end where some could not."""
    with open_container(path) as container:
        stream = _find_video_stream(path, container)
        size = _display_size(stream)
        check_frame_size(path, *size, MAX_VIDEO_PIXELS)
        slots = _read_avi_slots(path) if container.format.name == "avi" else None
        base = stream.time_base or Fraction(1, 1000)

        broken: list[str] = []
        raw = _decode_stream(container, stream, _choose_decoder(path, stream), broken)
        decoded = 0
        end = 0
        orientation: Orientation | None = None
        for frame in deinterlace_frames(_check_frames(path, raw), base):
            orientation = orientation or find_orientation(path, stream.id, frame)
            pts = frame.pts
            # The packets of an AVI are timed in decoding order; sorted, their slots are the times of showing.
            if slots is not None and decoded < len(slots):
                pts = slots[decoded]
            yield LazyFrame(partial(_convert_frame, frame, size, orientation), pts, frame.duration or 0)

            decoded += 1
            end = max(end, (pts or 0) + 3 * (frame.duration or 0))  # with some tolerance

        cut_off = decoded < (count or 0) or _ends_early(path, container, stream, end)

    if not decoded:
        raise InputError(f"no frame of {path} can be decoded", _AGAIN)
    if broken or cut_off:
        of = f" of {count}" if count and count > decoded else ""
        text = f"{path.name} is damaged or cut off: {decoded}{of} frames can be used"
        warnings.warn(text, MuybridgeWarning, stacklevel=2)


def _check_frames(path: Path, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The same frames, each of a bearable size; says once where they are of a kind that is shown otherwise."""
    told: set[str] = set()
    for frame in frames:
        check_frame_size(path, frame.height, frame.width, MAX_VIDEO_PIXELS)
        if is_high_dynamic_range(frame):
            _warn_once(told, f"{path.name} is in high dynamic range; its colours are brought to the common range")
        if frame.interlaced_frame:
            _warn_once(told, f"{path.name} is interlaced; each frame is made whole from the rows of one moment")
        yield frame


def _warn_once(told: set[str], text: str) -> None:
    if text not in told:
        told.add(text)
        warnings.warn(text, MuybridgeWarning, stacklevel=2)


def _ends_early(path: Path, container: InputContainer, stream: VideoStream, end: int) -> bool:
    """Whether a file that does not count its frames stops before it should: Matroska tells when, a GIF ends with ;."""
    if container.format.name == "gif":
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16))
            return not file.read().rstrip(b"\0").endswith(b";")

    told = re.fullmatch(r"(\d+):(\d+):(\d+\.\d+)", stream.metadata.get("DURATION", ""))
    if told is None or stream.time_base is None:
        return False

    hours, minutes, seconds = map(float, told.groups())
    return 3600 * hours + 60 * minutes + seconds > end * stream.time_base + 0.05


def _decode_stream(
    container: InputContainer, stream: VideoStream, decoder: av.VideoCodecContext, broken: list[str]
) -> Iterator[av.VideoFrame]:
    for packet in _iter_packets(container, stream, broken):
        yield from _decode_packet(decoder, packet, broken)

    yield from _decode_packet(decoder, None, broken)


def _iter_packets(
    container: InputContainer, stream: VideoStream, broken: list[str] | None = None
) -> Iterator[av.Packet]:
    """The stream's packets up to where the file breaks off; why it does is added to `broken`."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        # PyAV raises ValueError where libav says that an argument is invalid.
        except (FFmpegError, ValueError) as error:
            _pass_on_full_memory(error)
            if broken is not None:
                broken.append(str(error))
            return
        if packet.size:
            yield packet


def _decode_packet(decoder: av.VideoCodecContext, packet: av.Packet | None, broken: list[str]) -> list[av.VideoFrame]:
    try:
        return decoder.decode(packet)
    except FFmpegError as error:
        _pass_on_full_memory(error)
        broken.append(str(error))
        return []


def _pass_on_full_memory(error: Exception) -> None:
    """Raise it again where memory is out: the file is not to blame, and its other frames would be taken for lost."""
    if is_out_of_memory(error):
        raise error


def _convert_frame(frame: av.VideoFrame, size: tuple[int, int], turn: Orientation) -> Picture:
    """All frames take the first one's size, should it change on the way."""
    return apply_orientation(to_array(frame, size), turn)


def _read_avi_slots(path: Path) -> list[int]:
    """When the frames of an AVI are shown: it keeps no times, only one slot after the other, in decoding order."""
    with open_container(path) as container:
        stream = container.streams.video[0]
        times = []
        for packet in _iter_packets(container, stream):
            if packet.dts is not None:
                times.append(packet.dts)

        return sorted(times)
