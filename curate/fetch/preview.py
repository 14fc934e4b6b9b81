"""What a recipe, or no recipe, gets from one page: `curate preview`.

`read` asks for the page, lets its scripts run where the source says so, or reads it from a file; `preview` is a
pure function of the page.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from curate.core.counted import counted
from curate.core.errors import DeniedError, RejectedError, StateError, UsageError
from curate.core.recipe import Politeness, Source
from curate.fetch.http.browser import Browser
from curate.fetch.http.client import Client
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.adapters import extract
from curate.fetch.sources.api_request import asked, first
from curate.fetch.sources.filling import FIELDS
from curate.fetch.sources.html import to_text
from curate.fetch.sources.listing import Found, Listing, empty_fields

_NOWHERE = "https://page.invalid/"  # of a file whose page does not say where it is from


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """One page as it came."""

    url: str
    data: bytes
    charset: str = ""
    rendered: bool = False  # after its scripts ran
    start: str = ""  # what stands in the recipe for it, where that is not its address


@dataclass(frozen=True, slots=True)
class Preview:
    """What one page gives."""

    url: str
    kind: str  # list, listing, nothing
    found: Found
    adapter: str
    rendered: bool = False
    start: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)  # the recipe's section

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
            "next": list(self.found.next_urls),
            "filled": self.filled(),
            "notes": list(self.found.notes),
            "recipe": recipe_section(self) if self.found.listings else "",
        }

    def lines(self) -> Iterator[str]:
        """The same for people."""
        listings = self.found.listings
        said = ", ".join(self.found.used) or "nothing"
        how = ", after its scripts ran" if self.rendered else ""
        yield f"{self.url}: {_count(self.kind, len(listings))}; read from {said} (adapter: {self.adapter}){how}"
        for number, one in enumerate(listings[:40], start=1):
            photos = [photo for photo in one.photos if not photo.reason]
            price = f"{one.price:,.0f} {one.currency}".strip() if one.price is not None else "-"
            year = str(one.year or "-")
            place = one.city[:16] or "-"
            title = one.title[:44] or "-"
            many = counted(len(photos), "photo")
            yield f"{number:4}  {title:44}  {price:>14}  {year:>4}  {place:16}  {many:>10}"
            yield f"      {one.page_url[:100]}"
        if len(listings) > 40:
            yield f"      and {len(listings) - 40} more"
        if listings:
            yield "fields: " + ", ".join(f"{name} {count}" for name, count in self.filled().items() if count)
            yield from empty_fields(listings)
        for note in self.found.notes:
            yield f"note: {note}"
        if not listings and not self.rendered:
            yield "note: where scripts make the page, set source.render: auto"
        yield f"next page: {self.found.next_urls[0] if self.found.next_urls else 'none'}"
        if listings:
            yield "for the recipe:"
            yield from recipe_section(self).splitlines()


def _count(kind: str, count: int) -> str:
    if kind == "listing":
        return "the page of one listing"
    return f"a list of {counted(count, 'listing')}" if count else "no listing found"


def _plain(listing: Listing) -> dict[str, Any]:
    photos = [{"url": photo.url, "aliases": list(photo.aliases)} for photo in listing.photos if not photo.reason]
    refused = [{"url": photo.url, "reason": photo.reason} for photo in listing.photos if photo.reason]
    return asdict(listing) | {"photos": photos, "refused": refused}


def recipe_section(preview: Preview) -> str:
    """The section of a recipe that reads this page."""
    host = urlsplit(preview.url).netloc
    name = host.removeprefix("www.").partition(".")[0]
    source: dict[str, Any] = {"id": name if name and not name.isdigit() else "site", "adapter": preview.adapter}
    source |= {"render": "auto"} if preview.rendered else {}
    source |= {"listings": {"CLASS": [preview.start or preview.url]}}
    source |= {"request": dict(preview.request)} if preview.request else {}
    hosts = {urlsplit(p.url).hostname or "" for one in preview.found.listings for p in one.photos if not p.reason}
    others = sorted(name for name in hosts if name and name != urlsplit(preview.url).hostname)
    source |= {"politeness": {"image_hosts": others[:8]}} if others else {}
    offers = preview.found.next_urls or preview.found.cursor
    if preview.found.listings and not offers and preview.kind == "list" and not preview.request:
        source |= {"pagination": {"page_parameter": "page"}}
    text = yaml.safe_dump({"source": source}, sort_keys=False, allow_unicode=True, width=100_000).rstrip()
    return text + (" # the page names no next one: see how its address counts" if "pagination" in source else "")


def preview(page: LoadedPage, config: Source, is_listing_page: bool | None = None) -> Preview:
    """What a page gives. Raises RejectedError("page_too_complex")."""
    found = extract(page.data, page.charset, page.url, is_listing_page, config)
    alone = len(found.listings) == 1 and found.listings[0].page_url in (page.url, canonical_url(page.url))
    kind = "listing" if alone else "list" if found.listings else "nothing"
    request = config.request.model_dump(mode="json", exclude_defaults=True)
    return Preview(page.url, kind, found, config.adapter, page.rendered, page.start, request)


def read(place: str, file: Path | None, config: Source, is_listing_page: bool | None = None) -> LoadedPage:
    """The page at `place`, a URL or a file; `file` is read instead of asking for it.

    A page on the web is rendered as `config.render` says: `auto` where it gives nothing without.
    Raises UsageError, StateError, DeniedError, TryLaterError, ResourceError.
    """
    if not place.startswith(("http:", "https:")):
        file = file or Path(place)
    if file is not None:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror or error}; name a URL or a file with a page") from error
        return LoadedPage(place if place.startswith(("http:", "https:")) else _own_address(data), data)
    try:
        url = first(place, config) if config.request.body and not is_listing_page else canonical_url(place)
    except RejectedError as error:
        raise UsageError(f"{place}: {error.detail}") from error
    politeness = config.politeness
    parts = urlsplit(url)
    if parts.hostname in ("127.0.0.1", "localhost", "::1"):
        politeness = politeness.override(
            allow_hosts=(*politeness.allow_hosts, f"{parts.hostname}:{parts.port or 80}")
        )
    with (
        tempfile.TemporaryDirectory() as folder,
        Client(politeness, Path(folder) / "hosts.json", start_urls=[url]) as client,
    ):
        try:
            return _asked(client, url, place, config, is_listing_page)
        except RejectedError as error:
            said = error.detail if url in error.detail else f"{url}: {error.reason}: {error.detail}"
            raise (DeniedError if error.reason == "robots" else StateError)(said) from error


def _asked(client: Client, url: str, written: str, config: Source, is_listing_page: bool | None) -> LoadedPage:
    most = config.politeness.max_page_bytes
    if config.render != "always":
        is_api = config.adapter == "json_api"
        address, headers, body = asked(url, config) if is_api else (url, {}, None)
        reply = client.get(address, most, "data" if is_api else "page", more=headers, body=body)
        page = LoadedPage(reply.url, reply.data, reply.charset, start=written if body is not None else "")
        if config.render == "never" or preview(page, config, is_listing_page).found.listings:
            return page
    browser = Browser(client, most, config.actions)
    try:
        text = browser.render(url).text()
    finally:
        browser.close()
    return LoadedPage(url, text.encode("utf-8", "replace"), "utf-8", rendered=True)


def _own_address(data: bytes) -> str:
    """The address that a saved page calls its own."""
    from curate.fetch.sources.microdata import declared
    from curate.fetch.sources.page import parse

    urls = declared(parse(to_text(data), _NOWHERE)).urls
    return next((url for url in urls if url != _NOWHERE), _NOWHERE)


def default_source() -> Source:
    """Without a recipe."""
    return Source(id="preview", politeness=Politeness())


def gallery(preview: Preview) -> str:
    """A page that shows the photos of each listing, loaded from the site by the browser that opens it."""
    from html import escape

    parts = [
        f"<!doctype html><meta charset=utf-8><title>{escape(preview.url)}</title><h1>{escape(preview.url)}</h1>"
    ]
    for one in preview.found.listings:
        images = "".join(
            f'<img src="{escape(photo.aliases[-1] if photo.aliases else photo.url)}" height=120 loading=lazy '
            "referrerpolicy=no-referrer>"
            for photo in one.photos
            if not photo.reason
        )
        parts.append(f'<h2><a href="{escape(one.page_url)}">{escape(one.title or one.page_url)}</a></h2>{images}')
    return "\n".join(parts)
