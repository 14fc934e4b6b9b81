"""What a sidecar holds, checked where it is read: one that was edited by hand is damaged, not believed."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter


class _Notes(BaseModel):
    """What stages note for others; each notes more for itself."""

    model_config = ConfigDict(extra="allow", strict=True)

    summary: list[str] = []
    lost: list[str] = []
    imported: bool = False
    history: list[dict[str, Any]] = []
    leakage: dict[str, Any] = {}
    networks: list[dict[str, Any]] = []


class _Sidecar(BaseModel):
    model_config = ConfigDict(strict=True)

    format: int
    stage: str
    rows: int
    sha256: str
    counts: dict[str, int]
    inputs: dict[str, str]
    config: dict[str, Any]
    versions: dict[str, str]
    curate: str = ""
    started: str
    finished: str
    notes: _Notes


_READ = TypeAdapter(_Sidecar)


def as_sidecar(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a sidecar, as they are in `data`. Raises ValueError when one is absent or of another type."""
    _READ.validate_python(data)
    for name in ("started", "finished"):
        datetime.fromisoformat(data[name])
    return {"curate": "", **{name: data[name] for name in _Sidecar.model_fields if name in data}}


def title(sidecar: dict[str, Any]) -> str:
    """What people call the stage: `import` where fetch took photos that were there."""
    return "import" if sidecar["notes"].get("imported") else str(sidecar["stage"])
