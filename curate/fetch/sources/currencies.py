"""The currency that a page means where its prices name none, or by a sign of several: $, kr, ¥, Rs, دينار.

What a page names as a currency counts first, in its data, its head and its prices; then the country that the page
says it is for; the country of its host, and the one in its title, last. A sign that the page does not resolve
keeps the currency that it is read as.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from statistics import median
from urllib.parse import urlsplit

from curate.fetch.sources import values
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.money import PRICE, SIGNS_OF_MANY, country_of, money
from curate.fetch.sources.page import Page, words

_MAX = 3_000_000  # characters of a page looked at
_NAMED = re.compile(  # "priceCurrency":"EUR", currency='TRY', itemprop="priceCurrency" content="EUR"
    r"currency(?:_?(?:code|iso))?(?:\\?[\"']|&quot;)?\s{0,3}(?:[:=]|content=)\s{0,3}(?:\\?[\"']|"
    r"&quot;)([A-Z]{3})(?![A-Za-z])",
    re.IGNORECASE,
)
_OF_LANGUAGES = {"nb": "no", "nn": "no", "no": "no", "da": "dk", "is": "is", "sv": "se", "ja": "jp", "zh-tw": "tw"}
_BY_NAME = {  # where several currencies have the sign $: used cars in Singapore
    "singapore": "sg", "hong kong": "hk", "australia": "au", "canada": "ca", "new zealand": "nz", "méxico": "mx",
    "argentina": "ar", "chile": "cl", "colombia": "co", "uruguay": "uy",
}  # fmt: skip
_LAND = re.compile(rf"(?i)(?<![^\W\d_])(?:{'|'.join(_BY_NAME)})(?![^\W\d_])")
_IN = re.compile(
    r"(?i)(?<!made )(?<![^\W\d_])(?:in|en|em|across|around)\s$"
)  # but Canada Goose and Ugg Australia are brands
_BARE = {"ch": "CHF", "li": "CHF", "ba": "BAM", "cn": "CNY"}  # where sites write sums alone, 390.-, 390 KM, 39万
_SIMPLIFIED = re.compile(r"[车价买卖们报发货购厅网]")  # signs that Japan and Taiwan write otherwise
_SIGNED = re.compile(r"US\$|U\$[SD]")
_BEFORE = re.compile(r"(\d[\d.,'’ ]{0,20})[^\d{}\[\]$]{0,40}$")
_BEHIND = re.compile(r"[^\d{}\[\]$]{0,40}(\d[\d.,'’ ]{0,20})")
_NEAR = 60  # characters between a code and its amount, with the amount
_MOST = 20_000  # places of a code looked at


def of_listings(listings: Sequence[Listing], page: Page, text: str) -> list[Listing]:
    """The listings of a page, of which `text` is the source, each price with its currency where one is clear,
    and no currency without a price.

    Raises RejectedError("page_too_complex").
    """
    listings = [replace(one, currency="") if one.price is None and one.currency else one for one in listings]
    unsure = [
        one.currency
        for one in listings
        if one.price is not None and (not one.currency or one.currency in SIGNS_OF_MANY)
    ]
    if not unsure:
        return list(listings)
    text = text[:_MAX]
    named = {code.upper() for code in _NAMED.findall(text)}
    resolved: dict[str, tuple[set[float], str]] = {}  # (amounts that name the currency, that of the others)
    for currency in dict.fromkeys(unsure):
        page.check_time()
        if currency:
            amounts, written = _beside(currency, text)
            meant = _meant(currency, written, named, page)
            sums = [one.price for one in listings if one.price and one.currency == currency]
            if meant == currency == "USD" and _SIGNED.search(text) and _of_two_currencies(sums, amounts):
                meant = next((SIGNS_OF_MANY[currency][land] for land in _countries(page)
                              if land in SIGNS_OF_MANY[currency]), "")  # fmt: skip
            resolved[currency] = (amounts, meant)
        else:
            shown = named or _shown(page)
            lands = [] if shown else [land for land in _countries(page) if land != "cn"] + _of_china(page)
            alone = next((_BARE[land] for land in lands if land in _BARE), "")
            resolved[currency] = (set(), next(iter(shown)) if len(shown) == 1 else alone)
    page.check_time()
    return [
        replace(one, currency=resolved[one.currency][1])
        if one.price is not None and one.currency in resolved and one.price not in resolved[one.currency][0]
        else one
        for one in listings
    ]


def _beside(currency: str, text: str) -> tuple[set[float], bool]:
    """(the amounts beside which a text writes the code of a currency, or a sign of it alone such as US$; does it
    write the code anywhere?)"""
    amounts: set[float] = set()
    written = False
    code = rf"(?<![A-Za-z]){currency}(?![A-Za-z])" + (r"|US\$|U\$[SD]" if currency == "USD" else "")
    for match in islice(re.finditer(code, text), _MOST):
        written = True
        before = _BEFORE.search(text[max(0, match.start() - _NEAR) : match.start()])
        behind = _BEHIND.match(text[match.end() : match.end() + _NEAR])
        found = (values.number(said[1]) for said in (before, behind) if said)
        amounts.update(amount for amount in found if amount is not None)
    return amounts, written


def _meant(currency: str, written: bool, named: set[str], page: Page) -> str:
    """What a sign read as a currency means on a page; empty where the page names another one, and the code of that
    one elsewhere."""
    meanings = SIGNS_OF_MANY[currency]
    own = named & {currency, *meanings.values()}
    if len(own) == 1:
        return next(iter(own)) if own == {currency} or not written else ""
    if own or written:
        return currency
    lands = [*_countries(page), *(_of_china(page) if currency == "JPY" else ())]
    return next((meanings[land] for land in lands if land in meanings), currency)


def _shown(page: Page) -> set[str]:
    """The currencies of the prices that a page prints."""
    return {money(text)[1] for text in printed_prices(page)} - {""}


def printed_prices(page: Page) -> Iterator[str]:
    """The prices in the text of a page, as it writes them."""
    return (match[0] for match in PRICE.finditer(words(page.root)))


def _of_two_currencies(sums: list[float], dollars: set[float]) -> bool:
    """Are the sums of a page, of which some are written with US$ and some with $, far apart: US$ 9.500 and
    $ 25.000.000? Then the second sign is that of the country."""
    signed = [one for one in sums if one in dollars]
    others = [one for one in sums if one not in dollars]
    return min(len(signed), len(others)) > 1 and median(others) > 10 * median(signed)


def _of_china(page: Page) -> list[str]:
    """China, where a page writes sums in 万, has a title in the signs of China, and no host of another country."""
    title = next(page.root.iter("title"), None)
    host = country_of(page.url)
    fits = host == "cn" or (len(host) != 2 and title is not None and _SIMPLIFIED.search(words(title)[:300]))
    return ["cn"] if fits and re.search(r"\d\s?万", words(page.root)) else []


def _countries(page: Page) -> list[str]:
    """The countries that a page is for, in lower case, as its language, its locale, its host and its title tell,
    the surest first: "en" and "en-US" tell none, as templates begin with them."""
    said = [page.root.get("lang", "")]
    said += [one.get("content", "") for one in page.root.iter("meta") if one.get("property") == "og:locale"]
    said += [
        one.get("content", "")
        for one in page.root.iter("meta")
        if (one.get("http-equiv") or "").lower() == "content-language"
    ]
    locales = [locale.strip().replace("_", "-").lower() for locale in said]
    found = [locale.partition("-")[2] for locale in locales if locale != "en-us"]
    found += [_OF_LANGUAGES[locale] for locale in locales if locale in _OF_LANGUAGES]
    host = (urlsplit(page.url).hostname or "").split(".")
    found += [host[0]] if len(host) > 2 and len(host[0]) == 2 else []  # jo.site.example
    found.append(country_of(page.url))
    title = next(page.root.iter("title"), None)
    said_in = "" if title is None else words(title)[:300]
    lands = {match[0].lower(): match.start() for match in reversed(list(_LAND.finditer(said_in)))}
    found += [_BY_NAME[name] for name, at in lands.items() if len(lands) == 1 and _IN.search(said_in[:at])]
    return [land for land in found if len(land) == 2]
