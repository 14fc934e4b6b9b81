"""One listing of a page out of what two of its forms say."""

import re
from collections.abc import Mapping
from dataclasses import replace

from curate.fetch.sources import money, photo_sizes, photo_variants, places
from curate.fetch.sources.gallery import of_variants
from curate.fetch.sources.listing import Listing, PhotoLink

_TOWN_BEHIND = re.compile(r", [^,]{2,40}, [A-Z]{2} \d{5}")  # behind the street of a home: 12 Elm St, Ulm, TX 37413
_OFFERED = re.compile(  # behind what a listing is called: Honda Civic 2019 for sale in Lahore
    r"(?i)\s(?:for sale|à vendre|zu verkaufen|en venta|in vendita|à venda|te koop|till salu|til salgs?|"
    r"na sprzedaż)"
    r"(?:\s(?:in|à|en|em|a|w|i)\s(?P<place>(?-i:[A-ZÀ-Ž])(?!.*\b(?:condition|zustand|estado|état|stato|staat|skick|stand|stan)\b)[^\d]{1,38}))?"
)
FIELDS = (
    "title",
    "price",
    "currency",
    "year",
    "make",
    "model",
    "region",
    "city",
    "seller",
    "posted",
    "attributes",
)


def fill(first: Listing, other: Listing, sizes: Mapping[str, int]) -> Listing:
    """`first`, its empty fields filled from `other`; of two photo lists the fuller, with the addresses of both."""
    changes = {name: getattr(other, name) for name in FIELDS if getattr(first, name) in ("", None)}
    changes = {name: value for name, value in changes.items() if value not in ("", None)}
    if first.city and other.city and not same_town(first, other):
        changes.pop("region", None)  # it stands beside another town: a quarter of this one, perhaps
    if first.price == 0 and other.price:  # 0 says that there is none
        changes |= {"price": other.price, "currency": other.currency or first.currency}
    if "price" not in changes and first.price is not None:
        if other.price != first.price:
            changes.pop("currency", None)
        elif money.may_mean(first.currency, other.currency):
            changes["currency"] = other.currency
    longer = " ".join(other.title.split())
    rest = _behind(first.title, longer)
    offered = _OFFERED.fullmatch(rest)
    if not offered and len(longer) < 200 and first.title and (rest[:1] == " " or _TOWN_BEHIND.fullmatch(rest)):
        changes["title"] = other.title  # make and model; the other says the version too
    elif (
        len(longer) < 200 and first.make and first.title == f"{first.make} {first.model}" and _holds(other, first)
    ):
        changes["title"] = other.title  # the other says the year before it
    if longer and (sold := _OFFERED.fullmatch(_behind(longer, " ".join(first.title.split())))):
        changes["title"], offered = other.title, sold
    if offered and offered["place"] and not (first.city or other.city or first.region or other.region):
        changes |= dict(zip(("city", "region"), places.named(offered["place"]), strict=True))
    if first.price is not None and other.price is not None and first.price == 100 * other.price:
        changes["price"] = other.price  # the first is in cents
    photos = fuller(first.photos, other.photos, sizes)
    page_url = first.page_url or other.page_url
    return replace(
        first, **changes, photos=photos, page_url=page_url, listing_id=first.listing_id or other.listing_id
    )


def _behind(title: str, longer: str) -> str:
    """What stands behind a title where a longer one begins with it, in whatever case; else nothing."""
    return longer[len(title) :] if longer.casefold().startswith(title.casefold()) else ""


def same_town(one: Listing, other: Listing) -> bool:
    """Do two listings name one town: "Ulm" and "Ulm (Donau)"?"""
    less, more = sorted((one.city.casefold(), other.city.casefold()), key=len)
    return bool(re.match(rf"{re.escape(less)}(?![^\W_])", more))


def _holds(other: Listing, first: Listing) -> bool:
    """Does a title hold the words of another one?"""
    said = " ".join(other.title.split())
    return f" {first.title} ".casefold() in f" {said} ".casefold()


def fuller(
    first: tuple[PhotoLink, ...], other: tuple[PhotoLink, ...], sizes: Mapping[str, int]
) -> tuple[PhotoLink, ...]:
    """The fuller of two photo lists, with the addresses that the other has for its photos."""
    if not first or not other:
        return first or other
    best, rest = (first, other) if len(first) >= len(other) else (other, first)
    by_stem: dict[str, list[str]] = {}
    for photo in rest:
        for url in (photo.url, *photo.aliases):
            by_stem.setdefault(photo_sizes.stem(url), []).append(url)
    united = []
    for photo in best:
        names = [photo.url, *photo.aliases]
        more = [url for stem in dict.fromkeys(map(photo_sizes.stem, names)) for url in by_stem.get(stem, ())]
        united.append(
            photo if not set(more) - set(names) else of_variants(photo_variants.by_size([*names, *more], sizes))
        )
    return tuple(united)
