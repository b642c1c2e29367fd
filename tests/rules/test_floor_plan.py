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
        "methods.other.networks": "from muybridge.networks import Norm",
        "losses.wrong": "from muybridge import read",
        "geometry.wrong": "from ..video import Clip",
    }
    planted = {name: ast.parse(source) for name, source in sources.items()}
    monkeypatch.setattr("test_floor_plan.trees", lambda: planted)
    assert {name for name in planted if complaints(name)} == set(planted) - {"methods.other.networks"}
