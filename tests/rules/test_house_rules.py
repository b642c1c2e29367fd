"""What every file keeps to."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading_sources import PACKAGE, ROOT, imports, trees

VAGUE = {"utils", "util", "misc", "common", "helpers", "helper"}
TEXTS = {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".json", ".yaml", ".yml", ".cff", ""}
# In pieces, so that this file does not name them either.
HOSTS = ("py" + "pi.org", "python" + "hosted", "download." + "pytorch", "/simple" + "/", "extra-index" + "-url")
PUBLISHERS = ("src/muybridge/model_files/catalogue.py", HOSTS)
"""The one file that names where other people publish networks: torchvision's lie where its packages do."""
PLACES = ("/wo" + "rk/", "/ro" + "ot/", "/op" + "t/venv", "/ho" + "me/", "/Us" + "ers/")


def ours() -> Iterator[Path]:
    """Every text file of the repository that a person wrote."""
    for top in ("src", "tests", "docs", "benchmarks", ".ci"):
        yield from (p for p in (ROOT / top).rglob("*") if p.is_file() and p.suffix in TEXTS)
    yield from (p for p in ROOT.iterdir() if p.is_file() and p.suffix in TEXTS and p.name != ".git")


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call, with its name as it is written."""
    yield from ((ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_every_file_is_named_after_what_it_holds() -> None:
    python = [p.relative_to(ROOT) for top in ("src", "tests", "benchmarks") for p in (ROOT / top).rglob("*.py")]
    assert [str(p) for p in python if VAGUE & set(p.with_suffix("").parts)] == []


def test_grids_are_sampled_in_geometry_only() -> None:
    for name, tree in trees().items():
        if not name.startswith("geometry"):
            named = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
            assert "grid_sample" not in named | {t.rpartition(".")[2] for t, _ in imports(tree, name)}, name


def test_nothing_needs_torchvision() -> None:
    for name, tree in trees().items():
        assert "torchvision" not in {t.split(".")[0] for t, _ in imports(tree, name)}, name
    assert "torchvision" not in re.sub(r"#.*", "", "\n".join(_pinned()) + _dependencies())


def _dependencies() -> str:
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_what_a_file_says_is_read_by_readers_that_nothing_can_hold_up() -> None:
    """Pipes, deep nesting, numbers that are none: `disk.reading` knows them, and whoever parses by himself does not."""
    own = {"disk.reading", "studio.messages"}  # the latter reads what another process of the studio says
    parsers = {"json.loads", "json.load", "yaml.safe_load", "yaml.load", "yaml.safe_load_all", "yaml.full_load"}
    for name, tree in trees().items():
        if name not in own:
            assert not parsers & {called for called, _ in calls(tree)}, name
            assert "VideoCapture" not in ast.unparse(tree) or name == "video.camera", name


def test_nothing_runs_what_a_file_says() -> None:
    for name, tree in trees().items():
        roots = {t.split(".")[0] for t, _ in imports(tree, name)}
        assert not roots & {"pickle", "dill", "joblib", "shelve", "marshal"}, name
        for called, node in calls(tree):
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert called not in {"eval", "exec", "os.system"}, f"{name}:{node.lineno}"
            assert given.get("shell", "False") == "False", f"{name}:{node.lineno}"
            if called.endswith("torch.load"):
                assert given.get("weights_only") == "True", f"{name}:{node.lineno}"
            if called.startswith("yaml.load"):
                pytest.fail(f"{name}:{node.lineno}: yaml.safe_load")


def test_only_the_command_exits() -> None:
    leaving = {
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        if not name.startswith(("cli", "__main__"))
        for called, node in calls(tree)
        if called in {"sys.exit", "exit", "quit"}
    }
    assert leaving == set()


def test_flags_are_spelled_in_the_command_alone() -> None:
    """Errors name options as data (`errors.Option`), and each front end words them."""
    flags = {
        flag
        for path in (PACKAGE / "cli").glob("*.py")
        for flag in re.findall(r'"(--[a-z][a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    assert {"--out", "--force", "--resume", "--driving"} <= flags
    spelled = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent != PACKAGE / "cli":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                found = flags & set(re.findall(r"(?<![\w-])--[a-z][a-z-]+(?!\s*[:\w]*;)", line))
                spelled += [f"{path.relative_to(PACKAGE)}:{number} {flag}" for flag in found]
    assert spelled == []


def test_every_public_function_says_what_it_does() -> None:
    silent = []
    for name, tree in trees().items():
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                silent.append(f"{name}.{node.name}")
        if not ast.get_docstring(tree):
            silent.append(name)
    assert silent == []


def test_nobody_swallows_errors() -> None:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{name}:{node.lineno} catches everything"
                assert [type(s) for s in node.body] != [ast.Pass], f"{name}:{node.lineno} passes over an error"


@pytest.mark.parametrize("words", [HOSTS, PLACES], ids=["hosts", "places"])
def test_no_file_names_a_machine(words: tuple[str, ...]) -> None:
    texts = {p: p.read_text(encoding="utf-8") for p in ours() if (p.relative_to(ROOT).as_posix(), words) != PUBLISHERS}
    assert [f"{p.relative_to(ROOT)}: {w}" for p, text in texts.items() for w in words if w in text] == []


def _pinned(*names: str) -> list[str]:
    """The lines of these files of requirements, of both unless some are named."""
    lines = []
    for name in names or ("requirements.txt", "requirements-dev.txt"):
        lines += (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_a_demo_installs_no_test_tools() -> None:
    running = {line.partition("==")[0].lower() for line in _pinned("requirements.txt")}
    testing = {line.partition("==")[0].lower() for line in _pinned("requirements-dev.txt")}
    assert not running & testing
    assert {"torch", "av", "pydantic", "cyclopts"} <= running
    assert {"pytest", "ruff", "mypy", "hypothesis", "playwright"} <= testing


def test_requirements_are_exact() -> None:
    lines = _pinned()
    assert lines
    assert [s for s in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", s)] == []


def test_everything_that_is_imported_is_required() -> None:
    names = {"cv2": "opencv-python-headless", "yaml": "pyyaml", "PIL": "pillow"}
    named = {names.get(r, r).lower() for t in trees().values() for r in (s.split(".")[0] for s, _ in imports(t, ""))}
    required = set(re.findall(r'^    "([a-z0-9-]+)', _dependencies(), flags=re.MULTILINE)) | {"tensorboard"}
    assert named - set(sys.stdlib_module_names) - {"muybridge"} <= {r.replace("-", "_") for r in required} | required


def test_importing_muybridge_is_quick() -> None:
    program = "import sys, muybridge; print(*(m for m in ('torch', 'cv2', 'av', 'numpy') if m in sys.modules))"
    environment = {k: v for k, v in os.environ.items() if k != "MUYBRIDGE_CHECK_SHAPES"}
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    assert run.stdout.strip() == ""


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_notes_that_a_docstring_points_at_are_in_the_repository() -> None:
    pointed = []
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        for page, section in re.findall(r"(docs/methods/[a-z]+\.md)(?:,\s+([A-Z][A-Za-z ]+))?", text):
            there = (ROOT / page).read_text(encoding="utf-8") if (ROOT / page).is_file() else ""
            pointed.append((path.name, page, section.strip()))
            assert there, f"{path.name} points at {page}, which is not there"
            assert not section or f"**{section.strip()}" in there or f"## {section.strip()}" in there, pointed[-1]
        assert path == Path(__file__) or "(facts" not in text, f"{path.name} points at notes that nobody else has"
    assert len(pointed) > 15
