"""Photos of which data have a template and what to put in: `{"template": "…{id}.jpg", "ids": […]}`."""

import re
from typing import Any

from curate.fetch.sources.key_names import is_photo
from curate.fetch.sources.photo_addresses import Addresses

_TEMPLATE = re.compile(r"(?:https?:)?//[^{}\s]{3,500}\{\w{1,40}\}[^\s]{0,500}")
_HOLE = re.compile(r"\{(\w{1,40})\}")
_OF_A_PHOTO = re.compile(r"(?i)id$|key|name|hash|uuid|file|image|photo|token|path")
_MOST = 500  # photos of one listing


def filled(value: dict[str, Any], addresses: Addresses) -> list[list[str]]:
    """The photos of an object with a template and a list of objects, `{"photoKey": "a1"}`, or of bare ids."""
    for template in value.values():
        if not isinstance(template, str) or not _TEMPLATE.fullmatch(template):
            continue
        for hole in _HOLE.findall(template):
            for name, items in value.items():
                keys = _keys(items, hole, named=is_photo(str(name))) if isinstance(items, list) else []
                if keys and all(isinstance(key, str | int) and 3 < len(str(key)) < 200 for key in keys):
                    urls = [addresses.whole(template.replace(f"{{{hole}}}", str(key))) for key in keys]
                    return [[url] for url in urls if url]
    return []


def _keys(items: list[Any], hole: str, *, named: bool) -> list[Any]:
    """What a list has to put into a hole."""
    if any(isinstance(item, dict) for item in items):
        return [item.get(hole) for item in items[:_MOST] if isinstance(item, dict)]
    return items[:_MOST] if named and _OF_A_PHOTO.search(hole) else []
