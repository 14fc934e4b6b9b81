"""Where a URL leads: one spelling for each, and which IP addresses may be dialled at all.

Everything here decides by the parsed host, never by the text of a URL (RFC 3986, RFC 6890).
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import idna
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from curate.core.errors import RejectedError

MAX_URL = 8_192  # characters
DEFAULT_PORTS = {"http": 80, "https": 443}

# `photo.jpg;s=780x0;q=60`: parameters that ask a photo server for another rendering of the same photo.
_RENDERING = {"s", "q", "w", "h", "r", "f", "size", "quality", "width", "height"}
_NEVER = re.compile(r"[\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # backslash, control characters, halves of one
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[Any]]  # like `socket.getaddrinfo(host, port)`
_BELOW_A_COUNTRY = re.compile(r"ac|ad|asn|com?|edu|gob|gov|id|in|ltd|me|mil|net?|nom|org?|plc|sch|web")


def system_resolver(host: str, port: int) -> list[Any]:
    """The addresses that the system knows for a name."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class UnansweredError(RejectedError):
    """The name server is unwell or silent: another try may find the name."""


@dataclass(frozen=True, slots=True)
class ParsedUrl:
    """A parsed URL. `host` is lower case ASCII; an IPv6 host has no brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query
    body: bytes | None = None  # of a POST; without one it is a GET

    @property
    def host_port(self) -> str:
        """`host:port` with the port always there: how `allow_hosts` names a server."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what one robots.txt governs (RFC 9309, 2.3)."""
        default = self.port == DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{_bracketed(self.host) if default else self.host_port}"

    @property
    def url(self) -> str:
        """The URL in its one spelling."""
        return self.origin + self.target


def parse(url: str, base: str = "") -> ParsedUrl:
    """Resolve `url` against `base` and take it apart. Raises RejectedError("bad_url")."""
    text = url.strip(" \t\r\n\f")
    if not text:
        raise RejectedError("bad_url", "the URL is empty")
    if len(text) > MAX_URL:
        raise RejectedError("bad_url", f"{len(text)} characters, more than {MAX_URL}")
    if _NEVER.search(text):
        raise RejectedError("bad_url", f"{text[:80]!r} holds a backslash or a control character")
    try:
        parts = parse_url(urljoin(base, text) if base else text)
    except (LocationParseError, ValueError) as error:  # UnicodeError is a ValueError
        raise RejectedError("bad_url", f"{text[:200]!r} cannot be parsed") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise RejectedError("bad_url", f"{text[:200]!r} is not an http or https URL")
    if parts.auth is not None:
        raise RejectedError("bad_url", f"{text[:200]!r} carries a user name")
    if parts.port == 0:
        raise RejectedError("bad_url", f"{text[:200]!r} names port 0")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query is not None else "")
    return ParsedUrl(parts.scheme, _host(parts.host or ""), parts.port or DEFAULT_PORTS[parts.scheme], target)


def host_of(url: str) -> str:
    """The host of an absolute address, with its port; empty where it has none."""
    return url.partition("//")[2].partition("/")[0]


def path_of(url: str) -> str:
    """Path and query of an absolute address, without the first slash."""
    return url.partition("://")[2].partition("/")[2]


def same_site(url: str, other: str) -> bool:
    """Do two addresses belong to one site? Known by the last labels of their hosts."""
    return _site(url) == _site(other)


def _site(url: str) -> str:
    host = host_of(url).partition(":")[0]
    labels = host.split(".")
    if all(label.isdigit() for label in labels):
        return host_of(url)
    below = len(labels) > 2 and len(labels[-1]) == 2 and _BELOW_A_COUNTRY.fullmatch(labels[-2])
    return ".".join(labels[-3:] if below else labels[-2:])


def canonical_url(url: str, base: str = "") -> str:
    """The one spelling of a photo's or page's URL; two spellings with one result are one photo.

    Resolves against `base`, lower-cases scheme and host, drops default port, fragment and the `;s=780x0;q=60` that
    ask a photo server for another size. Query strings stay: their meaning is the site's own.
    Raises RejectedError("bad_url").
    """
    parsed = parse(url, base)
    path, mark, query = parsed.target.partition("?")
    return parsed.origin + _without_rendering(path) + mark + query


def _without_rendering(path: str) -> str:
    """The path without the parameters of `_RENDERING` at its end, in linear time."""
    folder, slash, name = path.rpartition("/")
    parts = name.split(";")
    while len(parts) > 1 and "=" in parts[-1] and parts[-1].partition("=")[0].lower() in _RENDERING:
        parts.pop()
    return folder + slash + ";".join(parts)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _host(text: str) -> str:
    """The host's one spelling. A number in any notation that resolvers accept becomes its dotted quad."""
    if text.startswith("["):
        if "%" in text:
            raise RejectedError("bad_url", f"{text!r} names a network interface")
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError as error:
            raise RejectedError("bad_url", f"{text!r} is not an IPv6 address") from error
    host = text.removesuffix(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise RejectedError("bad_url", f"{text[:80]!r} is not a host name") from error
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise RejectedError("bad_url", f"{text[:80]!r} is not a host name")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", host.rpartition(".")[2]):
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError as error:
            raise RejectedError("bad_url", f"{text[:80]!r} is not an IPv4 address") from error
    return host


def host_allowed(url: ParsedUrl, patterns: Iterable[str]) -> bool:
    """True when a pattern names the host: exactly, as `*.suffix`, or with `:port` for an unusual port."""
    for pattern in patterns:
        name, _, port = pattern.lower().partition(":")
        if url.port != (int(port) if port else DEFAULT_PORTS[url.scheme]):
            continue
        if url.host == name or (name.startswith("*.") and url.host.endswith(name[1:])):
            return True
    return False


# --- which IP addresses are public --------------------------------------------------------------------------

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291: all that is public today
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)


def is_public(ip: IPAddress) -> bool:
    """True for a plainly public unicast address.

    An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, ISATAP) is as public as both are;
    Teredo is never. `ipaddress.is_global` alone says True for several of these forms of loopback.
    """
    if isinstance(ip, ipaddress.IPv6Address):
        low = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if ip.ipv4_mapped is not None or int(ip) >> 32 == 0 or ip in _NAT64:
            return is_public(low)
        if ip not in _GLOBAL_UNICAST:
            return False
        if ip.sixtofour is not None:  # Python's own answer changed within 3.11
            return is_public(ip.sixtofour)
        if (int(ip) >> 32) & 0xFDFF_FFFF == 0x5EFE and not is_public(low):  # ISATAP, RFC 5214
            return False
    if any(ip.version == network.version and ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


# --- names to addresses -------------------------------------------------------------------------------------


def addresses(host: str, port: int, allow_private: bool, timeout_s: float, resolve: Resolver) -> list[str]:
    """The IP addresses to dial for `host`, resolved once and every one of them vetted.

    One address that is not public spoils them all (DNS rebinding), unless `allow_private`.
    Raises RejectedError: dns (the name does not exist; UnansweredError when the resolver is unwell or gives no
    answer in `timeout_s`), private_address.
    """
    found = literal(host) or _resolve(host, port, timeout_s, resolve)
    if not allow_private:
        refuse_private(host, port, found)
    return found


def literal(host: str) -> list[str]:
    """The IP address that `host` is, or nothing when it is a name."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return []


def refuse_private(host: str, port: int, ips: Iterable[str]) -> None:
    """Raise RejectedError("private_address") unless each of `ips` is public."""
    for text in ips:
        if not is_public(ipaddress.ip_address(text)):
            named = f"{host} is" if text == host else f"{host} is {text},"
            raise RejectedError(
                "private_address",
                f"{named} not a public address; only politeness.allow_hosts: "
                f"['{_bracketed(host)}:{port}'] would permit it",
            )


def _resolve(host: str, port: int, timeout_s: float, resolve: Resolver) -> list[str]:
    """Ask the resolver in a thread of its own, which is left behind when it hangs."""
    answer: list[Any] = []
    trouble: list[Exception] = []

    def ask() -> None:
        try:
            answer.extend(resolve(host, port))
        except (OSError, UnicodeError) as error:
            trouble.append(error)

    thread = threading.Thread(target=ask, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(max(timeout_s, 0.001))
    if thread.is_alive():
        raise UnansweredError("dns", f"no answer about {host} from the name server in {timeout_s:.1f} s")
    if trouble:
        temporary = isinstance(trouble[0], socket.gaierror) and trouble[0].errno == socket.EAI_AGAIN
        error = UnansweredError if temporary else RejectedError
        raise error("dns", f"{host}: {trouble[0]}") from trouble[0]
    found = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in answer))
    if not found:
        raise RejectedError("dns", f"{host} has no address")
    return found
