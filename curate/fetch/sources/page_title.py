"""The title of a listing by what its own page calls it: its heading, its head, the version below the heading."""

import re
from itertools import islice
from urllib.parse import urlsplit

from curate.fetch.sources.page import Element, Page, words


def heading_of(page: Page) -> Element | None:
    """The heading of a page: of several that are not the name of its site the longest of two words or more with
    which its title begins, else the first; None where there is none."""
    found = {one: text.casefold() for one in islice(page.root.iter("h1"), 20) if (text := words(one))}
    if len(found) < 2:
        return next(iter(found), None)
    title = next(page.root.iter("title"), None)
    head = "" if title is None else words(title).casefold()
    own = [one for one, text in found.items() if not _is_site(text, page)]
    fits = [one for one in own if " " in found[one] and re.match(rf"{re.escape(found[one])}(?!\w)", head)]
    return max(fits, key=lambda one: len(found[one])) if fits else next(iter([*own, *found]))


def better(data: str, page: Page, titles: list[str]) -> str:
    """A title that the page tells better than the data's; empty where it does not. `titles` are those of the page,
    that of its heading first.

    Better is what heading and head agree on, and a heading with the version below it. Where the data's title has
    no word of any of the page's, it is of something else, such as who sells; one of short words alone stays.
    """
    heading = heading_of(page)
    first = " ".join(words(heading).split())[:300] if heading is not None else ""
    if heading is not None and first and (longer := _with_version(data or first, heading, titles)):
        return longer
    if first and not data and (named := _below_the_site(first, page, titles)):
        return named
    own, said = first.casefold(), " ".join(data.split()).casefold()
    if said and not _words(said):
        return ""  # MG ZS, VW Up: no word that another could share
    agreed = sum(" ".join(title.split()).casefold() == own for title in titles) > 1
    if agreed and own and (_shared(own, said) or not any(_shared(said, title) for title in titles)):
        more = said.startswith(own + " ") and re.match(r"[|–—·:-]", said[len(own) + 1 :]) is None
        return "" if more or _is_site(own, page) else first
    if said and titles and not any(_shared(said, title) for title in titles):
        fitting = (title for title in titles if len(title.split()) > 1 and not _is_site(title.casefold(), page))
        return next(fitting, "")
    return ""


def _with_version(data: str, heading: Element, titles: list[str]) -> str:
    """The title of the head that is the heading and the text right below it, where the data say the heading."""
    first = " ".join(words(heading).split())[:300]
    if data.casefold() != first.casefold():
        return ""
    below = heading.getnext()
    version = words(below)[:200] if below is not None and isinstance(below.tag, str) else ""
    whole = f"{first} {version}".casefold()
    return next((title for title in titles if version and title.casefold() == whole), "")


def _below_the_site(heading: str, page: Page, titles: list[str]) -> str:
    """The title of the head where the heading puts a label before it, "Thread: Old watch". Where the heading names
    the site, what the head says before that, if a heading below says the same: "Old watch for sale - Watches"."""
    for title in titles:
        if re.fullmatch(rf"[^\W\d]{{3,20}}\s?:\s{{0,2}}{re.escape(title)}", heading):
            return title
        front = re.sub(rf"\s+[-–—|·•]\s+{re.escape(heading)}$", "", title)
        if front != title and len(front.split()) > 2:
            below = islice(page.root.iter("h2", "h3"), 50)
            if any(words(one)[:300].casefold() == front.casefold() for one in below):
                return front
    return ""


def _shared(one: str, other: str) -> bool:
    return bool(_words(one) & _words(other))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{3,}", text.casefold())) | set(re.findall(r"[^\W_a-zà-ž]{2}", text))


def _is_site(title: str, page: Page) -> bool:
    """Is a title the name of the site?"""
    host = (urlsplit(page.url).hostname or "").removeprefix("www.").partition(".")[0]
    return re.sub(r"\W", "", title) in (host, re.sub(r"\W", "", host))
