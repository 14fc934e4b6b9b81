"""What a recipe, or no recipe, gets from one page: `curate preview`.

`read` asks for the page, lets its scripts run where the source says so, or reads it from a file; `preview` is a
pure function of the page.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

from curate.core.counted import counted
from curate.core.errors import LayoutError, RejectedError, Remedy
from curate.core.recipe import Politeness, Source
from curate.fetch import empty_page
from curate.fetch.http.response import is_login
from curate.fetch.http.url import canonical_url
from curate.fetch.loaded_page import NOWHERE, LoadedPage, from_file, from_web, is_url
from curate.fetch.sources.adapters import extract
from curate.fetch.sources.filling import FIELDS
from curate.fetch.sources.html import to_text
from curate.fetch.sources.listing import Found, Listing, empty_fields

TITLE_WITHIN = 200_000  # bytes of a page in which its title is looked for
_TITLE = re.compile(r"<(?:title|h1)\b[^<>]*>([^<]{1,300})<", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Preview:
    """What one page gives."""

    url: str  # "" for a saved page that does not say where it is from
    name: str  # its address, or its file
    kind: str  # list, listing, sitemaps, nothing
    found: Found
    adapter: str
    rendered: bool = False
    start: str = ""
    why: str = ""  # it gives nothing
    remedies: tuple[Remedy, ...] = ()
    is_denied: bool = False  # the site asks for a login in place of the page
    title: str = ""  # what the page calls itself

    def filled(self) -> dict[str, int]:
        """How many listings have each field, and photos."""
        counts = {
            name: sum(getattr(one, name) not in ("", None) for one in self.found.listings) for name in FIELDS
        }
        return counts | {"photos": sum(any(not p.reason for p in one.photos) for one in self.found.listings)}

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "url": self.url,
            "kind": self.kind,
            "adapter": self.adapter,
            "rendered": self.rendered,
            "forms": list(self.found.used),
            "listings": [_plain(listing) for listing in self.found.listings],
            "sitemaps": list(self.found.sitemaps),
            "next": list(self.found.next_urls),
            "filled": self.filled(),
            "notes": [*self.found.notes, *([f"no listing found: {self.why}"] if self.why else [])],
        }

    def lines(self) -> Iterator[str]:
        """The same for people, without why it gives nothing."""
        listings = self.found.listings
        said = ", ".join(self.found.used) or "nothing"
        how = ", after its scripts ran" if self.rendered else ""
        if not self.why:
            yield f"{self.name}: {self._kind()}; read from {said} (adapter: {self.adapter}){how}"
        for number, one in enumerate(listings[:40], start=1):
            photos = [photo for photo in one.photos if not photo.reason]
            year = str(one.year or "-")
            place = one.city[:16] or "-"
            title = one.title[:44] or "-"
            many = counted(len(photos), "photo")
            yield f"{number:4}  {title:44}  {price_of(one):>14}  {year:>4}  {place:16}  {many:>10}"
            yield f"      {one.page_url[:100]}"
        if len(listings) > 40:
            yield f"      and {len(listings) - 40} more"
        if listings:
            yield "fields: " + ", ".join(f"{name} {count}" for name, count in self.filled().items() if count)
            yield from empty_fields(listings)
        for note in self.found.notes:
            yield f"note: {note}"
        if listings:
            yield f"next page: {self.found.next_urls[0] if self.found.next_urls else 'none'}"

    def _kind(self) -> str:
        if self.kind == "listing":
            return "the page of one listing"
        if self.kind == "sitemaps":
            return f"a list of {counted(len(self.found.sitemaps), 'sitemap')}, e.g. {self.found.sitemaps[0]}"
        return f"a list of {counted(len(self.found.listings), 'listing')}"


def price_of(listing: Listing) -> str:
    """The price as a person reads it; "-" where there is none."""
    return f"{listing.price:,.0f} {listing.currency}".strip() if listing.price is not None else "-"


def _plain(listing: Listing) -> dict[str, Any]:
    photos = [{"url": photo.url, "aliases": list(photo.aliases)} for photo in listing.photos if not photo.reason]
    refused = [{"url": photo.url, "reason": photo.reason} for photo in listing.photos if photo.reason]
    return asdict(listing) | {"photos": photos, "refused": refused}


def preview(page: LoadedPage, config: Source, is_listing_page: bool | None = None) -> Preview:
    """What a page gives. Raises LayoutError for one that is too complex to read."""
    try:
        binary = empty_page.is_binary(page.data) and not page.data.startswith(b"\x1f\x8b")  # a packed sitemap
        found = Found() if binary else extract(page.data, page.charset, page.url, is_listing_page, config)
    except RejectedError as error:
        raise LayoutError(f"{page.name}: no listing found: {error.reason}: {error.detail}") from error
    alone = len(found.listings) == 1 and found.listings[0].page_url in (page.url, canonical_url(page.url))
    kind = "listing" if alone else "list" if found.listings else "sitemaps" if found.sitemaps else "nothing"
    why, remedies = empty_page.why(page, config) if kind == "nothing" else ("", ())
    is_denied = kind == "nothing" and not page.file and is_login(page.data)
    notes = list(dict.fromkeys(found.notes))
    if kind == "list" and (patterns := _patterns(page, config)):
        wanted = [one for one in found.listings if any(re.search(each, one.page_url) for each in patterns)]
        said = f"{len(wanted)} of {counted(len(found.listings), 'address', 'addresses')}"
        notes.append(f"listing_url: matched {said}; fetch leaves out the others")
        found = replace(found, listings=tuple(wanted) or found.listings)
    if alone and is_listing_page is False:
        notes.append("read as a list, the page shows one listing, and no link to its own page")
    if found.listings and empty_page.is_cut(page.data):
        notes.append("the page ends without </html>: it may be cut off, and listings may be missing")
    if found.listings and page.url == NOWHERE:
        notes.append("the page does not say its address: give its URL, and the file with --page")
    found = replace(found, notes=tuple(notes))
    if page.url == NOWHERE:
        found = _without_host(found)
    url = "" if page.url == NOWHERE else page.url
    title = " ".join(unescape(text) for text in _TITLE.findall(to_text(page.data[:TITLE_WITHIN], page.charset)))
    return Preview(
        url, page.name, kind, found, config.adapter, page.rendered, page.start, why, remedies, is_denied, title
    )


def _patterns(page: LoadedPage, config: Source) -> list[str]:
    """What addresses of listings have to match, by the classes that start at this page."""
    names = [name for name, starts in config.listings.items() if (page.start or page.url) in starts]
    patterns = [config.listing_url.get(name, "") for name in names]
    return patterns if all(patterns) else []


def _without_host(found: Found) -> Found:
    """With addresses as far as a page tells them that does not say where it is from: /ad/1."""

    def bare(url: str) -> str:
        return "/" + url.removeprefix(NOWHERE) if url.startswith(NOWHERE) else url

    listings = []
    for one in found.listings:
        photos = tuple(
            replace(photo, url=bare(photo.url), aliases=tuple(map(bare, photo.aliases))) for photo in one.photos
        )
        listings.append(replace(one, page_url=bare(one.page_url), photos=photos))
    return replace(found, listings=tuple(listings), next_urls=tuple(map(bare, found.next_urls)))


def read(place: str, file: Path | None, config: Source, is_listing_page: bool | None = None) -> LoadedPage:
    """The page at `place`, a URL or a file; `file` is read instead of asking for it.

    A page on the web is rendered as `config.render` says: `auto` where it gives nothing without.
    Raises UsageError, DeniedError, TryLaterError, LayoutError, ResourceError.
    """
    if file is not None or not is_url(place):
        return from_file(place, file)
    shows = lambda page: bool(preview(page, config, is_listing_page).found.listings)  # noqa: E731
    return from_web(place, config, is_listing_page, shows)


def default_source() -> Source:
    """Without a recipe."""
    return Source(id="preview", politeness=Politeness())
