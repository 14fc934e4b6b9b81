"""Photos into the folder: checked by decoding, their original bytes kept under their sha256."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from curate.core import manifest
from curate.core.counted import counted
from curate.core.errors import (
    Again,
    CurateError,
    DeniedError,
    Do,
    GateError,
    RejectedError,
    Remedy,
    StateError,
    To,
    TryLaterError,
)
from curate.core.executors import MapFn
from curate.core.files import crash_point
from curate.core.progress import progress
from curate.core.recipe import Photos
from curate.core.schemas import REASONS, FetchRow
from curate.fetch.http.client import Client, Response
from curate.fetch.http.response import PassingError
from curate.fetch.http.signed_url import unsigned, without_signatures
from curate.fetch.http.url import host_of
from curate.fetch.journal import Journal
from curate.photos import decode, store

ELSEWHERE = {"forbidden", "gone", "http_client_error", "not_an_image"}  # another URL may have the photo
_DOUBTFUL = ELSEWHERE | {"bad_encoding", "empty", "protocol"}  # another answer may come later
_DECODED_SIDE = 160  # pixels; enough to see that all of a JPEG is there and that it shows something


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo: stored, or refused with a reason of `schemas.REASONS`."""

    path: str = ""  # relative to the manifest's folder
    sha256: str = ""
    bytes: int = 0
    width: int = 0  # pixels, upright; of a photo that was refused, where they are known
    height: int = 0
    reason: str = ""
    why: str = ""  # of a photo that is deferred, offsite, or that made the code raise; holds no signature

    def record(self) -> dict[str, Any]:
        """What the journal holds of it."""
        return {name: getattr(self, name) for name in _FIELDS}

    def columns(self) -> dict[str, Any]:
        """What it says in the columns of a `FetchRow`."""
        said = {name: getattr(self, name) for name in ("path", "sha256", "bytes", "width", "height", "reason")}
        return said | {"keep": not self.reason}


_OUTCOME = TypeAdapter(Outcome)
_FIELDS = tuple(field.name for field in fields(Outcome))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A photo whose host asked us to wait, or refuses us."""

    why: str
    is_denied: bool = False
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class Downloads:
    """What became of photos, by what names each."""

    outcomes: dict[str, Outcome]
    waiting: dict[str, Waiting]


def check(data: bytes, limits: Photos) -> decode.Decoded:
    """Decode a photo. Raises RejectedError when it is none, or not all of it is there."""
    decoded = decode.decode(data, at_least=_DECODED_SIDE, max_pixels=limits.max_megapixels * 10**6)
    decode.check(decoded, limits.min_side)
    return decoded


def keep(folder: Path, data: bytes, decoded: decode.Decoded) -> Outcome:
    """Store a photo's original bytes, see `store.put`."""
    path, sha256 = store.put(folder, data, decoded.format)
    return Outcome(path, sha256, len(data), decoded.width, decoded.height)


def refused(error: RejectedError) -> Outcome:
    """What becomes of a photo that cannot be used."""
    width, height = error.size
    if isinstance(error, PassingError):
        return Outcome(width=width, height=height, reason="deferred", why=without_signatures(str(error)))
    why = without_signatures(str(error)) if error.reason == "offsite" else ""  # the log says which host it is
    return Outcome(width=width, height=height, reason=error.reason, why=why)


def from_web(
    client: Client, folder: Path, max_bytes: int, limits: Photos, urls: Iterable[str], page: str = ""
) -> Outcome:
    """Fetch one photo: from the first of `urls`, or from the next where the server has no photo there.

    `page` is the page that shows it.
    """
    outcome = None
    for url in urls:
        found: list[decode.Decoded] = []

        def look(response: Response, found: list[decode.Decoded] = found) -> None:
            found[:] = [check(response.data, limits)]

        try:
            response = client.get(url, max_bytes, "photo", look, {"Referer": page})
            return keep(folder, response.data, found[0])
        except RejectedError as error:
            outcome = outcome or refused(error)
            if error.reason not in ELSEWHERE:
                break
    return outcome or Outcome(reason="bad_url")


def fetch_all(
    client: Client,
    folder: Path,
    journal: Journal,
    max_bytes: int,
    limits: Photos,
    photos: Mapping[str, tuple[str, ...]],
    map_fn: MapFn,
    pages: Mapping[str, str] = MappingProxyType({}),
) -> Downloads:
    """Fetch `photos`: what names each, with the URLs to try. `pages`: the page that shows each.

    What the journal knows is not fetched again, as long as its file is still there and whole, nor asked for again
    where it was refused. What the server had no photo for is asked for once more at the end, unless it is gone at
    several addresses. The photos are forced to the disk together, when all are there.
    """
    found = Downloads({}, {})
    wanted = {}
    for name, urls in photos.items():
        if (known := _remembered(folder, journal, name)) is not None:
            found.outcomes[name] = known
            if not known.reason:
                client.gave(urls[0])
        else:
            wanted[name] = urls
    work = partial(fetch_one, client, folder, journal, max_bytes, limits, pages)
    results = progress(map_fn(work, wanted.items()), "fetch", len(photos), done=len(found.outcomes))
    for name, outcome in zip(wanted, results, strict=True):
        found.waiting.update({name: outcome} if isinstance(outcome, Waiting) else {})
        found.outcomes.update({name: outcome} if isinstance(outcome, Outcome) else {})
    doubtful = {
        name: wanted[name]
        for name in wanted
        if name in found.outcomes and _is_doubtful(found.outcomes[name], len(wanted[name]))
    }
    for name, outcome in zip(doubtful, map_fn(work, doubtful.items()), strict=True):
        if isinstance(outcome, Outcome) and outcome.reason not in _DOUBTFUL:
            found.outcomes[name] = outcome
    store.sync(folder, {outcome.path for outcome in found.outcomes.values() if outcome.path})
    for name in doubtful:
        if found.outcomes[name].reason == "forbidden":
            journal.add("refused", name, found.outcomes[name].record())
    return found


def _is_doubtful(outcome: Outcome, addresses: int) -> bool:
    """May another answer come later? A second address was a second look at a photo that is gone."""
    return outcome.reason in _DOUBTFUL and not (outcome.reason == "gone" and addresses > 1)


def remember(folder: Path, journal: Journal) -> None:
    """Photos of the manifest that is there need not be fetched again: their rows count as journaled."""
    try:
        rows = manifest.read(folder, FetchRow)
    except StateError:  # there is no manifest, or it cannot be trusted
        return
    for row in rows:
        name = unsigned(row.image_url)
        if row.keep and journal.get("photo", name) is None:
            outcome = Outcome(row.path, row.sha256, row.bytes, row.width, row.height)
            journal.add("photo", name, outcome.record())


def fetch_one(
    client: Client,
    folder: Path,
    journal: Journal,
    max_bytes: int,
    limits: Photos,
    pages: Mapping[str, str],
    item: tuple[str, tuple[str, ...]],
) -> Outcome | Waiting:
    """Fetch one photo, given what names it and the URLs to try, and note it in the journal."""
    name, urls = item
    try:
        outcome = from_web(client, folder, max_bytes, limits, urls, pages.get(name, ""))
    except (TryLaterError, DeniedError) as error:
        return Waiting(without_signatures(str(error)), isinstance(error, DeniedError), error.remedies)
    except (CurateError, MemoryError):
        raise
    except Exception as error:  # whatever one photo makes the code raise is about that photo
        said = without_signatures(f"{type(error).__name__}: {error}")[:500]
        outcome = Outcome(reason="internal_error", why=said)
    why = {"why": outcome.why} if outcome.why else {}
    client.note("photo", name, reason=outcome.reason, bytes=outcome.bytes, **why)
    crash_point("between_photo_and_journal")
    if not outcome.reason:  # what failed gets another chance when an interrupted run goes on
        journal.add("photo", name, outcome.record())
    crash_point("after_journal")
    return outcome


def _remembered(folder: Path, journal: Journal, name: str) -> Outcome | None:
    if (outcome := journal.read("photo", name, _OUTCOME)) is None:
        return journal.read("refused", name, _OUTCOME)
    return outcome if store.is_whole(folder, outcome.path) else None


def check_kept(rows: Sequence[FetchRow], class_names: Iterable[str]) -> None:
    """Raise GateError when all photos of a class were rejected, or when it has none."""
    reasons: dict[str, Counter[str]] = {name: Counter() for name in class_names}
    for row in rows:
        if row.class_name in reasons:
            reasons[row.class_name][row.reason] += 1
    for name, counts in reasons.items():
        if "" not in counts:
            why, remedy = "its listings offered none", Do("look at their pages in a browser")
            if counts:
                reason, most = max(counts.items(), key=lambda item: (item[1], item[0]))
                first = next(row for row in rows if (row.class_name, row.reason) == (name, reason))
                url = first.image_url or first.page_url
                of = f"{most} of {counted(counts.total(), 'photo')} {'was' if most == 1 else 'were'}"
                why = f"{of} refused as {reason} ({REASONS['fetch'][reason]}), e.g. {url}"
                remedy = _cure(reason, [row for row in rows if row.class_name == name])
            raise GateError(f"no photo of {name} was kept: {why}. Nothing was published", To("", remedy, Again()))


def _cure(reason: str, rows: Sequence[FetchRow]) -> Do:
    """What a person can do about photos that were refused for `reason`."""
    if reason == "offsite":
        return Do(f"add {' and '.join(offsite_hosts(rows)) or 'their host'} to source.politeness.image_hosts")
    if reason in ("forbidden", "noai", "robots"):
        return Do("ask the site's owner for permission")
    return Do("look at one of them, and at what the recipe says of such photos")


def offsite_hosts(rows: Iterable[FetchRow]) -> list[str]:
    """The hosts of photos that the recipe does not allow; a page's own host only leads to one."""
    pairs = {(host_of(row.image_url), host_of(row.page_url)) for row in rows if row.reason == "offsite"}
    return sorted({photo.partition(":")[0] for photo, page in pairs if photo and photo != page})
