"""One studio for all tests that do not need their own, and one finished run in it."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from chromium import browser
from open_studio import Studio, opened

if find_spec("fastapi") is None:
    collect_ignore_glob = ["test_*.py"]  # needs the extra: pip install 'muybridge[studio]'


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with opened(tmp_path_factory.mktemp("studio 猫")) as started:
        yield started


@pytest.fixture(scope="session")
def finished(studio: Studio) -> dict[str, Any]:
    """A run that has learnt next to nothing."""
    run = studio.train(studio.pair())
    done: dict[str, Any] = studio.wait(f"/api/runs/{run['id']}", lambda r: r["state"] in ("finished", "failed"))
    assert done["state"] == "finished", done
    return done


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for the tests of one file; the test is skipped where there is none."""
    with browser() as started:
        yield started
