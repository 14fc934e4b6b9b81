"""The currency that a page means where its prices name none, or by a sign of several: $, kr, ¥, Rs, دينار.

What a page names as a currency counts first, in its data, its head and its prices; then the country that the page
says it is for; the country of its host last. A sign that the page does not resolve keeps the currency that it is
read as.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

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
_SHARED = {
    "co",
    "com",
    "io",
    "me",
    "tv",
    "ai",
    "cc",
    "ly",
    "fm",
    "to",
    "ws",
    "am",
    "eu",
}  # endings of many countries


def of_listings(listings: Sequence[Listing], page: Page, text: str) -> list[Listing]:
    """The listings of a page, of which `text` is the source, each price with its currency where it can be told."""
    named: set[str] | None = None
    out = []
    for one in listings:
        if one.price is not None and (not one.currency or one.currency in SIGNS_OF_MANY):
            if named is None:
                named = {code.upper() for code in _NAMED.findall(text[:_MAX])}
            one = replace(one, currency=_meant(one.currency, named, page, text))
        out.append(one)
    return out


def _meant(currency: str, named: set[str], page: Page, text: str) -> str:
    if not currency:
        shown = named or _shown(page)
        return next(iter(shown)) if len(shown) == 1 else ""
    meanings = SIGNS_OF_MANY[currency]
    if len(own := named & {currency, *meanings.values()}) == 1:
        return next(iter(own))
    written = rf"(?<![A-Za-z]){currency}(?![A-Za-z])" + (r"|US\$|U\$S" if currency == "USD" else "")
    if own or re.search(written, text[:_MAX]):
        return currency
    return next((meanings[land] for land in _countries(page) if land in meanings), currency)


def _shown(page: Page) -> set[str]:
    """The currencies of the prices that a page prints."""
    found = (money(match[0])[1] for match in PRICE.finditer(words(page.root)))
    return {currency for currency in found if currency}


def _countries(page: Page) -> list[str]:
    """The countries that a page is for, in lower case, as its language, its locale and its host tell, the surest
    first: "en" and "en-US" tell none, as templates begin with them."""
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
    return [land for land in found if len(land) == 2]
