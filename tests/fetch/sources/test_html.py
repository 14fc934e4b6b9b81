"""Bytes to text."""

import codecs

import pytest

from curate.fetch.sources.html import Tag, tags, to_text

RUPEE = "₹ “mint” Škoda"


@pytest.mark.parametrize(
    ("data", "charset", "wanted"),
    [
        pytest.param(RUPEE.encode(), "", RUPEE, id="P06-utf-8-undeclared"),
        pytest.param(RUPEE.encode(), "latin-1", RUPEE, id="P06-utf-8-declared-latin-1"),
        pytest.param(codecs.BOM_UTF8 + RUPEE.encode(), "latin-1", RUPEE, id="P06-bom-wins"),
        pytest.param(RUPEE.encode("utf-16"), "utf-8", RUPEE, id="P06-utf-16-bom"),
        pytest.param(RUPEE.encode("utf-16-le"), "utf-16-le", RUPEE, id="P06-utf-16-declared"),
        pytest.param(
            b'<meta charset="utf-8">' + "“mint”".encode("cp1252"),
            "latin-1",
            '<meta charset="utf-8">“mint”',
            id="P06-header-latin-1-meta-utf-8-bytes-cp1252",
        ),
        pytest.param(
            b"<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>" + "Кузов".encode("cp1251"),
            "",
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>Кузов",
            id="P06-meta",
        ),
        pytest.param("Кузов".encode("koi8-r"), "koi8-r", "Кузов", id="P06-header"),
        pytest.param("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本", id="P06-stateful"),
        pytest.param(b"ok \xff\x81 ok", "", "ok ÿ� ok", id="P06-invalid"),
        pytest.param(b"<meta charset=utf-16>ok", "", "<meta charset=utf-16>ok", id="P06-meta-utf-16"),
        pytest.param(b"caf\xe9", "klingon", "café", id="P06-unknown-charset"),
        pytest.param(b"caf\xe9", "rot13", "café", id="P06-not-a-text-encoding"),
        pytest.param(b"caf\xe9", "\x00", "café", id="P06-charset-with-nul"),
    ],
)
def test_decoding(data: bytes, charset: str, wanted: str) -> None:
    assert to_text(data, charset) == wanted


def test_tags_in_order_without_comments() -> None:
    page = (
        """<base href=/x><!-- <a href="no"> --><A HREF='1&amp;2' REL="next">t</A><script>if (a<b) "<a>"</script>"""
    )
    assert list(tags(page)) == [
        Tag("base", {"href": "/x"}),
        Tag("a", {"href": "1&2", "rel": "next"}),
        Tag("script", {}, 'if (a<b) "<a>"'),
    ]
