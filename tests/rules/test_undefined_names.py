"""Names that nothing defines. Ruff is not asked in general: it takes the shapes of jaxtyping for names."""

import io
import json
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from reading_sources import ROOT


def undefined(*places: str | Path) -> list[str]:
    """path:line and name of each name that is used and not defined, but for those inside plain strings."""
    command = (sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "--output-format", "json")
    run = subprocess.run([*command, *map(str, places)], capture_output=True, text=True, cwd=ROOT, timeout=120)
    found = []
    for finding in json.loads(run.stdout):
        path = Path(finding["filename"])
        row = finding["location"]["row"]
        column = finding["location"]["column"] - 1
        if not in_plain_string(path.read_text(encoding="utf-8"), row, column):
            found.append(f"{path.name}:{row} {finding['message']}")
    return found


def in_plain_string(text: str, row: int, column: int) -> bool:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and token.start <= (row, column) < token.end:
            prefix = token.string[: len(token.string) - len(token.string.lstrip("rRbBuUfF"))]
            return "f" not in prefix.lower()
    return False


@pytest.mark.parametrize("top", ["src", "tests", "benchmarks"])
def test_every_name_is_defined(top: str) -> None:
    assert undefined(top) == []


def test_the_rule_is_able_to_complain(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        'def f(x: "Float[Tensor, \'T C\']") -> str:\n    return f"{nobody} of {x}"\n\n\nprint(nowhere)\n'
    )
    assert [line.rpartition("`")[0].rpartition("`")[2] for line in undefined(tmp_path)] == ["nobody", "nowhere"]
