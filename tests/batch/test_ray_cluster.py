"""A real Ray cluster on this machine, of two and of four nodes: one is lost, and all ends as if it were not."""

import importlib
import sys
import threading
import time
from pathlib import Path

import pytest

from muybridge.batches.ray_cluster import RayEngine
from muybridge.batches.ticket import Ticket

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")

# Says that it has begun and by which process, waits until it may go on, then writes its result whole.
WORK = """
import os, pathlib, sys, time
out = pathlib.Path(sys.argv[1])
with open(str(out) + ".begun", "a") as file:
    file.write(str(os.getpid()) + chr(10))
end = time.monotonic() + 120
while not (out.parent / "go").exists() and time.monotonic() < end:
    time.sleep(0.05)
part = out.with_suffix(".part")
part.write_text("done")
part.replace(out)
"""


def pids(folder: Path) -> list[int]:
    """The processes that have begun a ticket."""
    found = []
    for path in folder.glob("*.begun"):
        found += [int(line) for line in path.read_text().splitlines()]
    return found


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.filterwarnings("ignore")
def test_a_lost_node_loses_no_ticket(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    nodes = 4
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [cluster.add_node(num_cpus=1) for _ in range(nodes - 1)]
    try:
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        cluster.wait_for_nodes()
        tickets = []
        for index in range(2 * nodes):
            command = (sys.executable, "-c", WORK, str(tmp_path / f"job{index}"))
            tickets.append(Ticket(f"job{index}", command, str(tmp_path / f"job{index}.log")))

        def lose_a_node() -> None:
            # As soon as one runs on each node; the rest goes on when one of them has gone with its node.
            end = time.monotonic() + 200
            while len(pids(tmp_path)) < nodes and time.monotonic() < end:
                time.sleep(0.05)
            cluster.remove_node(others[0], allow_graceful=False)
            while all(map(is_alive, pids(tmp_path)[:nodes])) and time.monotonic() < end:
                time.sleep(0.05)
            (tmp_path / "go").touch()

        killer = threading.Thread(target=lose_a_node)
        killer.start()
        ended = dict(RayEngine().run(tickets))
        killer.join()

        assert ended == {ticket.name: 0 for ticket in tickets}
        assert all((tmp_path / ticket.name).read_text() == "done" for ticket in tickets)
        # One of those that ran was on the lost node, and was begun again.
        assert len(pids(tmp_path)) == len(tickets) + 1
        assert list(tmp_path.glob("*.part")) == []
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.filterwarnings("ignore")
def test_pairs_end_with_the_same_bits_where_a_node_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    # What each process spends on starting is most of it.
    monkeypatch.setenv("MUYBRIDGE_CHECK_SHAPES", "0")
    found = importlib.import_module("batch_kills").compare_engines(tmp_path, pairs=2, nodes=2)
    # Weights and videos.
    assert found["same_bits"] > 2 * 100
