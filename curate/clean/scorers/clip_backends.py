"""Ways to compute the image tower of an open_clip model, and which of them is fastest on this machine."""

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.clean.scorers import onnx_graph
from curate.clean.scorers.base import Embeddings, Pixels
from curate.core.errors import UsageError

BACKENDS = ("torch-float32", "torch-bfloat16", "onnx-float32", "cuda-float32")
MIN_COSINE = 0.999  # a faster way of computing must give the float32 embedding to within this
_IMAGES = 8  # images on which the ways of computing are compared


def is_usable(backend: str) -> bool:
    """Is it one of `BACKENDS`, and is the hardware there?"""
    if backend != "cuda-float32":
        return backend in BACKENDS
    import torch

    return torch.cuda.is_available()


def measure(visual: Any, wanted: str) -> dict[str, Any]:
    """Time the ways of computing, or only the `wanted` one unless that is `auto`: backend, photos_per_s, side,
    dimensions.

    Raises UsageError for a backend that this machine has not, FloatingPointError when the weights give NaN.
    """
    if wanted != "auto" and not is_usable(wanted):
        raise UsageError(f"clean.backend is {wanted}, but there is no CUDA device here: set it to auto")
    side = side_of(visual)
    pixels = _noise_images(side)
    exact = embedder(visual, "torch-float32")(pixels)
    if not np.isfinite(exact).all():
        raise FloatingPointError
    speeds: dict[str, float] = {}
    for backend in filter(is_usable, BACKENDS if wanted == "auto" else (wanted,)):
        embed = embedder(visual, backend)
        cosine = (embed(pixels) * exact).sum(axis=1).min()
        start = time.perf_counter()
        embed(pixels)
        if cosine >= MIN_COSINE or backend in (wanted, "torch-float32"):
            speeds[backend] = round(_IMAGES / (time.perf_counter() - start), 1)
    return {
        "backend": max(speeds, key=lambda name: speeds[name]),
        "photos_per_s": speeds,
        "side": side,
        "dimensions": exact.shape[1],
    }


def _noise_images(side: int) -> NDArray[np.uint8]:
    """Smooth coloured noise, (n, side, side, 3): what a network takes for a photo."""
    noise = np.random.default_rng(0).integers(0, 256, (_IMAGES, 8, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side))) for one in noise])


def side_of(visual: Any) -> int:
    """Pixels of the square input of an image tower."""
    size = visual.preprocess_cfg["size"]
    return int(size[0] if isinstance(size, (tuple, list)) else size)


def embedder(visual: Any, backend: str) -> Callable[[Pixels], Embeddings]:
    """A function from (n, side, side, 3) uint8 RGB to (n, d) float32 of length 1."""
    import torch

    if backend == "onnx-float32":
        return _onnx_embedder(visual)
    if backend == "cuda-float32":
        return _torch_embedder(visual, "cuda", torch.float32)
    return _torch_embedder(visual, "cpu", torch.bfloat16 if backend == "torch-bfloat16" else torch.float32)


def _tower(visual_tower: Any, dtype: Any) -> Any:
    """A torch module from (n, side, side, 3) uint8 to (n, d) float32 of length 1, computing in `dtype`."""
    import copy

    import torch

    visual, settings = copy.deepcopy(visual_tower).to(dtype), visual_tower.preprocess_cfg
    mean, std = (torch.tensor(settings[name]).view(1, 3, 1, 1) for name in ("mean", "std"))

    class Tower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = visual

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            scaled = pixels.permute(0, 3, 1, 2).float() / 255
            features = self.visual(((scaled - mean.to(scaled.device)) / std.to(scaled.device)).to(dtype))
            return torch.nn.functional.normalize(features.float(), dim=-1)

    return Tower().eval()


def _torch_embedder(visual: Any, device: str, dtype: Any) -> Callable[[Pixels], Embeddings]:
    import torch

    tower = _tower(visual, dtype).to(device)

    def embed(pixels: Pixels) -> Embeddings:
        with torch.inference_mode():
            features = tower(torch.from_numpy(np.array(pixels)).to(device))
        return np.asarray(features.cpu().numpy(), dtype=np.float32)

    return embed


def _onnx_embedder(visual: Any) -> Callable[[Pixels], Embeddings]:
    import onnxruntime
    import torch

    graph = onnx_graph.export(_tower(visual, torch.float32), side_of(visual))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda pixels: np.asarray(session.run(None, {"pixels": pixels})[0], dtype=np.float32)
