"""One spelling per address, and which addresses are public."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.core.errors import RejectedError
from curate.fetch.http.url import canonical_url, host_allowed, is_public, parse

PHOTO = "https://img.example.com/v1/files/1lifg37rh4oq1-IN/image"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(PHOTO, id="F41-plain"),
        pytest.param(PHOTO + ";s=780x0;q=60", id="F41-size"),
        pytest.param(PHOTO + ";s=1080x1080", id="F41-another-size"),
        pytest.param(PHOTO.replace(".com/", ".com:443/"), id="F41-port"),
        pytest.param(PHOTO.replace("https://img", "HTTPS://IMG"), id="F41-case"),
        pytest.param(PHOTO + "#gallery-3", id="F41-fragment"),
        pytest.param(PHOTO.replace("/v1/", "/v1/./x/../"), id="F41-dots"),
        pytest.param("//img.example.com/v1/files/1lifg37rh4oq1-IN/image", id="F41-no-scheme"),
        pytest.param("  /v1/files/1lifg37rh4oq1-IN/image;s=100x100\n", id="F41-relative"),
        pytest.param(PHOTO.replace(".com/", ".com./"), id="F37-trailing-dot"),
    ],
)
def test_one_photo_one_url(url: str) -> None:
    assert canonical_url(url, "https://img.example.com/item/7?x=1") == PHOTO


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h.example", "http://h.example/"),
        ("http://h.example:8080/a", "http://h.example:8080/a"),
        ("http://h.example/a?b=1&a=2", "http://h.example/a?b=1&a=2"),
        ("http://h.example/a?s=780x0", "http://h.example/a?s=780x0"),
        ("http://h.example/a;v=2", "http://h.example/a;v=2"),
        ("http://h.example/a;s=1/b", "http://h.example/a;s=1/b"),
        ("http://h.example/my car.jpg", "http://h.example/my%20car.jpg"),
        ("http://h.example/गाड़ी.jpg", "http://h.example/%E0%A4%97%E0%A4%BE%E0%A4%A1%E0%A4%BC%E0%A5%80.jpg"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(url, id=f"F38-{number}")
        for number, url in enumerate(
            [
                *("", "   ", "#top", "/x", "x.jpg", "//host/x", "?q", "http://", "http:///x", "http:x"),
                *("http://[::1", "http://[zz]/", "http://[fe80::1%25eth0]/", f"http://{'a' * 70}.example/"),
                *(
                    "http://.x.example",
                    "http://a..example",
                    "http://-a.example/",
                    "http://ex ample/",
                    "http://a\x00b/",
                ),
                *("http://h/\x00", "http://h/\ud800", "http://h/a\nb", f"http://h.example/{'a' * 10_000}"),
                *("http://h:0/", "http://h:99999/", "http://h:port/", "http://1.2.3.4.5/", "http://999.1/"),
                *(
                    "file:///etc/passwd",
                    "ftp://h/x",
                    "data:image/png;base64,AA",
                    "javascript:alert(1)",
                    "mailto:a@b",
                ),
            ]
        )
    ]
    + [
        pytest.param("http://good.example@127.0.0.1/", id="F37-user"),
        pytest.param("http://good.example\\@evil.example/", id="F37-backslash"),
    ],
)
def test_bad_url(url: str) -> None:
    with pytest.raises(RejectedError) as caught:
        canonical_url(url)
    assert caught.value.reason == "bad_url"


@given(st.text(max_size=60), st.sampled_from(["", "http://h.example/a/b?c"]))
def test_f38_any_text_is_an_url_or_bad(text: str, base: str) -> None:
    try:
        url = canonical_url(text, base)
    except RejectedError as error:
        assert error.reason == "bad_url"
    else:
        assert canonical_url(url) == url
        assert url.isascii() and url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("url", "pattern", "allowed"),
    [
        ("http://img.example/x", "img.example", True),
        ("https://IMG.example:443/x", "Img.Example", True),
        ("http://a.img.example/x", "*.img.example", True),
        pytest.param("http://img.example/x", "*.img.example", False, id="F37-not-a-subdomain"),
        pytest.param("http://evilimg.example/x", "*.img.example", False, id="F37-suffix"),
        pytest.param("http://img.example.evil.test/x", "img.example", False, id="F37-prefix"),
        pytest.param("http://img.example:8080/x", "img.example", False, id="F37-odd-port"),
        ("http://img.example:8080/x", "img.example:8080", True),
        pytest.param("http://xn--mg-bja.example/x", "img.example", False, id="F37-look-alike"),
        pytest.param("http://ímg.example/x", "img.example", False, id="F37-look-alike-unicode"),
    ],
)
def test_host_allowed(url: str, pattern: str, allowed: bool) -> None:
    assert host_allowed(parse(url), (pattern,)) is allowed


@pytest.mark.parametrize(
    "ip",
    [
        *("0.0.0.0", "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
        *("192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "::ffff:7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "2002:7f00:1::"),
        *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "fc00::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("3fff::1", "5f00::1", "2600::5efe:7f00:1", "2600::200:5efe:a00:1", "100::1", "4000::1"),
    ],
)
def test_f35_not_public(ip: str) -> None:
    assert not is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    "ip", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:808:808", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_f35_public(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))


@given(st.ip_addresses(v=4))
def test_f35_wrapping_never_makes_an_address_public(ip: ipaddress.IPv4Address) -> None:
    number = int(ip)
    wrapped = [number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]
    for value in wrapped:
        if not is_public(ip):
            assert not is_public(ipaddress.IPv6Address(value))
