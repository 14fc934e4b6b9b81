"""Thumbnails for a page: a photo of a manifest row as a `data:` URI, with the words that stand beside it."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from curate.core.errors import RejectedError
from curate.core.schemas import FetchRow
from curate.photos import decode, difference, store

SIDE = 160  # pixels, the longer side of a thumbnail
Item = TypeVar("Item")
Section = dict[str, Any]  # of a page: what its template fills in


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small image. `source` is empty when the photo cannot be shown any more; `alt` says why."""

    source: str
    alt: str
    width: int  # pixels
    height: int
    label: str = ""  # which of several photos it is
    key: str = ""  # of its photo, beside a label


@dataclass(frozen=True, slots=True)
class Figure:
    """One photo, or a duplicate beside the photo that was kept, and what is said of it."""

    thumbnails: tuple[Thumbnail, ...]
    lines: tuple[str, ...]
    key: str  # of the photo; empty where its thumbnails have their own


def thumbnail(folder: Path, photo: FetchRow, what: str, side: int = SIDE, label: str = "") -> Thumbnail:
    """The photo of a row at no more than `side` pixels; `what` begins its alt text, `label` stands below."""
    key = photo.key if label else ""
    alt = f"{what}: {photo.class_name}, photo {photo.key}"
    try:
        image = store.load(folder, photo.path, photo.sha256, at_least=side)
    except RejectedError as error:
        return Thumbnail("", f"{alt} cannot be shown ({error.reason})", side, side * 3 // 4, label, key)
    scale = min(1.0, side / max(image.width, image.height))
    width, height = (max(1, round(length * scale)) for length in (image.width, image.height))
    return Thumbnail(_uri(decode.encode_thumbnail(image, side)), alt, width, height, label, key)


def differences(folder: Path, kept: FetchRow, other: FetchRow, mirrored: bool) -> Thumbnail | None:
    """Where `other` differs from the photo that was kept; None when one cannot be shown any more."""
    try:
        images = [store.load(folder, row.path, row.sha256, at_least=difference.SIDE) for row in (kept, other)]
    except RejectedError:
        return None
    pixels = difference.difference_map(images[0].pixels, images[1].pixels, mirrored)
    drawn = replace(images[0], pixels=pixels)
    scale = min(1.0, SIDE / max(pixels.shape))
    height, width = (max(1, round(length * scale)) for length in pixels.shape[:2])
    alt = f"Where photo {other.key} differs from photo {kept.key}, in red"
    return Thumbnail(_uri(decode.encode_thumbnail(drawn, SIDE)), alt, width, height, "where they differ")


def _uri(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"


def spread(items: Sequence[Item], number: int, by: Callable[[Item], Any]) -> list[Item]:
    """At most `number` of `items`, evenly spaced over their order by `by`: the same ones every time."""
    ordered = sorted(items, key=by)
    if len(ordered) <= number:
        return ordered
    return [ordered[place * (len(ordered) - 1) // max(1, number - 1)] for place in range(number)]
