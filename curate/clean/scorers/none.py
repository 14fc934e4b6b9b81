"""The `none` scorer: no network. Only image quality and review decisions reject a photo."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.clean.scorers.base import Embeddings, Pixels
from curate.core.recipe import Concept


def one_pixel(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(height, width, 3) to (1, 1, 3): nothing is looked at."""
    return np.zeros((1, 1, 3), np.uint8)


class NoScorer:
    """Every photo shows what is wanted; a `Scorer`."""

    side = 1
    dimensions = 1

    @property
    def identity(self) -> Mapping[str, str]:
        """No model."""
        return {"scorer": "none"}

    @property
    def notes(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
        """The module's `one_pixel`."""
        return one_pixel

    @property
    def elsewhere(self) -> None:
        """Nothing to compute."""
        return

    def embed(self, pixels: Pixels) -> Embeddings:
        """(n, 1, 1, 3) to (n, 1) zeros."""
        return np.zeros((len(pixels), 1), np.float32)

    def probabilities(self, embeddings: Embeddings, concepts: Sequence[Concept]) -> NDArray[np.float64]:
        """(n, 1) to (n, len(concepts)): all of it is for the wanted concepts, in equal parts."""
        wanted = np.array([concept.wanted for concept in concepts], dtype=np.float64)
        return np.tile(wanted / wanted.sum(), (len(embeddings), 1))
