"""The page about adding a method: its example runs as a package of somebody else, and its table is whole."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from muybridge.method import ABILITIES, Config, FolderMethod, LandmarkConfig, Method, PairMethod
from muybridge.method.abilities import members_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-method.md").read_text(encoding="utf-8")
DECLARED = {ability.__name__: set(members_of(ability)) for ability in ABILITIES} | {
    "PairMethod": {"takes_streamed_video", "draws_scene"},
    "FolderMethod": {"modes", "default_mode", "motion_options"},
    "Method": {"resolve_config", "require_weights"},
    "Config": {"picture_side", "reading_side"},
    "LandmarkConfig": {"kind"},
}
# What an ability does by itself, and a method may do better.
DECLARED["EditsKeypoints"] |= {"draw_poses"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The page's example, installed with its entry point in a folder of its own."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (entry,) = re.findall(r"^    (\[project\.entry-points.*\n    tint = .*)$", PAGE, flags=re.MULTILINE)
    (tmp_path / "tint.py").write_text(source, encoding="utf-8")
    about = tmp_path / "tint-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tint\nVersion: 0.1\n", encoding="utf-8")
    named = entry.split("\n")[1].strip().replace('"', "")
    (about / "entry_points.txt").write_text(f"[muybridge.methods]\n{named}\n", encoding="utf-8")
    return tmp_path


def test_the_example_of_the_page_sits_the_exam(package: Path) -> None:
    (line,) = re.findall(r"MUYBRIDGE_TINY='(.*?)'", PAGE)
    assert json.loads(line).keys() == {"tint"}
    path = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "MUYBRIDGE_TINY": line, "PYTHONPATH": path}
    exams = [str(ROOT / "tests" / "every_method" / name) for name in ("test_exam.py", "test_folder_exam.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-k", "tint", "-p", "no:cacheprovider", *exams]
    sat = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False, timeout=600)
    assert sat.returncode == 0, sat.stdout[-3000:] + sat.stderr[-3000:]
    assert int(re.findall(r"(\d+) passed", sat.stdout)[0]) >= 20


def test_the_table_names_every_member_that_a_verb_looks_for() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)`(?:, \"([a-z-]+)\")? \| ([^|]+) \| ([^|]+) \|$", PAGE, flags=re.MULTILINE)
    told: dict[str, set[str]] = {}
    for name, owner, _, used_by, what in rows:
        told.setdefault(owner, set()).add(name)
        assert used_by.strip()
        assert what.strip()
    assert told == DECLARED
    names = {ability.__name__: ability.name for ability in ABILITIES}
    assert {owner: name for _, owner, name, _, _ in rows if name} == names


def test_members_of_the_table_are_declared_where_it_says() -> None:
    for owner in (PairMethod, FolderMethod, Method, Config):
        assert DECLARED[owner.__name__] <= set(vars(owner)), owner
    assert "kind" in LandmarkConfig.model_fields


def test_a_kind_of_method_declares_nothing_that_the_table_leaves_out() -> None:
    for kind in (PairMethod, FolderMethod):
        public = {name for name in vars(kind) if not name.startswith("_")}
        assert public - {"needs"} == DECLARED[kind.__name__]
