"""The photos that a piece of data names, each once with all its addresses.

Photos are strings, objects, objects of sizes, lists of lists, parallel lists of sizes, host and path apart,
templates
with a size to put in, or only ids that the page's own images have in their addresses.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from curate.fetch.sources import json_media, json_sizes, json_templates, photo_sizes, photo_variants
from curate.fetch.sources.key_names import (
    is_no_photo,
    is_other_media,
    is_party,
    is_photo,
    is_size,
    plain,
    role,
    size_of,
)
from curate.fetch.sources.photo_addresses import EXTENSION, Addresses, is_address

MAX_PHOTOS = 500  # of one listing
_PAGE_KEYS = re.compile(r"(?:self|share|web|search)(?:link|url)$|"
                        r"^(?:link|permalink|target|page|author|license|acquirelicensepage|creator|context|type|"
                        r"id|caption|"
                        r"mainentityofpage|webpage|sourceurl|detail|action|anchor|hash|blurhash|alt|title|"
                        r"name)")  # fmt: skip
_BASE_KEY = re.compile(r"host|base|domain|cdn|prefix|root|server|origin")


def _strings(value: str) -> list[str]:
    """A string that is one address, or several with separators between."""
    text = value.strip()
    for separator in ("|", ";", ",", "\n", " "):
        parts = [part.strip() for part in text.split(separator) if part.strip()]
        if len(parts) > 1 and all(
            is_address(part, surely_photo=False) and re.match(r"https?:|/", part) for part in parts
        ):
            return parts
    return [text]


def _sizes_of(item: dict[str, Any], addresses: Addresses | None = None) -> Iterator[tuple[str, str, int]]:
    """(key, string, size in pixels or 0) of all in an object that may be an address of its one photo; bounded.

    The size is given by the key, else by the width and height beside it, else by the key around it.
    """
    stack, objects = [(item, 0, 0)], 0
    while stack and objects < 40 and (addresses is None or addresses.may_go_on()):
        inner, depth, around = stack.pop(0)
        objects += 1
        beside = max((side for key in ("width", "height") if isinstance(side := inner.get(key), int)), default=0)
        for key, value in islice(inner.items(), 60):
            name = plain(str(key))
            page = _PAGE_KEYS.search(name)
            shown = isinstance(value, str) and is_address(value, surely_photo=False)
            if (page and not shown and (not is_photo(str(key)) or page.start())) or is_party(str(key)):
                continue
            size = size_of(str(key)) or (beside if around else 0) or around
            if isinstance(value, str):
                yield name, value, size or beside
            elif isinstance(value, dict) and depth < 4:
                stack.append((value, depth + 1, size))
            elif isinstance(value, list):
                for one in value[:40]:
                    if isinstance(one, dict) and depth < 4:
                        stack.append((one, depth + 1, size))
                    elif isinstance(one, str):
                        yield name, one, size


def _one(item: dict[str, Any], addresses: Addresses) -> list[str]:
    """The addresses of the one photo that an object describes."""
    sized = sorted(islice(_sizes_of(item, addresses), 300), key=lambda one: -(one[2] or photo_sizes.UNKNOWN))
    strings = [(name, text) for name, text, _ in sized]
    found = [text for name, text in strings if not is_no_photo(name) and is_address(text, surely_photo=True)]
    bases = [
        t for n, t in strings if _BASE_KEY.search(n) and re.match(r"(?:https?:)?//", t) and not EXTENSION.search(t)
    ]
    if bases:
        paths = [t for n, t in strings if not re.match(r"(?:https?:)?//", t) and t not in bases and
                 (EXTENSION.search(t) or "/" in t) and " " not in t]  # fmt: skip
        joined = [f"{bases[0].rstrip('/')}/{path.lstrip('/')}" for path in paths]
        whole = [text for text in found if re.match(r"(?:https?:)?//", text) and text not in bases]
        found = [*joined, *whole] if joined else (whole or found)
    size_by_text = {text: size for _, text, size in reversed(sized)}
    urls = []
    for text, put in zip(found, _beside_whole(found), strict=True):
        for url in filter(None, map(addresses.whole, _strings(put))):
            urls.append(url)
            if size := size_by_text.get(text):
                addresses.sizes[url] = max(size, addresses.sizes.get(url, 0))
    if not urls:
        for key in ("id", "imageid", "photoid", "externalid", "uuid", "name", "key", "hash"):
            for name, value in item.items():
                if plain(str(name)) == key and (seen := addresses.by_id(value)):
                    return seen
    return list(dict.fromkeys(urls))


def _beside_whole(found: list[str]) -> list[str]:
    """The addresses of one photo, those without a host put on that of a whole one which has their folder too."""
    whole = [text for text in found if re.match(r"https?://", text)]
    out = []
    for text in found:
        folder = "/" + text.lstrip("/").rpartition("/")[0] + "/"
        same = "" if "//" in text or folder == "//" else next((one for one in whole if folder in one), "")
        out.append("/".join(same.split("/")[:3]) + "/" + text.lstrip("/") if same else text)
    return out


def _is_many(value: dict[str, Any]) -> bool:
    """Does an object hold many photos, rather than the sizes of one?"""
    entries = [item for item in value.values() if isinstance(item, dict | str | list) and item]
    keys = [str(key) for key in value]
    if len(entries) > 1 and all(re.fullmatch(r"\d{1,2}", key) for key in keys):
        return True
    ids = all(re.fullmatch(r"\d{5,}|[0-9a-f-]{12,}|\w+:\S+", key) for key in keys)
    return len(entries) > 1 and ids and not all(is_size(key) for key in keys)


def _of_value(value: Any, addresses: Addresses, depth: int = 0) -> list[list[str]]:
    """The photos that stand under a key of photos."""
    if depth > 12 or not value or not addresses.may_go_on():
        return []
    if isinstance(value, str):
        urls = [
            [url]
            for part in _strings(value)
            if is_address(part, surely_photo=True) and (url := addresses.whole(part))
        ]
        return urls or ([seen] if (seen := addresses.by_id(value)) else [])
    if isinstance(value, int) and not isinstance(value, bool):
        return [seen] if (seen := addresses.by_id(value)) else []
    if isinstance(value, list):
        if id(value) in addresses.known:
            return addresses.known[id(value)]
        found: list[list[str]] = []
        for item in value[:MAX_PHOTOS]:
            sizes = isinstance(item, list) and json_sizes.of_many_widths(item)
            found += [_one({"sizes": item}, addresses)] if sizes else _of_value(item, addresses, depth + 1)
        addresses.known[id(value)] = found
        return found
    if not isinstance(value, dict) or json_media.is_other(value):
        return []
    if named := json_templates.filled(value, addresses):
        return named
    if _is_many(value):
        return [photo for item in value.values() for photo in _of_value(item, addresses, depth + 1)]
    lists = {
        key: item
        for key, item in value.items()
        if isinstance(item, list)
        and item
        and not (json_sizes.is_sizes(str(key), item) or json_sizes.is_beside_its_photo(value, item))
    }
    made = {
        key: _of_value(item, addresses, depth + 1)
        for key, item in lists.items()
        if not is_no_photo(str(key)) and (is_photo(str(key)) or is_size(str(key)) or _holds(item))
    }
    made = {key: photos for key, photos in made.items() if photos}
    distinct = {
        key: len({photo_sizes.stem(photo[0]) for photo in photos if photo}) for key, photos in made.items()
    }
    if any(count > 1 for count in distinct.values()) or (made and not _one(_without(value, made), addresses)):
        return _parallel(made)
    if inner := [item for key, item in value.items() if isinstance(item, dict) and plain(str(key)) in _WRAPPERS]:
        return _of_value(inner[0], addresses, depth + 1)
    one = _one(value, addresses)
    return [one] if one else []


_WRAPPERS = {
    "node",
    "image",
    "photo",
    "picture",
    "attributes",
    "data",
    "media",
    "asset",
    "images",
    "photos",
    "edges",
    "items",
}


def _without(value: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    left_out = set(keys)
    return {key: item for key, item in value.items() if key not in left_out}


def _holds(items: list[Any]) -> bool:
    first = items[0]
    if isinstance(first, dict):
        return any(is_address(text, surely_photo=False) or is_photo(name) for name, text, _ in _sizes_of(first))
    return is_address(first, surely_photo=False)


def _is_bare_photo(item: Any) -> bool:
    """Is an item of a list a photo by itself: an address of an image, or an object of several sizes of one?"""
    if isinstance(item, dict):
        if any(role(str(key))[0] in ("price", "slug") for key in item if plain(str(key)) not in ("value", "data")):
            return False
        sizes = [key for key, value in item.items() if is_address(value, surely_photo=False)]
        return (len(sizes) > 1 or json_media.is_photo(item)) and all(
            is_size(str(key)) or is_photo(str(key)) for key in sizes
        )
    return is_address(item, surely_photo=False)


def _parallel(lists: dict[str, list[list[str]]]) -> list[list[str]]:
    """One list out of several: sizes of the same photos are put together, other photos behind each other."""
    ordered = sorted(lists.items(), key=lambda item: -len(item[1]))
    whole = [list(photo) for photo in ordered[0][1]]
    for key, photos in ordered[1:]:
        stems = {photo_sizes.stem(url) for photo in whole for url in photo}
        new = [photo for photo in photos if not any(photo_sizes.stem(url) in stems for url in photo)]
        if not new:
            whole += photos  # known ones, in other sizes
        elif len(photos) == len(ordered[0][1]) and (is_size(key) or size_of(key) or size_of(ordered[0][0])):
            whole = [[*photo, *more] for photo, more in zip(whole, photos, strict=True)]
        elif not re.search(r"thumb|small|mini|preview", plain(key)):
            whole += new
    return whole


def photos(node: dict[str, Any], addresses: Addresses) -> list[list[str]]:
    """The photos that the keys of one object name, without those of objects in it."""
    if id(node) not in addresses.known:
        addresses.known[id(node)] = _photos(node, addresses)
    return addresses.known[id(node)]


def _photos(node: dict[str, Any], addresses: Addresses) -> list[list[str]]:
    if made := json_templates.filled(node, addresses):
        return photo_variants.together(made, addresses.sizes)
    lists: dict[str, list[list[str]]] = {}
    short: dict[str, list[list[str]]] = {}  # lists of one photo
    alone: list[tuple[str, list[str]]] = []
    for key, value in node.items():
        if not isinstance(value, str | list | dict | int) or not value:
            continue
        named = is_photo(str(key)) and ":" not in str(key)
        if not named and not (
            isinstance(value, list) and value and all(_is_bare_photo(item) for item in value[:20])
        ):
            continue
        if is_no_photo(str(key)) or is_other_media(str(key)) or ":" in str(key):
            continue
        if found := _of_value(value, addresses):
            if (size := size_of(str(key))) and (len(found) > 1 or not isinstance(value, list)):
                for url in (url for photo in found for url in photo):
                    addresses.sizes.setdefault(url, size)
            if len(found) > 1:
                lists[str(key)] = found
            elif isinstance(value, list):
                short[str(key)] = found
            else:
                alone.append((str(key), found[0]))
    singles = json_sizes.by_key(alone)
    if lists:
        singles += [photo for found in short.values() for photo in found]
    lists = lists or short
    together = photo_variants.together(_parallel(lists), addresses.sizes) if lists else []
    if not together:
        return photo_variants.together(singles, addresses.sizes)[:MAX_PHOTOS]
    stems = {photo_sizes.stem(url) for photo in together for url in photo}
    known = [photo for photo in singles if any(photo_sizes.stem(url) in stems for url in photo)]
    covers = [photo for photo in singles if photo not in known and _name_shape(photo) == _name_shape(together[0])]
    if known or covers:
        together = photo_variants.together([*covers, *together, *known], addresses.sizes)
    return together[:MAX_PHOTOS]


def _name_shape(photo: list[str]) -> str:
    """The address of a photo without the digits of its name: a cover IMG_7.jpg stands beside IMG_8.jpg."""
    folder, slash, name = photo_sizes.stem(photo[0]).rpartition("/")
    return folder + slash + re.sub(r"\d", "0", name)


def unnamed(items: list[Any], addresses: Addresses) -> list[list[str]]:
    """The photos of a list that stands under no key."""
    if json_sizes.of_many_widths(items):
        return []  # it is one photo
    return photo_variants.together(_of_value(items, addresses), addresses.sizes)[:MAX_PHOTOS]
