"""One page for `curate preview`: from the web as fetch would ask for it, or from a file that holds it."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from curate.core.errors import (
    CurateError,
    DeniedError,
    Do,
    LayoutError,
    RejectedError,
    Run,
    To,
    TryLaterError,
    UsageError,
)
from curate.core.recipe import Politeness, Source
from curate.core.section import host_port, is_loopback
from curate.fetch.http.browser import Browser
from curate.fetch.http.client import Client
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.api_request import asked, first
from curate.fetch.sources.html import to_text

NOWHERE = "https://page.invalid/"  # of a file whose page does not say where it is from
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(https?://[^\s>]+)")  # as browsers write it
_DENIED = {"forbidden", "noai", "robots"}
_OUT_OF_REACH = {
    "body_truncated", "connect_failed", "deadline", "dns", "http_server_error", "page_truncated", "tls",
}  # fmt: skip
_OF_THE_RECIPE = {"bad_url", "offsite", "private_address"}


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """One page as it came."""

    url: str  # `NOWHERE` where it is not known
    data: bytes
    charset: str = ""
    rendered: bool = False  # after its scripts ran
    start: str = ""  # what stands in the recipe for it, where that is not its address
    file: str = ""  # that it was read from

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return self.file if self.url == NOWHERE else self.url


def is_url(place: str) -> bool:
    """Is it the address of a page on the web?"""
    return place.lower().startswith(("http://", "https://"))


def from_file(place: str, file: Path | None) -> LoadedPage:
    """The page in `file`, whose address is `place`; or in the file called `place`. `-` is the standard input.

    Raises UsageError.
    """
    if file is not None and not is_url(place):
        raise UsageError(f"--page {file}: {place} is no URL", Do("give the page's URL, and its file with --page"))
    if file is None and "://" in place:
        raise UsageError(f"{place}: only http:// and https:// are read")
    path = file or Path(place)
    try:
        data = Path("/dev/stdin").read_bytes() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: {why}", Do("name a URL, or a file with a page")) from error
    if is_url(place):
        canonical(place)  # raises where it is none
        return LoadedPage(place, data, file=str(path))
    return LoadedPage(_own_address(data), data, file=str(path))


def canonical(place: str) -> str:
    """The one spelling of an address. Raises UsageError."""
    try:
        return canonical_url(place)
    except RejectedError as error:
        raise UsageError(f"{place}: {error.detail}") from error


def from_web(
    place: str, config: Source, is_listing_page: bool | None, shows: Callable[[LoadedPage], bool]
) -> LoadedPage:
    """The page at an address; rendered as `config.render` says: `auto` where it `shows` nothing without.

    Raises UsageError, DeniedError, TryLaterError, LayoutError, ResourceError.
    """
    try:
        url = first(place, config) if config.request.body and not is_listing_page else canonical_url(place)
    except RejectedError as error:
        raise UsageError(f"{place}: {error.detail}") from error
    politeness = config.politeness
    if is_loopback(url):
        politeness = politeness.override(allow_hosts=(*politeness.allow_hosts, host_port(url)))
    _check_contact(url, politeness)
    with (
        tempfile.TemporaryDirectory() as folder,
        Client(politeness, Path(folder) / "hosts.json", start_urls=[url]) as client,
    ):
        try:
            return _asked(client, url, place, config, shows)
        except RejectedError as error:
            raise _refused(url, error) from error


def _check_contact(url: str, politeness: Politeness) -> None:
    if politeness.contact or host_port(url) in politeness.allow_hosts:
        return
    raise UsageError(
        f"{urlsplit(url).hostname} is a public host, and its owner must be able to reach you",
        Do("give your e-mail or URL with --contact"),
        To("keep it in a recipe", Run("init", ("mine.yaml", "--classes", "CLASS,OTHER", "--site", url))),
    )


def _refused(url: str, error: RejectedError) -> CurateError:
    """What a refusal of the page ends the command with: as it ends a fetch."""
    said = error.detail if url in error.detail else f"{url}: {error.detail}"
    if error.reason in _DENIED:
        return DeniedError(f"the site does not let us in: {said}", Do("ask its owner for permission"))
    if error.reason in _OUT_OF_REACH:
        return TryLaterError(f"the site cannot be reached: {said}", Do("try again later"))
    if error.reason in _OF_THE_RECIPE:
        return UsageError(said)
    return LayoutError(f"no page came: {error.reason}: {said}")


def _asked(
    client: Client, url: str, written: str, config: Source, shows: Callable[[LoadedPage], bool]
) -> LoadedPage:
    most = config.politeness.max_page_bytes
    if config.render != "always":
        is_api = config.adapter == "json_api"
        address, headers, body = asked(url, config) if is_api else (url, {}, None)
        reply = client.get(address, most, "data" if is_api else "page", more=headers, body=body)
        page = LoadedPage(reply.url, reply.data, reply.charset, start=written if body is not None else "")
        if config.render == "never" or shows(page):
            return page
    browser = Browser(client, most, config.actions)
    try:
        text = browser.render(url).text()
    finally:
        browser.close()
    return LoadedPage(url, text.encode("utf-8", "replace"), "utf-8", rendered=True)


def _own_address(data: bytes) -> str:
    """The address that a saved page calls its own."""
    from curate.fetch.sources.microdata import declared
    from curate.fetch.sources.page import parse

    if match := _SAVED_FROM.search(data[:4096]):
        return canonical(match[1].decode("ascii", "replace"))
    try:
        urls = declared(parse(to_text(data), NOWHERE)).urls
    except RejectedError:
        return NOWHERE
    return next((url for url in urls if url != NOWHERE), NOWHERE)
