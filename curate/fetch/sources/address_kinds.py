"""What an address leads to, by its folders: a story, or the page of who sells."""

import re

from curate.fetch.http.url import path_of

_STORY = re.compile(
    r"(?i)(?:^|/)(?:blog|news|magazine?|magazin|advice|ratgeber|actualites?|actus|noticias|notizie|novosti|nieuws|journal)(?:/|$)"
)
_PERHAPS_STORY = re.compile(
    r"(?i)(?:^|/)(?:articles?|guides?|stories|posts?|press|aktuelles|reviews?|tips|faq|help)(?:/|$)"
)
_OF_PEOPLE = re.compile(
    r"(?i)(?:^|/)(?:members?|users?|profiles?|sellers?|vendors?|agents?|agenc(?:y|ies)|brokers?|realtors?|dealers?|brands?|"
    r"authors?|makler|makelaars?|anbieter|vendeurs?|inmobiliarias?|agenzie)/[^/]+$|"
    r"(?:^|/)(?:estate|letting)-?agen(?:t|cie|cy)s?(?:/[^/]+){1,3}$"
)


def is_story(url: str) -> bool:
    """Does an address lead to a story?"""
    return bool(_STORY.search(path_of(url)))


def may_be_story(url: str) -> bool:
    """The same, or to what is sold under a word for stories?"""
    return is_story(url) or bool(_PERHAPS_STORY.search(path_of(url)))


def is_of_people(url: str) -> bool:
    """Is an address the page of who sells, not of what is sold?"""
    return bool(_OF_PEOPLE.search(path_of(url).rstrip("/")))
