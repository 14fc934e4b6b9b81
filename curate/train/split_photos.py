"""The photos of a split with their labels, in the order train, val, test."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.core import manifest
from curate.core.errors import GateError, Run, To
from curate.core.recipe import TrainBaseline
from curate.core.schemas import SPLITS, FetchRow, SplitRow
from curate.train import dataset_cache, trainer


@dataclass(frozen=True, slots=True)
class SplitPhotos:
    """The photos of a split, in the order train, val, test."""

    rows: list[SplitRow]
    listed: list[dataset_cache.Photo]
    labels: NDArray[np.int64]  # (n,)
    train: int  # photos of train; those of val follow
    val: int

    @property
    def tested(self) -> list[SplitRow]:
        """Those of val and test."""
        return self.rows[self.train :]

    def counts(self) -> dict[tuple[str, str], int]:
        """Photos per split and class."""
        return Counter((row.split, row.class_name) for row in self.rows)


def by_split(rows: Sequence[SplitRow], config: TrainBaseline) -> dict[str, list[SplitRow]]:
    """Kept photos per split. Raises GateError when there is nothing to learn from, or classes do not fit."""
    kept = [row for row in rows if row.keep]
    parts: dict[str, list[SplitRow]] = {part: [row for row in kept if row.split == part] for part in SPLITS}
    if unknown := sorted({row.class_name for row in kept} - set(config.class_names)):
        raise GateError(f"split.csv has classes that the recipe does not name: {', '.join(unknown)}")
    if absent := sorted(set(config.class_names) - {row.class_name for row in parts["train"]}):
        raise GateError(f"no photo of {', '.join(absent)} in train", To("use other counts", Run("split")))
    if not parts["val"]:
        raise GateError(
            "no photo in val, and the best epoch is chosen there", To("use other counts", Run("split"))
        )
    return parts


def load(folder: Path, config: TrainBaseline) -> SplitPhotos:
    """The photos of the split, with labels. Raises GateError as `by_split` does."""
    parts = by_split(manifest.read(folder, SplitRow), config)
    rows = [row for part in parts.values() for row in part]
    sha256 = {row.key: row.sha256 for row in manifest.read(folder, FetchRow)}
    labels = trainer.labels_of([row.class_name for row in rows], config.class_names)
    listed = [(row.key, row.path, sha256[row.key]) for row in rows]
    return SplitPhotos(rows, listed, labels, len(parts["train"]), len(parts["val"]))
