"""Keeps libtiff from writing about damaged files to stderr: what Pillow raises says it once, in its place."""

import ctypes
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def silence() -> None:
    """Give the libtiff that Pillow has loaded no one to tell; where it cannot be found, nothing happens."""
    with suppress(OSError, AttributeError, ValueError):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
        for path in {line.split(maxsplit=5)[-1] for line in maps.splitlines() if "libtiff" in line}:
            library = ctypes.CDLL(path)
            for setter in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                function = getattr(library, setter)
                function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
                function(None)
