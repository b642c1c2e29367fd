"""Files that a browser fetches: pictures at the size that it asks for, and results with their kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
from fastapi import Response
from fastapi.responses import FileResponse

from muybridge.studio.clips import png_size
from muybridge.studio.storage import Missing

FOREVER = {"cache-control": "private, max-age=86400, immutable"}
"""Of pictures whose address changes with them."""
IMAGES: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}, "image/png": {}}}}
KINDS = {
    ".mp4": "video/mp4",
    ".gif": "image/gif",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".zip": "application/zip",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
}
FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind.split(";")[0]: {} for kind in KINDS.values()}}}
REPORT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
"""The report is a page of its own with everything inside; it may do nothing but be looked at."""


def send_picture(path: Path, height: int | None, suffix: str) -> Response:
    """A picture, made smaller where it was asked for.

    path    from `Storage.file`
    suffix  .jpg or .png, what it is sent as; its transparency is only in the second
    """
    kind = {".jpg": "image/jpeg", ".png": "image/png"}[suffix]
    # Decoding it only to encode it again would cost time for nothing.
    if suffix == ".png":
        content = path.read_bytes()
        size = png_size(content)
        if height is None or (size is not None and size[1] <= height):
            return Response(content, media_type=kind, headers=FOREVER)

    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise Missing("this picture cannot be read", "It may still be being made.")
    # JPEG has no transparency.
    if suffix == ".jpg" and image.ndim == 3:
        image = image[:, :, :3]
    # Enlarging is left to the browser, which then has fewer bytes to fetch.
    if height is not None and height < image.shape[0]:
        width = max(1, round(image.shape[1] * height / image.shape[0]))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)

    return Response(cv2.imencode(suffix, image)[1].tobytes(), media_type=kind, headers=FOREVER)


def send_file(files: dict[str, Path], name: str, download: bool) -> FileResponse:
    """One of some files by its name; Missing where it is none of them."""
    path = files.get(name)
    if path is None or path.suffix not in KINDS:
        raise Missing("there is no such file here", "It may have been replaced; load the page again.")

    headers = {"content-security-policy": REPORT} if path.suffix == ".html" else {}
    place = "attachment" if download else "inline"
    kind = KINDS[path.suffix]
    return FileResponse(path, media_type=kind, filename=name, content_disposition_type=place, headers=headers)


def list_sizes(files: dict[str, Path]) -> dict[str, int]:
    """Their sizes in bytes."""
    sizes = {}
    for name, path in files.items():
        sizes[name] = path.stat().st_size

    return sizes
