"""A trained network as one ONNX graph: (n, side, side, 3) uint8 `pixels` to (n, classes) float32 `probabilities`.

The standardisation of the input, the mean with the mirror image where the variant takes it, and the softmax are in
the graph. What is left to a program is in MODEL_CARD.md: how to load a photo, and the temperature.
"""

import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.core.errors import CurateError
from curate.train import backbones, networks
from curate.train.transfer import Head

if TYPE_CHECKING:
    import torch

OUTPUT = "probabilities"
TOLERANCE = 1e-4  # largest difference of a probability between the graph and what it was made from
BATCH = 50
Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def of_network(network: "torch.nn.Module", side: int, reference: bool) -> bytes:
    """The graph of a torch network: the reference CNN, or a backbone, whose mirror image counts too."""
    import torch

    from curate.clean.scorers import onnx_graph

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            inputs = (networks if reference else backbones).standardise(pixels)
            found = networks.as_probabilities(self.network(inputs))
            if reference:
                return found
            return (found + networks.as_probabilities(self.network(inputs.flip(3)))) / 2

    device = next(network.parameters()).device
    try:
        return onnx_graph.export(Whole().cpu().eval(), side, OUTPUT)
    finally:
        network.to(device)


def of_transfer(head: Head, side: int) -> bytes:
    """The graph of EfficientNet-Lite0, its features of a photo and its mirror image, and the linear classifier."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from curate.clean.scorers import imagenet

    model = onnx.load_model_from_string(imagenet.graph(side)[0])
    graph = model.graph
    for node in graph.node:
        node.input[:] = ["both" if name == "pixels" else name for name in node.input]
    constants: dict[str, NDArray[Any]] = {
        "last": np.array([-1]),
        "first": np.array([np.iinfo(np.int64).min]),
        "across": np.array([2]),
        "pairs": np.array([2, -1, head.weights.shape[0]]),
        "weights": head.weights.astype(np.float32),
        "bias": head.bias.astype(np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in constants.items())
    before = [
        helper.make_node("Slice", ["pixels", "last", "first", "across", "last"], ["mirrored"]),
        helper.make_node("Concat", ["pixels", "mirrored"], ["both"], axis=0),
    ]
    behind = [
        helper.make_node("Reshape", ["embedding", "pairs"], ["paired"]),
        helper.make_node("ReduceMean", ["paired"], ["mean"], axes=[0], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], ["features"], axis=1, p=2),
        helper.make_node("MatMul", ["features", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], [OUTPUT], axis=1),
    ]
    nodes = [*before, *graph.node, *behind]
    made = helper.make_graph(
        nodes,
        "transfer",
        list(graph.input),
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", head.weights.shape[1]])],
        list(graph.initializer),
    )
    whole = helper.make_model(
        made, opset_imports=list(model.opset_import), ir_version=model.ir_version, producer_name="curate"
    )
    return bytes(whole.SerializeToString(deterministic=True))


def predictor(graph: bytes) -> Predict:
    """What runs the graph: (n, side, side, 3) uint8 to (n, classes) float32, in batches, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    classes = session.get_outputs()[0].shape[1]

    def predict(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = [np.empty((0, classes), np.float32)]
        for start in range(0, len(pixels), BATCH):
            block = np.ascontiguousarray(pixels[start : start + BATCH])
            parts.append(np.asarray(session.run(None, {"pixels": block})[0], np.float32))
        return np.concatenate(parts)

    return predict


def checked(graph: bytes, pixels: NDArray[np.uint8], expected: NDArray[np.float32]) -> dict[str, Any]:
    """What model.json says of the graph, after it gave the `expected` probabilities for `pixels`.

    Raises CurateError when one of them differs by more than TOLERANCE.
    """
    difference = float(np.abs(predictor(graph)(pixels) - expected).max(initial=0.0))
    if not difference <= TOLERANCE:
        raise CurateError(
            f"the ONNX graph differs from the network by {difference:.2g}, more than {TOLERANCE:g}: nothing was "
            "published; report this with the versions of torch, onnx and onnxruntime"
        )
    return {
        "file": "model.onnx",
        "sha256": hashlib.sha256(graph).hexdigest(),
        "input": "pixels: (n, image_size, image_size, 3) uint8 RGB, squeezed, not cropped",
        "output": f"{OUTPUT}: (n, classes) float32, in the order of classes, before temperature",
        "tolerance": TOLERANCE,
        "difference": float(f"{difference:.2g}"),
        "images": len(pixels),
    }
