"""Which page comes next."""

import pytest

from curate.core.recipe import Pagination
from curate.fetch.sources.pagination import following, with_parameter


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://x.example/a", "https://x.example/a?page=3"),
        ("https://x.example/a?sort=new&page=1", "https://x.example/a?sort=new&page=3"),
        ("https://x.example/a?q=", "https://x.example/a?q=&page=3"),
    ],
)
def test_with_parameter(url: str, wanted: str) -> None:
    assert with_parameter(url, "page", 3) == wanted


def test_links_are_followed_unless_pages_are_counted() -> None:
    assert following("u", 0, ("n", "m"), Pagination()) == "n"
    assert following("u", 0, (), Pagination()) == ""
    assert following("https://x.example/", 0, ("n",), Pagination(page_parameter="p")) == "https://x.example/?p=2"
    assert following("https://x.example/", 1, (), Pagination(page_parameter="p", first_page=0)).endswith("p=2")


def test_p09_max_pages_is_a_cap() -> None:
    assert following("u", 1, ("n",), Pagination(max_pages=2)) == ""
