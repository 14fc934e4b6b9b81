"""Which photos are of one listing: by their sub-folder, `car07/3.jpg`, or by their names, `car07_3.jpg`."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from curate.core.counted import counted
from curate.core.errors import UsageError
from curate.fetch.sources.tree import LocalPhoto, Offered, without_split

FOLDER = "folder"  # as group_by: each sub-folder of a class is a listing, however few there are
_FEWEST_LISTINGS = 3  # sub-folders of a class that are taken for listings unasked
_HOW = "write group_by: {0} below source.path in the recipe; without a path, import with --group-by {0}"
_COUNTER = re.compile(r"[ _.-]+\(?\d{1,6}\)?$")  # what numbers the photos of one listing


def prefix(name: str) -> str:
    """The name of a photo without folder, suffix and the number at its end; "" where it has no such number."""
    stem = PurePosixPath(name).stem
    found = _COUNTER.search(stem[-12:])
    return stem[: len(stem[:-12]) + found.start()] if found else ""


def grouped(offered: Offered, group_by: str) -> Offered:
    """The photos with their listings, as `by_names` finds them; without `group_by` as `by_folders` does.

    Where names share a prefix, which may name the listing, that is remarked. Raises UsageError.
    """
    if group_by:
        return by_names(offered if group_by == FOLDER else by_folders(offered), group_by)
    offered = by_folders(offered)
    if not (name := shared_prefix(offered.items)):
        return offered
    said = f"names such as {name} share a prefix: if it names the listing, {_HOW.format('prefix')}"
    return replace(offered, remarks=(*offered.remarks, said))


def by_folders(offered: Offered) -> Offered:
    """Say which sub-folders are listings: all, unless a class has one or two and they sort it otherwise."""
    folders: dict[str, set[str]] = defaultdict(set)
    for item in offered.items:
        if item.folder:
            folders[item.class_name].add(item.folder)
    if not folders:
        return offered
    if min(map(len, folders.values())) < _FEWEST_LISTINGS:
        said = (
            f"sub-folders are not taken for listings: a class has fewer than {_FEWEST_LISTINGS} of them; "
            f"if each is a listing, {_HOW.format(FOLDER)}"
        )
        items, again = (
            tuple(replace(item, folder="") for item in part) for part in (offered.items, offered.again)
        )
        return Offered(items, (*offered.remarks, said), again)
    total = sum(map(len, folders.values()))
    same = "; those of one name in two splits are the same" if any(item.split for item in offered.items) else ""
    said = f"each of {total:,} sub-folders is taken for one listing{same}"
    return replace(offered, remarks=(*offered.remarks, said))


def by_names(offered: Offered, group_by: str) -> Offered:
    """The photos with their listings: by `folder`, `prefix`, or what a regular expression finds in their paths.

    The first group of the expression names the listing, or all that it matches where it has none. The folder of a
    split is no part of the name. A photo that names its listing otherwise keeps it. Raises UsageError.
    """
    try:
        pattern = None if group_by == "prefix" else re.compile(group_by)
    except re.error as error:
        raise UsageError(
            f"--group-by {group_by}: no regular expression, {error}; or write prefix or folder"
        ) from error
    items, again = offered.items, offered.again
    if group_by != FOLDER:
        items, again = (tuple(_named(item, pattern) for item in part) for part in (items, again))
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
