"""Why a page gives no listing, as far as its bytes tell."""

import re

from curate.core.errors import Do, Edit, Remedy, Run, To
from curate.core.recipe import Source
from curate.fetch.http.response import is_gate, is_login, says_little
from curate.fetch.loaded_page import LoadedPage, is_url
from curate.fetch.sources.html import to_text

_TAG = re.compile(r"<[a-zA-Z!][^<>]*>")


def why(page: LoadedPage, config: Source) -> tuple[str, tuple[Remedy, ...]]:
    """What is the matter with a page without a listing, and what can be done."""
    data = page.data
    if not data.strip():
        return "it is empty", ()
    if is_binary(data):
        return "it is no HTML: its bytes are no text", ()
    text = to_text(data, page.charset)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if all(is_url(line) or line.startswith("#") for line in lines):
        return "it is a list of addresses", (Do("preview one of them"),)
    if config.adapter == "json_api" or text.lstrip()[:1] in ("{", "["):
        return "none of its JSON is a listing", (Edit("source.selectors.listing"),)
    if not _TAG.search(text):
        return "it is no HTML", ()
    if is_gate(data):
        return "it asks for a human (captcha, login or browser check)", ()
    if is_login(data):
        return "it asks for a login", ()
    if config.adapter == "selectors":
        return "source.selectors match nothing in it", (Edit("source.selectors"),)
    if page.rendered:
        return "its scripts ran, and show none", ()
    scripted = "<script" in text.lower()
    is_shell = scripted and says_little(data)  # a page that scripts fill
    if is_shell and page.file:
        return "scripts make the page", (Do("save it again once it shows its listings"),)
    rendering = (
        To("see what its scripts make", Run("preview", (page.url, "--render"))),
        Edit("source.render", "auto"),
    )
    if is_shell:
        return "scripts make the page", rendering
    name = To("name what auto does not find", Edit("source.selectors"))
    return "its data and HTML show none", (name, *(rendering[:1] if scripted and not page.file else ()))


def is_binary(data: bytes) -> bool:
    """Are the bytes no text in any encoding of pages?"""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    head = data[:4096]
    return b"\0" in head or head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04"))


def is_cut(data: bytes) -> bool:
    """Has an HTML page no end?"""
    head = data[:4096].lower()
    return (b"<html" in head or b"<!doctype html" in head) and b"</html" not in data[-65_536:].lower()
