"""Where the listings of each class start: pages, sitemaps, and files with the address of a listing a line."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from curate.core.errors import RejectedError, UsageError
from curate.core.recipe import Source
from curate.fetch.http.url import canonical_url
from curate.fetch.sources.api_request import first


@dataclass(frozen=True, slots=True)
class Start:
    """One entry of `source.listings`."""

    class_name: str
    written: str  # an address, which may hold `{page}` or `{cursor}`; or a file
    url: str  # canonical, of the first page; "" for a file
    listings: tuple[str, ...] = ()  # the addresses that a file holds, canonical

    @property
    def urls(self) -> tuple[str, ...]:
        """What is asked for first."""
        return self.listings or (self.url,)


def starts(config: Source) -> list[Start]:
    """All entries, in the recipe's order. Raises UsageError for one that is neither a URL nor a file of them."""
    found = []
    for class_name, entries in config.listings.items():
        for written in entries:
            try:
                if _is_file(written):
                    found.append(Start(class_name, written, "", tuple(_read(Path(written)))))
                else:
                    found.append(Start(class_name, written, first(written, config)))
            except RejectedError as error:
                raise UsageError(f"source.listings: {error.detail}") from error
    return found


def digests(config: Source) -> dict[str, str]:
    """The sha256 of the addresses in each file of them that can be read, whatever their order."""
    found = {}
    for written in {each for entries in config.listings.values() for each in entries if _is_file(each)}:
        with suppress(UsageError):
            found[written] = hashlib.sha256("\n".join(sorted(_read(Path(written)))).encode()).hexdigest()
    return found


def _is_file(written: str) -> bool:
    return "://" not in written[:10]


def _read(path: Path) -> Iterator[str]:
    """The addresses in a file, each once; empty lines and those that begin with # say nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"source.listings: {path} is no URL (https://…), and no file with one a line can be read there"
        ) from error
    seen = set()
    for number, line in enumerate(lines, 1):
        if not (text := line.strip()) or text.startswith("#"):
            continue
        try:
            url = canonical_url(text)
        except RejectedError as error:
            raise UsageError(f"{path}:{number}: {error.detail}") from error
        if url not in seen:
            seen.add(url)
            yield url
    if not seen:
        raise UsageError(f"{path}: no URL in it; write one a line")


def hosts(found: list[Start]) -> set[str]:
    """The site's own hosts, with their ports."""
    return {urlsplit(url).netloc for start in found for url in start.urls}
