"""What must hold before a fetch begins and before its manifest is published."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from curate.core.counted import counted
from curate.core.errors import (
    Again,
    DeniedError,
    Do,
    GateError,
    LayoutError,
    Run,
    To,
    TryLaterError,
    UsageError,
)
from curate.core.recipe import Source
from curate.core.recipe_source import ONLY_OF_A_SITE
from curate.core.schemas import REASONS, FetchRow
from curate.fetch import additions, ownership, starts
from curate.fetch.crawled import DECIDED, Crawled
from curate.fetch.download import Downloads
from curate.fetch.http import browser
from curate.fetch.sources import expression_values

_RESERVED = (".example", ".invalid", ".test", ".example.com", ".example.org", ".example.net")  # RFC 2606
_ELSEWHERE = (To("see a whole run", Run("demo")), To("use photos that you have", Run("import", ("PATH",))))
_UNREACHABLE = {
    "body_truncated", "connect_failed", "deadline", "dns", "http_server_error", "page_truncated", "tls",
}  # fmt: skip
# Decided by the page, the recipe or the folder: a request changes nothing.
_OF_CONTENT = {"bad_url", "hash_mismatch", "link", "missing_field", "not_gallery", "unreadable"}
_DENIED = {"forbidden", "noai", "robots"}


def check_source(config: Source) -> None:
    """Raise UsageError when there is nothing to fetch from."""
    if not any(config.listings.values()):
        raise UsageError("source.listings names no URL to start from", Do("add one per class"), *_ELSEWHERE)
    found = starts.starts(config)
    for host in sorted(starts.hosts(found)):
        if f".{host.partition(':')[0]}".endswith(_RESERVED):
            raise UsageError(
                f"source.listings still has the placeholder {host}",
                Do("put in a site whose terms allow it"),
                *_ELSEWHERE,
            )
    _check_classes(found, config)
    expression_values.check(config)
    if config.render != "never":
        browser.executable()


def _check_classes(found: Sequence[starts.Start], config: Source) -> None:
    """Raise UsageError where two classes would have the same listings."""
    first: dict[tuple[str, str], str] = {}
    for start in found:
        for url in start.urls:
            name = first.setdefault((url, config.listing_url.get(start.class_name, "")), start.class_name)
            if name != start.class_name:
                raise UsageError(
                    f"source.listings: {name} and {start.class_name} both start at {url}, one list",
                    Do("give each a page of its own, or a pattern of its own in source.listing_url"),
                )


def check_reasons(retry: Collection[str]) -> None:
    """Raise UsageError for a reason that no photo is rejected for, or that no other answer can cure."""
    curable = sorted(REASONS["fetch"].keys() - _OF_CONTENT)
    if unknown := sorted(set(retry) - set(curable)):
        raise UsageError(
            f"--retry {unknown[0]}: no reason that another request may cure; those are {', '.join(curable)}"
        )


def check_site(options: Mapping[str, object]) -> None:
    """Raise UsageError for options of a site, by name, where the recipe names photos that the person has."""
    if idle := [name for name, value in options.items() if value]:
        raise UsageError(f"{', '.join(idle)}: {ONLY_OF_A_SITE}", Do("fetch without"))


def since(written: str) -> str:
    """A date as YYYY-MM-DD, as far as one is written. Raises UsageError for what is no date."""
    try:
        return date.fromisoformat(written).isoformat() if written else ""
    except ValueError as error:
        raise UsageError(f"--since {written} is no date; write it as 2026-01-31") from error


def check_found(crawled: Crawled, config: Source) -> None:
    """Raise when a class has no listing at all.

    TryLaterError for a site out of reach, DeniedError for one that does not let us in, LayoutError otherwise.
    """
    found = {class_name for class_name, _ in crawled.listings}
    empty = [
        name for name in config.listings if config.listings[name] and name not in found | crawled.skipped_classes
    ]
    failures = [failure for failure in crawled.failures if failure.class_name in empty]
    if not empty or crawled.deferred:
        return
    first = {(urlsplit(failure.url).netloc, failure.reason, failure.detail): failure for failure in failures[::-1]}
    causes = list(first.values())[::-1][:3]  # what is the matter with a host is said once
    why = "; ".join(f"{failure.url}: {failure.reason} ({failure.why})" for failure in causes)
    if failures and all(failure.reason in _UNREACHABLE for failure in failures):
        raise TryLaterError(f"the site cannot be reached: {why}", Do("try again later"), *_ELSEWHERE)
    if failures and all(failure.reason in _DENIED for failure in failures):
        raise DeniedError(f"the site does not let us in: {why}", Do("ask its owner for permission"), *_ELSEWHERE)
    for name in empty:
        if count := crawled.left_out[name]:
            addresses = counted(count, "address does", "addresses do")
            pattern, shown = config.listing_url[name], crawled.left_out_first[name]
            said = f"{addresses} not match source.listing_url of {name}, {pattern}, e.g. {shown}"
            why = f"{why}; {said}" if why else said
    names = ", ".join(empty)
    raise LayoutError(f"no listing of {names} was found: {why or 'all were found under another class first'}")


def check_whole(crawled: Crawled, found: Downloads, kept: int) -> None:
    """Raise where it is not known how much is missing: TryLaterError, or DeniedError when a host refuses us.

    `kept` photos are safe.
    """
    pages = [failure.detail for failure in crawled.deferred]
    pages += [  # who knows what comes after an index page that failed
        f"{failure.url}: {failure.reason} ({failure.why})"
        for failure in crawled.failures
        if failure.reason not in DECIDED and failure.url in crawled.index_urls
    ]
    denied = [waiting for waiting in found.waiting.values() if waiting.is_denied]
    safe = counted(kept, "photo is", "photos are")
    counts = {"photo": len(found.waiting), "page": len(pages)}
    many = " and ".join(counted(count, what) for what, count in counts.items() if count)
    if waiting := pages + [waiting.why for waiting in found.waiting.values() if not waiting.is_denied]:
        raise TryLaterError(
            f"{many} {'has' if sum(counts.values()) == 1 else 'have'} to wait: {waiting[0]}. {safe} safe",
            To("go on", Again(later=True)),
        )
    if denied:
        refused = counted(len(denied), "photo was", "photos were")
        raise DeniedError(f"{refused} refused: {denied[0].why}. The other {safe} safe", *denied[0].remedies)


def check_drop(before: Sequence[FetchRow], now: Sequence[FetchRow]) -> None:
    """Raise GateError when more than half of the listings, or of those that state a field, are gone.

    Of `before` and `now`, rows that were gone already do not count.
    """
    before, now = additions.pruned(before), additions.pruned(now)
    for name in ("listing_id", "title", "price", "year", "region", "city"):
        counts = [
            len({row.listing_id for row in rows if row.listing_id and getattr(row, name) not in ("", None)})
            for rows in (before, now)
        ]
        if 2 * counts[1] < counts[0]:
            what = "listings" if name == "listing_id" else f"listings with a {name}"
            raise GateError(
                f"{counts[1]} {what}, {counts[0]} the last time: the site or the recipe may have changed. "
                "No photo is deleted",
                To("accept it", Run("fetch", ("--accept-drop",))),
                To("read the site once more", Run("fetch", ("--refresh",))),
            )


def check_photos_left(folder: Path, now: Sequence[FetchRow]) -> None:
    """Raise GateError where fetch.csv cannot be read and photos that it may have kept are not offered now."""
    before = ownership.photos(folder)
    if gone := ownership.given_up(folder, before, {row.path for row in now}):
        raise GateError(
            f"{len(gone)} of {len(before):,} photos in {folder} are no longer offered, and fetch.csv, which "
            "describes them, cannot be read",
            Do("put it back"),
            To("delete these photos", Run("fetch", ("--prune",))),
        )
