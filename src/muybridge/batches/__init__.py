"""Many jobs on an engine that exists already: processes of this machine, Ray, or SLURM."""

# Nothing is imported here: Ray's and SLURM's own processes beside each job need `ticket` alone, and not PyTorch.
