"""The next page of a list: declared, called so, or by the numbers of its pager; never another list."""

import pytest

from curate.fetch.sources.next_page import next_links
from curate.fetch.sources.page import parse

HOST = "https://cars.example"


def following(body: str, at: str) -> str:
    found = next_links(parse(f"<html><body>{body}</body></html>", HOST + at))
    return found[0].removeprefix(HOST) if found else ""


@pytest.mark.parametrize(
    ("at", "body", "wanted"),
    [
        ("/cars", '<a href="/cars?seite=2">weiter »</a>', "/cars?seite=2"),
        ("/cars?page=2", '<a href="/cars?page=1">Prev</a><a href="/cars?page=3">Next</a>', "/cars?page=3"),
        ("/cars", '<a href="/cars/page-2" aria-label="Next page"><svg></svg></a>', "/cars/page-2"),
        ("/cars", '<a href="/cars/2/" title="Page suivante">&gt;</a>', "/cars/2/"),
        ("/cars", '<ul class="pagination"><li class="next"><a href="/find?at=20"></a></li></ul>', "/find?at=20"),
        ("/s-autos/c216", '<a class="pagination-next" href="/s-autos/seite:2/c216"></a>', "/s-autos/seite:2/c216"),
        ("/cars.html", '<a href="/cars_2.html">下一页</a>', "/cars_2.html"),
        ("/cars", '<a href="?o=2"><i class="icon-next"></i></a>', "/cars?o=2"),
        ("/cars", '<a href="?p=2">Load more results</a>', "/cars?p=2"),
        ("/cars", '<div class="view-more"><a href="/cars?pi=1">Xem thêm <b>394</b> xe</a></div>', "/cars?pi=1"),
        ("/cars", '<a href="?p=2">더보기</a>', "/cars?p=2"),
        ("/cars", '<a href="?tab=reviews">더보기</a>', ""),  # of something else
        ("/cars", '<a href="?p=2"><i class="material-icons">chevron_right</i></a>', "/cars?p=2"),
        ("/cars", '<nav class="pager"><a href="?p=2">›</a><a href="?p=9">»</a></nav>', "/cars?p=2"),
    ],
)
def test_a_link_that_is_called_next(at: str, body: str, wanted: str) -> None:
    assert following(body, at) == wanted


def numbers(address: str, *pages: int, here: str = "") -> str:
    links = [f'<li><a href="{address.format(page, 20 * page - 20)}">{page}</a></li>' for page in pages]
    return f"<ul>{here}{''.join(links)}</ul>"


@pytest.mark.parametrize(
    ("at", "body", "wanted"),
    [
        ("/cars", numbers("?page={0}", 2, 3), "/cars?page=2"),
        ("/cars", numbers("?page={0}", 1, 2, 3), "/cars?page=2"),
        ("/cars?page=2", numbers("?page={0}", 1, 2, 3), "/cars?page=3"),
        ("/cars?page=7", numbers("?page={0}", 1, 5, 6, 8, 9, 20), "/cars?page=8"),
        ("/cars/page/2", numbers("/cars/page/{0}", 1, 3), "/cars/page/3"),
        ("/cars?start=40", numbers("?start={1}", 1, 2, 4, 5), "/cars?start=60"),
        ("/cars", numbers("?x={0}", 2, 3, here="<li aria-current='page'>1</li>"), ""),
        ("/cars?page=3", numbers("?page={0}", 1, 2), ""),
    ],
)
def test_the_number_after_the_page_s_own(at: str, body: str, wanted: str) -> None:
    assert following(body, at) == wanted


@pytest.mark.parametrize(
    "mark",
    [
        '<li class="active"><span>2</span></li>',
        '<li><b class="current">2</b></li>',
        "<i aria-current='page'>2</i>",
    ],
)
def test_a_marked_number_is_the_page_s_own(mark: str) -> None:
    pager = numbers("?x={0}", 1, 3, 4, here=mark).replace("<ul>", '<ul class="pager">')
    assert following(pager, "/cars?x=abc") == "/cars?x=3"


def test_what_the_page_declares_decides_alone() -> None:
    assert following('<a rel="next" href="?page=5">5</a><a href="?page=2">Next</a>', "/cars") == "/cars?page=5"


@pytest.mark.parametrize(
    "body",
    [
        '<a class="swiper-button-next" href="/cars?slide=2"></a>',
        '<a href="/blog/next-year">The next year of cars</a>',
        '<a href="https://other.example/cars?page=2">Next</a>',
        '<a href="#next">Next</a><a href="javascript:more()">Next</a>',
        numbers("?rooms={0}", 2, 3, 4),
        numbers("/cars/{0}-doors", 2, 3, 4),
        '<a href="/cars?year=2019">2019</a>',
    ],
)
def test_links_that_lead_elsewhere(body: str) -> None:
    assert following(body, "/cars") == ""
