"""The leaks of a dataset as one HTML page: pairs of duplicates, and listings with photos of each split."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from curate.audit import page
from curate.audit.labelled import Labelled
from curate.audit.leaks import Leaks, Pair
from curate.core.counted import counted, some_of
from curate.core.schemas import SPLITS

PAIRS = 100  # on the page, those with two class names first
LISTINGS = 50  # on the page
PER_SPLIT = 2  # photos of a listing


def write(found: Leaks, title: str, path: Path) -> None:
    """Write the page. Raises ResourceError when the disk refuses."""
    pairs = sorted(found.pairs, key=lambda pair: not pair.differs)[:PAIRS]
    listings = list(found.listings.items())[:LISTINGS]
    galleries = [
        page.Gallery(f"Pairs across splits{_of(len(pairs), len(found.pairs))}", [_pair(pair) for pair in pairs]),
        page.Gallery(
            f"Listings in more than one split{_of(len(listings), len(found.listings))}",
            [_listing(name, own) for name, own in listings],
        ),
    ]
    page.write(path, title, found.sentences(), galleries=galleries)


def _of(shown: int, number: int) -> str:
    return f", the first {shown} of {number:,}" if shown < number else ""


def _pair(pair: Pair) -> page.SideBySide:
    return page.SideBySide(
        [pair.earlier.file, pair.later.file],
        [
            f"{'exact' if pair.exact else 'near'} duplicate {pair.proof}".rstrip(),
            *(["two class names"] if pair.differs else []),
            f"{pair.earlier.split}: {pair.earlier.name} ({pair.earlier.class_name})",
            f"{pair.later.split}: {pair.later.name} ({pair.later.class_name})",
        ],
    )


def _listing(name: str, photos: Sequence[Labelled]) -> page.SideBySide:
    """A few photos of each split, and how many there are."""
    by_split: dict[str, list[Labelled]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: (SPLITS.index(photo.split), photo.name)):
        by_split[photo.split].append(photo)
    return page.SideBySide(
        [photo.file for own in by_split.values() for photo in own[:PER_SPLIT]],
        [
            f"listing {name}",
            *(
                f"{split}: {counted(len(own), 'photo')}, {some_of([photo.name for photo in own], PER_SPLIT)}"
                for split, own in by_split.items()
            ),
        ],
    )
