"""Segmentation networks of one convolution, as ONNX files: each class has its colour."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from muybridge.masks.segmenters import PASCAL

RED, GREEN, BLUE = (220, 20, 20), (20, 220, 20), (20, 20, 220)
COLOUR_OF = {"cat": RED, "dog": GREEN, "person": BLUE}


def save_network(path: Path, weights: np.ndarray, bias: np.ndarray, side: int) -> Path:
    """A network of one convolution of 1 x 1: each class has its colour."""
    count = len(bias)
    node = helper.make_node("Conv", ["picture", "w", "b"], ["maps"], kernel_shape=[1, 1])
    graph = helper.make_graph(
        [node],
        "colours",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, count, side, side])],
        [
            helper.make_tensor("w", TensorProto.FLOAT, [count, 3, 1, 1], weights.astype(np.float32).ravel()),
            helper.make_tensor("b", TensorProto.FLOAT, [count], bias.astype(np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 10
    onnx.save(model, path)
    return path


def save_classes(path: Path) -> Path:
    """A network of PASCAL's classes that takes what is red for a cat, green for a dog, and blue for a person."""
    weights = np.zeros((21, 3))
    bias = np.full(21, -20.0)
    bias[0] = 0
    for label, colour in COLOUR_OF.items():
        index = 1 + PASCAL.index(label)
        weights[index] = [10 if c > 100 else -10 for c in colour]
        bias[index] = -12
    return save_network(path, weights, bias, 65)
