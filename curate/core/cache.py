"""Where curate keeps what all runs of one user share; nothing else is written outside a run's folder."""

import os
import sys
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """`CURATE_CACHE`, else the platform's cache folder for the user, else one below the temporary folder."""
    if chosen := os.environ.get("CURATE_CACHE"):
        return Path(chosen)
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # no home, and no entry for the user
        return Path(tempfile.gettempdir()) / f"curate-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"
    return base / "curate"


def keep_matplotlib_there() -> None:
    """Before matplotlib is imported: its list of fonts goes into `cache_folder`, or where MPLCONFIGDIR says."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
