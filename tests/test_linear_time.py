"""What reads foreign bytes takes time in proportion to their number: each reader on inputs made to be slow."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from curate.core import table
from curate.core.errors import CurateError, RejectedError
from curate.core.schemas import FetchRow
from curate.fetch.http import rate_limit, response, robots, url
from curate.fetch.sources import (
    gallery,
    html,
    json_sizes,
    jsonld,
    key_names,
    photo_addresses,
    selectors,
    seller_kinds,
    values,
)
from curate.photos import headers
from tests.folders import fetch_row

SMALL, FACTOR = 2_000, 8  # repetitions, and how many times as many the second time
QUICK_S = 0.1  # what takes less is not measured against its smaller self
SLACK = 3.0  # times linear; quadratic is eight times

Reader = Callable[[str], object]
BASE = "https://h.example/"


def seconds(read: Callable[[], object]) -> float:
    """Of this process, so that others on the machine count less."""
    began = time.process_time()
    with suppress(RejectedError, CurateError):
        read()
    return time.process_time() - began


def check(read: Callable[[int], Callable[[], object]]) -> None:
    large = read(SMALL * FACTOR)
    if (first := seconds(large)) < QUICK_S:
        return
    small = read(SMALL)
    least = min(seconds(small) for _ in range(3))
    most = first if first < SLACK * FACTOR * least else min(first, seconds(large))
    assert most < SLACK * FACTOR * least, f"{least:.3f} s, and {most:.3f} s for {FACTOR} times as much"


def of_rules(text: str) -> object:
    return robots.parse_rules(text, "200").allows(BASE + "a" * 4_000)


def of_bytes(read: Callable[[bytes], object]) -> Reader:
    return lambda text: read(text.encode("latin-1"))


def of_manifest(cell: str) -> object:
    header, row = table.format_rows([fetch_row(0, "swift")], FetchRow).splitlines()
    return table.parse_rows(
        header + b"\n" + row.replace(b"swift", cell.encode(), 1) + b"\n", FetchRow, "fetch.csv"
    )


SVG = "<!---->", "<!--", "<?xml", "<?xml>", "<!DOCTYPE svg>", "<!DOCTYPE svg", " ", "<!-- -->\n", "<svg", "-->"
MARKUP = (
    "<",
    "<!",
    "<!--",
    "-->",
    "<![CDATA[",
    "<?",
    "</",
    "<a",
    "<a ",
    "<a>",
    "<a b",
    "<a b=",
    '<a b="',
    "&",
    "&#9",
)
SCRIPTS = (
    "<script",
    "<script>",
    "</script",
    "<script></scrip",
    "<SCRIPT>-->",
    "<title>",
    "<base href=",
    "<link rel",
)
ATTRIBUTES = "a", "a=", "a =", 'a="', "a='", " ", "a ", "/", "a=a", '="', "&amp", "&#x"
JSON = "[", '{"a":', '"', '"\\', "\\", ",", ", ", ",]", '",', "{", "[]", "9", "-", "1e", "&quot;", "<!--", "]]>"
RULES = (
    *("User-agent: a\n", "User-agent: *\nDisallow: /\n", "Disallow", ":", "#", "%", "*", "$", " ", "\r"),
    *("Crawl-delay: 9", "Request-rate: 1/9", "Visit-time: 0"),
)
TARGETS = ";s=1", ";s=1/", ";s=", ";", "../", "./", "%", "%zz", "é", "?", "#", "//", "=", "a=1;q"
HOSTS = "a.", "é", "-", "1", "0x", "@", ":", "xn--", "[", "a\u0300", "１"
HEADERS = "a:", ",", " ", "a,", "a: noai,", "*:", ";", '"', "=", "\\"
GATES = "<title>", "<title> ", '@type":[', '@type" ', '@type":["', "schema.org/", "<", "<script", "</script", "<a>"
TEXTS = "1", "1,", "1.", " ", "-", "'", "\u00a0", "₹", "lakh", "19", ","

CASES: list[tuple[str, Reader, str, tuple[str, ...], str]] = [
    # reader, what it reads, what is repeated, what stands before and behind
    ("svg", of_bytes(headers.read), "", SVG, ""),
    ("svg-behind-a-declaration", of_bytes(headers.read), "<?xml version='1.0'?>", SVG, "<svg"),
    (
        "xmp",
        of_bytes(lambda data: headers.orientation(b"", data)),
        "",
        ("tiff:Orientation", " ", "=", '="', "9"),
        "",
    ),
    ("xmp-value", of_bytes(lambda data: headers.orientation(b"", data)), 'tiff:Orientation="', (" ", "9"), ""),
    ("robots", of_rules, "", RULES, ""),
    ("robots-rule", of_rules, "User-agent: *\nDisallow: /", ("*", "*a", "%", "a", "$", "?", " ", "é"), "b"),
    ("url", lambda text: url.canonical_url((BASE + text)[: url.MAX_URL], BASE), "", TARGETS, ""),
    ("url-end", lambda text: url.canonical_url((BASE + text)[: url.MAX_URL - 2] + "/x", BASE), "", TARGETS, ""),
    ("url-host", lambda text: url.canonical_url(("https://" + text)[: url.MAX_URL]), "", HOSTS, ""),
    ("x-robots-tag", response.forbids_use, "", HEADERS, ""),
    (
        "retry-after",
        lambda text: rate_limit.retry_after_s(text, datetime.now(UTC)),
        "",
        HEADERS,
        "",
    ),
    ("gate", of_bytes(response.is_gate), "captcha-delivery.com", GATES, ""),
    ("login", of_bytes(response.is_login), "<input type=password>", (*GATES, "<input type ", "type  "), ""),
    ("gate-end", of_bytes(response.is_cut), "", MARKUP, ""),
    ("charset", of_bytes(html.to_text), "", ("<meta ", "<meta charset", "<meta charset=", " ", "charset="), ""),
    ("tags", lambda page: list(html.tags(page)), "", (*MARKUP, *SCRIPTS), ""),
    ("attributes", lambda page: list(html.tags(page)), "<a ", ATTRIBUTES, ">"),
    ("soup", selectors.soup, "", (*MARKUP, *SCRIPTS, f"<a {'x' * 99}", "<b><i></b>"), ""),
    ("soup-attributes", selectors.soup, "<a ", ATTRIBUTES, ">"),
    ("json", jsonld.parse, "", JSON, ""),
    ("json-list", jsonld.parse, "[", JSON, "]"),
    ("json-text", jsonld.parse, '{"a": "', JSON, '"}'),
    ("srcset", gallery.srcset, "", ("a", "a ", "a 1w,", ",", " ", "1x", "a,"), ""),
    ("photo", lambda text: gallery.photo([text], BASE), "", ("icon", "1x1", "-IN", "a8-", ".svg", "/"), ""),
    ("number", values.number, "", TEXTS, ""),
    ("year", values.year, "", TEXTS, ""),
    ("place", values.place, "", (*TEXTS, "a, ", "a - 1 km ", "гр. ", "東村", "1 a ", "(a) "), ""),
    ("seller", seller_kinds.called, "", ("private ", "a ", "pro-", "seller: "), ""),
    ("firm", seller_kinds.is_firm, "", ("S. ", "a.s.", "Sp. z "), ""),
    ("key", key_names.plain.__wrapped__, "a", ("({", "a({", "})"), ")"),
    ("link-to-a-file", lambda text: photo_addresses.of_one_file(text, ()), "", ("/img.php?", "/file.php?a"), ""),
    ("csv", of_manifest, "", ('"', '""', ",", "\\", "'", "a", " "), ""),
]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("read", "before", "repeated", "behind"),
    [
        pytest.param(read, before, text, behind, id=f"{name}-{text!r}")
        for name, read, before, texts, behind in CASES
        for text in texts
    ],
)
def test_time_grows_with_the_input(read: Reader, before: str, repeated: str, behind: str) -> None:
    def reading(count: int) -> Callable[[], object]:
        text = before + repeated * count + behind
        return lambda: read(text)

    check(reading)


def jpeg(body: bytes) -> bytes:
    return b"\xff\xd8\xff\xe0\x00\x04ab" + body


CONTAINERS: dict[str, Callable[[int], bytes]] = {
    "jpeg-fill": lambda n: jpeg(b"\xff" * n),
    "jpeg-noise-between": lambda n: jpeg(b"\x00\xff" * n),
    "jpeg-comments": lambda n: jpeg(b"\xff\xfe\x00\x02" * n),
    "jpeg-scans": lambda n: jpeg(
        b"\xff\xc2\x00\x0b\x08\x00\x10\x00\x10\x01" + b"\xff\xda\x00\x02" * n + b"\xff\xd9"
    ),
    "jpeg-exif-parts": lambda n: jpeg(b"\xff\xe1\x00\x10Exif\0\0II*\0\x08\0\0\0" * n),
    "png-chunks": lambda n: b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IDAT\0\0\0\0" * n,
    "gif-blocks": lambda n: b"GIF89a" + bytes(7) + b"\x21\xf9\x00" * n,
    "gif-frames": lambda n: b"GIF89a" + bytes(7) + (b"\x2c" + bytes(10) + b"\0") * n,
    "webp-chunks": lambda n: b"RIFF" + (4 + 8 * n).to_bytes(4, "little") + b"WEBP" + b"ALPH\0\0\0\0" * n,
    "avif-boxes": lambda n: b"\0\0\0\x10ftypavif\0\0\0\0" + b"\0\0\0\x08free" * n,
    "avif-exif": lambda n: b"\0\0\0\x10ftypavif\0\0\0\0" + b"II*\0\x08\0\0\0\xff\xff" * n,
    "heic-brands": lambda n: (16 + 4 * n).to_bytes(4) + b"ftypmif1\0\0\0\0" + b"xxxx" * n,
    "tiff-tags": lambda n: b"II*\0\x08\0\0\0\xff\xff" + bytes(12) * n,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_headers_are_read_in_linear_time(make: Callable[[int], bytes]) -> None:
    def reading(count: int) -> Callable[[], object]:
        data = make(count)
        return lambda: headers.read(data)

    check(reading)


def test_forty_comments_are_no_photo() -> None:
    began = time.process_time()
    with pytest.raises(RejectedError, match="not_an_image"):
        headers.read(b"<!---->" * 40 + b"<p>")
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    "page", ["<!-- drawn -->" * 40, "<?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC 'x'>\n", "\ufeff \n"]
)
def test_svg_is_named_whatever_stands_before_it(page: str) -> None:
    with pytest.raises(RejectedError, match="SVG file"):
        headers.read(f"{page}<svg xmlns='x'>".encode())


def test_sizes_by_key_are_read_in_linear_time() -> None:
    def reading(count: int) -> Callable[[], object]:
        keys = [(f"{'_' * (n % 40)}image{'_' * (n // 40)}", [str(n)]) for n in range(count)]
        return lambda: json_sizes.by_key(keys)

    check(reading)
