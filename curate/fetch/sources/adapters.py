"""What one page holds, by the adapter that the recipe names for its kind."""

from contextlib import suppress
from dataclasses import replace

from curate.core.errors import RejectedError
from curate.core.expressions import JSON, is_css
from curate.core.recipe import Source
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import (
    auto,
    embedded_json,
    json_api,
    jsonld,
    next_page,
    overrides,
    page,
    selectors,
    sitemap,
)
from curate.fetch.sources.html import to_text
from curate.fetch.sources.listing import Found
from curate.fetch.sources.money import scalar


def extract(data: bytes, charset: str, url: str, is_listing_page: bool | None, config: Source) -> Found:
    """What a page holds. `is_listing_page` is None where nothing is known of it; then only `auto` can tell.

    Raises RejectedError("page_too_complex").
    """
    if not is_listing_page and sitemap.is_sitemap(unpacked := sitemap.unpacked(data)):
        found = sitemap.extract(unpacked, canonical_url(url))
    else:
        found = _extract(data, charset, url, is_listing_page, config)
    if config.pagination.cursor and not is_listing_page:
        found = replace(found, cursor=_cursor(to_text(data, charset), canonical_url(url), config))
    return overrides.whole_photos(found, config.photo_url) if config.photo_url else found


def _extract(data: bytes, charset: str, url: str, is_listing_page: bool | None, config: Source) -> Found:
    text = to_text(data, charset)
    url = canonical_url(url)
    adapter = config.listing_adapter if is_listing_page and config.listing_adapter else config.adapter
    if adapter == "json_api":
        return json_api.extract(text, url, bool(is_listing_page), config.selectors)
    if adapter == "selectors":
        css = config.pagination.next_selector
        found = selectors.extract(text, url, bool(is_listing_page), config.selectors, css)
        return found if css or is_listing_page else _leading_on(found, text, url)
    if adapter == "jsonld":
        found = jsonld.extract(text, url, bool(is_listing_page))
        found = found if config.pagination.next_selector or is_listing_page else _leading_on(found, text, url)
    else:
        found = auto.extract(text, url, is_listing_page)
        if any(value for _, value in config.selectors) and _is_auto(config):
            found = _overridden(found, text, url, is_listing_page, config)
    if config.pagination.next_selector and not is_listing_page:
        by_css = selectors.next_urls_by(text, url, config.pagination.next_selector)
        found = replace(found, next_urls=tuple(dict.fromkeys(by_css + found.next_urls)))
    return found


def _leading_on(found: Found, text: str, url: str) -> Found:
    """What a list holds, with the links that lead to the next one where it declares none."""
    if found.next_urls or not found.listings:
        return found
    with suppress(RejectedError):  # too complex for a tree: its listings are there without one
        return replace(found, next_urls=next_page.next_links(page.parse(text, url)))
    return found


def _is_auto(config: Source) -> bool:
    """Are the selectors there to override `auto`, rather than for the other kind of page?"""
    return config.adapter == "auto" and config.listing_adapter in ("", "auto")


def _cursor(text: str, url: str, config: Source) -> str:
    """What the page gives for the next one."""
    expression = config.pagination.cursor
    if config.adapter == "json_api" and is_css(expression):
        expression = f"{JSON}{expression}"
    if expression.startswith(JSON):
        blocks = [block.data for block in embedded_json.blocks(page.parse(auto.as_page(text), url))]
        return scalar(overrides.Scope(None, blocks, url).text(expression))
    return str(overrides.Scope(selectors.soup(text), (), url).text(expression))


def _overridden(found: Found, text: str, url: str, is_listing_page: bool | None, config: Source) -> Found:
    by_json = any(value.startswith(JSON) for _, value in config.selectors)
    blocks = [one.data for one in embedded_json.blocks(page.parse(auto.as_page(text), url))] if by_json else []
    alone = is_listing_page or (is_listing_page is None and [one.page_url for one in found.listings] == [url])
    return overrides.overridden(found, text, url, blocks, alone, config.selectors)
