"""Networks of other people that a person fetched: where their files lie, and how one of ONNX is opened."""

from muybridge.model_files.onnx_network import Maps, OnnxNetwork
from muybridge.model_files.places import cache_folder, find_model_file

__all__ = ["Maps", "OnnxNetwork", "cache_folder", "find_model_file"]
