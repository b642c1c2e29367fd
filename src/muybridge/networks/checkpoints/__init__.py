"""Reading the files that other programs wrote: as data, never as code, and refused where they are something else."""

from muybridge.networks.checkpoints.tensors import (
    captured_names,
    extract_state,
    fill_network,
    is_plain_tensor,
    join_states,
    load_tensors,
)
from muybridge.networks.checkpoints.yaml_options import (
    describe_invalid,
    read_yaml_options,
    read_yaml_table,
    relative_drops,
    rename_options,
    square_side,
)

__all__ = [
    "captured_names",
    "describe_invalid",
    "extract_state",
    "fill_network",
    "is_plain_tensor",
    "join_states",
    "load_tensors",
    "read_yaml_options",
    "read_yaml_table",
    "relative_drops",
    "rename_options",
    "square_side",
]
