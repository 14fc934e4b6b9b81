"""What a request says is what `requests` would say, made for less."""

import pytest
import requests

from curate.fetch.http.request import prepared
from curate.fetch.http.url import parse


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "http://a.example?q=1",
        "http://a.example/p?",
        "http://a.example/p??",
        "http://a.example/p?a=b?c",
        "http://a.example//evil.example/x",
        "http://A.example:80/%7euser/%41/ä b/%zz/100%",
        "http://a.example/a;s=1/b;q=2?x=é&y=%2f&z=[1]|{2}'\"<>",
        "https://a.example:8443/../a/./b/%2e%2e/c#part",
        "http://[2001:db8::1]:8080/p",
        "http://bücher.example/straße",
    ],
)
def test_it_names_the_address_that_requests_names(url: str) -> None:
    spelled = parse(url).url
    headers = {"Accept": "image/*", "User-Agent": "curate/1"}
    ours, theirs = prepared(spelled, headers), requests.Request("GET", spelled, headers=headers).prepare()
    assert (ours.method, ours.url, ours.path_url) == (theirs.method, theirs.url, theirs.path_url)
    assert (ours.headers, ours.body) == (theirs.headers, theirs.body)
