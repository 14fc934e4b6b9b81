"""Which of the URLs that a page offers are photos of the listing, and which are the same photo.

- A `data:` URL is a placeholder that a script replaces later: it names no photo and is passed over.
- A URL that cannot be read is a photo with the reason `bad_url`.
- Logos, avatars, trackers and the like are known by a whole word of their path, by an image declared smaller than
  a photo, or by standing beside the content: reason `not_gallery`.
- The same photo under several URLs is one photo: those that `url.canonical_url` makes equal, the sizes of one
  `srcset`, and `<id>-IN` beside `<id>`, where the id is long and has a digit and the suffix is a country.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from curate.core.errors import RejectedError
from curate.fetch.http.url import canonical_url, parse, path_of
from curate.fetch.sources import photo_sizes
from curate.fetch.sources.listing import PhotoLink
from curate.fetch.sources.values import url_text

_NO_PHOTO = re.compile(
    r"(?<![a-z0-9])(?:avatar|badge|blank|favicon|icon|logo|pixel|placeholder|spacer|sprite|tracker|tracking|1x1)s?"
    r"(?![a-z0-9])|\.(?:svg|ico)$",
    re.IGNORECASE,
)
# The whole file name: what a page declares as a photo may have these words elsewhere in its address.
_NO_PHOTO_NAME = re.compile(
    r"/(?:avatar|badge|blank|favicon|icon|logo|pixel|placeholder|spacer|sprite|tracker|tracking|1x1|no-?(?:photo|image))s?"
    r"[-_]?\d{0,3}\.\w{2,4}(?:\?|$)|\.(?:svg|ico)$",
    re.IGNORECASE,
)
_COUNTRY = re.compile(r"(?=[a-z0-9]*\d)([a-z0-9]{8,})-[A-Z]{2}(?=[./?]|$)")
_NEXT_URL = re.compile(r"[\s,]*+(\S+)")
_SIZE = re.compile(r"(?:(\d{1,6}(?:\.\d{1,6})?)[wx])?")
_LARGE = 1200  # pixels; an address that asks for so many needs no larger one
MAX_ALIAS = 500  # characters; what a page wrote may be a megabyte


def photo(
    offered: Sequence[str], base: str, not_gallery: bool = False, *, declared: bool = False
) -> PhotoLink | None:
    """The photo that the page offers under these URLs, the best first; None when all are placeholders.

    What the page declares as a photo of the listing is one, whatever words its address has; a file that is called
    logo or icon and nothing else is none.
    """
    no_photo = _NO_PHOTO_NAME if declared else _NO_PHOTO
    found: PhotoLink | None = None
    for raw in offered:
        written = url_text(raw)
        if not written or written.lower().startswith("data:"):
            continue
        name = written[:MAX_ALIAS].replace(" ", "%20")  # aliases are separated by spaces
        try:
            url, reason = canonical_url(written, base), ""
            name = name if "://" in name[:8] else parse(written, base).url
        except RejectedError as error:
            url, reason = name, error.reason
        if not reason and (not_gallery or no_photo.search("/" + path_of(url))):
            reason = "not_gallery"
        aliases = () if name == url else (name,)
        found = _joined(found, PhotoLink(url, aliases, reason)) if found else PhotoLink(url, aliases, reason)
    return found


def _joined(first: PhotoLink, other: PhotoLink) -> PhotoLink:
    """One photo of two: the first that can be fetched gives the URL, the rest are aliases."""
    best, rest = (other, first) if first.reason and not other.reason else (first, other)
    names = dict.fromkeys([*best.aliases, rest.url, *rest.aliases])
    return replace(best, aliases=tuple(name for name in names if name != best.url))


def gallery(photos: Iterable[PhotoLink]) -> tuple[PhotoLink, ...]:
    """The photos in order, each once."""
    offered = list(photos)
    urls = {photo.url for photo in offered}
    unique: dict[str, PhotoLink] = {}
    for photo in offered:
        plain = _COUNTRY.sub(r"\1", photo.url)
        identity = plain if plain in urls else photo.url
        unique[identity] = _joined(unique[identity], photo) if identity in unique else photo
    return tuple(unique.values())


def of_variants(urls: Sequence[str]) -> PhotoLink:
    """One photo of its addresses, the largest given first; before it the address that should give the whole
    photo."""
    best = urls[0]
    guess = photo_sizes.larger(best) if photo_sizes.asked(best) < _LARGE else best
    try:
        guess = canonical_url(guess)
    except RejectedError:
        guess = best
    others = [url for url in dict.fromkeys(urls) if url != guess and len(url) <= MAX_ALIAS]
    reason = "not_gallery" if all(_NO_PHOTO_NAME.search(url) for url in urls) else ""
    return PhotoLink(guess, tuple(others[:12]), reason)


def srcset(value: str) -> list[str]:
    """The URLs of a `srcset`, the largest first."""
    return [url for url, _ in sized_srcset(value)]


def sized_srcset(value: str) -> list[tuple[str, int]]:
    """The URLs of a `srcset` with their width in pixels, the largest first; 0 where it gives a density.

    Takes it apart as the HTML standard does.
    """
    sized = []
    position = 0
    while match := _NEXT_URL.match(value, position):
        url, position = match[1], match.end()
        size = ""
        if not url.endswith(","):
            end = value.find(",", position)
            size, position = value[position : end if end >= 0 else len(value)], end + 1 or len(value)
        factor = _SIZE.fullmatch(size.strip())
        if factor and not url.startswith("data:"):
            sized.append((float(factor[1] or 1), url.rstrip(",")))
    return [(url, int(size) if size > 30 else 0) for size, url in sorted(sized, key=lambda item: -item[0])]
