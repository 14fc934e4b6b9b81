"""Lists in the data of a page that hold one photo in several sizes, rather than several photos."""

import re
from itertools import pairwise
from typing import Any

from curate.fetch.sources.key_names import is_size, plain, size_of
from curate.fetch.sources.photo_addresses import EXTENSION

_SIZES = re.compile(r"rendition|sizes?$|variant|sources?$|formats?$|versions?$|derivat|resolution|resized")
_SIZE_WORD = re.compile(
    r"thumb(?:nail)?s?|thmb|tiny|mini|small|medium|large|big|full|orig(?:inal)?|preview|zoom|hi(?:gh)?res|lowres|"
    r"hd|xx?l|(?<!\d)(?:\d{2,4}x\d{2,4}|[1-9]\d{2,3})(?!\d)"
)
_PHOTO_WORD = re.compile(r"image|img|photo|picture|pic|foto|url|src|link|path|uri|href")


def is_sizes(key: str, items: list[Any]) -> bool:
    """Does a list hold one photo in several sizes: {"renditions": [{"width": 160, "href": …}, …]}?"""
    return bool(_SIZES.search(plain(key))) and of_many_widths(items)


def is_beside_its_photo(value: dict[str, Any], items: list[Any]) -> bool:
    """Is a list the sizes of the photo whose address stands beside it: {"url": …, "sizes": [{"width": 70}]}?"""
    return all(isinstance(item, dict) and isinstance(item.get("width"), int) for item in items) and any(
        isinstance(text, str) and EXTENSION.search(text) and is_size(str(key)) for key, text in value.items()
    )


def of_many_widths(items: list[Any]) -> bool:
    """Are the objects of a list one photo in widths that differ, of one shape, the widest twice the least?"""
    if len(items) < 2 or not all(isinstance(item, dict) for item in items):
        return False
    sides = [(item.get("width", item.get("w")), item.get("height", item.get("h"))) for item in items]
    if not all(isinstance(width, int) and width > 0 for width, _ in sides):
        return False
    widths = {width for width, _ in sides}
    shapes = [height / width for width, height in sides if isinstance(height, int)]
    alike = not shapes or max(shapes) - min(shapes) < 0.05
    return len(widths) == len(items) and max(widths) > 1.9 * min(widths) and alike


def by_key(singles: list[tuple[str, list[str]]]) -> list[list[str]]:
    """The photos of an object that keys name one by one: those whose keys differ in a size alone are one photo,
    {"thumbnailUrl": …, "imageUrl": …, "originalImageUrl": …}."""
    sizes: dict[str, set[int]] = {}
    for key, _ in singles:
        sizes.setdefault(_without_size(key), set()).add(size_of(key))
    of_sizes = {one for one, found in sizes.items() if _are_sizes(found - {0})}
    united: dict[str, list[str]] = {}
    for key, photo in singles:
        one = _without_size(key)
        united.setdefault(one if one in of_sizes else f"={key}", []).extend(photo)
    return list(united.values())


def _are_sizes(numbers: set[int]) -> bool:
    """Are there sizes, none close to the next: photo_130 and photo_604, but not photo_101 and photo_102?"""
    return bool(numbers) and all(more > 1.03 * less for less, more in pairwise(sorted(numbers)))


def _without_size(key: str) -> str:
    return _PHOTO_WORD.sub("", _SIZE_WORD.sub("", plain(key)))
