"""The package's sources as syntax trees, and what each of them imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "muybridge"


@cache
def trees() -> dict[str, ast.Module]:
    """Dotted name of each module below `muybridge` -> its tree; a package goes by its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imports(tree: ast.Module, package: str) -> Iterator[tuple[str, int]]:
    """Every module that is named in an import, at any depth, with its line. `from a import b` counts as a.b.

    package  dotted name that relative imports start from
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")
            base = [] if not node.level else up[: len(up) - node.level + 1]
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{start}.{alias.name}", node.lineno) for alias in node.names)


def is_package(name: str) -> bool:
    """Whether a module below `muybridge` is a folder."""
    return (PACKAGE / Path(*name.split("."))).is_dir()
