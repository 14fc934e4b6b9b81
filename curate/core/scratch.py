"""Arrays for the time of a run that need no memory: beyond some size they lie in a file without a name.

The system writes their pages to the disk when it needs the room, and the file is gone with the process.
"""

import math
import os
import tempfile
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE = 1 << 28  # bytes, from which an array lies in a file of the folder for temporary files


def empty(shape: tuple[int, ...], dtype: "np.dtype[Any] | type[Any]") -> NDArray[Any]:
    """An array that nothing is written to yet; in memory, where it is small or the disk has no room for it."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size >= LARGE and size and hasattr(os, "posix_fallocate"):
        with suppress(OSError), tempfile.TemporaryFile() as file:
            os.posix_fallocate(file.fileno(), 0, size)  # now, so that no write finds the disk full later
            return np.asarray(np.memmap(file, dtype, "r+", shape=shape))
    return np.empty(shape, dtype)
