"""What results are called where nobody names them."""

from __future__ import annotations

from pathlib import Path


def default_name(*inputs: Path | str | None) -> str:
    """The inputs' names without their endings, one after the other: cat.mp4 and fox.mp4 are cat-fox."""
    return "-".join(_short(Path(each)) for each in inputs if each is not None)


def _short(path: Path) -> str:
    path = path if path.name else path.resolve()
    return path.name if path.is_dir() else path.stem
