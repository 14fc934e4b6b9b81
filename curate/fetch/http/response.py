"""What a response says before listings or pixels are read out of it: status, headers, pages that are no pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import requests

from curate.core.errors import DeniedError, RejectedError
from curate.fetch.http import transport
from curate.fetch.http.url import ParsedUrl, parse

# Scripts and titles of the common gatekeepers. A marker alone proves nothing (a contact form may hold a captcha),
# so the page must also be short of text and of listings.
_GATE = re.compile(
    rb"cf-chl-|/cdn-cgi/challenge-platform/|captcha-delivery\.com|px-captcha|_Incapsula_Resource|awswaf"
    rb"|g-recaptcha|h-captcha|hcaptcha\.com"
    rb"|<title>\s*(?:just a moment|attention required|access denied|are you (?:a )?(?:human|robot)"
    rb"|verify (?:that )?you are|robot check|security check|captcha|unusual traffic)",
    re.IGNORECASE,
)
_PASSWORD = re.compile(rb"<input\b[^<>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
# Listings in schema.org's words, as a URL or in JSON-LD; a gate may well describe itself or its site in others.
_TYPES = rb"(?:Car|Vehicle|(?:Individual)?Product|Motorcycle|MotorizedBicycle|BusOrCoach|ItemList|Offer)\b"
_LISTING = re.compile(
    rb"schema\.org/" + _TYPES + rb"|@type(?:\"|&quot;)\s*:\s*(?:\[[^\]]{0,200}?)?(?:\"|&quot;)" + _TYPES,
    re.IGNORECASE,
)
# Of an X-Robots-Tag: rules that have a value, and names of bots. Other words before a colon are parts of dates.
_VALUED = ("max-image-preview", "max-snippet", "max-video-preview", "unavailable_after")
_NAME = re.compile(r"\*|[a-z_][^\s:]*")
_HIDDEN = (b"script", b"style", b"noscript")
_TAG = re.compile(rb"<[^<>]*>")
_GATE_TEXT = 1_500  # bytes of visible text; a gate says little
_GATE_PAGE = 256 * 1024  # bytes; no gate is larger
# Reasons that another try may cure, and those that may be the fault of the host rather than of one URL.
PASSING = {
    "body_truncated", "connect_failed", "deadline", "decode_truncated", "http_server_error", "page_truncated",
}  # fmt: skip
SLOW_TRIES = 2  # of a transfer that takes longer than the deadline: each of them takes that long
HOST_TROUBLE = {"connect_failed", "deadline", "dns", "http_server_error"}


def is_gate(data: bytes) -> bool:
    """True for a page that asks for a login, a captcha or a browser check in place of what was wanted."""
    return len(data) <= _GATE_PAGE and bool(_GATE.search(data)) and says_little(data)


def is_login(data: bytes) -> bool:
    """True for a page that is a form for a password and little else. A page of listings may hold one too."""
    return len(data) <= _GATE_PAGE and bool(_PASSWORD.search(data)) and says_little(data)


def says_little(data: bytes) -> bool:
    """True for a page that shows little text, and declares no listing."""
    if _LISTING.search(data):
        return False
    text = data.lower()
    for tag in _HIDDEN:  # split at each end and drop from the start on: linear, whatever the page holds
        text = b" ".join(part.partition(b"<" + tag)[0] for part in text.split(b"</" + tag + b">"))
    return len(b" ".join(_TAG.sub(b" ", text).split())) <= _GATE_TEXT


def is_cut(data: bytes) -> bool:
    """True for an HTML page without its end. Only evidence where the connection's end was the body's end."""
    return b"</html" not in data[-4096:].lower()


class ThrottledError(RejectedError):
    """429: the host wants us slower."""


class PassingError(RejectedError):
    """Failed at every try for a reason that may pass: another run may get it."""


def refuse_status(response: requests.Response) -> None:
    """Raise RejectedError for any status but 200 and 203, and be done with the response."""
    status, url = response.status_code, response.url
    if status in (200, 203):
        return
    transport.discard(response)
    if status == 429:
        raise ThrottledError("http_client_error", f"{url}: 429")
    if status == 408 or status >= 500:
        raise RejectedError("http_server_error", f"{url}: {status}")
    if status in (404, 410):
        raise RejectedError("gone", f"{url}: {status}")
    if status in (401, 403, 451):
        raise RejectedError("forbidden", f"{url}: {status}")
    if status >= 400:
        raise RejectedError("http_client_error", f"{url}: {status}")
    if status in (204, 205):
        raise RejectedError("empty", f"{url}: {status}")
    raise RejectedError("protocol", f"{url}: {status}, which nobody asked for")


def location(response: requests.Response, asked: ParsedUrl) -> ParsedUrl:
    """Where a redirect of `asked` leads: by GET, but for a POST that 307 or 308 send on (RFC 9110, 15.4).

    Raises RejectedError("redirect_invalid"): nowhere, or not to http.
    """
    transport.discard(response)
    body = asked.body if response.status_code in (307, 308) else None
    location = response.headers.get("Location", "")
    try:
        return replace(parse(location, asked.url), body=body)
    except RejectedError as error:
        raise RejectedError("redirect_invalid", f"{asked.url} leads to {location[:200]!r}") from error


def forbids_use(header: str) -> bool:
    """Does an `X-Robots-Tag` say noai or noimageai, to everybody or to us?"""
    speaks_to_us = True
    for part in header.lower().split(","):
        agent, colon, directive = (text.strip() for text in part.partition(":"))
        if not colon:
            directive = agent
        elif (
            _NAME.fullmatch(agent) and agent not in _VALUED
        ):  # `bot: noindex, noai`: to one bot until the next name
            speaks_to_us = agent in ("*", "curate")
        if speaks_to_us and directive in ("noai", "noimageai"):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response."""

    url: str  # after redirects
    data: bytes  # the whole body, decompressed
    content_type: str  # media type, lower case, without parameters
    charset: str  # from the header, "" when absent
    headers: Mapping[str, str]  # names in any case
    tries: int
    unmodified: bool = False  # since what the request's validators name


def whole(
    response: requests.Response,
    url: str,
    max_bytes: int,
    expect: str,
    obey_robots: bool,
    tries: int,
    may_be_unmodified: bool = False,
) -> Response:
    """The whole of a response that may be used. Raises RejectedError, DeniedError for a gate."""
    if may_be_unmodified and response.status_code == 304:
        transport.discard(response)
        return Response(url, b"", "", "", response.headers, tries, unmodified=True)
    refuse_status(response)
    data = transport.body(response, max_bytes)
    if not data:
        raise RejectedError("empty", f"{url}: {response.status_code} with no body")
    kind = response.headers.get("Content-Type", "")
    media_type = kind.partition(";")[0].strip().lower()
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:+-]+)", kind, re.IGNORECASE)
    if obey_robots and forbids_use(response.headers.get("X-Robots-Tag", "")):
        raise RejectedError("noai", f"{url}: X-Robots-Tag: {response.headers['X-Robots-Tag'][:80]}")
    if expect == "page" and "html" in media_type:
        if is_gate(data):
            raise DeniedError(f"{url} asks for a human (captcha, login or browser check): we stop here")
        if not transport.is_framed(response) and is_cut(data):
            raise RejectedError("page_truncated", f"{url}: ends without </html>")
    return Response(url, data, media_type, charset[1].lower() if charset else "", response.headers, tries)
