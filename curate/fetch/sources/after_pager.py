"""What stands behind the pager of a list: what a visitor has seen, and other cards that are not of the list."""

import re
from collections import Counter
from collections.abc import Collection
from itertools import islice, pairwise

from curate.fetch.sources.page import Element, words

_DEPTH = 4  # elements around a link that are looked at
_MOST_TEXT = 200  # characters of a pager
_MOST_LINKS = 2_000
_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?![\w.,])")
_OF_LIST = 3  # cards of one build before a pager: more of them behind it are of the same list
_CARDS = 2  # times as many images with links must stand before the pager as behind it


def behind(root: Element, linked: Collection[Element]) -> list[Element]:
    """The elements after the last pager of a page; none where the pager stands above the list.

    It does so unless most of the images `linked`, which lead to pages, stand before it.
    """
    pager = _last_pager(root)
    if pager is None:
        return []
    found: list[Element] = []
    holding = {around for image in linked for around in (image, *image.iterancestors())}
    for around in (pager, *pager.iterancestors()):
        if around.tag in ("body", "html"):
            break
        builds = Counter(_build(one) for one in around.itersiblings(preceding=True) if one in holding)
        others = (one for one in around.itersiblings() if isinstance(one.tag, str))
        found += [one for one in others if builds[_build(one)] < _OF_LIST]
    after = {inner for one in found for inner in one.iter()}
    count = sum(image in after for image in linked)
    return found if count and (len(linked) - count) >= _CARDS * count else []


def _build(element: Element) -> tuple[str, str]:
    return element.tag, element.get("class", "")


def _last_pager(root: Element) -> Element | None:
    """The largest short element around the last link that is a number, with the next number beside it."""
    numbered = [link for link in root.iter("a") if words(link).isdecimal() and len(words(link)) < 5]
    too_large: set[Element] = set()  # each is looked through once, however many links it holds
    for link in reversed(numbered[-_MOST_LINKS:]):
        pager = None
        for around in islice(link.iterancestors(), _DEPTH):
            if around in too_large:
                break
            text = words(around)
            if (
                around.tag in ("body", "html")
                or len(text) > _MOST_TEXT
                or next(around.iter("img"), None) is not None
            ):
                too_large.add(around)
                break
            numbers = [int(number) for number in _NUMBER.findall(text)]
            if any(later == number + 1 for number, later in pairwise(numbers)):
                pager = around
        if pager is not None:
            return pager
    return None
