"""What kind of medium an object of a page's data calls itself: a photo, or a video, a plan, a map, a document."""

import re
from typing import Any

from curate.fetch.sources.key_names import plain

_KIND_KEYS = ("type", "mediatype", "kind", "contenttype", "mimetype", "assettype", "mediacategory")
_OF_ONE = ("category", "tag")  # say of one photo what it shows, of a list of them what it is about
_PHOTO_KINDS = {"image", "photo", "picture", "img", "foto"}
_OTHER_KIND = re.compile(
    r"(?<![a-z])(?:video\w*|youtube|pdf|documents?|floor[-_ ]?plan\w*|(?:site[-_ ]?)?plans?|360\w*|"
    r"\w{0,12}tours?|virtual\w*|audio|logos?|maps?|energy\w*|epc)(?![a-z])",
    re.IGNORECASE,
)
_IS_OTHER = re.compile(r"^is(?:(?:floor|site)?plan|video|map|logo|document)$")


def _kinds(item: dict[str, Any]) -> list[str]:
    keys = _KIND_KEYS if any(isinstance(value, list) for value in item.values()) else (*_KIND_KEYS, *_OF_ONE)
    return [value for key, value in item.items() if isinstance(value, str) and plain(str(key)) in keys]


def is_photo(item: dict[str, Any]) -> bool:
    """Does an object call itself a photo?"""
    return any(kind.casefold() in _PHOTO_KINDS for kind in _kinds(item))


def is_other(item: dict[str, Any]) -> bool:
    """Does an object call itself something other than a photo: {"type": "video"}, {"isPlan": true}?"""
    return any(map(_OTHER_KIND.search, _kinds(item))) or any(
        value is True and _IS_OTHER.search(plain(str(key))) for key, value in item.items()
    )
