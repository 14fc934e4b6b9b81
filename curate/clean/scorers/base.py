"""The interface of all scorers: pixels to embeddings of so many values, embeddings to probabilities per concept.

There are two steps, so that a new threshold or prompt embeds no photo again:
`embed` turns pixels into embeddings (slow, kept on disk), `probabilities` turns embeddings into concepts (fast).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curate.core.recipe import Concept

Pixels = NDArray[np.uint8]  # (n, side, side, 3) RGB
Embeddings = NDArray[np.float32]  # (n, d)


class Scorer(Protocol):
    """What `clip` and `imagenet` have in common."""

    @property
    def identity(self) -> Mapping[str, str]:
        """All that changes an embedding, e.g. the weights' sha256: names the cache, goes into the sidecar."""
        ...

    @property
    def notes(self) -> Mapping[str, str]:
        """What else the sidecar should tell, e.g. the temperature."""
        ...

    @property
    def side(self) -> int:
        """Pixels of the square input."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        ...

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
        """(height, width, 3) RGB of any size to the (side, side, 3) that `embed` reads; can go to a process."""
        ...

    @property
    def elsewhere(self) -> "Callable[[], Scorer] | None":
        """What makes the same scorer, on one core, in another process; None where one process must do it all."""
        ...

    def embed(self, pixels: Pixels) -> Embeddings:
        """(n, side, side, 3) to (n, d). A photo's embedding does not depend on the others of its batch."""
        ...

    def probabilities(self, embeddings: Embeddings, concepts: Sequence[Concept]) -> NDArray[np.float64]:
        """(n, d) to (n, len(concepts)), rows that sum to 1 (NaN where an embedding is NaN).

        Raises UsageError when the concepts do not fit the scorer.
        """
        ...
