"""Which photos a person means: by key or the start of one, file, address, sha256 or listing."""

import difflib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from curate.core.errors import UsageError
from curate.core.schemas import FetchRow


class NamedPhotos(NamedTuple):
    """The photos that go by a name."""

    named: list[FetchRow]  # key, sha256, listing, file or address, by listing and position
    begun: list[FetchRow]  # others whose key begins with it

    @property
    def photos(self) -> list[FetchRow]:
        """All of them."""
        return [*self.named, *self.begun]


def find(photos: Mapping[str, FetchRow], name: str) -> NamedPhotos:
    """The photos called `name`, which is not case sensitive where it is a key. Raises UsageError when none is."""
    if name in photos:
        return NamedPhotos([photos[name]], [])
    named = sorted(_named(photos.values(), name), key=lambda photo: (photo.listing_id, photo.position, photo.key))
    keys = {photo.key for photo in named}
    begun = [photo for key, photo in photos.items() if name and key.startswith(name.lower()) and key not in keys]
    if named or begun:
        return NamedPhotos(named, begun)
    known = sorted({word for photo in photos.values() for word in (photo.key, photo.listing_id)})
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"; the nearest are {', '.join(near)}" if near else ""
    raise UsageError(f"no photo or listing {name!r} in fetch.csv{hint}")


def _numbers(text: str) -> set[str]:
    """The words with a digit in them, of three characters and more."""
    return {word for word in re.findall(r"[^\W_]{3,}", text) if any(map(str.isdigit, word))}


def _named(photos: Iterable[FetchRow], name: str) -> list[FetchRow]:
    """The photos of a listing, file or address, or of the end of one; a file may also be the end of `name`.

    A listing also goes by its page, and by a number in its id or its page's address: 222843603 of
    ad/222843603/sofa.html.

    Only those of which the most agrees: a whole name comes before the end of one.
    """
    spelt = unicodedata.normalize("NFC", name.replace(os.sep, "/")).removeprefix("./").lstrip("/")
    end = f"/{spelt}"
    found: dict[int, list[FetchRow]] = defaultdict(list)
    for photo in photos if spelt else ():
        names = (photo.path, photo.image_url, *photo.aliases.split())
        files = [f"/{unicodedata.normalize('NFC', known)}" for known in names if known]
        whole = name in (photo.listing_id, photo.page_url, photo.sha256) or end in files
        agree = [min(len(file), len(end)) for file in files if file.endswith(end) or end.endswith(file)]
        agree += [len(end)] * f"/{photo.listing_id}".endswith(end)  # 17 of sedan/17
        agree += [1] * (spelt in _numbers(f"{photo.listing_id} {photo.page_url}"))  # comes last
        if whole or agree:
            found[len(end) + 1 if whole else max(agree)].append(photo)
    return found[max(found)] if found else []
