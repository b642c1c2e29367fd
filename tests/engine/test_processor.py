"""Settings of the process: on while training, off afterwards, and with the same results."""

import pytest
import torch

from muybridge.engine.processor import fast_kernels, kept_memory


def flushes() -> bool:
    return not (torch.full((4,), 1e-39) * 1).any()


@pytest.mark.parametrize("before", [False, True])
def test_settings_are_put_back(before: bool) -> None:
    benchmark = torch.backends.cudnn.benchmark
    torch.set_flush_denormal(before)
    try:
        with fast_kernels():
            assert torch.backends.cudnn.benchmark
            assert flushes()
        assert flushes() == before
        assert torch.backends.cudnn.benchmark == benchmark
    finally:
        torch.set_flush_denormal(False)


def test_memory_is_kept_and_given_back() -> None:
    resource = pytest.importorskip("resource")

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(16, 1024, 1024)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    if faults() < 1000:
        pytest.skip("this C library keeps memory by itself")
    with kept_memory():
        for _ in range(3):  # until there is room for it
            faults()
        assert faults() < 100
    assert faults() > 1000
