"""What an exception wraps, and the reason that follows from it."""

import http.client
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and all that it wraps: requests and urllib3 nest them as cause, argument and `reason`."""
    seen: list[BaseException | None] = []
    queue = [error]
    while queue:
        if (one := queue.pop(0)) is None or one in seen:
            continue
        seen.append(one)
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        queue += [wrapped for wrapped in inner if isinstance(wrapped, BaseException)]


def root(error: BaseException) -> str:
    """What the innermost of them says."""
    *_, last = causes(error)
    return (str(last) or type(last).__name__)[:200]


def why(error: BaseException) -> str:
    """The reason of `schemas.REASONS` for which no answer came."""
    found = list(causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in found)

    if among(requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError, UnicodeError):
        return "bad_url"
    if among(ssl.SSLEOFError, http.client.RemoteDisconnected, ConnectionError):
        return "connect_failed"
    if among(ssl.SSLError, ssl.CertificateError):
        return "tls"
    if among(http.client.HTTPException, urllib3.exceptions.InvalidHeader, ValueError):
        return "protocol"
    return "connect_failed"
