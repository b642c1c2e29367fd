"""Many jobs on an engine that exists already: processes of this machine, Ray, or SLURM."""

from muybridge.batches.engines import ENGINES, open_engine
from muybridge.batches.folder import BatchFolder, Outcome, Status
from muybridge.batches.jobs import Job, fingerprint_job, read_jobs
from muybridge.batches.ticket import Engine, Ticket, run_ticket

__all__ = [
    "ENGINES",
    "BatchFolder",
    "Engine",
    "Job",
    "Outcome",
    "Status",
    "Ticket",
    "fingerprint_job",
    "open_engine",
    "read_jobs",
    "run_ticket",
]
