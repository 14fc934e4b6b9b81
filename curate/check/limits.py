"""What the service takes: bytes, pixels and types are looked at before anything is decoded."""

from dataclasses import dataclass

from curate.check.files import Refused
from curate.core.errors import RejectedError
from curate.photos import decode

TYPES = ("jpeg", "mpo", "png", "webp", "heif", "avif")  # what phones and browsers upload


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one service. A photo beyond them is refused, not judged."""

    max_bytes: int = 20 * 1024**2  # of a request
    max_pixels: int = 50_000_000  # of a photo, over all scans of a progressive JPEG
    listing_photos: int = 8  # beside the photo
    deadline_s: float = 10.0  # from the first byte of a request to its answer
    waiting: int = 24  # photos that wait or are checked at one time
    open: int = 128  # requests whose body is read at one time
    open_bytes: int = 512 * 1024**2  # that they hold together


class RefusedError(Exception):
    """A request that gets no verdict: the HTTP status, a word for programs, a sentence for people."""

    def __init__(self, status: int, word: str, sentence: str) -> None:
        super().__init__(f"{status} {word}: {sentence}")
        self.status, self.word, self.sentence = status, word, sentence


def look(data: bytes, limits: Limits) -> Refused | None:
    """What its header says of a file that is no photo to judge; None for one that is decoded.

    The verdict on the former is that of the command. Raises RefusedError for what only the service does not take:
    too many pixels, or a type that it does not decode.
    """
    try:
        header, width, height = decode.measure(data, limits.max_pixels)
    except RejectedError as error:
        if error.reason == "too_many_pixels":
            raise _too_many(error.detail, limits) from error
        if error.reason == "heic":  # a photo for all we know: its reader is not installed
            raise RefusedError(415, "heic", "HEIC is not decoded here: send it as JPEG") from error
        return Refused.of(error)
    if header.format not in TYPES:
        raise RefusedError(415, "format_not_allowed", f"{header.format}: send one of {', '.join(TYPES)}")
    if width * height * header.scans > limits.max_pixels:
        raise _too_many(f"{width}x{height} pixels, painted {header.scans} times", limits)
    return None


def _too_many(found: str, limits: Limits) -> RefusedError:
    return RefusedError(413, "too_many_pixels", f"{found}: at most {limits.max_pixels:,} pixels are taken")
