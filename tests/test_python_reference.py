"""docs/python.md: its examples run as they stand, and no verb is left out."""

import inspect
import re
from pathlib import Path

import pytest

import muybridge
from muybridge.batches.folder import Outcome

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


VERBS = [name for name in muybridge.__all__ if name != "Fitted"]
NEVER_RAISE = ("doctor",)
"""Verbs that refuse nothing: all that they are asked is what is here."""


def test_every_verb_has_its_place() -> None:
    missing = []
    for name in VERBS:
        if name != "read" and not re.search(rf"muybridge\.{name}\(|`{name}[`(]", PAGE):
            missing.append(name)

    assert missing == []


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_says_what_it_takes_returns_and_refuses(name: str) -> None:
    verb = getattr(muybridge, name)
    said = verb.__doc__
    wanted = set(inspect.signature(verb).parameters)

    parts = ["Args:"] if wanted else []
    parts += [] if name in NEVER_RAISE else ["Raises:"]
    parts += ["Example:", ">>> "]
    assert [part for part in parts if part not in said] == []
    assert "Returns:" in said or "Yields:" in said
    # An argument that is added later must be written down too.
    arguments = said.partition("Args:")[2].partition("Returns:")[0]
    assert set(re.findall(r"^        \*{0,2}(\w+): ", arguments, flags=re.MULTILINE)) >= wanted


@pytest.mark.timeout(1200)  # more than a dozen trainings, in one process
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
