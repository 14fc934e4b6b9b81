"""The fields of one listing out of the facts of its object."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from curate.fetch.http.url import path_of, same_site
from curate.fetch.sources import dates, places, values
from curate.fetch.sources.json_nodes import MAX_ATTRIBUTES, Facts, Node, facts
from curate.fetch.sources.json_photos import photos
from curate.fetch.sources.key_names import is_photo, plain, role
from curate.fetch.sources.money import money, scalar
from curate.fetch.sources.page import resolved
from curate.fetch.sources.photo_addresses import Addresses, is_address

_LINK_NO = re.compile(
    r"\.(?:jpe?g|png|webp|svg|gif|json|xml|js|css|pdf|mp4|ico)(?:$|\?)|/api/|^https?://api\.|/graphql|"
    r"^tel:|^mailto:|whatsapp|[/=](?:facebook|twitter)\.|schema\.org",
    re.IGNORECASE,
)
_LINK_KEY = re.compile(r"(?:url|link|href|path)$")
_OTHER_LINK = re.compile(r"dealer|seller|brand|make|model|categor|search|share|image|img|photo|api|login|track|"
                         r"compar|filter|financ|insur|city|back|home|logo|video|similar|more|all|next|prev|user|"
                         r"agent|profil|company|shop|store|site|base|app|chat|contact|report|help|map|review|crumb|"
                         r"icon|group")  # fmt: skip
_STREET_LINES = ("line", "line1", "addressLine1", "streetLine")
_OF_HOME = re.compile(r"(?:num|number|total|no)?(?:of)?(?:bed|bath)(?:room)?s?(?:min|max|consolidated)?")
_SELLERS = re.compile(r"(?:seller|dealer|vendor|advertiser|agency|store|shop|owner|branch)(\w{2,12})$")


def first(fact: Facts, name: str) -> Iterator[tuple[str, Any]]:
    """(key, value) of a field, the nearest and most telling first."""
    for _, _, key, value in fact.found.get(name, ()):
        yield key, value


def link_of(fact: Facts, base: str) -> str:
    """The address of the listing's own page, on the site of `base`; empty where the object names none."""
    for key, value in first(fact, "link"):
        for written in _texts(value):
            if len(written) > 2000 or _LINK_NO.search(written) or " " in written.strip() or "{" in written:
                continue
            if "/" not in written and not re.search(r"\.html?$|\?", written):
                continue
            if (
                not written.startswith(("http:", "https:", "/"))
                and plain(key) in ("path", "uri")
                and "/" not in written
            ):
                continue
            url = resolved(written, base)
            if url and same_site(url, base) and re.search(r"[^/]", path_of(url)):
                return url
    for key, text in fact.named.items():  # under a name of the site's own, such as vlink
        if _LINK_KEY.search(name := plain(key)) and not _OTHER_LINK.search(name) and not is_photo(key):
            whole = re.fullmatch(r"(?:https?:)?//[^/\s{]+/[^\s{]+|/[^\s{]+", text)
            url = resolved(text, base) if whole and not _LINK_NO.search(text) else ""
            if url and same_site(url, base) and re.search(r"\d{3}|-\w+-", url):
                return url
    return ""


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 3:
        for key, item in value.items():
            if isinstance(item, str | dict) and not is_photo(str(key)):
                yield from _texts(item, depth + 1)


def title_of(fact: Facts) -> str:
    """What the listing is called; else its make and model, or the address of a home."""
    for key, value in first(fact, "title"):
        if (
            isinstance(value, str | int | float)
            and (found := html.unescape(values.text(value)))
            and not found.startswith(("http:", "https:"))
            and re.search(r"[^\W\d_]", found)
        ):
            if plain(key) == "streetaddress":
                return next((whole for whole in _places(fact) if whole.startswith(f"{found}, ")), found)
            return found
    words = [scalar(value) for name in ("make", "model") for _, value in list(first(fact, name))[:1]]
    if len(words) == 2 and all(words):
        said = (text for text in fact.named.values() if len(text) < 120 and "/" not in text)
        whole = [text for text in said if f"{words[0]} {words[1]} ".casefold() in text.casefold()]
        if whole:
            return max(whole, key=len)  # with the year and the version, under a name of the site's own
    if not any(words):
        home = any(_OF_HOME.fullmatch(plain(key)) for key in fact.named)
        written = [value for key, value in first(fact, "place") if plain(key).endswith("address")][:1]
        words = [_street(value) if home else scalar(value) for value in written]
    return " ".join(word for word in words if word)


def _street(value: Any) -> str:
    """The street of an address, or the address where it is a text."""
    lines = [value.get(key) for key in _STREET_LINES] if isinstance(value, dict) else []
    streets = [line for line in lines if isinstance(line, str) and line]
    return streets[0] if streets else scalar(value)


def _places(fact: Facts) -> list[str]:
    """The texts of the listing's place."""
    return [value for _, value in first(fact, "place") if isinstance(value, str)]


def posted_of(fact: Facts) -> str:
    """When the listing was put in."""
    for key, value in first(fact, "posted"):
        if isinstance(value, int | float) and not isinstance(value, bool):
            if 9e8 < value < 4e9 or 9e11 < value < 4e12:
                return dates.moment(value)
        elif isinstance(value, str) and re.search(r"\d", value) and len(value) < 60:
            if plain(key) in ("date", "time", "timestamp") and not re.search(r"\d{4}|\d{1,2}[./-]\d{1,2}", value):
                continue
            return dates.moment(value)
    return ""


def name_of(fact: Facts, field: str) -> str:
    """The text of a field such as make, city: what is no number first, a number only of a model."""
    found = [(value, text[:100]) for _, value in first(fact, field) if (text := scalar(value)) and len(text) < 200]
    named = next((text for _, text in found if not text.isdigit()), "")
    if field == "region":
        return next((text for _, text in found if not text.isdigit() and places.is_place(text)), "")
    if field == "model" and found:
        return named if named and isinstance(found[0][0], int) else found[0][1]
    return named


def _of_levels(value: Any) -> tuple[str, str] | None:
    """(town, region) of a list of places, each in the one before: country, region, town, quarter. Where neither
    levels nor a country nor a region tell that it is such a list, the first is the town. None where a value is no
    list of places."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, dict) for one in value):
        return None
    levels = all(isinstance(one.get("level"), int) for one in value)
    if levels:
        value = sorted(value, key=lambda one: int(one["level"]))
    names = [text for one in value if (text := scalar(one)) and places.is_place(text)]
    lands = [text for text in names if not places.named(text)[0]]
    ordered = levels or names[:1] == lands[:1] or (bool(names) and places.is_region(names[0]))
    names = [text for text in names if text not in lands][:3]
    if not names:
        return None
    return (names[min(1, len(names) - 1)], names[0] if len(names) > 1 else "") if ordered else (names[0], "")


def place_of(fact: Facts) -> tuple[str, str]:
    """(city, region) of the listing, else of its seller."""
    city, region = (name if len(name := name_of(fact, field)) < 80 else "" for field in ("city", "region"))
    if re.fullmatch(r"[^\d-]{2,40} - [A-Z]{2}", city):
        city, of_state = places.named(city)
        region = region or of_state
    if not city:
        for _, value in first(fact, "place"):
            named = _of_levels(value) or values.place(value) if isinstance(value, str | dict | list) else ("", "")
            if not named[0] and isinstance(value, dict):
                named = values.place(scalar(value))
            if named[0] and len(named[0]) < 80 and not named[0].isdigit():
                return named[0], region or named[1]
    if not city:
        for _, _, node in fact.party:
            inner = facts(node)
            inner.party = []
            sellers = place_of(inner)
            if any(sellers):
                return sellers[0], region or sellers[1]
    if not city:
        said = {role(key)[0]: text for key, text in _of_seller(fact) if places.is_place(text)}
        theirs = said.get("region", "")
        return ("", region) if region and theirs not in ("", region) else (said.get("city", ""), region or theirs)
    return city, region


def _of_seller(fact: Facts) -> Iterator[tuple[str, str]]:
    """(rest of the key, text) of what keys say of who sells, as in {"sellerCity": …, "sellerStateCode": …}."""
    for key, text in fact.named.items():
        if (match := _SELLERS.match(plain(key))) and not text.isdigit():
            yield match[1], text


def currency_beside(node: Node, price_key: str, amount: float | None) -> str:
    """The currency of an amount as a text beside it says: {"bid": 88500, "bid_formatted": "USD $88,500"}."""
    key = plain(price_key)
    texts = (
        text for name, text in node.items() if isinstance(text, str) and key and plain(str(name)).startswith(key)
    )
    said = (money(text) for text in texts if len(text) < 40)
    return next((currency for same, currency in said if amount is not None and same == amount and currency), "")


def attributes_of(fact: Facts, used: set[str]) -> str:
    """What else is said of the listing, as a JSON object."""
    kept: dict[str, str] = {}
    for key, value in fact.named.items():
        if len(kept) >= MAX_ATTRIBUTES:
            break
        if key in used or not value or is_address(value, surely_photo=False) or "://" in value or len(key) > 60:
            continue
        if re.search(
            r"(?i)id$|^__|^@|token|hash|tracking|url|phone|email|lat$|lng$|lon$|^is[A-Z_]|^has[A-Z_]|^can[A-Z_]|^show",
            key,
        ):
            continue
        kept[key] = value
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if kept else ""


def photo_lists(fact: Facts, addresses: Addresses) -> list[list[str]]:
    """The photos of a listing: the fullest list that one of its objects names, nearest first."""
    best: list[list[str]] = []
    for depth, node in fact.photo_nodes:
        found = photos(node, addresses)
        if len(found) > len(best) and (depth == 0 or len(found) > 1 or not best):
            best = found
    return best
