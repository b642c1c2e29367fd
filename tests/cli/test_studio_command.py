"""muybridge studio: what it refuses before it serves."""

from pathlib import Path

import pytest
from tiny_jobs import Command

import muybridge.cli.studio


def test_without_its_packages_it_says_how_to_get_them(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(muybridge.cli.studio, "find_spec", lambda name: None)
    ended = command("studio")
    assert ended.code == 1
    assert "pip install 'muybridge[studio]'" in ended.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--port", "99999"), "there is no port 99999"),
        (("--host", "no such host"), "cannot be listened on"),
        (("--device", "abacus"), "no device"),
    ],
)
def test_wrong_addresses(command: Command, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    pytest.importorskip("fastapi")
    ended = command("studio", "--no-browser", "--runs", tmp_path / "runs", *options)
    assert ended.code == 2
    assert said in ended.err


def test_a_folder_that_cannot_be_made(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    (tmp_path / "file").write_text("in the way")
    ended = command("studio", "--no-browser", "--port", "0", "--runs", tmp_path / "file")
    assert ended.code == 1
    assert "cannot be used" in ended.err
