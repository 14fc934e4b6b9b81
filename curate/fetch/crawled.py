"""What a crawl found, and which pages it could not use."""

from collections import Counter
from dataclasses import dataclass, field

from curate.fetch.http.signed_url import without_signatures
from curate.fetch.sources.listing import Listing

# What another try does not change.
DECIDED = {
    "bad_url", "internal_error", "noai", "offsite", "page_too_complex", "private_address", "redirect_downgrade",
    "robots", "tls", "too_large",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """A page that could not be used."""

    class_name: str
    url: str
    reason: str
    detail: str
    listing: Listing | None = None  # what the index says of the listing whose page this is

    def __str__(self) -> str:
        return without_signatures(f"{self.url}: {self.reason}: {self.why}")

    @property
    def why(self) -> str:
        """The detail, without the page's address before it."""
        return self.detail.removeprefix(f"{self.url}: ")

    @property
    def is_deferred(self) -> bool:
        """Has the page to wait, or is it that of a listing which the next fetch may read?"""
        if self.listing is None:
            return self.reason == "deferred"
        return self.reason not in DECIDED and self.reason not in ("gone", "missing_field")


@dataclass(slots=True)
class Crawled:
    """All that the pages say."""

    listings: list[tuple[str, Listing]] = field(default_factory=list)  # (class name, listing)
    failures: list[Failure] = field(default_factory=list)
    deferred: list[Failure] = field(default_factory=list)  # pages whose host asks us to wait
    used: set[str] = field(default_factory=set)  # extractors and repairs
    in_two_classes: list[str] = field(default_factory=list)  # ids of listings found under several classes
    index_urls: set[str] = field(default_factory=set)
    repeating: list[int] = field(default_factory=list)  # listings of each index page that shows mostly known ones
    cut: list[str] = field(default_factory=list)  # index pages after which max_pages ends the reading
    ended: list[Failure] = field(default_factory=list)  # later pages that end the paging
    doubtful_ends: list[Failure] = field(default_factory=list)  # of them, refused and not so the last time
    left_out: Counter[str] = field(default_factory=Counter)  # per class: addresses that listing_url does not match
    left_out_first: dict[str, str] = field(default_factory=dict)  # the first of them
    skipped: set[str] = field(default_factory=set)  # pages of listings that this fetch was not to add
    skipped_classes: set[str] = field(default_factory=set)
    left: int = 0  # new listings over those that one fetch is to add
    since: str = ""  # the date from which on new listings are added
    old: int = 0  # new listings of an earlier date
    undated: int = 0  # new listings that were added although they say no date
    own_hosts: set[str] = field(default_factory=set)  # of the start addresses
    limited: list[str] = field(default_factory=list)  # classes with as many listings as max_listings
