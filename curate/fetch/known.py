"""What earlier fetches know of a site: the listings whose pages they read, and when.

A listing's page that was read is asked again only when the recipe says so, `revisit_after`, and then with the ETag
and date that it had: where it has not changed, its listing is the one in the manifest. Its photos are those of the
manifest's rows; those that were refused are not asked for again either. A photo that is gone is not asked for
again where it was asked for, also when its page is read again.
"""

import json
import re
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from curate.core.files import atomic_write
from curate.core.schemas import FetchRow
from curate.fetch.download import Outcome
from curate.fetch.http.response import Response
from curate.fetch.sources.listing import Found, Listing, PhotoLink

_UNITS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NEVER_FETCHED = ("bad_url", "not_gallery", "missing_field")  # what the page said of a photo, not the photo itself


@dataclass(frozen=True, slots=True)
class Only:
    """Which listings a fetch is to add."""

    since: str = ""  # an ISO date: those put in from then on, as far as the site says when
    most_new: int | None = None  # at most so many new ones per class

    def is_old(self, listing: Listing) -> bool:
        """Was it put in before `since`?"""
        said = _DATE.match(listing.posted)
        return bool(self.since and said and said[0] < self.since)

    def is_dated(self, listing: Listing) -> bool:
        """Does it say when it was put in?"""
        return bool(_DATE.match(listing.posted))


def age_s(written: str) -> float:
    """Seconds of a `revisit_after`: `7d`; infinite for never, 0 for always."""
    if written in ("never", "always"):
        return float("inf") if written == "never" else 0.0
    return float(written[:-1]) * _UNITS[written[-1]]


@dataclass(slots=True)
class Known:
    """The pages of listings that need not be read. Thread-safe."""

    path: Path  # of the file that remembers when each page was read
    revisit_after_s: float = float("inf")
    pages: Mapping[str, Found] = field(default_factory=dict)  # by URL: what the manifest's rows say
    refused: Mapping[str, Outcome] = field(default_factory=dict)  # photos that were not kept, by URL
    gone: Mapping[str, frozenset[str]] = field(default_factory=dict)  # photos: addresses where they are not
    met: frozenset[str] = frozenset()  # ids and pages of listings that an earlier fetch met, whatever came of them
    recalled: set[str] = field(default_factory=set)  # URLs of pages whose listing was taken from the manifest
    _visits: dict[str, list[str | float]] = field(default_factory=dict)  # URL: time (Unix seconds), ETag, date
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, listing: Listing, has_own_page: bool) -> bool:
        """Did an earlier fetch meet this listing?"""
        by_page = has_own_page and listing.page_url in self.met
        return by_page or bool(listing.listing_id and f"id {listing.listing_id}" in self.met)

    def recall(self, url: str) -> Found | None:
        """What is known of a page that is not to be asked for now."""
        visit = self._visits.get(url)
        read_at = float(visit[0]) if visit else float("-inf")
        if url not in self.pages or max(0.0, time.time() - read_at) >= self.revisit_after_s:
            return None
        return self.unmodified(url)

    def unmodified(self, url: str) -> Found:
        """What is known of a page that has not changed."""
        self.recalled.add(url)
        return self.pages[url]

    def validators(self, url: str) -> dict[str, str]:
        """The headers that ask for a page only where it has changed."""
        visit = self._visits.get(url) if url in self.pages else None
        said = {"If-None-Match": str(visit[1]), "If-Modified-Since": str(visit[2])} if visit else {}
        return {name: value for name, value in said.items() if value}

    def visited(self, url: str, response: Response) -> None:
        """Note a page that was read just now."""
        etag, date = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        with self._lock:
            if response.unmodified and (before := self._visits.get(url)):
                etag, date = etag or str(before[1]), date or str(before[2])
            self._visits[url] = [int(time.time()), etag[:500], date[:100]]

    def save(self) -> None:
        """Write down when each page was read. Raises ResourceError."""
        with self._lock:
            if self._visits:
                atomic_write(self.path, json.dumps(self._visits, indent=0, sort_keys=True).encode() + b"\n")


def known(folder: Path, rows: Iterable[FetchRow], revisit_after: str, retry: Collection[str] = ()) -> Known:
    """What the rows of the manifest and the file beside it tell.

    A listing is known where a photo of it is kept and on the disk; one whose photos are no longer offered is not.
    Photos that were refused for a reason in `retry` are to be asked for again.
    """
    by_page: dict[str, list[FetchRow]] = {}
    lost = set()
    rows = list(rows)
    for row in rows:
        if row.listing_id and row.image_url and row.page_url and row.gone_since is None:
            by_page.setdefault(row.page_url, []).append(row)
            if row.keep and not (folder / row.path).is_file():
                lost.add(row.page_url)
    pages, refused = {}, {}
    for url, members in by_page.items():
        one_listing = len({row.listing_id for row in members}) == 1
        if url in lost or not one_listing or not any(row.keep for row in members):
            continue
        members.sort(key=lambda row: row.position)
        pages[url] = Found((_listing(members),))
        for row in members:
            if not row.keep and row.reason not in ("deferred", *retry, *_NEVER_FETCHED):
                refused[row.image_url] = Outcome(width=row.width, height=row.height, reason=row.reason)
    path = folder / "visits.json"
    visits: dict[str, list[str | float]] = {}
    try:
        read = json.loads(path.read_bytes())
        visits = {str(url): [float(at), str(etag), str(date)] for url, (at, etag, date) in read.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        visits = {}  # only a memory: pages of unknown age are read again
    gone = {} if "gone" in retry else _gone(rows)
    return Known(path, age_s(revisit_after), pages, refused, gone, _visits=visits)


def _gone(rows: Sequence[FetchRow]) -> dict[str, frozenset[str]]:
    """The photos that were asked for and were gone, with their addresses; not those whose page was."""
    unread = {row.page_url for row in rows if not row.image_url}
    return {
        row.image_url: frozenset({row.image_url, *row.aliases.split()})
        for row in rows
        if row.reason == "gone" and row.image_url and row.page_url not in unread
    }


def met(rows: Iterable[FetchRow], without_photos: Iterable[str]) -> frozenset[str]:
    """What `Known.met` holds, by all rows of the manifest and the pages of listings that have no row."""
    found = set(without_photos)
    for row in rows:
        found |= {row.page_url, f"id {row.listing_id}"} if row.listing_id else {row.page_url}
    return frozenset(found)


def _listing(rows: list[FetchRow]) -> Listing:
    row = rows[0]
    photos = [
        PhotoLink(
            one.image_url, tuple(one.aliases.split()), one.reason if one.reason in _NEVER_FETCHED[:2] else ""
        )
        for one in rows
    ]
    return Listing(
        listing_id=row.listing_id,
        page_url=row.page_url,
        title=row.title,
        model=row.model,
        region=row.region,
        city=row.city,
        year=row.year,
        price=row.price,
        photos=tuple(photos),
        make=row.make,
        currency=row.currency,
        seller=row.seller,
        posted=row.posted,
        attributes=row.attributes,
    )
