"""What a fetch adds to the manifest that is there. It takes nothing away.

A photo that was kept stays. A fetch that no longer finds it writes its own number into `gone_since`; a fetch that
finds it again clears that. A page that could not be read says nothing about its photos: their rows stay as they
are. Only `pruned` drops rows, those with `gone_since`.

Fetches are numbered, because a manifest holds no clock. The sidecar has the date of each, in `notes.fetches`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import StateError
from curate.core.schemas import FetchRow


@dataclass(frozen=True, slots=True)
class Unread:
    """What a fetch could not look at."""

    pages: Collection[str] = ()  # URLs of listings' pages
    class_names: Collection[str] = ()  # classes with an index page among them

    def holds(self, row: FetchRow) -> bool:
        """May the site still offer this photo, for all that the fetch saw?"""
        return row.page_url in self.pages or row.class_name in self.class_names


def fetches(folder: Path, before: Iterable[FetchRow]) -> list[str]:
    """The date of each fetch so far, the first one first; "" where the sidecar that said it is lost."""
    dates: list[str] = []
    with suppress(StateError, TypeError, AttributeError):
        dates += map(str, manifest.read_sidecar(folder, "fetch")["notes"].get("fetches", ()))
    known = max((row.gone_since or 0 for row in before), default=0)
    return dates + [""] * (known - len(dates))


def joined(
    now: Iterable[FetchRow],
    before: Iterable[FetchRow],
    number: int,
    unread: Unread,
    is_whole: Callable[[str], bool],
) -> list[FetchRow]:
    """The rows of fetch `number`, and those of `before` that it did not find, sorted by key.

    `is_whole` tells of the path of a photo whether its file is still there. A photo that was kept and is whole
    stays, whatever the site says of it now.
    """
    rows = {row.key: row for row in now}
    for row in before:
        found = rows.get(row.key)
        if row.keep and (found is None or not (found.keep or not is_whole(row.path))):
            rows[row.key] = row if row.gone_since or unread.holds(row) else replace(row, gone_since=number)
        elif found is None and row.image_url and unread.holds(row):
            rows[row.key] = row
    return [rows[key] for key in sorted(rows)]


def new(rows: Iterable[FetchRow], before: Iterable[FetchRow]) -> list[FetchRow]:
    """The kept rows of photos that `before` did not keep."""
    had = {row.key for row in before if row.keep}
    return [row for row in rows if row.keep and row.key not in had]


def marked(rows: Iterable[FetchRow]) -> list[FetchRow]:
    """The rows that the site no longer offers."""
    return [row for row in rows if row.gone_since is not None]


def pruned(rows: Iterable[FetchRow]) -> list[FetchRow]:
    """The rows without those that the site no longer offers."""
    return [row for row in rows if row.gone_since is None]


def photos_of_listings(rows: Sequence[FetchRow]) -> str:
    """`33 photos of 11 listings`."""
    listings = len({row.listing_id for row in rows})
    return f"{counted(len(rows), 'photo')} of {counted(listings, 'listing')}"
