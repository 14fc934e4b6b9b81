"""Which listings a photo shows, as far as its source names them: what split, audit, cards and report count."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from curate.core.schemas import DedupRow, FetchRow


class OfListing(Protocol):
    """A photo, with what its source says of its listing."""

    @property
    def listing_id(self) -> str:
        """What the source calls the listing, or what import made up."""
        ...

    @property
    def page_url(self) -> str:
        """The listing's page; empty for imported photos."""
        ...

    @property
    def image_url(self) -> str:
        """The photo's address or path."""
        ...


def named(photo: OfListing) -> str:
    """The listing that the source of a photo names; empty where import took the photo for one of its own."""
    made_up = not photo.page_url and photo.listing_id == photo.image_url
    return "" if made_up else photo.listing_id


def shown(fetched: Mapping[str, FetchRow], dedup_rows: Iterable[DedupRow]) -> dict[str, set[str]]:
    """The named listings that each kept photo shows, by its key: its own, and those of its removed duplicates.

    `fetched` are the rows of fetch.csv by key.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for row in dedup_rows:
        found[row.group] |= {named(fetched[row.key])} - {""}
    return dict(found)
