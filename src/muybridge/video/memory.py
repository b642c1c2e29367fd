"""How much memory this process may take."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

_SHARE = 0.8
_CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 2**62


def find_memory_limit() -> int:
    """Bytes that this process may take: four fifths of the machine's memory, or of what it is allowed of that.

    A container's limit counts (cgroups of both versions), and so does `ulimit -v`. Very much where nothing is known.
    """
    limits = [_read_machine_memory(), *_read_cgroup_limits(), _read_address_space_limit()]
    return int(_SHARE * min(limits))


def _read_machine_memory() -> int:
    if not hasattr(os, "sysconf"):
        return _UNLIMITED
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _read_address_space_limit() -> int:
    if resource is None:
        return _UNLIMITED
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return _UNLIMITED if soft == resource.RLIM_INFINITY else soft


def _read_cgroup_limits(root: Path = _CGROUPS, groups: Path = Path("/proc/self/cgroup")) -> list[int]:
    """The limits of this process's control group and of those around it; those of the root where no group is told.

    root    where control groups are mounted
    groups  which of them this process is in
    """
    limits = []
    for folder in _list_cgroup_folders(root, groups):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = _read_limit(folder / name)
            if limit is not None:
                limits.append(limit)
    return limits


def _list_cgroup_folders(root: Path, groups: Path) -> list[Path]:
    folders = [root, root / "memory"]
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return folders

    for line in lines:
        # Version 2 has the empty list of controllers, version 1 names them.
        _, _, rest = line.partition(":")
        controllers, _, place = rest.partition(":")
        if controllers not in ("", "memory"):
            continue
        # A limit of any group above holds too, so all of them are asked.
        folder = root / controllers / place.lstrip("/")
        folders += [folder, *(above for above in folder.parents if above.is_relative_to(root))]
    return folders


def _read_limit(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    # Version 2 says "max", version 1 a number near 2**63, where there is no limit.
    return int(text) if text.isdecimal() and 0 < int(text) < _UNLIMITED else None
