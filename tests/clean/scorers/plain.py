"""A scorer without a network: the embedding is the mean colour, the concepts are its channels."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.clean.scorers.base import Embeddings, Pixels
from curate.core.recipe import Concept


def mean_square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """8 by 8 pixels of the mean colour."""
    return np.broadcast_to(pixels.mean(axis=(0, 1)).astype(np.uint8), (8, 8, 3)).copy()


class PlainScorer:
    """Red is the first concept, green the second, blue the third. NaN for photos without any red."""

    side = 8
    dimensions = 3

    def __init__(self, name: str = "plain") -> None:
        self.name = name
        self.seen = 0

    @property
    def identity(self) -> Mapping[str, str]:
        return {"scorer": self.name}

    @property
    def notes(self) -> Mapping[str, str]:
        return {"temperature": "none"}

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
        return mean_square

    @property
    def elsewhere(self) -> "Callable[[], PlainScorer] | None":
        return None

    def embed(self, pixels: Pixels) -> Embeddings:
        self.seen += len(pixels)
        return np.asarray(pixels.mean(axis=(1, 2)) / 255, dtype=np.float32)

    def probabilities(self, embeddings: Embeddings, concepts: Sequence[Concept]) -> NDArray[np.float64]:
        weights = embeddings.astype(np.float64)[:, : len(concepts)] + 1e-9
        result = weights / weights.sum(axis=1, keepdims=True)
        result[(embeddings[:, 0] < 0.05) & (embeddings.sum(axis=1) > 0)] = np.nan
        return np.asarray(result)
