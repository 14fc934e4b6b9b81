"""What the audit and the learning curve were measured on, and whether that is what is there now."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from curate.core import manifest
from curate.core.errors import StateError


def digests(folder: Path, *stages: str) -> dict[str, str]:
    """File name to sha256 of the manifests of `stages`, by their sidecars; `absent` where there is none."""
    found = {}
    for stage in stages:
        found[f"{stage}.csv"] = "absent"
        with suppress(StateError):
            found[f"{stage}.csv"] = manifest.read_sidecar(folder, stage)["sha256"]
    return found


def earlier(folder: Path, inputs: Mapping[str, str], *stages: str) -> list[str]:
    """The files that are others now than the `inputs`, `digests` of `stages`, that something was measured on."""
    now = digests(folder, *stages)
    return sorted(name for name in now.keys() | inputs.keys() if now.get(name) != inputs.get(name))
