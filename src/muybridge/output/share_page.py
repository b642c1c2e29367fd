"""One page that a person sends: it plays both results and draws poses by itself, in any current browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Shaped
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from muybridge.method import SharedDrawing
from muybridge.video import Timing
from muybridge.video.mark import Mark

PACKAGE = Path(__file__).parents[1]
PAGE = PACKAGE / "output" / "shared_page"
MODULES = (
    "output/shared_page/page.js",
    "studio/page/dom.js",
    "studio/page/parts/clock.js",
    "studio/page/parts/keypoint-stage.js",
)
"""What the page shares with the studio's, its own program first."""
STYLES = ("studio/page/style.css", "studio/page/parts.css", "output/shared_page/page.css")
RUNTIME_VERSION = "1.30.0"
RUNTIME = f"onnxruntime-web-{RUNTIME_VERSION}.tar.xz"
"""Of the package onnxruntime-web, unchanged: what a page needs, with its licences."""
ALIGNED = 8
"""Bytes of which each part of the pack begins at a multiple."""


@dataclass(frozen=True)
class ShownView:
    """A view in words.

    words   for people: "cat moving like fox"
    ground  what it stands on, #rrggbb
    timing  of its frames
    """

    words: str
    ground: str
    timing: Timing


@dataclass
class Pack:
    """Many parts as one run of bytes, so that a page decodes base64 once."""

    parts: list[bytes] = field(default_factory=list)
    length: int = 0

    def add(self, content: bytes) -> tuple[int, int]:
        """Where it lies: its first byte, and how many."""
        place = (self.length, len(content))
        padded = content + bytes(-len(content) % ALIGNED)
        self.parts.append(padded)
        self.length += len(padded)
        return place

    def add_all(self, contents: Iterable[bytes]) -> list[tuple[int, int]]:
        """The same of several."""
        return list(map(self.add, contents))


def write_page(
    drawing: SharedDrawing,
    networks: Mapping[str, bytes],
    shown: Mapping[str, ShownView],
    films: Mapping[str, list[bytes]],
    names: tuple[str, str],
    mark: Mark | None,
) -> bytes:
    """The whole page, UTF-8.

    drawing   from the method
    networks  its networks as ONNX files
    shown     its views in words
    films     WebP pictures: "result_ab" and "result_ba" frame by frame, "driving_a" and "driving_b" likewise
    names     of the subjects
    mark      what it says of being synthetic; None: nothing
    """
    pack = Pack()
    index = {
        "names": names,
        "settings": drawing.settings,
        "worker": _join_worker(drawing.program.read_text(encoding="utf-8")),
        **_pack_drawing(pack, drawing, networks, films),
        **_pack_views(pack, drawing, shown),
    }
    page = (
        _environment()
        .get_template("page.html")
        .render(
            title=f"{names[0]} and {names[1]}, their motion exchanged",
            tool="Muybridge" if mark is None else mark.tool,
            source_type="" if mark is None else mark.source_type,
            index=_to_json(index),
            pack=base64.b64encode(b"".join(pack.parts)).decode("ascii"),
            **_page_files(),
        )
    )
    return page.encode("utf-8")


def _pack_drawing(
    pack: Pack, drawing: SharedDrawing, networks: Mapping[str, bytes], films: Mapping[str, list[bytes]]
) -> dict[str, Any]:
    """Where the numbers, the networks and the pictures lie that the page draws with."""
    packed: dict[str, dict[str, Any]] = {"arrays": {}, "pictures": {}, "networks": {}}
    for name, numbers in drawing.arrays.items():
        packed["arrays"][name] = _add_array(pack, numbers)
    for name, contents in (dict(films) | dict(drawing.pictures)).items():
        packed["pictures"][name] = pack.add_all(contents)
    for name, content in networks.items():
        packed["networks"][name] = pack.add(content)

    return packed


def _pack_views(pack: Pack, drawing: SharedDrawing, shown: Mapping[str, ShownView]) -> dict[str, Any]:
    """What can be seen, each with the place of its keypoints; results have two letters."""
    views = []
    results = []
    for name, view in shown.items():
        points = _add_array(pack, drawing.views[name].points.numpy())
        views.append({**_describe_view(drawing, name, view), "points": points})
        if len(name) > 1:
            results.append(views[-1])

    return {"views": views, "results": results}


def _add_array(pack: Pack, numbers: Shaped[np.ndarray, "..."]) -> dict[str, Any]:
    return {"at": pack.add(numbers.tobytes()), "kind": str(numbers.dtype), "size": list(numbers.shape)}


def _describe_view(drawing: SharedDrawing, name: str, shown: ShownView) -> dict[str, Any]:
    view = drawing.views[name]
    base = shown.timing.time_base
    return {
        "name": name,
        "side": view.side,
        "words": shown.words,
        "ground": shown.ground,
        "place": view.place,
        "size": view.size,
        "flip": view.flip,
        "timing": {"time_base": [base.numerator, base.denominator], "pts": shown.timing.pts, "last": shown.timing.last},
    }


# -- files of the page ------------------------------------------------------------------------------------------------


def _page_files() -> dict[str, Any]:
    """What the page is made of, whatever it shows."""
    return {
        "style": "\n".join(map(_read, STYLES)),
        "modules": _to_json({"imports": _list_modules()}),
        "mark_picture": _read("studio/page/mark.svg"),
        "runtime_version": RUNTIME_VERSION,
        "licence": _read_runtime("LICENSE").decode("utf-8"),
        "notices": _read_runtime("ThirdPartyNotices.txt").decode("utf-8"),
        "runtime": _encode_runtime(),
    }


def _read(name: str) -> str:
    return (PACKAGE / name).read_text(encoding="utf-8")


def _list_modules() -> dict[str, str]:
    """What the page's modules are called when they import each other, and where they are: in the page itself."""
    listed = {}
    for name in MODULES:
        listed[f"muybridge/{PurePosixPath(name).name}"] = _to_address(name)
    return listed


def _to_address(name: str) -> str:
    """A module as an address that holds it: a page that is one file has no other file to import from."""
    source = re.sub(r'from "\.{1,2}/(?:[\w.-]+/)*([\w-]+\.js)"', r'from "muybridge/\1"', _read(name))
    return "data:text/javascript;base64," + base64.b64encode(source.encode("utf-8")).decode("ascii")


def _join_worker(program: str) -> str:
    """The worker's source with what it imports: one that was made of a file has nowhere to import from."""
    library = _read_runtime("ort.wasm.bundle.min.mjs").decode("utf-8")
    # Browsers start no module worker for a page that is a file, and only modules know `import.meta`.
    library = library.replace("import.meta.url", "self.location.href")
    split = re.fullmatch(r"(.*)export\{([^{}]*)\};?\s*(?://[^\n]*\s*)?", library, re.DOTALL)
    assert split is not None
    given = ",".join(re.sub(r"([\w$]+) as ([\w$]+)", r"\2:\1", name) for name in split[2].split(","))

    worker = _read("output/shared_page/worker.js")
    for line, content in (
        ('import * as ort from "onnxruntime-web";', f"const ort = {_enclose(split[1], given)};"),
        ('import { draw } from "program";', f"const {{ draw }} = {_enclose(program.replace('export ', ''), 'draw')};"),
    ):
        assert line in worker
        worker = worker.replace(line, content)
    return worker


def _enclose(source: str, given: str) -> str:
    """A script as an expression that gives some of its names, so that the others are its own."""
    return f"(() => {{ {source}\nreturn {{ {given} }}; }})()"


def _to_json(value: object) -> str:
    """JSON that may stand inside of a script element, whatever is in it."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


@cache
def _encode_runtime() -> str:
    """The WebAssembly, packed as every browser can unpack it."""
    return base64.b64encode(gzip.compress(_read_runtime("ort-wasm-simd-threaded.wasm"), 9, mtime=0)).decode("ascii")


@cache
def _read_runtime(name: str) -> bytes:
    with tarfile.open(PAGE / RUNTIME) as archive:
        found = archive.extractfile(name)
        assert found is not None
        return found.read()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
