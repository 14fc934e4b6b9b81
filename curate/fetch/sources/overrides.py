"""Fields that a recipe names for itself, over what `auto` found in a page.

On a list, a listing's scope is the largest element with a link to its page and to no other's, and the smallest
object of the page's JSON that has its id or address, or what the recipe's `listing` names. On a listing's own page
the scope is all of it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bs4.element import Tag

from curate.core.counted import counted
from curate.core.errors import RejectedError
from curate.core.expressions import JSON, REGEX, css_and_attribute, is_css
from curate.core.recipe import Selectors
from curate.core.recipe_source import PhotoUrl
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import dates, expression_values, photo_variants, selectors, values
from curate.fetch.sources.gallery import gallery, of_variants
from curate.fetch.sources.json_photos import photos as photos_in
from curate.fetch.sources.listing import Found, Listing, PhotoLink
from curate.fetch.sources.money import money, scalar
from curate.fetch.sources.page import photo_address
from curate.fetch.sources.photo_addresses import Addresses
from curate.fetch.sources.selector_counts import Matches

_NO_FIELD = ("listing", "link", "images")
MAX_SCOPE = 200_000  # characters of an element that a regular expression reads


class Scope:
    """Where the fields of one listing are: an element, objects of JSON, and the base of addresses."""

    def __init__(self, element: Tag | None, objects: Sequence[Any], base: str) -> None:
        self.element = element
        self.objects = list(objects)
        self.base = base

    def text(self, expression: str) -> Any:
        """The first value of an expression; "" where there is none."""
        if expression.startswith(JSON):
            return next(iter(expression_values.anywhere(self.objects, expression)), "")
        return selectors.value(self.element, expression) if self.element is not None else ""

    def url(self, expression: str) -> str:
        """The address that an expression finds."""
        if not is_css(expression):
            try:
                return canonical_url(scalar(self.text(expression)), self.base)
            except RejectedError:
                return ""
        return selectors.url_at(self.element, expression, self.base) if self.element is not None else ""

    def photos(self, expression: str) -> tuple[PhotoLink, ...]:
        """The photos that an expression finds."""
        if expression.startswith(JSON):
            found = expression_values.anywhere(self.objects, expression)
            return gallery(of_variants(urls) for urls in _addresses(found, self.base))
        if self.element is None:
            return ()
        if expression.startswith(REGEX):
            pattern = re.compile(expression.removeprefix(REGEX))
            written = [match[match.re.groups and 1] for match in pattern.finditer(str(self.element)[:MAX_SCOPE])]
            urls = [url for one in written if one and (url := photo_address(values.url_text(one), self.base))]
            return gallery(of_variants([url]) for url in dict.fromkeys(urls))
        return selectors.photos_at(self.element, expression, self.base)


def _addresses(found: list[Any], base: str) -> list[list[str]]:
    """The addresses of photos in what a JSON path found: texts, objects with sizes, lists of either."""
    each = [item for value in found for item in (value if isinstance(value, list) else [value])]
    if all(isinstance(item, str) for item in each):
        return photo_variants.together([url] for item in each if (url := photo_address(item, base)))
    return photo_variants.together(photos_in({"photos": each}, Addresses(base)))


def with_fields(listing: Listing, scope: Scope, named: Selectors, matches: Matches) -> Listing:
    """The listing with the fields that the recipe names and the scope has; `matches` counts them."""
    changes: dict[str, Any] = {}
    for name, expression in named:
        if not expression or name in _NO_FIELD or not (found := scope.text(expression)):
            continue
        if name == "price":
            amount, currency = money(found)
            if amount is not None:
                changes |= {"price": amount} | ({"currency": currency} if currency else {})
        elif name == "year":
            changes |= {"year": year} if (year := values.year(scalar(found))) else {}
        elif name == "posted":
            changes["posted"] = dates.moment(found)
        elif said := scalar(found) or (json.dumps(found) if isinstance(found, dict | list) else ""):
            changes[name] = values.text(said)
        matches.note(name, found, is_read=changes.get(name) not in (None, ""))
    if named.images and (photos := scope.photos(named.images)):
        changes["photos"] = photos
        matches.note("images", "", is_read=True)
    matches.listings += 1
    return replace(listing, **changes)


def overridden(found: Found, page: str, url: str, blocks: Sequence[Any], alone: bool, named: Selectors) -> Found:
    """What a page holds, with the fields that the recipe names. `blocks` are the roots of its JSON.

    `alone`: it is the page of one listing.
    """
    markup = [value for name, value in named if value and not value.startswith(JSON)]
    tree = selectors.soup(page) if markup else None
    base = selectors.base_of(page, url)
    listings: tuple[Listing, ...]
    matches = Matches()
    if alone:
        first = found.listings[0] if found.listings else Listing("", url)
        whole = with_fields(first, Scope(tree, blocks, base), named, matches)
        listings = (whole,) if whole.photos or whole.title else ()
    else:
        cards, own = _cards(tree, found.listings, base, named) if tree is not None else ({}, set[int]())
        roots = _roots(blocks, named.listing)
        changed = []
        for number, listing in enumerate(found.listings):
            objects = _objects(roots, listing, base)
            if number in own or (roots is not blocks and objects):
                matches.note("listing", "", is_read=True)
            scope = Scope(cards.get(number), objects or _objects(blocks, listing, base), base)
            if link := scope.url(named.link) if named.link else "":
                matches.note("link", link, is_read=True)
            changed.append(with_fields(replace(listing, page_url=link or listing.page_url), scope, named, matches))
        listings = tuple(changed)
    besides = ("listing", "link") if alone else ()
    notes = matches.notes(named, besides, "" if not found.listings else "auto was")
    return replace(found, listings=listings, used=(*found.used, *matches.used()), notes=(*found.notes, *notes))


def _roots(blocks: Sequence[Any], expression: str) -> Sequence[Any]:
    """The objects of the page's JSON that are listings, by the recipe; all of it where none is."""
    if not expression.startswith(JSON):
        return blocks
    return expression_values.anywhere(list(blocks), expression) or blocks


def _cards(tree: Tag, listings: Sequence[Listing], base: str, named: Selectors) -> tuple[dict[int, Tag], set[int]]:
    """Of each listing its element, and the listings whose element is the recipe's: else it is the largest that
    holds links to its page, and to no other listing's."""
    chosen: list[Tag] = []
    if is_css(named.listing):
        chosen = list(tree.select(css_and_attribute(named.listing)[0]))
        if len(chosen) == len(listings):
            return dict(enumerate(chosen)), set(range(len(chosen)))
    numbers = {listing.page_url: number for number, listing in enumerate(listings)}
    owners: dict[int, set[int]] = {}
    links: dict[int, Tag] = {}
    for anchor in tree.find_all("a", href=True):
        try:
            number = numbers.get(canonical_url(str(anchor["href"]), base))
        except RejectedError:
            continue
        if number is None:
            continue
        links.setdefault(number, anchor)
        for element in (anchor, *anchor.parents):
            owners.setdefault(id(element), set()).add(number)
    found = {}
    for number, anchor in links.items():
        card = anchor
        for element in anchor.parents:
            if owners[id(element)] != {number} or element.name in ("body", "html", "[document]"):
                break
            card = element
        found[number] = card
    own = {}
    for element in chosen:
        if len(numbers_in := owners.get(id(element), set())) == 1:
            own.update(dict.fromkeys(numbers_in, element))
    return found | own, set(own)


def _objects(blocks: Sequence[Any], listing: Listing, base: str) -> list[Any]:
    """The objects of JSON that have the listing's id or address as a value, the smallest first."""
    found = []
    for data in blocks:
        for one in expression_values.inside(data):
            if isinstance(one, dict) and any(_names(value, listing, base) for value in one.values()):
                found.append(one)
    return found[::-1]


def _names(value: Any, listing: Listing, base: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    if listing.listing_id and text == listing.listing_id:
        return True
    if not listing.page_url or len(text) < 2 or not listing.page_url.endswith(text[-12:]):
        return False
    try:
        return canonical_url(text, base) == listing.page_url
    except RejectedError:
        return False


def whole_photos(found: Found, rule: PhotoUrl) -> Found:
    """What a page holds, each photo asked for by the address that the recipe makes; the one given comes next."""
    pattern = re.compile(rule.match)
    matched = 0

    def one(photo: PhotoLink) -> PhotoLink:
        nonlocal matched
        for given in (photo.url, *photo.aliases):
            if photo.reason or not pattern.search(given):
                continue
            try:
                url = canonical_url(pattern.sub(rule.replace, given))
            except RejectedError:
                continue
            matched += 1
            others = dict.fromkeys((photo.url, *photo.aliases))
            return replace(photo, url=url, aliases=tuple(name for name in others if name != url))
        return photo

    listings = [replace(each, photos=gallery(map(one, each.photos))) for each in found.listings]
    total = sum(not photo.reason for each in found.listings for photo in each.photos)
    note = f"photo_url.match: matched the address of {matched} of {counted(total, 'photo')}"
    return replace(found, listings=tuple(listings), notes=(*found.notes, note) if total else found.notes)
