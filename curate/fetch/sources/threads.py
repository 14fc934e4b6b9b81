"""The post of a thread in a forum that is the advert: the first one. Those below answer it."""

import re
from itertools import takewhile

from curate.fetch.http.url import path_of, same_site
from curate.fetch.sources.page import Element, Page, names
from curate.fetch.sources.page_images import Image, PageImages

_POST = re.compile(r"(?:edit|js-|td_?)?(?:p|post|msg|pid)[-_]?\d+")
_THREAD = re.compile(  # forum/t-7, threads/watch.7, topic7.html, index.php?topic=7; but no sewing-thread-blue
    r"(?i)(?:^|/)(?:forums?|threads?|topics?)(?:/|[-_]?\d|\.php)|(?:showthread|viewtopic)(?![a-z])|[?&](?:thread|topic)=\d"
)
_ASIDE = re.compile(r"(?<![a-z])(?:signature|sig\d|quote|avatar|profile|user-?info|smil(?:e|ey|ie)s?|emoji)")


def first_post(page: Page) -> Element | None:
    """The element of the first of the posts of a thread; None where a page is no thread."""
    if not _THREAD.search(path_of(page.url)):
        return None
    return next((one for one in page.root.iter() if _POST.fullmatch(one.get("id") or "")), None)


def shown_in(post: Element, page: Page, layout: PageImages) -> list[Image]:
    """The photos of a post: none of its signature, of a quote or of who wrote it, no moods, and none that leads
    elsewhere than to its whole file or its page on the site where it lies."""
    found = []
    for image in layout.images:
        around = list(takewhile(lambda one: one is not post, image.element.iterancestors()))
        if around[-1:] == [page.root] or image.unfit or image.small or layout.is_beside(image.element):
            continue
        away = image.leads_to and (
            same_site(image.leads_to, page.url) or not same_site(image.leads_to, image.urls[0])
        )
        if not away and not any(_ASIDE.search(names(one)) for one in (image.element, *around)):
            found.append(image)
    return found
