"""Settings of the process: on while training, off afterwards, and with the same results."""

import subprocess
import sys

import pytest
import torch

from muybridge.engine.cpu_tuning import fast_kernels


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


FAULTS = """
import resource
import torch
from muybridge.engine.cpu_tuning import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16, 1024, 1024)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults())
with keep_memory():
    for _ in range(3):  # until there is room for it
        faults()
    print(faults())
print(faults())
"""


def test_memory_is_kept_and_given_back() -> None:
    # In a process of its own: what others have left on the heap decides where the next tensor goes.
    pytest.importorskip("resource")
    ran = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    before, kept, after = map(int, ran.stdout.split())
    if before < 1000:
        pytest.skip("this C library keeps memory by itself")
    assert kept < 100
    assert after > 1000
