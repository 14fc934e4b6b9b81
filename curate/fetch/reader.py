"""Reads one page of the site, or remembers it from the journal; keeps a page in which no listing was found."""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from curate.core.errors import DeniedError, Do, LayoutError, RejectedError
from curate.core.files import atomic_write
from curate.core.recipe import Source
from curate.fetch.http.browser import Browser
from curate.fetch.http.client import Client, Wanted
from curate.fetch.http.response import is_login
from curate.fetch.http.url import path_of
from curate.fetch.journal import Journal
from curate.fetch.known import Known
from curate.fetch.sources.adapters import extract
from curate.fetch.sources.api_request import asked
from curate.fetch.sources.listing import Found

_FOUND = TypeAdapter(Found)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one page, or remembers it."""

    client: Client
    journal: Journal
    config: Source
    folder: Path
    known: Known
    browser: Browser
    fresh: set[str] = field(default_factory=set)  # URLs of pages read in this run

    def read(self, url: str, is_listing_page: bool, anew: bool = False) -> Found:
        """What the page at `url` holds, `anew` even where the journal knows.

        Raises RejectedError, DeniedError, TryLaterError.
        """
        kind = "listing page" if is_listing_page else "index page"
        if not anew and (known := self.journal.read(kind, url, _FOUND)) is not None:
            return known
        recalls = is_listing_page and not anew
        if recalls and (said := self.known.recall(url)) is not None:
            return said
        self.fresh.add(url)
        adapter = (is_listing_page and self.config.listing_adapter) or self.config.adapter
        expect: Wanted = "data" if adapter == "json_api" else "page"
        validators = self.known.validators(url) if recalls else {}
        if self.config.render == "always":
            return self._rendered(url, is_listing_page)
        try:
            address, headers, body = asked(url, self.config) if expect == "data" else (url, {}, None)
            more = headers | validators
            response = self.client.get(
                address, self.config.politeness.max_page_bytes, expect, more=more, body=body
            )
        except RejectedError as error:
            self.client.note("page", url, reason=error.reason)
            raise
        if is_listing_page:
            self.known.visited(url, response)
        if response.unmodified:
            self.client.note("page", url, unmodified=True)
            return self.known.unmodified(url)
        found = self._extract(response.data, response.charset, response.url, is_listing_page)
        self.client.note("page", url, listings=len(found.listings), bytes=len(response.data))
        shows = any(listing.photos for listing in found.listings) if is_listing_page else found.listings
        if not shows and not found.sitemaps and path_of(response.url) != path_of(address):
            if found.others:
                raise RejectedError("gone", f"{url} leads to {response.url}, which shows other listings")
            raise RejectedError("elsewhere", f"{url} leads to {response.url}, which holds no listing")
        if not shows and not found.sitemaps and not found.others and self.config.render == "auto":
            return self._rendered(url, is_listing_page)
        if not found.listings and not found.sitemaps:
            return replace(found, page=response.data)
        self.journal.add(kind, url, asdict(found))
        return found

    def _extract(self, data: bytes, charset: str, url: str, is_listing_page: bool) -> Found:
        try:
            return extract(data, charset, url, is_listing_page, self.config)
        except (RejectedError, MemoryError):
            raise
        except Exception as error:  # whatever one page makes the code raise is about that page
            raise RejectedError("internal_error", f"{url}: {type(error).__name__}: {error}"[:500]) from error

    def _rendered(self, url: str, is_listing_page: bool) -> Found:
        """What the page holds after its scripts ran."""
        data = self.browser.render(url).text().encode("utf-8", "replace")
        found = self._extract(data, "utf-8", url, is_listing_page)
        self.client.note("page", url, listings=len(found.listings), bytes=len(data), rendered=True)
        if not found.listings:
            return replace(found, page=data)
        self.journal.add("listing page" if is_listing_page else "index page", url, asdict(found))
        return found


def layout_error(reader: Reader, url: str, found: Found) -> LayoutError | DeniedError:
    """Keeps the page for the person who has to look at it; DeniedError where it asks for a login."""
    page = found.page or b""
    if is_login(page):
        return DeniedError(f"{url} asks for a login: we stop here", Do("ask its owner for permission"))
    saved = reader.folder / "layout" / f"{hashlib.sha256(page).hexdigest()[:16]}.html"
    atomic_write(saved, page)
    tried = {
        "auto": "data in scripts and attributes, JSON-LD, microdata and HTML (source.adapter: auto)",
        "jsonld": "schema.org JSON-LD (source.adapter: jsonld)",
        "json_api": "the JSON of an API (source.adapter: json_api)",
        "selectors": f"source.selectors (listing: {reader.config.selectors.listing or 'the page'})",
    }[reader.config.adapter]
    scripts = "; where scripts make the page, set source.render: auto" if reader.config.render == "never" else ""
    return LayoutError(
        f"{url}: no listing found; tried {tried}. The page is saved as {saved}: "
        f"compare it with source.adapter and source.selectors of the recipe{scripts}"
    )
