"""docs/python.md: its examples run as they stand, and no verb is left out."""

import re
from pathlib import Path

import pytest

import muybridge
from muybridge.batches import Outcome

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


def test_every_verb_has_its_place_and_says_what_it_takes_and_returns() -> None:
    functions = [name for name in muybridge.__all__ if name not in ("Fitted", "read")]
    assert [name for name in functions if not re.search(rf"muybridge\.{name}\(|`{name}[`(]", PAGE)] == []
    for name in ("animate", "animate_pairs", "fit", "retarget", "demo"):
        said = getattr(muybridge, name).__doc__
        assert all(part in said for part in ("Args:", "Returns:", "Example:")), name


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the page in one place, as a person would type it."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for section in SECTIONS:
        for block in re.findall(r"^```python\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL):
            try:
                exec(compile(block, f"docs/python.md, {section.split(chr(10))[0]}", "exec"), names)
            except Exception as error:
                pytest.fail(f"docs/python.md, {section.split(chr(10))[0]}: {type(error).__name__}: {error}")

    # A job that fails is told and stops nobody, so the page alone would not show it.
    outcome = names["outcome"]
    assert isinstance(outcome, Outcome)
    assert outcome.status == "done", outcome.error
