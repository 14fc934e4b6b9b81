"""Listings out of the answers of an API, by the JSON paths of the recipe.

`selectors.listing` names the objects that are listings; the other paths look inside each. A field without a path
is read by the names of the object's keys, as `auto` does, and so are the listings themselves without
`selectors.listing`. `link` may be a template: `https://cars.example/ad/{listing_id}`.
"""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from curate.core.errors import RejectedError
from curate.core.expressions import as_paths
from curate.core.recipe import Selectors
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import auto, expression_values, json_listings
from curate.fetch.sources.embedded_json import Block
from curate.fetch.sources.listing import Found, Listing
from curate.fetch.sources.overrides import Scope, overridden, with_fields
from curate.fetch.sources.page import parse
from curate.fetch.sources.photo_addresses import Addresses
from curate.fetch.sources.selector_counts import Matches

_ID = "{listing_id}"


def extract(text: str, url: str, is_listing_page: bool, named: Selectors) -> Found:
    """What an answer holds. Raises RejectedError("page_too_complex")."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Found(notes=("the answer is no JSON",))
    paths = as_paths(named)
    template = paths.link if _ID in paths.link else ""
    paths = paths.model_copy(update={"link": ""}) if template else paths
    if is_listing_page or not paths.listing:
        found = auto.extract(text, url, is_listing_page)
        found = overridden(found, text, url, [data], is_listing_page, paths)
        listings = list(found.listings)
    else:
        matches = Matches()
        listings = [_listing(node, data, url, paths, matches) for node in _nodes(data, paths.listing)]
        matches.matched["listing"] = matches.gave["listing"] = len(listings)
        otherwise = "the names of the keys were" if listings else ""
        found = Found(used=matches.used(), notes=tuple(matches.notes(paths, (), otherwise)))
    if template:
        listings = [_linked(one, template) for one in listings]
    named_used = [name for name in found.used if name.startswith("selectors.")]
    return replace(found, listings=tuple(listings), used=("json_api", *named_used) if listings else ())


def _nodes(data: Any, path: str) -> list[dict[str, Any]]:
    found = expression_values.values(data, path)
    each = [item for value in found for item in (value if isinstance(value, list) else [value])]
    return [item for item in each if isinstance(item, dict)]


def _listing(node: dict[str, Any], data: Any, url: str, paths: Selectors, matches: Matches) -> Listing:
    block = Block("API", "", data)
    whole = json_listings.collect([block])
    said = json_listings.candidate(node, block, "", parse("", url), Addresses(url), whole).listing
    scope = Scope(None, [node], url)
    link = scope.url(paths.link) if paths.link else said.page_url
    if paths.link and link:
        matches.note("link", link, is_read=True)
    return with_fields(replace(said, page_url=link or url), scope, paths, matches)


def _linked(listing: Listing, template: str) -> Listing:
    if not listing.listing_id:
        return listing
    try:
        return replace(listing, page_url=canonical_url(template.replace(_ID, quote(listing.listing_id, safe=""))))
    except RejectedError:
        return listing
