"""Listings out of a page by the CSS selectors of the recipe (BeautifulSoup, html.parser).

`title: h1` is the text of the first match, `link: a.card@href` an attribute of it. On an index page each match of
`listing` is one listing and the other selectors look inside it; on a listing's own page they see the whole page,
so `images` should name the gallery. An `<img>` gives the best of its `srcset` and, where its `src` is a
placeholder, what a script would put there (`data-src` and the like). Photos in a header, footer, nav or aside are
`not_gallery`.
"""

import re

import soupsieve
from bs4 import BeautifulSoup
from bs4.element import Tag

from curate.core.errors import RejectedError, UsageError
from curate.core.recipe import Selectors
from curate.fetch.http.client import canonical_url
from curate.fetch.sources.gallery import gallery, photo, srcset
from curate.fetch.sources.html import base_url, next_urls, tags
from curate.fetch.sources.listing import Found, Listing, Photo
from curate.fetch.sources.values import number, text, year

MAX_TAGS = 100_000  # a tree of more takes minutes and gigabytes; no page for people has so many
MAX_OPEN_TAGS = (
    500  # tags without `>` before the next `<`: at each, the parser looks at the rest of the page again
)
_OPEN_TAG = re.compile(r"<[a-z/!?][^<>]*+(?=<|$)", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^<>]*+>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"(?=</script)", re.IGNORECASE)
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-full", "data-url")
_BESIDE = ("header", "footer", "nav", "aside")
_SMALL = 79  # pixels; an image declared no larger than this is an icon


def soup(page: str) -> BeautifulSoup:
    """The page's tree. Raises RejectedError("page_too_complex")."""
    if page.count("<") > 2 * MAX_TAGS:
        raise RejectedError("page_too_complex", f"more than {MAX_TAGS} tags")
    # Scripts may compare with `<`: split at each end and drop from the start on, which is linear.
    outside = (_SCRIPT.split(part, 1)[0] for part in _SCRIPT_END.split(page))
    if sum(len(_OPEN_TAG.findall(part)) for part in outside) > MAX_OPEN_TAGS:
        raise RejectedError("page_too_complex", f"more than {MAX_OPEN_TAGS} tags that do not end")
    return BeautifulSoup(page, "html.parser")


def check(selectors: Selectors, next_selector: str) -> None:
    """Raises UsageError naming the selector that is no CSS."""
    named = {f"selectors.{name}": value for name, value in selectors} | {"pagination.next_selector": next_selector}
    for name, selector in named.items():
        try:
            if css := _split(selector)[0]:
                soupsieve.compile(css)
        except soupsieve.SelectorSyntaxError as error:
            reason = str(error).splitlines()[0]
            raise UsageError(f"source.{name}: {selector!r} is not a CSS selector: {reason}") from error


def _split(selector: str) -> tuple[str, str]:
    css, _, attribute = selector.rpartition("@") if "@" in selector.rsplit("]", 1)[-1] else (selector, "", "")
    return css.strip(), attribute.strip()


def _value(scope: Tag, selector: str) -> str:
    if not selector:
        return ""
    css, attribute = _split(selector)
    match = scope.select_one(css) if css else scope
    if match is None:
        return ""
    return text(str(match.get(attribute, "")) if attribute else match.get_text(" ", strip=True))


def _url(scope: Tag, selector: str, base: str) -> str:
    try:
        return canonical_url(_value(scope, selector), base)
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


def _photos(scope: Tag, selector: str, base: str) -> tuple[Photo, ...]:
    css, attribute = _split(selector)
    found = []
    for image in scope.select(css):
        if one := photo(_offered(image, attribute or "src"), base, _is_beside(image, scope)):
            found.append(one)
    return gallery(found)


def _listing(scope: Tag, selectors: Selectors, page_url: str, base: str, alone: bool) -> Listing | None:
    link = "" if alone else _url(scope, selectors.link, base)
    listing = Listing(
        listing_id=_value(scope, selectors.listing_id),
        page_url=link or page_url,
        title=_value(scope, selectors.title),
        region=_value(scope, selectors.region),
        city=_value(scope, selectors.city),
        year=year(_value(scope, selectors.year)),
        price=number(_value(scope, selectors.price)),
        photos=_photos(scope, selectors.images, base) if selectors.images else (),
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
    return Found(tuple(listings), tuple(dict.fromkeys(following)), ("selectors",))


def next_urls_by(page: str, page_url: str, next_selector: str) -> tuple[str, ...]:
    """The link that `next_selector` names, for pages whose listings are read otherwise."""
    return _next_urls(soup(page), base_url(list(tags(page)), page_url), next_selector)


def _next_urls(tree: Tag, base: str, next_selector: str) -> tuple[str, ...]:
    if not next_selector:
        return ()
    url = _url(tree, next_selector if _split(next_selector)[1] else f"{next_selector}@href", base)
    return (url,) if url else ()
