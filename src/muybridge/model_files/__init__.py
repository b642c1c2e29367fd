"""Networks of other people: which can be fetched, where their files lie, how one of ONNX is opened."""

from muybridge.model_files.catalogue import MODEL_FILES, ModelFile, find_model, hint_to_fetch, models_used_by
from muybridge.model_files.download import copy_model, download_model
from muybridge.model_files.onnx_network import Maps, OnnxNetwork
from muybridge.model_files.places import cache_folder, find_model_file, torch_cache_path

__all__ = [
    "MODEL_FILES",
    "Maps",
    "ModelFile",
    "OnnxNetwork",
    "cache_folder",
    "copy_model",
    "download_model",
    "find_model",
    "find_model_file",
    "hint_to_fetch",
    "models_used_by",
    "torch_cache_path",
]
