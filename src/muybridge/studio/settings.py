"""What a studio is started with."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """How much strangers, and mistakes, may ask for."""

    upload_bytes: int = 512 * 2**20
    """Largest file."""
    clips: int = 200
    """Kept at a time."""
    frames: int = 600
    """Of a clip; what is longer is cut, and said so."""
    side: int = 640
    """Longest side that frames are kept at, pixels."""
    source_side: int = 8192
    """Longest side of an upload, pixels."""
    source_pixels: int = 12 * 10**9
    """Of all frames of an upload together that are read: 600 frames of 4K have half of it."""
    quota_bytes: int = 20 * 10**9
    """Of the whole folder; nothing new is begun beyond it."""
    checkpoint_bytes: int = 4 * 2**30
    """Largest checkpoint of another program."""
    imports: int = 50
    """Kept at a time."""
    announced: int = 5
    """Imports that wait for their file."""
    import_memory: int = 16 * 2**30
    """Address space to read one, beyond what the process starts with."""
    queue: int = 20
    """Trainings, or animations, that wait or run."""
    cameras: int = 2
    """Pages that follow a camera at a time."""
    camera_memory: int = 8 * 2**30
    """Address space to follow one, beyond what the process has once its run is loaded; where the processor draws."""
    sockets: int = 64
    """Pages that edit at a time."""
    decode_seconds: int = 300
    """Processor time to read an upload."""
    decode_memory: int = 3 * 2**30
    """Address space to read an upload, beyond what the process starts with."""


@dataclass(frozen=True)
class Settings:
    """Where it listens, and where it keeps everything."""

    runs: Path
    host: str = "127.0.0.1"
    port: int = 8642
    token: str | None = None
    """Of every request; None: whoever reaches the address may come in."""
    device: str = "auto"
    background: bool = True
    """Whether what nobody has asked for is done while nothing else is: a sample in a new folder."""
    limits: Limits = field(default_factory=Limits)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
