"""The files that a check is given: their bytes, or why there is nothing to judge."""

from pathlib import Path
from typing import NamedTuple

from curate.core.errors import RejectedError, UsageError
from curate.photos import decode, headers

_START = 4096  # bytes, which tell whether a file is of a kind that can be an image
_OF_KIND = {"empty", "not_an_image", "format_not_allowed", "heic"}  # reasons that those bytes are enough for


class Refused(NamedTuple):
    """Why a file is no photo to judge."""

    reason: str  # of REASONS["fetch"]
    detail: str = ""  # what people want to know of it: its size in pixels, what the system says

    @classmethod
    def of(cls, error: RejectedError) -> "Refused":
        """As the decoder says it, with the size where it was refused for that."""
        width, height = error.size
        return cls(error.reason, f"{width}×{height} px" if width else "")


def read(path: Path) -> bytes | Refused:
    """The bytes of a file that somebody names, or why it cannot be read."""
    try:
        return decode.read_file(path)
    except RejectedError as error:
        return _unread(path, error)


def look(path: Path) -> Refused | None:
    """Why a file is no photo to judge, where opening it and its first bytes tell; None where they do not."""
    try:
        headers.read(decode.read_file(path, first=_START))
    except RejectedError as error:
        if error.reason in ("unreadable", "too_large"):
            return _unread(path, error)
        return Refused.of(error) if error.reason in _OF_KIND else None
    return None


def required(path: Path) -> bytes:
    """The bytes of a file that the others depend on. Raises UsageError when it cannot be read."""
    data = read(path)
    if isinstance(data, Refused):
        raise UsageError(f"{path}: {data.detail}")
    return data


def _unread(path: Path, error: RejectedError) -> Refused:
    if error.reason == "too_large":
        return Refused(error.reason, f"over {decode.MAX_BYTES // 1024**2} MiB")
    if path.is_dir():
        return Refused(error.reason, f"it is a folder; name the photos in it, as {path / '*'} does")
    return Refused(error.reason, error.detail.removeprefix(f"{path}: ").removeprefix(f"{path} is "))
