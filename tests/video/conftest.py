"""Small moving clips, and files of kinds that Muybridge reads but does not write."""

from collections.abc import Callable
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torch import Tensor


@pytest.fixture(scope="session")
def moving() -> Callable[..., Tensor]:
    """Frames uint8 [T, 3 or 4, H, W]: a red square walks to the right on a grey ramp; only it is opaque."""

    def draw(count: int = 6, height: int = 48, width: int = 64, alpha: bool = False) -> Tensor:
        ramp = torch.linspace(40, 200, width).to(torch.uint8).expand(count, 3, height, width)
        frames = torch.cat([ramp, torch.zeros(count, 1, height, width, dtype=torch.uint8)], 1)
        for t in range(count):
            left = 4 + t * 16 // max(1, count - 1) if count > 1 else 4
            frames[t, :, 12:28, left : left + 16] = torch.tensor([230, 40, 40, 255], dtype=torch.uint8)[:, None, None]
        return frames if alpha else frames[:, :3]

    return draw


@pytest.fixture(scope="session")
def encode() -> Callable[..., Path]:
    """Write frames with PyAV directly, for formats and oddities that `write` does not make."""

    def run(
        path: Path,
        frames: Tensor,
        codec: str = "libx264",
        pixels: str = "yuv420p",
        pts: list[int] | None = None,
        base: Fraction = Fraction(1, 25),
        turn: int | None = None,
        shape: Fraction | None = None,
        options: dict[str, str] | None = None,
        movie: dict[str, str] | None = None,
    ) -> Path:
        with av.open(str(path), "w", options=movie or {}) as output:
            stream = output.add_stream(codec, rate=1 / base, options=options or {})
            stream.height, stream.width, stream.pix_fmt = *frames.shape[2:], pixels
            stream.codec_context.time_base = base
            if turn is not None:
                stream.set_display_rotation(turn)
            if shape is not None:
                stream.codec_context.sample_aspect_ratio = shape
            for t, frame in enumerate(frames):
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.permute(1, 2, 0).numpy()), "rgb24")
                picture.pts, picture.time_base = (pts or range(len(frames)))[t], base
                output.mux(stream.encode(picture))
            output.mux(stream.encode(None))
        return path

    return run


@pytest.fixture(scope="session")
def sine(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A file with a tone of so many seconds, with a video before it or without one."""

    def make(suffix: str = ".m4a", codec: str = "aac", seconds: float = 2.0, rate: int = 48000) -> Path:
        path = tmp_path_factory.mktemp("sound") / f"tone{suffix}"
        with av.open(str(path), "w") as output:
            stream = output.add_stream(codec, rate=rate)
            stream.codec_context.layout = "mono"
            tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
            frame = av.AudioFrame.from_ndarray(tone[None].astype(np.float32), "fltp", "mono")
            frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def memory_peak():
    """By how much this process's memory rises at its highest inside a block, as the system counts it."""

    class Peak:
        mebibytes = 0.0

    @contextmanager
    def measure():
        peak = Peak()
        # The system keeps the highest mark of all time, which is set back first.
        Path("/proc/self/clear_refs").write_text("5")
        before = _resident("VmRSS")
        try:
            yield peak
        finally:
            peak.mebibytes = (_resident("VmHWM") - before) / 1024

    return measure


def _resident(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])
