"""A real Ray cluster of two nodes on this machine: one is lost in the middle, and every ticket ends all the same."""

import sys
import threading
import time
from pathlib import Path

import pytest

from muybridge.batches import Ticket
from muybridge.batches.ray_cluster import RayEngine

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")

# Says that it has begun, works for a moment, then writes its result whole. What was killed begins again.
WORK = """
import os, pathlib, sys, time
out = pathlib.Path(sys.argv[1])
with open(str(out) + ".begun", "a") as file:
    file.write("x")
time.sleep(float(sys.argv[2]))
part = out.with_suffix(".part")
part.write_text("done")
part.replace(out)
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore")
def test_a_lost_node_loses_no_ticket(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    try:
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        cluster.wait_for_nodes()
        tickets = []
        for index in range(6):
            command = (sys.executable, "-c", WORK, str(tmp_path / f"job{index}"), "4.0")
            tickets.append(Ticket(f"job{index}", command, str(tmp_path / f"job{index}.log")))

        def lose_a_node() -> None:
            # As soon as two run at once, one a node.
            end = time.monotonic() + 120
            while len(list(tmp_path.glob("*.begun"))) - len(list(tmp_path.glob("job?"))) < 2:
                if time.monotonic() > end:
                    return
                time.sleep(0.05)
            cluster.remove_node(second, allow_graceful=False)

        killer = threading.Thread(target=lose_a_node)
        killer.start()
        ended = dict(RayEngine().run(tickets))
        killer.join()

        assert ended == {ticket.name: 0 for ticket in tickets}
        assert all((tmp_path / ticket.name).read_text() == "done" for ticket in tickets)
        # One of the two that ran was on the lost node, and was begun again.
        assert sum(len(path.read_text()) for path in tmp_path.glob("*.begun")) > len(tickets)
        assert list(tmp_path.glob("*.part")) == []
    finally:
        ray.shutdown()
        cluster.shutdown()
