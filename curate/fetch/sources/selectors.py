"""Listings out of a page by the CSS selectors of the recipe (lxml, BeautifulSoup, soupsieve).

`title: h1` is the text of the first match, `link: a.card@href` an attribute of it. On an index page each match of
`listing` is one listing and the other selectors look inside it; on a listing's own page they see the whole page,
so `images` should name the gallery. An `<img>` gives the best of its `srcset` and, where its `src` is a
placeholder, what a script would put there (`data-src` and the like). Photos in a header, footer, nav or aside are
`not_gallery`.
"""

import html

from bs4 import BeautifulSoup
from bs4.element import Tag
from lxml import etree

from curate.core.counted import counted
from curate.core.errors import RejectedError
from curate.core.expressions import JSON, REGEX, css_and_attribute, is_css
from curate.core.recipe import Selectors
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import selector_counts
from curate.fetch.sources.dates import moment
from curate.fetch.sources.expression_values import matched
from curate.fetch.sources.gallery import gallery, photo, srcset
from curate.fetch.sources.html import base_url, next_urls, tags
from curate.fetch.sources.listing import Found, Listing, PhotoLink
from curate.fetch.sources.page import parse
from curate.fetch.sources.values import number, text, year

MAX_TAGS = 100_000  # a tree of more takes minutes and gigabytes; no page for people has so many
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-full", "data-url")
_BESIDE = ("header", "footer", "nav", "aside")
_SMALL = 79  # pixels; an image declared no larger than this is an icon


def soup(page: str) -> BeautifulSoup:
    """The page's tree. Raises RejectedError("page_too_complex").

    lxml reads the page, whose tags may lack their ends, in linear time; what it then writes, with every end, is
    linear for the parser that makes the tree for selectors.
    """
    if page.count("<") > 2 * MAX_TAGS:
        raise RejectedError("page_too_complex", f"more than {MAX_TAGS} tags")
    whole = etree.tostring(parse(page, "").root, encoding="unicode", method="html")
    return BeautifulSoup(whole, "html.parser")


def value(scope: Tag, selector: str) -> str:
    """What an expression finds in an element: by CSS, or by a regular expression in its HTML."""
    if not selector:
        return ""
    if selector.startswith(REGEX):
        return text(html.unescape(matched(str(scope), selector)))
    if selector.startswith(JSON):
        return ""
    css, attribute = css_and_attribute(selector)
    match = scope.select_one(css) if css else scope
    if match is None:
        return ""
    return text(str(match.get(attribute, "")) if attribute else match.get_text(" ", strip=True))


def url_at(scope: Tag, selector: str, base: str) -> str:
    """The address that an expression finds; `a` alone means the address it leads to, not its text."""
    written = value(scope, selector)
    if is_css(selector) and not css_and_attribute(selector)[1] and selector:
        found = scope.select_one(css_and_attribute(selector)[0])
        anchor = found if found is None or found.get("href") else found.find("a", href=True)
        written = str(anchor.get("href", "")) if isinstance(anchor, Tag) else written
    try:
        return canonical_url(written, base)
    except RejectedError:
        return ""


def _offered(image: Tag, attribute: str) -> list[str]:
    """URLs of one element, the best first."""
    if image.name != "img" or attribute != "src":
        value = str(image.get(attribute, ""))
        return srcset(value) if attribute.endswith("srcset") else [value]
    plain = [str(image.get(name, "")) for name in ("src", *_LAZY)]
    sets = [str(image.get(name, "")) for name in ("srcset", "data-srcset")]
    parent = image.parent
    if parent is not None and parent.name == "picture":
        sets += [str(source.get("srcset", "")) for source in parent.find_all("source")]
    return [url for value in sets for url in srcset(value)] + plain


def _is_beside(image: Tag, scope: Tag) -> bool:
    sides = [str(image.get(name, "")).removesuffix("px") for name in ("width", "height")]
    if any(side.isascii() and side.isdigit() and len(side) < 6 and int(side) <= _SMALL for side in sides):
        return True
    for parent in image.parents:
        if parent is scope:
            return False
        if parent.name in _BESIDE:
            return True
    return False


def photos_at(scope: Tag, selector: str, base: str) -> tuple[PhotoLink, ...]:
    """The photos that a CSS selector finds in an element."""
    if not is_css(selector):
        return ()
    css, attribute = css_and_attribute(selector)
    found = []
    for image in scope.select(css):
        if one := photo(_offered(image, attribute or "src"), base, _is_beside(image, scope)):
            found.append(one)
    return gallery(found)


def _listing(scope: Tag, selectors: Selectors, page_url: str, base: str, alone: bool) -> Listing | None:
    link = "" if alone else url_at(scope, selectors.link, base)
    listing = Listing(
        listing_id=value(scope, selectors.listing_id),
        page_url=link or page_url,
        title=value(scope, selectors.title),
        region=value(scope, selectors.region),
        city=value(scope, selectors.city),
        year=year(value(scope, selectors.year)),
        price=number(value(scope, selectors.price)),
        make=value(scope, selectors.make),
        model=value(scope, selectors.model),
        currency=value(scope, selectors.currency),
        seller=value(scope, selectors.seller),
        posted=moment(value(scope, selectors.posted)),
        photos=photos_at(scope, selectors.images or "img@src", base),
    )
    return listing if link or listing.photos or listing.title else None


def extract(page: str, page_url: str, is_listing_page: bool, selectors: Selectors, next_selector: str) -> Found:
    """What the text of a page holds. Raises RejectedError("page_too_complex")."""
    found = list(tags(page))
    base = base_url(found, page_url)
    tree = soup(page)
    alone = is_listing_page or not selectors.listing
    scopes = [tree] if alone else list(tree.select(selectors.listing))
    listings = [
        listing for scope in scopes if (listing := _listing(scope, selectors, page_url, base, alone)) is not None
    ]
    following = _next_urls(tree, base, next_selector) + next_urls(found, base)
    seen = selector_counts.of_fields(listings, selectors)
    notes = list(seen.notes(selectors, ("listing", "link"), ""))
    if not alone and len(listings) < max(1, len(scopes)):
        said = f"{counted(len(scopes), 'element')}, {len(listings)} with a link, a title or photos"
        notes.insert(0, f"selectors.listing: matched {said}")
    return Found(tuple(listings), tuple(dict.fromkeys(following)), ("selectors", *seen.used()), notes=tuple(notes))


def next_urls_by(page: str, page_url: str, next_selector: str) -> tuple[str, ...]:
    """The link that `next_selector` names, for pages whose listings are read otherwise."""
    return _next_urls(soup(page), base_of(page, page_url), next_selector)


def _next_urls(tree: Tag, base: str, next_selector: str) -> tuple[str, ...]:
    if not next_selector:
        return ()
    url = url_at(tree, next_selector, base)
    return (url,) if url else ()


def base_of(page: str, page_url: str) -> str:
    """What relative addresses of the page are relative to."""
    return base_url(list(tags(page)), page_url)
