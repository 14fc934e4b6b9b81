"""Photos into the folder: checked by decoding, their original bytes kept under their sha256."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from curate.core import manifest
from curate.core.errors import GateError, RejectedError, StateError, TryLaterError
from curate.core.executors import MapFn
from curate.core.files import crash_point
from curate.core.progress import progress
from curate.core.recipe import Photos
from curate.core.schemas import REASONS, FetchRow
from curate.fetch.http.client import Client, Response
from curate.fetch.journal import Journal
from curate.photos import decode, store

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


@dataclass(frozen=True, slots=True)
class Deferred:
    """A photo or page that has to wait, and why."""

    why: str


def check(data: bytes, limits: Photos) -> decode.Picture:
    """Decode a photo. Raises RejectedError when it is none, or not all of it is there."""
    picture = decode.decode(data, at_least=_DECODED_SIDE, max_pixels=limits.max_megapixels * 10**6)
    decode.check(picture, limits.min_side)
    return picture


def keep(folder: Path, data: bytes, picture: decode.Picture) -> Outcome:
    """Store a photo's original bytes."""
    path, sha256 = store.put(folder, data, picture.format)
    return Outcome(path, sha256, len(data), picture.width, picture.height)


def refused(error: RejectedError) -> Outcome:
    """What becomes of a photo that cannot be used."""
    width, height = error.size
    return Outcome(width=width, height=height, reason=error.reason)


def from_web(client: Client, folder: Path, max_bytes: int, limits: Photos, urls: Iterable[str]) -> Outcome:
    """Fetch one photo: from the first of `urls`, or from the next where the server has no photo there."""
    outcome = None
    for url in urls:
        pictures: list[decode.Picture] = []

        def look(response: Response, pictures: list[decode.Picture] = pictures) -> None:
            pictures[:] = [check(response.data, limits)]

        try:
            response = client.get(url, max_bytes, "photo", look)
            return keep(folder, response.data, pictures[0])
        except RejectedError as error:
            outcome = outcome or refused(error)
            if error.reason not in ("forbidden", "gone", "http_client_error", "not_an_image"):
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
) -> tuple[dict[str, Outcome], list[str]]:
    """Fetch `photos`, a canonical URL each with the URLs to try. Returns outcomes, and why others must wait.

    What the journal knows is not fetched again, as long as its file is still there and whole.
    """
    outcomes: dict[str, Outcome] = {}
    wanted = {}
    for url, urls in photos.items():
        if (known := _remembered(folder, journal, url)) is not None:
            outcomes[url] = known
        else:
            wanted[url] = urls
    deferred = []
    work = partial(_fetch_one, client, folder, journal, max_bytes, limits)
    answers = progress(map_fn(work, wanted.items()), "fetch", len(photos), done=len(outcomes))
    for url, outcome in zip(wanted, answers, strict=True):
        if isinstance(outcome, Deferred):
            deferred.append(outcome.why)
        else:
            outcomes[url] = outcome
    return outcomes, deferred


def remember(folder: Path, journal: Journal) -> None:
    """Photos of the manifest that is there need not be fetched again: their rows count as journaled."""
    try:
        rows = manifest.read(folder, FetchRow)
    except StateError:  # there is no manifest, or it cannot be trusted
        return
    for row in rows:
        if row.keep and journal.get("photo", row.image_url) is None:
            outcome = Outcome(row.path, row.sha256, row.bytes, row.width, row.height)
            journal.add("photo", row.image_url, asdict(outcome))


def _fetch_one(
    client: Client,
    folder: Path,
    journal: Journal,
    max_bytes: int,
    limits: Photos,
    item: tuple[str, tuple[str, ...]],
) -> Outcome | Deferred:
    url, urls = item
    try:
        outcome = from_web(client, folder, max_bytes, limits, urls)
    except TryLaterError as error:
        return Deferred(str(error))
    crash_point("between_photo_and_journal")
    if not outcome.reason:  # what failed gets another chance when an interrupted run goes on
        journal.add("photo", url, asdict(outcome))
    crash_point("after_journal")
    return outcome


def _remembered(folder: Path, journal: Journal, url: str) -> Outcome | None:
    record = journal.get("photo", url)
    if record is None:
        return None
    outcome = Outcome(**record)
    return outcome if store.is_whole(folder, outcome.path) else None


def check_kept(rows: Sequence[FetchRow], class_names: Iterable[str]) -> None:
    """Raise GateError when all photos of a class were rejected, or when it has none."""
    reasons: dict[str, Counter[str]] = {name: Counter() for name in class_names}
    for row in rows:
        if row.class_name in reasons:
            reasons[row.class_name][row.reason] += 1
    for name, counts in reasons.items():
        if "" not in counts:
            why = "its listings offered none"
            if counts:
                reason, most = max(counts.items(), key=lambda item: (item[1], item[0]))
                url = next(row.image_url for row in rows if (row.class_name, row.reason) == (name, reason))
                why = f"{most} of {counts.total()} are {reason} ({REASONS['fetch'][reason]}), e.g. {url}"
            raise GateError(f"no photo of {name} was kept: {why}. Nothing was published; mend it and run again")
