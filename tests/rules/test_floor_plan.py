"""Who may import whom."""

import ast
import re

import pytest
from floors import FLOORS, TO_COME
from reading_sources import PACKAGE, ROOT, imports, is_package, trees

FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
OUTSIDE = ("__init__", "__main__")
"""The front door: it stands before the house, and only hands on."""


def room_of(name: str) -> str:
    """The room that a module below `muybridge` belongs to; a method is a room of its own."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "methods" and len(parts) > 1 else parts[0]


def complaints(name: str) -> list[str]:
    """What a module imports although it may not."""
    room, found = room_of(name), []
    package = f"muybridge.{name}" if is_package(name) else f"muybridge.{name}".rpartition(".")[0]
    for target, line in imports(trees()[name], package):
        top, _, inside = target.partition(".")
        if top != "muybridge":
            continue
        first = inside.split(".")[0]
        other = room_of(inside) if first in FLOOR else "api"  # which the front door re-exports
        if other == room:
            continue
        if FLOOR[other.split(".")[0]] >= FLOOR[room.split(".")[0]]:
            found.append(f"{name}:{line} imports {target}")
    return found


def test_a_room_imports_lower_floors_only() -> None:
    assert [c for name in trees() if name not in OUTSIDE for c in complaints(name)] == []


def files_imported(name: str) -> set[str]:
    """The modules of the package that a module imports: inside functions and for types alone too.

    A package's own parts are not counted for its `__init__`, which only hands them on.
    """
    package = f"muybridge.{name}" if is_package(name) else f"muybridge.{name}".rpartition(".")[0]
    found = set()
    for target, _ in imports(trees()[name], package):
        inside = target.removeprefix("muybridge.")
        while inside and inside not in trees():
            inside = inside.rpartition(".")[0]
        if target.startswith("muybridge.") and inside and inside != name and not inside.startswith(f"{name}."):
            found.add(inside)
    return {each for each in found if not name.startswith(f"{each}.")}


def circles() -> list[set[str]]:
    """Files that import each other, directly or by way of others: the larger strong components (Tarjan, 1972)."""
    arrows = {name: files_imported(name) for name in trees() if name not in OUTSIDE}
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        path.append(name)
        for other in arrows[name]:
            if other not in order:
                visit(other)
            if other in path:
                lowest[name] = min(lowest[name], lowest[other])

        if lowest[name] == order[name]:
            component = set(path[path.index(name) :])
            del path[path.index(name) :]
            if len(component) > 1:
                found.append(component)

    for name in arrows:
        if name not in order:
            visit(name)
    return found


KNOWN_CIRCLES: list[set[str]] = []
"""Those that are still to be untied; none may be added."""


def test_no_files_import_each_other() -> None:
    assert [each for each in circles() if each not in KNOWN_CIRCLES] == []


def test_a_circle_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {
        "engine.one": "from muybridge.engine.two import x",
        "engine.two": "def f():\n    import muybridge.engine.three",
        "engine.three": "if TYPE_CHECKING:\n    from muybridge.engine.one import X",
        "engine.four": "from muybridge.engine import one",
    }
    planted = {name: ast.parse(source) for name, source in sources.items()}
    monkeypatch.setattr("test_floor_plan.trees", lambda: planted)
    assert circles() == [{"engine.one", "engine.two", "engine.three"}]


def test_the_front_door_hands_on_to_the_api() -> None:
    for name in OUTSIDE:
        if name in trees():
            inner = [t for t, _ in imports(trees()[name], "muybridge") if t.startswith("muybridge.")]
            assert {t.split(".")[1] for t in inner} <= {"api", "cli", "errors"}, name


def test_the_plan_names_every_room_and_no_other() -> None:
    there = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()} - set(OUTSIDE)
    assert there == set(FLOOR) - TO_COME


def test_a_room_stands_on_one_floor() -> None:
    assert len(FLOOR) == sum(len(rooms) for rooms in FLOORS)
    assert set(FLOOR) >= TO_COME


def test_the_page_and_the_plan_agree() -> None:
    page = (ROOT / "docs" / "floor-plan.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `([a-z_]+)[^`]*` \| (.*) \|$", page, flags=re.MULTILINE)
    assert {room: int(floor) for floor, room, _ in rows} == FLOOR
    assert {room for _, room, what in rows if what.startswith("*to come*")} == TO_COME
    assert [int(floor) for floor, _, _ in rows] == sorted(int(floor) for floor, _, _ in rows)


def test_the_rule_is_able_to_complain(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {
        "video.wrong": "def f():\n    from muybridge.engine import train",
        "masks.wrong": "from muybridge.data.crop import crop",
        "methods.jokr.wrong": "import muybridge.methods.other.networks",
        "methods.other.networks": "from muybridge.networks import Hourglass",
        "losses.wrong": "from muybridge import read",
        "geometry.wrong": "from ..video import Clip",
    }
    planted = {name: ast.parse(source) for name, source in sources.items()}
    monkeypatch.setattr("test_floor_plan.trees", lambda: planted)
    assert {name for name in planted if complaints(name)} == set(planted) - {"methods.other.networks"}
