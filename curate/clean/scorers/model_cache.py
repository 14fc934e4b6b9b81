"""Where models are kept on this computer, for all runs of one user."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where exported models are kept: `CURATE_CACHE`, else the platform's cache folder for the user."""
    if chosen := os.environ.get("CURATE_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "curate"
