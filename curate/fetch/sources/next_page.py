"""The links of an index page to the one after it: declared, called so, or by the numbers of a pager."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from curate.fetch.http.url import host_of
from curate.fetch.sources.page import Element, Page, names, resolved, words

_NEXT = re.compile(
    r"(?<!\w)(?:next|weiter|n(?:ä|ae)chste[rns]?|suivante?s?|siguientes?|seguintes?|pr[óo]xim[oa]s?|avanti|successiv[oa]|"
    r"volgende|nästa|neste|næste|seuraava|dalej|następn[ay]|další|ďal(?:ej|šia)|sl[j]?ede[ćc][aei]|naprijed|"
    r"следующ\w+|следваща|вперед|вперёд|далее|дальше|наступн\w+|următo\w+|[iî]nainte|επόμεν\w+|sonraki|ileri|"
    r"berikutnya|selanjutnya|tiếp|trang sau|következő|अगला|التالي|הבא|다음)(?!\w)|次|下一|ถัดไป|"
    r"^(?:load|show|view|see) more(?! \w*(?:detail|photo|filter))|^mehr (?:anzeigen|laden)|"
    r"^(?:voir|afficher) plus|"
    r"^(?:ver|cargar|mostrar) más|^(?:ver|carregar|mostrar) mais|^показать ещ[её]"
)  # a link that leads on, as people read it
_MORE = re.compile(
    r"(?:xem thêm(?! chi tiết)|muat lebih|daha fazla (?:göster|yükle)|(?:pokaż|załaduj) więcej|"
    r"もっと見る|더 ?보기|(?:加载|查看|載入)更多)"
)  # it leads on where its address counts, else to another part of the site
_COUNTED = re.compile(r"[?&]\w+=\d{1,4}(?!\w)")  # under any name: ?x=2; `_COUNTING` knows names of pages
_RIGHT = frozenset(
    "› > → ⟩ ❯ » >> ›› ▶ ▸ chevron_right keyboard_arrow_right arrow_forward navigate_next".split()  # noqa: SIM905
)
_NAMED_NEXT = re.compile(r"(?<![a-z])next(?![a-z])")
_SLIDES = re.compile(r"slid|swiper|slick|carousel|galler|lightbox|splide|glide|flickity|owl-|photo|image")
_PAGER = re.compile(r"pag(?:er|ing|inat|inier)|page-?(?:nav|num|link|item|list)|(?<![a-z])pages(?![a-z])|seiten")
_COUNTS = (
    r"(?:page|pageno|page_?num(?:ber)?|pageindex|current_?page|p|pg|pn|pgn|paged|seite|pagina|página|pag|firstrecord|"
    r"strona|strana|stranica|str|sida|side|sivu|sayfa|oldal|trang|halaman|stran|o|offset|start|from|skip|b)"
)  # names of what counts pages
_SEGMENT = re.compile(rf"(?:{_COUNTS}[-_:=,.]?)?\d+(?:\.\w{{2,5}})?", re.I)  # /page-2, /seite:2, /2.html
_SUFFIX = re.compile(
    rf"[-_.,](?:{_COUNTS}[-_:=,.]?)?\d+(?=\.\w{{2,5}}$|$)", re.IGNORECASE
)  # /cars-p2, /cars_2.html
_COUNTING = re.compile(rf"[?&/_.,;-](?:\w*[\[_])?{_COUNTS}\]?[-_:=/,.]?\d+(?![^/?&.])", re.I)
_MARKS = frozenset({"active", "current", "selected", "is-active", "is-current", "page-current", "actual", "aktiv"})
_MOST_TEXT = 40  # characters of a link that leads to a page


def next_links(page: Page) -> tuple[str, ...]:
    """The addresses that may be the next page, the surest first; empty where the page shows none.

    What the page declares (rel=next) decides alone. Else it is a link of the same list that is called "next", in
    one of many languages or by its arrow; else the number after the one that the page itself has in its pager.
    """
    declared = [
        url
        for element in page.root.iter("link", "a")
        if "next" in element.get("rel", "").lower().split()
        and (url := resolved(element.get("href", ""), page.base))
    ]
    if declared:
        return tuple(dict.fromkeys(declared))
    own = resolved(page.url, page.url) or page.url
    links = list(_links_of_the_list(page, own))
    numbered = _by_number(own, links)
    called = [
        url
        for element, text, url in links
        if _is_called_next(element, text)
        or (_MORE.match(text) and (_COUNTING.search(url) or _COUNTED.search(url)))
    ]
    arrows = [url for element, text, url in links if text in _RIGHT and (not numbered or url in numbered)]
    return tuple(dict.fromkeys([*called, *arrows, *numbered]))


def _links_of_the_list(page: Page, own: str) -> Iterator[tuple[Element, str, str]]:
    """Short links to other pages of the list of the page at `own`: element, text in lower case, address."""
    host, same = host_of(own), _list_of(own)
    for element in page.root.iter("a"):
        url = resolved(element.get("href", ""), page.base)
        if not url or url == own or host_of(url) != host:
            continue
        text = words(element) or "".join(element.itertext()).strip()  # which may be the name of an icon
        if len(text) <= _MOST_TEXT and (_list_of(url) == same or _in_pager(element)):
            yield element, text.lower(), url


def _list_of(url: str) -> str:
    """The path of an address without what may count its pages."""
    parts = [part for part in urlsplit(url).path.split("/") if part and not _SEGMENT.fullmatch(part)]
    kept = [_SUFFIX.sub("", part) for part in parts if part.lower() not in ("page", "seite", "pagina")]
    return "/".join(re.sub(r"\.\w{2,5}$", "", part) for part in kept)


def _in_pager(element: Element) -> bool:
    """Is the element, or one of the three around it, called a pager?"""
    for _ in range(4):
        if element is None or not isinstance(element.tag, str):
            return False
        if _PAGER.search(names(element)):
            return True
        element = element.getparent()
    return False


def _is_called_next(element: Element, text: str) -> bool:
    around = element.getparent()
    called = names(element) + (f" {names(around)}" if around is not None and len(around) == 1 else "")
    if _SLIDES.search(called) or "disabled" in called:
        return False
    inner = " ".join(
        f"{names(child)} {child.get('alt', '')}" for child in element.iterdescendants("img", "i", "span")
    )
    said = (text, element.get("title", "").lower(), element.get("aria-label", "").lower())
    return any(_NEXT.search(each) for each in said if len(each) <= _MOST_TEXT) or bool(
        _NAMED_NEXT.search(f"{called} {inner.lower()}") and not text.isdecimal()
    )


def _by_number(own: str, links: list[tuple[Element, str, str]]) -> list[str]:
    """The link with the number after the page's own, of links with numbers for a text that count pages."""
    numbered = [
        (int(text), element, url)
        for element, text, url in links
        if text.isdecimal() and len(text) <= 4 and (_COUNTING.search(url) or _in_pager(element))
    ]
    pages = {number: url for number, _, url in reversed(numbered)}
    if not pages:
        return []
    url = pages.get(_own_number(own, pages, numbered[0][1]) + 1)
    return [url] if url else []


def _own_number(own: str, pages: dict[int, str], link: Element) -> int:
    """The number of the page itself, by what its pager marks, else by its address, else the one without a link."""
    pager = link
    for _ in range(3):
        pager = pager if pager.getparent() is None else pager.getparent()
    for element in pager.iterdescendants():
        if isinstance(element.tag, str) and _is_marked(element) and (text := words(element)).isdecimal():
            return int(text)
    if not _COUNTING.search(own):
        return 1
    for number in map(int, re.findall(r"(?<!\d)\d{1,4}(?!\d)", own)):
        if number not in pages and (number + 1 in pages or number - 1 in pages):
            return number
    return next(number for number in range(1, len(pages) + 2) if number not in pages)


def _is_marked(element: Element) -> bool:
    return bool(element.get("aria-current")) or not _MARKS.isdisjoint(element.get("class", "").lower().split())
