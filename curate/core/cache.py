"""Where curate keeps what all runs of one user share; nothing else is written outside a run's folder."""

import atexit
import functools
import logging
import os
import shutil
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """`CURATE_CACHE`, else the platform's cache folder of the user. It is there; only the user may write to one
    that is made here. What is kept in a folder that others may write to is trusted.

    Where it cannot be written, or the user has no home, a folder that goes away with this process, and says so.
    """
    import platformdirs

    if chosen := os.environ.get("CURATE_CACHE"):
        return _usable(Path(chosen).absolute())
    try:
        return _usable(platformdirs.user_cache_path("curate", appauthor=False))
    except RuntimeError:
        return _usable(Path("~"))  # of a user without a home


@functools.cache
def _usable(folder: Path) -> Path:
    try:
        if not folder.is_absolute():  # `~`, `~/.cache`
            raise OSError("the user has no home folder")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        temporary = Path(tempfile.mkdtemp(prefix="curate-"))
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        log.warning(
            "the cache folder %s cannot be used (%s): what would be kept there is made anew by each run; "
            "name another one with CURATE_CACHE",
            folder,
            error.strerror or error,
        )
        return temporary


def keep_matplotlib_there() -> None:
    """Before matplotlib is imported: its list of fonts goes into `cache_folder`, or where MPLCONFIGDIR says."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
