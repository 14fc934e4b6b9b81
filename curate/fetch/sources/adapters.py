"""What one page holds, by the adapter that the recipe names for its kind."""

from dataclasses import replace

from curate.core.recipe import Source
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import auto, jsonld, selectors
from curate.fetch.sources.html import to_text
from curate.fetch.sources.listing import Found


def extract(data: bytes, charset: str, url: str, is_listing_page: bool | None, config: Source) -> Found:
    """What a page holds. `is_listing_page` is None where nothing is known of it; then only `auto` can tell.

    Raises RejectedError("page_too_complex").
    """
    text = to_text(data, charset)
    url = canonical_url(url)
    adapter = config.listing_adapter if is_listing_page and config.listing_adapter else config.adapter
    if adapter == "selectors":
        return selectors.extract(
            text, url, bool(is_listing_page), config.selectors, config.pagination.next_selector
        )
    if adapter == "jsonld":
        found = jsonld.extract(text, url, bool(is_listing_page))
    else:
        found = auto.extract(text, url, is_listing_page)
    if config.pagination.next_selector and not is_listing_page:
        by_css = selectors.next_urls_by(text, url, config.pagination.next_selector)
        found = replace(found, next_urls=tuple(dict.fromkeys(by_css + found.next_urls)))
    return found
