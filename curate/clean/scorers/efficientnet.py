"""EfficientNet-Lite0 as an ONNX graph, made with numpy out of its PyTorch checkpoint; torch is not needed.

The network (Tan and Le 2019, https://arxiv.org/abs/1905.11946, in its Lite variant: no squeeze-and-excitation,
ReLU6) is a stem, 16 inverted residual blocks and a head. Each batch normalisation is folded into the convolution
before it. Strided convolutions are padded as TensorFlow does, more behind than before.

The checkpoint is read with an unpickler that knows tensors of float32 and int64 and nothing else, and the caller
has compared its sha256.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEATURES = 1280
HALF_RANGE = 127.5  # of a pixel: less this and over this, 0..255 is -1..1
_STEM = 32  # channels
_BLOCKS = (  # expansion, kernel, stride of the first, channels, repeats
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_EPSILON = 1e-3  # of its batch normalisation
_OPSET, _IR_VERSION = 17, 9  # of ONNX; what every ONNX Runtime since 1.17 reads

Array = NDArray[np.float32]


# --- the checkpoint -----------------------------------------------------------------------------------------


@dataclass
class _Tensor:
    """A tensor whose numbers stand further behind in the file."""

    storage: str
    offset: int  # of its first number in the storage
    shape: tuple[int, ...]
    stride: tuple[int, ...]  # numbers from one to the next along each axis

    def of(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """The tensor out of its storage. Raises ValueError when it reaches beyond it."""
        numbers = numbers[self.offset :]
        last = sum((size - 1) * step for size, step in zip(self.shape, self.stride, strict=True))
        if last >= len(numbers) or min(self.stride, default=1) < 0 or self.offset < 0:
            raise ValueError("a tensor reaches beyond its storage")
        bytes_ = [step * numbers.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(numbers, self.shape, bytes_)


class _Checkpoint(pickle.Unpickler):
    """Reads plain containers and the names of tensors; refuses all else that a pickle can make or call."""

    _types: Mapping[str, str] = {"FloatStorage": "<f4", "LongStorage": "<i8"}

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.types: dict[str, str] = {}  # of each storage

    def find_class(self, module: str, name: str) -> Any:
        """The few names that a checkpoint of tensors uses."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if module == "torch" and name in self._types:
            return self._types[name]
        raise pickle.UnpicklingError(f"a checkpoint of tensors has no {module}.{name}")

    def persistent_load(self, pid: Any) -> str:
        """A storage: its name, with the type of its numbers remembered."""
        kind, dtype, name, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"a checkpoint of tensors has no {kind!r}")
        self.types[name] = dtype
        return str(name)

    @staticmethod
    def _tensor(storage: str, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Tensor:
        return _Tensor(storage, offset, shape, stride)


def read_checkpoint(data: bytes) -> dict[str, NDArray[Any]]:
    """Tensors by name, in the order of the file, out of what `torch.save` wrote before its version 1.6.

    Raises pickle.UnpicklingError for anything but tensors, ValueError for a file that ends too early.
    """
    file = io.BytesIO(data)
    for _ in ("magic number", "version of the format", "sizes of the system"):
        _Checkpoint(file).load()
    reader = _Checkpoint(file)
    tensors: dict[str, _Tensor] = reader.load()
    storages: dict[str, NDArray[Any]] = {}
    for name in _Checkpoint(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = np.dtype(reader.types[name])
        storages[name] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: tensor.of(storages[tensor.storage]) for name, tensor in tensors.items()}


# --- the graph ----------------------------------------------------------------------------------------------


@dataclass
class _Graph:
    """Nodes and weights so far, taken from the checkpoint in its order."""

    weights: Iterator[NDArray[Any]]
    side: int  # of the image at this place
    nodes: list[Any] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node; the name of its output."""
        from onnx import helper

        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, values: NDArray[Any], name: str = "") -> str:
        """A tensor; its name."""
        from onnx import numpy_helper

        name = name or f"tensor_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def convolution(self, image: str, shape: tuple[int, int, int], groups: int = 1, stride: int = 1) -> str:
        """Convolution of (channels out, channels in / groups, kernel), and the normalisation behind it."""
        kernel = shape[2]
        weight = next(self.weights)
        scale, shift, mean, variance, _ = (next(self.weights) for _ in range(5))
        if weight.shape != (*shape, kernel):
            raise ValueError(f"the checkpoint has {weight.shape} where {(*shape, kernel)} belongs")
        factor = scale / np.sqrt(variance.astype(np.float64) + _EPSILON)
        smaller = -(-self.side // stride)
        padding = max(0, (smaller - 1) * stride + kernel - self.side)
        before, behind = padding // 2, padding - padding // 2
        self.side = smaller
        return self.add(
            "Conv",
            image,
            self.constant((weight * factor[:, None, None, None]).astype(np.float32)),
            self.constant((shift - mean * factor).astype(np.float32)),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, behind, behind],
            group=groups,
        )

    def clipped(self, image: str) -> str:
        """ReLU6."""
        return self.add("Clip", image, "zero", "six")

    def block(self, image: str, inside: int, expansion: int, kernel: int, stride: int, outside: int) -> str:
        """An inverted residual block from `inside` to `outside` channels."""
        wide, found = inside * expansion, image
        if expansion > 1:
            found = self.clipped(self.convolution(found, (wide, inside, 1)))
        found = self.clipped(self.convolution(found, (wide, 1, kernel), groups=wide, stride=stride))
        found = self.convolution(found, (outside, wide, 1))
        return self.add("Add", found, image) if stride == 1 and inside == outside else found


def build(checkpoint: bytes, side: int) -> tuple[bytes, Array, Array]:
    """The graph from (n, side, side, 3) uint8 `pixels` to (n, 1280) float32 `embedding`, and the classifier behind
    it: (1000, 1280) weights and (1000,) biases. Pixels are scaled to -1..1, as in training.

    The same bytes on every machine. Raises pickle.UnpicklingError and ValueError for another checkpoint.
    """
    from onnx import TensorProto, helper

    tensors = read_checkpoint(checkpoint)
    *body, weight, bias = tensors.values()
    graph = _Graph(iter(body), side)
    graph.constant(np.array(0, np.float32), "zero")
    graph.constant(np.array(6, np.float32), "six")
    image = graph.add("Cast", graph.add("Transpose", "pixels", perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
    half = graph.constant(np.full((1, 3, 1, 1), HALF_RANGE, np.float32))
    for operator in ("Sub", "Div"):
        image = graph.add(operator, image, half)
    image = graph.clipped(graph.convolution(image, (_STEM, 3, 3), stride=2))
    inside = _STEM
    for expansion, kernel, first_stride, outside, repeats in _BLOCKS:
        for number in range(repeats):
            image = graph.block(image, inside, expansion, kernel, 1 if number else first_stride, outside)
            inside = outside
    image = graph.clipped(graph.convolution(image, (FEATURES, inside, 1)))
    graph.nodes.append(helper.make_node("Flatten", [graph.add("GlobalAveragePool", image)], ["embedding"], axis=1))
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", side, side, 3])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", FEATURES])
    made = helper.make_graph(graph.nodes, "efficientnet-lite0", [pixels], [embedding], graph.tensors)
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="curate"
    )
    return (
        bytes(model.SerializeToString(deterministic=True)),
        np.ascontiguousarray(weight),
        np.ascontiguousarray(bias),
    )
