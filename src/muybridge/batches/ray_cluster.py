"""A Ray cluster: Ray places tickets by cores, memory and GPUs, and starts those of a lost node again elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from muybridge.batches.ticket import Ticket, run_ticket, stop_processes
from muybridge.errors import MissingExtraError, UsageError

RETRIES = 5
"""Times that a job is begun again whose node was lost; each time it goes on from its last checkpoint."""
OWN = "a cluster of this machine, for this batch alone"
IN_FLIGHT = 1000
"""Tickets that Ray knows of at once: the driver's memory stays flat however long the list is."""


class RayEngine:
    """Run tickets on a Ray cluster.

    address  "ray" joins the one that RAY_ADDRESS names, or else starts one of this machine; "ray://head:10001" joins
             that one
    at_most  so many at once; None: as many as the cluster places
    notify   told which cluster it is, and what it has too little of
    """

    def __init__(
        self, address: str = "ray", at_most: int | None = None, notify: Callable[[str], object] | None = None
    ) -> None:
        self.address = address
        self.at_most = at_most
        self.notify = notify or (lambda text: None)

    def run(self, tickets: Sequence[Ticket]) -> Iterator[tuple[str, int]]:
        """(name, exit code) of each ticket as it ends."""
        ray = import_ray()
        mine = not ray.is_initialized()
        if mine:
            self._connect(ray)

        # Ray tries again where a node or worker is lost; a command that fails by itself is an answer.
        remote = ray.remote(max_retries=RETRIES)(run_remotely)
        waiting = iter(tickets)
        known: dict[Any, str] = {}
        try:
            self._check_size(ray, tickets)
            while True:
                limit = self.at_most or IN_FLIGHT
                # Not all at once: a batch of thousands would fill the scheduler's queue.
                while len(known) < limit and (ticket := next(waiting, None)) is not None:
                    # Without a name of its own: Ray counts the tasks of each name for ever, 2 KB each.
                    sized = remote.options(num_cpus=ticket.threads, num_gpus=ticket.gpus, memory=ticket.memory)
                    known[sized.remote(ticket)] = ticket.name

                if not known:
                    return
                done, _ = ray.wait(list(known), num_returns=1)
                for reference in done:
                    name = known.pop(reference)
                    yield name, self._result(ray, reference)
        finally:
            for reference in known:
                ray.cancel(reference, force=False)
            if known:
                # Cancelled jobs need a moment to save what they have.
                ray.wait(list(known), num_returns=len(known), timeout=60)
            if mine:
                ray.shutdown()

    def _connect(self, ray: Any) -> None:
        quiet = {"logging_level": "ERROR", "log_to_driver": False}
        try:
            if self.address.startswith("ray://"):
                ray.init(address=self.address, **quiet)
            elif os.environ.get("RAY_ADDRESS"):
                ray.init(address="auto", **quiet)
            else:
                # Without an address, Ray would join any cluster that somebody has started on this machine.
                ray.init(address="local", include_dashboard=False, **quiet)
        except (ConnectionError, OSError, ValueError, RuntimeError) as e:
            raise UsageError(
                f"no Ray cluster answers at {self.address}: {str(e)[:300]}", "Start one with: ray start --head"
            ) from e

        self.notify(f"Ray: {self._cluster} ({_describe(ray.cluster_resources())})")

    @property
    def _cluster(self) -> str:
        named = os.environ.get("RAY_ADDRESS") if self.address == "ray" else self.address
        return f"the cluster at {named}" if named else OWN

    def _check_size(self, ray: Any, tickets: Sequence[Ticket]) -> None:
        """Say which jobs no node can hold: Ray itself lets them wait in silence, for a node might still join."""
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        sizes = {(ticket.threads, float(ticket.gpus), ticket.memory) for ticket in tickets}
        for threads, gpus, memory in sorted(sizes):
            need = {"CPU": float(threads), "GPU": gpus, "memory": float(memory)}
            if any(all(node.get(kind, 0.0) >= amount for kind, amount in need.items()) for node in nodes):
                continue
            if self._cluster == OWN:
                has = _describe(ray.cluster_resources())
                raise UsageError(
                    f"a job needs more ({_describe(need)}) than this machine has ({has})",
                    "Ask for less, or name a cluster.",
                )
            self.notify(f"no node of {self._cluster} has what a job needs ({_describe(need)}), which waits for one")

    def _result(self, ray: Any, reference: Any) -> int:
        try:
            return int(ray.get(reference))
        except ray.exceptions.RayError:
            # Lost more often than it is tried again.
            return -signal.SIGKILL


def run_remotely(ticket: Ticket) -> int:
    """What runs on a node: the command, stopped in order where Ray cancels it."""
    started: list[subprocess.Popen[bytes]] = []
    # A shell starts what runs in the background with SIGINT ignored, and a node's workers inherit that: they would not
    # hear of `ray.cancel`.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return run_ticket(ticket, started.append)
    except KeyboardInterrupt:
        # `ray.cancel` arrives as Ctrl-C does.
        return -signal.SIGINT
    finally:
        stop_processes([process for process in started if process.poll() is None])
        signal.signal(signal.SIGINT, before)


def _describe(resources: Mapping[str, float]) -> str:
    cores, gpus, memory = (resources.get(kind, 0.0) for kind in ("CPU", "GPU", "memory"))
    return f"cores: {cores:g}, GPUs: {gpus:g}, memory: {memory / 2**30:.1f} GiB"


def import_ray() -> Any:
    """Ray, or MissingExtraError with how to install it."""
    try:
        import ray
    except ImportError as e:
        raise MissingExtraError("Ray is not installed", "Install it with: pip install 'muybridge[ray]'") from e
    return ray
