"""Sitemaps (sitemaps.org): addresses of listings, their photos where image entries name them, further sitemaps."""

import zlib
from typing import Any

from lxml import etree

from curate.core.errors import RejectedError
from curate.fetch.http.gunzip import Gunzip
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.gallery import gallery, of_variants
from curate.fetch.sources.listing import Found, Listing
from curate.fetch.sources.page import photo_address

MAX_BYTES = 100 * 1024**2  # of an unpacked one; the protocol allows 50 MB
_GZIP = b"\x1f\x8b"


def unpacked(data: bytes) -> bytes:
    """The sitemap of a file that is packed with gzip; other data as it is."""
    if not data.startswith(_GZIP):
        return data
    try:
        return Gunzip().feed(data, MAX_BYTES)
    except zlib.error:
        return data


def is_sitemap(data: bytes) -> bool:
    """Is this a sitemap or an index of them?"""
    head = data[:2000]
    return b"<urlset" in head or b"<sitemapindex" in head


def extract(data: bytes, url: str) -> Found:
    """What a sitemap names: a listing for each address, or further sitemaps."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True)
    root: Any = etree.fromstring(data, parser)
    listings: dict[str, Listing] = {}
    maps: dict[str, None] = {}
    for entry in root if root is not None else ():
        if not isinstance(entry.tag, str):
            continue
        place, images = "", []
        for part in entry.iter():
            if not isinstance(part.tag, str) or etree.QName(part).localname != "loc" or not part.text:
                continue
            if etree.QName(part.getparent()).localname == "image":
                images.append(photo_address(part.text, url))
            else:
                place = place or part.text.strip()
        try:
            address = canonical_url(place, url)
        except RejectedError:
            continue
        if etree.QName(entry).localname == "sitemap":
            maps[address] = None
        else:
            photos = gallery(of_variants([image]) for image in images if image)
            listings.setdefault(address, Listing("", address, photos=photos))
    return Found(tuple(listings.values()), (), ("sitemap",), sitemaps=tuple(maps))
