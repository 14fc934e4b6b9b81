"""Lists of cards that are no listings: stories of a blog, people and firms, tiles that lead to lists."""

import re
from collections.abc import Collection, Iterable

from curate.fetch.http.url import path_of
from curate.fetch.sources.page import Element, words

_OF_PEOPLE = re.compile(  # the page of who sells, not of what is sold
    r"(?i)(?:^|/)(?:members?|users?|profiles?|sellers?|vendors?|agents?|agenc(?:y|ies)|brokers?|realtors?|dealers?|brands?|"
    r"authors?|makler|makelaars?|anbieter|vendeurs?|inmobiliarias?|agenzie)/[^/]+$"
)
_STORY = re.compile(
    r"(?i)(?:^|/)(?:blog|news|articles?|magazine?|magazin|guides?|advice|stories|posts?|press|ratgeber|actualites?|actus|noticias|"
    r"notizie|novosti|nieuws|aktuelles|journal|reviews?|tips|faq|help)(?:/|$)"
)
_COUNTED = re.compile(  # 1,210 cars
    r"(?i)(?<![\d.,])\d{1,3}(?:[.,\s]\d{3})*\s(?:used\s)?(?:cars|vehicles|ads|adverts|listings|results|offers|items|products|homes|"
    r"properties|anzeigen|angebote|fahrzeuge|inserate|artikel|annonces|véhicules|anuncios|coches|vehículos|ofertas|annunci|auto|"
    r"ogłosze\w+|ofert|advertenties|bilar|annonser|объявлени\w|inzerát\w*|hirdetés)(?![\w-])"
)


def are_stories(urls: Collection[str]) -> bool:
    """Do all addresses lead to stories?"""
    return all(_STORY.search(path_of(url)) for url in urls)


def are_people(urls: Iterable[str]) -> bool:
    """Do most addresses lead to those who sell, each with a page of its own?"""
    found = [bool(_OF_PEOPLE.search(path_of(url).rstrip("/"))) for url in urls]
    return sum(found) * 2 > len(found)


def are_tiles(cards: Iterable[Element]) -> bool:
    """Do most cards say how many listings are behind them? Then each leads to a list."""
    counted = [bool(_COUNTED.search(words(card)[:400])) for card in cards]
    return sum(counted) * 2 > len(counted)
