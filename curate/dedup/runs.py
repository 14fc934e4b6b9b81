"""Runs of equal entries in sorted columns. Pure functions."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def starts(*columns: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which entries of the columns (n,) begin a run, being other than the one before in some column: (n,)."""
    new = np.ones(len(columns[0]), bool)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def places(new: NDArray[np.bool_]) -> Indices:
    """How many entries of its run come before each, `new` (n,) being where runs begin: (n,)."""
    here = np.arange(len(new))
    return np.asarray(here - np.maximum.accumulate(np.where(new, here, 0)))
