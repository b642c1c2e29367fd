"""How the small scale reads: paragraphs, comments, one idea a line; bounds are those of libraries that read well."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass

import pytest
from reading_sources import PACKAGE, trees

LONG = 12
"""Lines from which on a function's body wants paragraphs."""
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Words that end like a participle and are none, or are a noun in their field.
NO_PARTICIPLES = {
    "bring",
    "reseed",
    "feed",
    "need",
    "speed",
    "seed",
    "embed",
    "shed",
    "spread",
    "thread",
    "read",
    "load",
    "proceed",
    "bed",
}


@dataclass
class Measures:
    """Counts over some sources."""

    bodies: int = 0
    bare: int = 0
    body_lines: int = 0
    comments: int = 0
    comprehensions: int = 0
    lines: int = 0
    assignments: int = 0
    tuples: int = 0

    @property
    def bare_share(self) -> float:
        """Percent of bodies of `LONG` or more lines without a blank line."""
        return 100 * self.bare / max(1, self.bodies)

    @property
    def comment_share(self) -> float:
        """Lines with a comment in those bodies, percent."""
        return 100 * self.comments / max(1, self.body_lines)

    @property
    def comprehension_rate(self) -> float:
        """Comprehensions in a thousand lines."""
        return 1000 * self.comprehensions / max(1, self.lines)

    @property
    def tuple_share(self) -> float:
        """Percent of assignments that give several values to several names at once."""
        return 100 * self.tuples / max(1, self.assignments)

    def __str__(self) -> str:
        return (
            f"bodies of {LONG} or more lines without a blank line {self.bare_share:.1f} %, comments in them "
            f"{self.comment_share:.1f} %, comprehensions {self.comprehension_rate:.1f} in 1,000 lines, "
            f"tuple assignments {self.tuple_share:.1f} %, {self.lines} lines"
        )


def measure(texts: list[str]) -> Measures:
    found = Measures()
    for text in texts:
        rows = text.split("\n")
        found.lines += len(rows)
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        noted = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
        for node in ast.walk(ast.parse(text)):
            found.comprehensions += isinstance(node, COMPREHENSIONS)
            if isinstance(node, ast.Assign):
                found.assignments += 1
                found.tuples += isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                add_body(found, node, rows, noted)
    return found


def add_body(found: Measures, node: ast.FunctionDef | ast.AsyncFunctionDef, rows: list[str], noted: set[int]) -> None:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if not body or node.end_lineno - body[0].lineno + 1 < LONG:
        return
    lines = range(body[0].lineno, node.end_lineno + 1)
    found.bodies += 1
    found.bare += all(rows[line - 1].strip() for line in lines)
    found.body_lines += len(lines)
    found.comments += sum(line in noted for line in lines)


@pytest.fixture(scope="module")
def ours() -> Measures:
    return measure([path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))])


def test_long_functions_have_paragraphs(ours: Measures) -> None:
    assert ours.bare_share <= 30, str(ours)


def test_comments_say_why_and_are_few(ours: Measures) -> None:
    assert 4 <= ours.comment_share <= 10, str(ours)


def test_comprehensions_are_where_they_read_aloud(ours: Measures) -> None:
    assert ours.comprehension_rate <= 10, str(ours)


def test_a_line_says_one_thing(ours: Measures) -> None:
    assert ours.tuple_share <= 2, str(ours)


def test_no_function_is_named_by_a_participle_alone() -> None:
    named = []
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_property(node):
                continue
            word = node.name.strip("_")
            if re.fullmatch(r"[a-z]+(ed|ing)", word) and word not in NO_PARTICIPLES:
                named.append(f"{name}:{node.lineno} {node.name}")
    assert named == []


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        ast.unparse(d).rpartition(".")[2] in ("property", "cached_property", "setter") for d in node.decorator_list
    )


def test_the_measures_count() -> None:
    steps = "\n".join(f"    x{i} = {i}" for i in range(LONG))
    dense = f"def f():\n{steps}\n"
    aired = f"def f():\n    a, b = 1, 2\n    # Why.\n\n{steps}\n    return [x for x in b]\n"
    found = measure([dense, aired])
    assert (found.bodies, found.bare, found.comments, found.tuples, found.comprehensions) == (2, 1, 1, 1, 1)
    assert found.assignments == 2 * LONG + 1
