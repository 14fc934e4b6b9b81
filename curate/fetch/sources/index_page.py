"""The listings of an index page out of all its forms."""

import math
import re
from collections import Counter
from dataclasses import replace

from curate.core.most import most
from curate.fetch.http.url import path_of
from curate.fetch.sources import card_links, json_listings, list_parts, other_lists, photo_placeholders
from curate.fetch.sources.filling import fill, same_town
from curate.fetch.sources.forms import Read
from curate.fetch.sources.json_listings import Candidate, CandidateList
from curate.fetch.sources.listing import Listing

_LOT = re.compile(r"(?i)(?:lot|los|lote|lotto|kavel)\s?(?:#|no?\.?|nr\.?)?\s?\d+[a-z]?\s?[|:–-]\s?(?=\S)")


def _score(group: CandidateList) -> float:
    """How much a group is the list of a page: of complete listings, rather than of many links to other lists."""
    count = len(group.candidates)
    listings = [one.listing for one in group.candidates]
    shown = sum(bool(one.photos) for one in listings) / count
    priced = sum(one.price is not None for one in listings) / count
    linked = [one.page_url for one in listings if one.page_url]
    plain = bool(linked) and sum(map(card_links.names_one, linked)) * 2 < len(linked)
    total = sum(map(json_listings.worth, listings)) / math.sqrt(count)
    total *= (0.3 + 0.35 * shown + 0.35 * priced) * (0.4 if plain else 1.0) * other_lists.as_goods(listings)
    named = re.search(
        r"(?i)listing|result|search|offer|advert|ads(?![a-z])|items|product|vehicle|cars|hits|schema.org",
        group.place,
    )
    return total * (1.15 if named else 1.0) * (0.1 if group.beside else 1.0)


def _places(candidates: list[Candidate]) -> tuple[dict[str, int], dict[str, int]]:
    """The place in a list of the listing that a key belongs to, and of the one that a title belongs to.

    A listing may be promoted beside itself: its first place counts. What more than two have tells none of them,
    unless it is the address or id of listings that all have one title. A title of several tells none of them.
    """
    titles = [one.listing.title.casefold() for one in candidates]
    by_key: dict[str, list[int]] = {}
    for place, one in enumerate(candidates):
        for key in list_parts.keys(one):
            by_key.setdefault(key, []).append(place)
    at = {
        key: places[0]
        for key, places in by_key.items()
        if len(places) < 3
        or (key[:2] != "p:" and titles[places[0]] and len({titles[place] for place in places}) == 1)
    }
    counts = Counter(titles)
    return at, {title: place for place, title in enumerate(titles) if title and counts[title] == 1}


def _hits(
    group: CandidateList, at: dict[str, int], by_title: dict[str, int], merged: list[Listing]
) -> tuple[dict[int, Candidate], list[Candidate]]:
    """The first candidate of a group for each known listing, by its place; and those of no known one.

    What speaks of several is neither.
    """
    hits: dict[int, Candidate] = {}
    rest = []
    for one in group.candidates:
        known = [at[key] for key in sorted(list_parts.keys(one), reverse=True) if key in at]
        url = one.listing.page_url
        if len(set(known)) > 1 and not url:
            continue
        place = known[0] if known else by_title.get(one.listing.title.casefold())
        if place is None or (not known and url and merged[place].page_url):  # two listings of one title
            rest.append(one)
        else:
            hits.setdefault(place, one)
    return hits, rest


def listings(forms: Read, *, besides: bool) -> tuple[list[Listing], tuple[str, ...]]:
    """The listings of an index page: the form that says most, filled from the others."""
    groups = [*forms.data_groups, *forms.card_groups]
    for group in groups:
        _link_by_token(group, forms)
    groups = [one for one in groups if other_lists.as_goods([each.listing for each in one.candidates])]
    groups = list_parts.whole_first(sorted(groups, key=lambda group: -_score(group)))
    groups = list_parts.with_its_parts(list_parts.without_those_beside(groups))
    if not groups or (groups[0].beside and not (besides and len(groups[0].candidates) > 2)):
        return [], ()
    best = groups[0]
    _link_by_cards(groups)
    merged, used = _united(groups, forms)
    merged = _shown(merged, named_is_enough=best.place == "schema.org")
    merged = _without_numbers_of_lots(merged)
    merged = _of_one_currency(photo_placeholders.without(merged))
    return [one if one.page_url else replace(one, page_url=forms.page.url) for one in merged], tuple(
        dict.fromkeys(used)
    )


def _united(groups: list[CandidateList], forms: Read) -> tuple[list[Listing], list[str]]:
    """The listings of the first group, filled from the others, and the forms that gave them."""
    best = groups[0]
    merged = _without_towns([one.listing for one in best.candidates])
    at, by_title = _places(best.candidates)
    used = [best.form]
    clickable = set(forms.links)
    known_photos = {key for key in at if key[:2] == "p:"}
    cards = {one.card for one in best.candidates} - {None}
    for group in groups[1:]:
        hits, rest = _hits(group, at, by_title, merged)
        left_out = len(group.candidates) if not hits else len(rest) if group.beside else 0
        if left_out > 1:
            forms.notes.append(
                f"{left_out} listings beside the list were left out ({group.form}: {group.place[:60]})"
            )
        if not hits:
            continue
        for number, one in hits.items():
            before, other = merged[number], one.listing
            if best.form == group.form and before.page_url and other.page_url not in ("", before.page_url):
                # another link of the same card: its images are not all the listing's
                other = replace(other, photos=())
            if best.form == "HTML" != group.form and other.city and not same_town(before, other):
                before = replace(before, city="", region="")  # the data name it, a card shows a text
            merged[number] = fill(before, other, forms.layout.sizes)
            if group.form == "HTML" and before.page_url not in clickable and other.page_url in clickable:
                merged[number] = replace(merged[number], page_url=other.page_url)  # what a visitor would open
        used.append(group.form)
        if not group.beside and len(hits) * 2 >= len(group.candidates) and len(rest) <= len(merged):
            for one in rest:
                if one.card in cards or list_parts.keys(one) & known_photos:
                    continue  # another link of a card, such as that to who sells
                if one.listing.page_url:
                    merged.append(one.listing)
                    at |= {key: len(merged) - 1 for key in list_parts.keys(one)}
    return merged, used


def _without_towns(listings: list[Listing]) -> list[Listing]:
    """Without titles that several listings have and that are their town or region."""
    counts = Counter(one.title for one in listings)
    return [
        replace(one, title="") if counts[one.title] > 2 and one.title in (one.city, one.region) else one
        for one in listings
    ]


def _without_numbers_of_lots(listings: list[Listing]) -> list[Listing]:
    """With titles without the numbers of lots, "Lot 7 | Milk cans", where almost all of a list begin so, and most
    of what is left names one thing: the lots of a field are called by their numbers."""
    lots = [_LOT.match(one.title) for one in listings]
    if sum(map(bool, lots)) * 10 < len(listings) * 9 or len(listings) < 4:
        return listings
    titles = [one.title[lot.end() :] if lot else one.title for one, lot in zip(listings, lots, strict=True)]
    if not most(count == 1 for count in map(Counter(titles).__getitem__, titles)):
        return listings
    return [replace(one, title=title) for one, title in zip(listings, titles, strict=True)]


def _shown(listings: list[Listing], *, named_is_enough: bool) -> list[Listing]:
    """Those with an address or photos; where most have one, those with an id, a title and a price too."""
    reached = [bool(one.page_url or one.photos) for one in listings]
    sold = most(reached)
    return [
        one
        for one, there in zip(listings, reached, strict=True)
        if there or (one.title and (named_is_enough or (sold and bool(one.listing_id) and one.price is not None)))
    ]


def _of_one_currency(listings: list[Listing]) -> list[Listing]:
    """With the currency of the others where a price has none, and the others have one and the same."""
    said = {one.currency for one in listings if one.price is not None} - {""}
    if len(said) != 1:
        return listings
    (currency,) = said
    return [replace(one, currency=currency) if one.price is not None else one for one in listings]


def _link_by_token(group: CandidateList, forms: Read) -> None:
    """Give candidates without an address that of the page's link which holds their id or slug."""
    without = [one for one in group.candidates if not one.listing.page_url and one.tokens]
    if not without:
        return
    cards_first = [one.listing.page_url for cards_of in forms.card_groups for one in cards_of.candidates]
    listed = [
        one.listing.page_url for each in forms.data_groups for one in each.candidates if one.listing.page_url
    ]
    urls = list(dict.fromkeys([*cards_first, *listed, *forms.links]))
    by_token: dict[str, str] = {}
    for url in urls:
        path = path_of(url)
        for token in {*re.split(r"[/?&=.]", path), *re.findall(r"[A-Za-z0-9]+", path)}:
            if len(token) > 3:
                by_token.setdefault(token, url)
    for one in without:
        texts = [text for text in (one.node or {}).values() if isinstance(text, str) and 8 < len(text) < 300]
        ends = tuple("/" + text.strip("/") for text in texts if "/" in text and " " not in text)
        if url := next((by_token[token] for token in one.tokens if token in by_token), "") or next(
            (url for url in urls if ends and url.rstrip("/").endswith(ends)), ""
        ):
            one.listing = replace(one.listing, page_url=url)
    _link_by_pattern(group)
    _link_by_slug(group)


def _link_by_slug(group: CandidateList) -> None:
    """Give the rest the address that their slug makes, {"seoUrl": "red-car-17"}, where those of the others are one
    place and the text under the same key."""
    linked = [one for one in group.candidates if one.listing.page_url]
    if len(linked) < 2 or len(linked) == len(group.candidates):
        return
    for key in linked[0].node or ():
        slugs = [_slug(one, key) for one in linked]
        urls = [one.listing.page_url for one in linked]
        pairs = list(zip(urls, slugs, strict=True))
        before = {url.removesuffix(slug) if slug and url.endswith(slug) else "" for url, slug in pairs}
        if len(before) == 1 and len(set(slugs)) > 1 and (place := before.pop()).endswith("/"):
            for one in group.candidates:
                if not one.listing.page_url and (slug := _slug(one, key)):
                    one.listing = replace(one.listing, page_url=place + slug)
            return


def _slug(one: Candidate, key: str) -> str:
    text = (one.node or {}).get(key)
    return text if isinstance(text, str) and re.fullmatch(r"[\w%]+(?:-[\w%]+){1,60}", text) else ""


def _link_by_pattern(group: CandidateList) -> None:
    """Give the rest the address that their id makes, where those of the others differ in their ids alone."""
    linked = [one for one in group.candidates if one.listing.page_url]
    if len(linked) < 2 or len(linked) == len(group.candidates):
        return
    for at in range(4):
        patterns = {
            one.listing.page_url.replace(one.tokens[at], "{}") if len(one.tokens) > at else "" for one in linked
        }
        pattern = patterns.pop()
        if patterns or pattern.count("{}") != 1:
            continue
        for one in group.candidates:
            if not one.listing.page_url and len(one.tokens) > at and re.fullmatch(r"\w{5,40}", one.tokens[at]):
                one.listing = replace(one.listing, page_url=pattern.replace("{}", one.tokens[at]))
        return


def _link_by_cards(groups: list[CandidateList]) -> None:
    """Give data without addresses those of as many cards, by place where nothing else joins them."""
    best = groups[0]
    if sum(bool(one.listing.page_url) for one in best.candidates) * 2 >= len(best.candidates):
        return
    for group in groups[1:]:
        if group.form == "HTML" and not group.beside and len(group.candidates) == len(best.candidates):
            _link_by_order(best, group)
            return


def _link_by_order(group: CandidateList, html: CandidateList) -> None:
    for one, card in zip(group.candidates, html.candidates, strict=True):
        first = set(re.findall(r"\w+", one.listing.title.casefold()))
        other = set(re.findall(r"\w+", card.listing.title.casefold()))
        if not one.listing.page_url and (not first or not other or first & other):
            one.listing = replace(one.listing, page_url=card.listing.page_url)
