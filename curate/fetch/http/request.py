"""What a request says: who asks, for what, from which page; cookies of this run, credentials where they belong.

Credentials and the proxy come from environment variables that the recipe names, `env:NAME`. No message holds them.
"""

import os
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.auth import _basic_auth_str
from requests.cookies import RequestsCookieJar, get_cookie_header
from requests.utils import requote_uri

from curate import __version__
from curate.core.errors import Do, UsageError
from curate.core.recipe import Politeness
from curate.fetch.http.url import ParsedUrl

ACCEPT = {
    "page": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.5",
    "photo": "image/jpeg,image/png;q=0.9,image/webp;q=0.8,image/*;q=0.5",
    "data": "application/json,*/*;q=0.5",
    "part": "*/*",
    "robots": "text/plain,*/*;q=0.5",
}


NOTHING: Mapping[str, str] = MappingProxyType({})


def prepared(url: str, headers: Mapping[str, str], body: bytes | None = None) -> requests.PreparedRequest:
    """A GET of `url`, or a POST with a body: an address as `url.parse` spells it: what
    `requests.Request.prepare` makes of it, at once.

    Raises requests.RequestException for a header that cannot be sent.
    """
    request = requests.PreparedRequest()
    path, _, query = url.partition("?")
    request.method, request.url = "GET", requote_uri(f"{path}?{query}" if query else path)
    request.prepare_headers(headers)
    if body is not None:
        request.method, request.body = "POST", body
        request.headers["Content-Length"] = str(len(body))
    return request


def secret(named: str, key: str) -> str:
    """The value of `env:NAME`; "" where none is named. Raises UsageError when the variable is not set."""
    if not named:
        return ""
    name = named.removeprefix("env:")
    if not (value := os.environ.get(name, "").strip()):
        raise UsageError(f"politeness.{key} names {name}, which is not set", Do(f"set {name} in the environment"))
    if not value.isascii() or not value.isprintable():
        raise UsageError(f"politeness.{key}: {name} holds more than one line of plain ASCII", Do("set it anew"))
    return value


def proxy_of(politeness: Politeness) -> tuple[str, dict[str, str]]:
    """(address of the proxy without credentials, the header with them). Raises UsageError."""
    if not (written := secret(politeness.proxy, "proxy")):
        return "", {}
    parts = urlsplit(written)
    try:
        port = parts.port or 3128
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port:
        raise UsageError(
            f"politeness.proxy: {politeness.proxy.removeprefix('env:')} is no http://host:port", Do("set it anew")
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    headers = {}
    if parts.username:
        said = _basic_auth_str(unquote(parts.username), unquote(parts.password or ""))
        headers["Proxy-Authorization"] = said
    return f"http://{host}:{port}", headers


class Headers:
    """The headers of each request of a run. Thread-safe."""

    def __init__(self, politeness: Politeness, own: Collection[str]) -> None:
        contact = f" (+{politeness.contact})" if politeness.contact else ""
        self._always = {
            "User-Agent": f"curate/{__version__}{contact}",
            "Accept-Encoding": "gzip",
            "Connection": "keep-alive",
        }
        self._own = set(own)  # host:port that credentials are for
        self._credentials = ""
        if said := secret(politeness.auth, "auth"):
            name, colon, password = said.partition(":")
            self._credentials = _basic_auth_str(name, password) if colon and " " not in name else said
        self._cookies = RequestsCookieJar() if politeness.cookies else None

    def of(self, asked: ParsedUrl, expect: str, more: Mapping[str, str]) -> dict[str, str]:
        """The headers of one request, with `more`; a Referer in it is the page that led there."""
        headers = self._always | {"Accept": ACCEPT[expect]} | dict(more)
        if page := headers.pop("Referer", ""):
            headers |= {"Referer": said} if (said := _referer(page, asked)) else {}
        if self._credentials and asked.host_port in self._own:
            headers["Authorization"] = self._credentials
        if self._cookies:
            request: Any = requests.Request("GET", asked.url).prepare()
            cookies = get_cookie_header(self._cookies, request)  # type: ignore[no-untyped-call]
            headers |= {"Cookie": cookies} if cookies else {}
        return headers

    def keep(self, response: requests.Response) -> None:
        """Remember the cookies of an answer, in memory, for this run."""
        if self._cookies is not None and response.cookies:
            self._cookies.update(response.cookies)


def _referer(page: str, asked: ParsedUrl) -> str:
    """As browsers do: the page within its site, its origin to others, nothing from https to http."""
    parts = urlsplit(page)
    if (parts.scheme, asked.scheme) == ("https", "http"):
        return ""
    origin = f"{parts.scheme}://{parts.netloc}"
    return page if origin == asked.origin else f"{origin}/"
