"""Which photos are of one listing, by their names: `car07_3.jpg` beside `car07_4.jpg`."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from curate.core.counted import counted
from curate.core.errors import UsageError
from curate.fetch.sources.tree import LocalPhoto, Offered, without_split

_COUNTER = re.compile(r"[ _.-]+\(?\d{1,6}\)?$")  # what numbers the photos of one listing


def prefix(name: str) -> str:
    """The name of a photo without folder, suffix and the number at its end; "" where it has no such number."""
    stem = PurePosixPath(name).stem
    found = _COUNTER.search(stem[-12:])
    return stem[: len(stem[:-12]) + found.start()] if found else ""


def grouped(offered: Offered, group_by: str) -> Offered:
    """The photos with their listings: by `prefix`, or by what a regular expression finds in their paths.

    The first group of the expression names the listing, or all that it matches where it has none. The folder of a
    split is no part of the name. A photo that names its listing otherwise keeps it. Raises UsageError.
    """
    if not group_by:
        if not (name := shared_prefix(offered.items)):
            return offered
        how = (
            "write group_by: prefix below source.path in the recipe; without a path, import with --group-by prefix"
        )
        said = f"names such as {name} share a prefix: if it names the listing, {how}"
        return replace(offered, remarks=(*offered.remarks, said))
    try:
        pattern = None if group_by == "prefix" else re.compile(group_by)
    except re.error as error:
        raise UsageError(f"--group-by {group_by}: no regular expression, {error}; or write prefix") from error
    items, again = (tuple(_named(item, pattern) for item in part) for part in (offered.items, offered.again))
    listings = len({item.listing for item in items})
    if listings == len(items):
        raise UsageError(f"--group-by {group_by}: no two photos are of one listing by that, e.g. {items[0].name}")
    return Offered(items, (*offered.remarks, f"{counted(listings, 'listing')} by group_by: {group_by}"), again)


def _named(item: LocalPhoto, pattern: re.Pattern[str] | None) -> LocalPhoto:
    """The photo with the listing that `pattern` finds in its path; without a pattern, its prefix."""
    if pattern is None:
        shared = prefix(item.name)
        named = f"{PurePosixPath(item.name).parent}/{shared}" if shared else ""
    else:
        match = pattern.search(item.name)
        named = (match[1] if pattern.groups else match[0]) or "" if match else ""
    if item.listing_id or not named:
        return item
    where, _, last = named.rpartition("/")
    return replace(item, folder="/".join(filter(None, (without_split(where, item.class_name), last))))


def shared_prefix(items: Sequence[LocalPhoto]) -> str:
    """A name, where names suggest listings that nothing else names; else empty."""
    if any(item.listing_id or item.folder or item.is_url for item in items):
        return ""
    counts = Counter((item.class_name, prefix(item.name)) for item in items if prefix(item.name))
    shared = sum(count for count in counts.values() if count > 1)
    if 2 * shared < len(items) or len(counts) < 2 * len({item.class_name for item in items}):
        return ""
    return next(item.name for item in items if prefix(item.name))
