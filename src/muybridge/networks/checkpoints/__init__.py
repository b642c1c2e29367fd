"""Reading the files that other programs wrote: as data, never as code, and refused where they are something else."""

from muybridge.networks.checkpoints.tensors import extract_state, fill_network, is_plain_tensor, load_tensors
from muybridge.networks.checkpoints.yaml_options import read_yaml_options, read_yaml_table, square_side

__all__ = [
    "extract_state",
    "fill_network",
    "is_plain_tensor",
    "load_tensors",
    "read_yaml_options",
    "read_yaml_table",
    "square_side",
]
