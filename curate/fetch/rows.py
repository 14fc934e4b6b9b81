"""Rows out of what the pages say and what became of the photos."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from curate.core.recipe import Source
from curate.core.schemas import FetchRow, photo_key
from curate.fetch.crawled import Crawled
from curate.fetch.download import Outcome
from curate.fetch.http.signed_url import unsigned
from curate.fetch.sources.listing import Listing, PhotoLink


def photo_id(url: str, own_hosts: Sequence[str]) -> str:
    """What names a photo within its listing: its URL, without the host where that is the site's own."""
    host, slash, rest = url.partition("://")[2].partition("/")
    return slash + rest if host in own_hosts else url


def lacks_field(listing: Listing, config: Source) -> bool:
    """True when the listing lacks its id, or a field that the recipe requires."""
    return not listing.listing_id or any(getattr(listing, name) in ("", None) for name in config.required_fields)


def wanted_photos(crawled: Crawled, config: Source) -> dict[str, tuple[str, ...]]:
    """Each photo to fetch, once, by its URL without a signature, with the URLs to try for it."""
    wanted: dict[str, tuple[str, ...]] = {}
    for _, listing in crawled.listings:
        for photo in listing.photos:
            if not photo.reason and not lacks_field(listing, config):
                name = unsigned(photo.url)
                wanted[name] = tuple(dict.fromkeys((*wanted.get(name, ()), photo.url, *photo.aliases)))
    return wanted


def decide(crawled: Crawled, outcomes: Mapping[str, Outcome], config: Source) -> list[FetchRow]:
    """One row per photo of each listing, and per page that failed, sorted by key.

    Of a page that failed, the photos that the index shows of its listing are rows with the reason of the page.
    """
    own_hosts = sorted(crawled.own_hosts)
    rows: dict[str, FetchRow] = {}

    def add(class_name: str, listing: Listing, position: int, photo: PhotoLink, outcome: Outcome) -> None:
        named = photo_id(unsigned(photo.url) or listing.page_url, own_hosts)
        key = photo_key(config.id, listing.listing_id, named)
        rows.setdefault(key, _row(key, class_name, listing, position, photo, outcome))

    for class_name, listing in crawled.listings:
        for position, photo in enumerate(listing.photos):
            reason = photo.reason or ("missing_field" if lacks_field(listing, config) else "")
            add(
                class_name,
                listing,
                position,
                photo,
                Outcome(reason=reason) if reason else outcomes[unsigned(photo.url)],
            )
    for failure in crawled.failures:
        refused = Outcome(reason="deferred" if failure.is_deferred else failure.reason)
        add(failure.class_name, Listing("", failure.url), 0, PhotoLink(""), refused)
        if failure.listing and failure.listing.listing_id:
            for position, photo in enumerate(failure.listing.photos):
                add(failure.class_name, failure.listing, position, photo, refused)
    for failure in crawled.doubtful_ends:  # the next fetch asks again
        add(failure.class_name, Listing("", failure.url), 0, PhotoLink(""), Outcome(reason="deferred"))
    return [rows[key] for key in sorted(rows)]


def _row(
    key: str, class_name: str, listing: Listing, position: int, photo: PhotoLink, outcome: Outcome
) -> FetchRow:
    return FetchRow(
        key=key,
        listing_id=listing.listing_id,
        class_name=class_name,
        position=position,
        title=listing.title,
        region=listing.region,
        city=listing.city,
        year=listing.year,
        price=listing.price,
        page_url=listing.page_url,
        image_url=(url := unsigned(photo.url)),
        aliases=" ".join(alias for name in photo.aliases if (alias := unsigned(name)) != url),
        **outcome.columns(),
        make=listing.make,
        model=listing.model,
        currency=listing.currency,
        seller=listing.seller,
        posted=listing.posted,
        attributes=listing.attributes,
    )


def with_outcome(row: FetchRow, outcome: Outcome) -> FetchRow:
    """The row of a photo that was asked for again."""
    return replace(row, **outcome.columns())


def pages_of(crawled: Crawled) -> dict[str, str]:
    """The page that shows each photo, by the photo's URL without a signature."""
    return {unsigned(photo.url): listing.page_url for _, listing in crawled.listings for photo in listing.photos}
