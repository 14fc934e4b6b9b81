"""What kind of medium an object of a page's data calls itself: a photo, or a video, a plan, a map, a document."""

import re
from typing import Any

from curate.fetch.sources.key_names import plain

_KIND_KEYS = (
    *("type", "mediatype", "kind", "category", "contenttype", "mimetype", "assettype", "mediacategory"),
    "tag",
)
_PHOTO_KINDS = {"image", "photo", "picture", "img", "foto"}
_OTHER_KIND = re.compile(
    r"video|youtube|pdf|document|floor|plan|360|tour|virtual|audio|logo|map|energy|epc", re.IGNORECASE
)
_IS_OTHER = re.compile(r"^is(?:(?:floor|site)?plan|video|map|logo|document)$")


def _kinds(item: dict[str, Any]) -> list[str]:
    return [value for key, value in item.items() if isinstance(value, str) and plain(str(key)) in _KIND_KEYS]


def is_photo(item: dict[str, Any]) -> bool:
    """Does an object call itself a photo?"""
    return any(kind.casefold() in _PHOTO_KINDS for kind in _kinds(item))


def is_other(item: dict[str, Any]) -> bool:
    """Does an object call itself something other than a photo: {"type": "video"}, {"isPlan": true}?"""
    return any(map(_OTHER_KIND.search, _kinds(item))) or any(
        value is True and _IS_OTHER.search(plain(str(key))) for key, value in item.items()
    )
