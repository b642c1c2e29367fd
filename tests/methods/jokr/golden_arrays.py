"""The arrays of a golden file, compared with what this package computes."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ONE_ROUNDING = 2.0**-22
"""A few roundings of float32. Where less is recorded, the program's own run was lucky by cancellation, and each kind of
processor sums in an order of its own: without AVX-512 four arrays are off by 0.9e-6 to 1.4e-6."""
STRIDES = ("", "@s2", "@s4", "@s8", "@s16")


class Golden:
    """The arrays, and which of them have been compared."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "io.npz") as arrays:
            self.arrays = {name: arrays[name] for name in arrays.files}
        names = [str(name) for name in self.arrays["meta/fp64_dev_names"]]
        self.rounding = dict(zip(names, self.arrays["meta/fp64_dev"].tolist(), strict=True))
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name])

    def check(self, name: str, value: Tensor) -> None:
        """Compare a whole array with every form in which it is stored."""
        value = value.detach()
        found = [name + suffix for suffix in STRIDES if name + suffix in self.arrays]
        for stored in found:
            step = int(stored.split("@s")[1]) if "@" in stored else 1
            self._compare(stored, value[..., ::step, ::step] if step > 1 else value)
        if name + "@stats" in self.arrays:
            wide = value.double()
            self._compare(name + "@stats", torch.stack((wide.mean(), wide.std(correction=0), wide.abs().mean())))
        assert found, f"no {name} in the golden file"

    def _compare(self, stored: str, value: Tensor) -> None:
        want = self[stored]
        self.seen.add(stored)
        assert value.shape == want.shape, stored
        error = (value.double() - want.double()).abs().max().item() / max(1.0, want.abs().max().item())
        recorded = self.rounding.get(stored, 0.0)
        allowed = 10 * max(recorded, ONE_ROUNDING)
        assert error <= allowed, f"{stored}: off by {error:.2e}, allowed {allowed:.2e}"

    def all_seen(self, *parts: str) -> None:
        """Every array under these names has been compared."""
        assert {name for name in self.arrays if name.startswith(parts)} - self.seen == set()

    def check_gradients(self, name: str, gradients: dict[str, float]) -> None:
        names = [str(n) for n in self.arrays[f"{name}/names"]]
        want = self[f"{name}/l2"]
        self.seen |= {f"{name}/names", f"{name}/l2"}
        assert set(names) == set(gradients)
        got = torch.tensor([gradients[n] for n in names], dtype=torch.float64)
        torch.testing.assert_close(got, want, rtol=1e-2, atol=1e-3 * want.abs().max().item(), msg=name)
