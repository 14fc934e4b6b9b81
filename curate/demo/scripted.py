"""The same site with pages that scripts make: an empty page asks an API for its parts and puts them in.

/            and every other page: nothing but a script
/api/parts   ?of=PATH: the parts of that page, as JSON
"""

import json
from urllib.parse import parse_qs, urlsplit

from curate.demo.pages import Catalogue, Reply, respond

SCRIPT = """fetch("/api/parts?of=" + encodeURIComponent(location.pathname + location.search))
  .then(answer => answer.json())
  .then(parts => { document.head.innerHTML = parts.head; document.body.innerHTML = parts.body; });
"""
SHELL = f'<!doctype html><html><head><meta charset="utf-8"></head><body><script>{SCRIPT}</script></body></html>'


def _between(text: str, tag: str) -> str:
    inner = text.partition(f"<{tag}")[2].partition(">")[2]
    return inner.rpartition(f"</{tag}>")[0]


def respond_by_script(catalogue: Catalogue, target: str, base_url: str) -> Reply:
    """Answer a GET of `target` as `pages.respond` does, with each page made by a script."""
    parts = urlsplit(target)
    if parts.path == "/api/parts":
        whole = respond(catalogue, parse_qs(parts.query).get("of", ["/"])[0], base_url)
        if whole.status != 200 or not whole.content_type.startswith("text/html"):
            return Reply(404, "application/json", b"{}")
        text = whole.body.decode()
        data = {"head": _between(text, "head"), "body": _between(text, "body")}
        return Reply(200, "application/json", json.dumps(data).encode())
    reply = respond(catalogue, target, base_url)
    if reply.status == 200 and reply.content_type.startswith("text/html"):
        return Reply(200, reply.content_type, SHELL.encode())
    return reply
