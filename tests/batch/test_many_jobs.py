"""A slice of `benchmarks/batch_overhead.py` and `batch_kills.py`: many jobs, and a few kills."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("batch_kills")


def test_many_jobs_are_one_row_each_and_the_driver_does_not_grow(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overhead = sys.modules["batch_overhead"]
    verb = importlib.import_module("muybridge.api.batch")
    monkeypatch.setattr(verb, "WORKER", verb.WORKER)
    found = overhead.measure_overhead(tmp_path, "local", 60)
    assert found["skipped"] == 60
    assert max(found["driver_megabytes"]) - found["driver_megabytes"][0] < 5


@pytest.mark.timeout(240)
def test_random_kills_lose_nothing_and_leave_nothing(benchmark: ModuleType, tmp_path: Path) -> None:
    found = benchmark.kill_at_random(tmp_path, "local", nodes=0, kills=1, jobs=4, seed=1)
    assert sum(found["kills"].values()) == 1
    assert found["done"] == 4
