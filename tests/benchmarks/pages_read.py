"""How much `adapter: auto` reads of pages whose content is known: listings, photos, wrong photos, fields.

    python -m tests.benchmarks.pages_read FOLDER [NN]    # FOLDER/NN.html and NN.json; NN: its faults

NN.json: {"url", "kind": "list" or "listing", "next": address or null, "listings": [{"url", "title", "price",
"currency", "year", "make", "model", "region", "city", "seller_type", "photos": [[addresses of one photo], ...]}]}.

A listing counts as read where one is found with its address, or else with one of its photos; a link where it has
its address. A photo counts where its address, or another one kept of it, is one of the photo's. A wrong photo is
of no listing of the page, of another one, or there twice. Write the pages, or have them written, before the reader
sees them: what it was mended for says nothing of the next site.
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qsl, unquote

from curate.core.errors import CurateError, RejectedError
from curate.fetch.http.url import canonical_url
from curate.fetch.sources import auto
from curate.fetch.sources.listing import Found, Listing, PhotoLink

FIELDS = {"title": "title", "price": "price", "currency": "currency", "year": "year", "make": "make",
          "model": "model", "region": "region", "city": "city", "seller_type": "seller"}  # fmt: skip


def _plain(url: str) -> str:
    """An address so that two ways to write it are equal: escapes, port, scheme and www. do not count."""
    try:
        written = canonical_url(url)
    except CurateError:
        written = url
    without = written.split("#")[0].rstrip("/").split("://", 1)[-1].removeprefix("www.")
    return unquote(without)


def _same_page(url: str, other: str) -> bool:
    """Do two addresses lead to one page? Where both have a key in their query it has one value."""
    path, _, query = _plain(url).partition("?")
    other_path, _, other_query = _plain(other).partition("?")
    said, others = dict(parse_qsl(query)), dict(parse_qsl(other_query))
    return path.rstrip("/") == other_path.rstrip("/") and all(
        said[key] == others[key] for key in said.keys() & others
    )


def _addresses(photo: PhotoLink) -> set[str]:
    return {_plain(url) for url in (photo.url, *photo.aliases)}


def _is_one_of(photo: set[str], addresses: set[str]) -> bool:
    """Is a photo at one of these addresses? Some may be templates, as in {@width}/7.jpg, which the photo fills."""
    if photo & addresses:
        return True
    patterns = [re.sub(r"\\\{@?\w+\\\}", "[^/?&]+", re.escape(one)) for one in addresses if "{" in one]
    return any(re.fullmatch(pattern, url) for pattern in patterns for url in photo)


def _photos(listing: Listing) -> list[set[str]]:
    return [_addresses(photo) for photo in listing.photos if not photo.reason]


def _same(field: str, told: Any, read: Any) -> bool:
    if field in ("price", "year"):
        digits = "".join(part for part in str(told) if part.isdigit() or part == ".")
        return read is not None and bool(digits) and abs(float(read) - float(digits)) < 1
    return " ".join(str(told).split()).casefold() == " ".join(str(read or "").split()).casefold()


def _pairs(truth: list[dict[str, Any]], found: Found) -> Iterator[tuple[dict[str, Any], Listing | None]]:
    """Each true listing with the one read as it: by address, else by the most photos in common."""
    left = list(found.listings)
    waiting = []
    for one in truth:
        url = one.get("url") or ""
        same = next((listing for listing in left if url and _plain(listing.page_url) == _plain(url)), None)
        same = same or next((listing for listing in left if url and _same_page(listing.page_url, url)), None)
        if same is None:
            waiting.append(one)
        else:
            left.remove(same)
            yield one, same
    for one in waiting:
        theirs = {_plain(url) for photo in one["photos"] for url in photo}
        shared = [sum(bool(photo & theirs) for photo in _photos(listing)) for listing in left]
        titled = [bool(one.get("title")) and _same("title", one["title"], listing.title) for listing in left]
        best = max(range(len(left)), key=lambda k: (shared[k], titled[k]), default=None)
        if best is None or not (shared[best] or titled[best]):
            yield one, None
        else:
            yield one, left.pop(best)


def measure(page: Path, counts: Counter[str]) -> list[str]:
    """Count what is read of one page into `counts`; its faults in words."""
    truth = json.loads(page.with_suffix(".json").read_text("utf-8"))
    try:
        found = auto.extract(page.read_text("utf-8"), truth["url"], truth["kind"] == "listing")
    except RejectedError as error:
        found, faults = Found(), [f"refused: {error}"]
    else:
        faults = []
    pairs = list(_pairs(truth["listings"], found))
    counts.update(
        pages=1, listings=len(truth["listings"]), listings_read=sum(read is not None for _, read in pairs)
    )
    faults += [f"lost: {one.get('url') or one.get('title')}" for one, read in pairs if read is None]
    matched = [read for _, read in pairs if read is not None]
    extra = [listing for listing in found.listings if listing not in matched]
    faults += [f"no listing: {listing.page_url} {listing.title!r}" for listing in extra]
    counts["extra"] += len(extra)
    wrong = [(listing, photo) for listing in extra for photo in _photos(listing)]
    for one, listing in pairs:
        theirs = [{_plain(url) for url in photo} for photo in one["photos"]]
        hit: set[int] = set()
        for photo in _photos(listing) if listing else []:
            which = next((k for k, addresses in enumerate(theirs) if _is_one_of(photo, addresses)), None)
            if which is None or which in hit:
                wrong.append((listing, photo))  # type: ignore[arg-type]
            else:
                hit.add(which)
        counts.update(photos=len(theirs), photos_read=len(hit))
        faults += [f"no photo: {sorted(theirs[k])[0]}" for k in range(len(theirs)) if k not in hit]
        if listing and one.get("url"):
            linked = _same_page(listing.page_url, one["url"])
            counts.update(links=1, links_read=linked)
            faults += [] if linked else [f"no link: {listing.page_url}, not {one['url']}"]
        for field, name in FIELDS.items() if listing else ():
            if one.get(field) not in (None, ""):
                same = _same(field, one[field], getattr(listing, name))
                counts[f"{field} told"] += 1
                counts[f"{field} read"] += same
                if not same:
                    faults.append(f"  {field}: {getattr(listing, name)!r}, not {one[field]!r}")
            elif getattr(listing, name) not in ("", None):
                counts[f"{field} more"] += 1
                faults.append(f"  {field}: {getattr(listing, name)!r}, where the page is said to have none")
    faults += [f"wrong photo: {listing.title!r} {sorted(photo)[0]}" for listing, photo in wrong]
    counts["wrong"] += len(wrong)
    if truth.get("next"):
        right = _plain(truth["next"]) in {_plain(url) for url in found.next_urls}
        counts.update(next=1, next_read=right)
        faults += [] if right else [f"next: {list(found.next_urls)}, not {truth['next']}"]
    counts["exact"] += not [fault for fault in faults if not fault.startswith("  ")]
    return faults


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", help="numbers: print the faults of these pages")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    seconds = []
    for page in sorted(options.folder.glob("*.html")):
        before = counts.copy()
        started = time.process_time()
        faults = measure(page, counts)
        seconds.append(time.process_time() - started)
        now = counts - before
        print(
            f"{page.stem}: {now['listings_read']} of {now['listings']} listings, {now['photos_read']} of "
            f"{now['photos']} photos, {now['wrong']} wrong{'' if now['exact'] else '; faults'}"
        )
        if page.stem in options.pages:
            print("\n".join(f"    {fault}" for fault in faults))
    photos_read = counts["photos_read"] + counts["wrong"]
    print(
        f"{counts['exact']} of {counts['pages']} pages without a fault; {counts['extra']} listings that are none"
    )
    print(f"listings {counts['listings_read'] / max(1, counts['listings']):.1%} of {counts['listings']}")
    print(f"links {counts['links_read'] / max(1, counts['links']):.1%} of those listings")
    print(f"photos {counts['photos_read'] / max(1, counts['photos']):.1%} of {counts['photos']}")
    print(f"wrong photos {counts['wrong'] / max(1, photos_read):.1%} of those read")
    print(f"next pages {counts['next_read']} of {counts['next']}")
    print(f"processor time a page: median {median(seconds or [0]):.2f} s, at most {max(seconds, default=0):.2f} s")
    for field in FIELDS:
        if told := counts[f"{field} told"]:
            more = f"; {counts[f'{field} more']} where there is none" if counts[f"{field} more"] else ""
            print(f"{field} {counts[f'{field} read'] / told:.0%} of {told}{more}")


if __name__ == "__main__":
    main()
