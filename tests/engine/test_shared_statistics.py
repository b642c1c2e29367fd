"""Batch norm over several processes: between two it computes what one does with both halves."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from muybridge.engine.batch_statistics import share_statistics

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import sys, torch
from torch import nn
from muybridge.engine.batch_statistics import share_statistics
from muybridge.networks import make_norm
rank = int(sys.argv[1])
torch.distributed.init_process_group("gloo", init_method=sys.argv[2], rank=rank, world_size=2)
torch.manual_seed(0)
nets = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3), make_norm("batch", 2))
alone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3), make_norm("batch", 2))
alone.load_state_dict(nets.state_dict())
x, goal = torch.randn(6, 3, 9, 7) * 3 + 5, torch.randn(6, 2, 5, 3)
own = slice(3 * rank, 3 * rank + 3)
with share_statistics(nets, 2):
    made = nets(x[own])
    (made - goal[own]).square().mean().backward()
want = alone(x)
(want - goal).square().mean().backward()
torch.testing.assert_close(made, want[own], rtol=1e-4, atol=1e-5)
for name, p in nets.named_parameters():
    torch.distributed.all_reduce(p.grad)
    torch.testing.assert_close(p.grad / 2, dict(alone.named_parameters())[name].grad, rtol=1e-3, atol=1e-5, msg=name)
for name, b in nets.named_buffers():
    torch.testing.assert_close(b, dict(alone.named_buffers())[name], rtol=1e-4, atol=1e-5, msg=name)
assert all("forward" not in vars(m) for m in nets.modules())
print("same", flush=True)
torch.distributed.barrier()
import os; os._exit(0)
"""


def test_two_halves_are_normalised_as_one_batch(tmp_path: Path) -> None:
    meeting = f"file://{tmp_path}/meeting"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "MUYBRIDGE_CHECK_SHAPES": "0"}
    command = [sys.executable, "-c", PROGRAM]
    both = [
        subprocess.Popen(
            [*command, str(rank), meeting], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for rank in (0, 1)
    ]
    try:
        for process in both:
            out, err = process.communicate(timeout=120)
            assert out.split() == [b"same"], err.decode()[-2000:]
    finally:
        # Where one has failed, the other would wait for it.
        for process in both:
            process.kill()
            process.communicate()


def test_one_process_is_left_alone() -> None:
    net = nn.Sequential(nn.BatchNorm2d(3))
    with share_statistics(net, 1):
        assert "forward" not in vars(net[0])
    net.eval()
    x = torch.randn(2, 3, 4, 4)
    with share_statistics(net, 2):
        assert "forward" in vars(net[0])
        assert torch.allclose(net(x), x, atol=1e-4)  # running statistics, of no other process
    with contextlib.suppress(ValueError), share_statistics(net, 2):
        raise ValueError
    assert "forward" not in vars(net[0])
