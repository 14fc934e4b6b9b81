"""The dataset: its photos with class, split and listing, joined from the manifests.

    dataset = Dataset.open(Path("manifests/market"))
    for photo in dataset.of("train"):
        print(photo.class_name, dataset.file(photo))

What trains, exports, audits or draws the dataset reads it here and joins no manifests itself.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from curate.core import listings, manifest
from curate.core.errors import StateError, To
from curate.core.files import inside
from curate.core.schemas import SPLITS, CleanRow, DedupRow, FetchRow, SplitRow
from curate.core.stages import STAGES


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the dataset. `core/schemas.py` says more of each column."""

    key: str
    path: str  # relative to the folder of the manifests
    sha256: str
    bytes: int
    width: int  # pixels, upright
    height: int
    class_name: str  # after review
    seller_class: str  # what the seller says it is
    split: str  # train, val, test
    group: str  # photos of one group are in one split
    phash: str  # 16 hex digits
    score: float  # 0..1, probability that it is a usable photo
    listing_id: str  # where the source names none, the photo's own path
    position: int  # 0-based place in the listing's gallery
    title: str
    region: str
    city: str
    year: int | None
    price: float | None
    seller: str  # private, dealer, or what the site calls it; empty where it is not known
    page_url: str
    image_url: str
    listings: tuple[str, ...] = ()  # that it shows, its removed duplicates' too; those that its source names

    @property
    def listing(self) -> str:
        """Its listing; empty where the source names none, as of photos in one folder."""
        return listings.named(self)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All photos that have a split."""

    folder: Path
    classes: tuple[str, ...]  # in the order of the labels: a photo of classes[1] has label 1
    photos: tuple[Photo, ...]  # sorted by key

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Join fetch, dedup, clean and split.

        Raises StateError when one of their manifests is missing, damaged, or made from others than are there.
        """
        for stage in ("fetch", "dedup", "clean", "split"):
            check_current(folder, stage)
        fetched = {row.key: row for row in manifest.read(folder, FetchRow)}
        hashed = {row.key: row for row in manifest.read(folder, DedupRow)}
        scored = {row.key: row for row in manifest.read(folder, CleanRow)}
        kept = [row for row in manifest.read(folder, SplitRow) if row.keep]
        named = manifest.recorded_provenance(folder, "split").config.get("class_names") or ()
        classes = (*named, *sorted({row.class_name for row in kept} - set(named)))
        try:
            shown = listings.shown(fetched, hashed.values())
            photos = [
                _join(row, fetched[row.key], hashed[row.key], scored[row.key], shown[row.key]) for row in kept
            ]
        except KeyError as error:
            raise StateError(
                f"{manifest.csv_path(folder, 'split')}: photo {error.args[0]} is not in the manifests before it",
                manifest.remedy(folder, "split"),
            ) from error
        return cls(folder, classes, tuple(photos))

    def of(self, split: str, class_name: str = "") -> list[Photo]:
        """The photos of a split, or of one class of it, sorted by key."""
        return [p for p in self.photos if p.split == split and class_name in ("", p.class_name)]

    def label(self, photo: Photo) -> int:
        """The number of a photo's class: its place in `classes`."""
        return self.classes.index(photo.class_name)

    def counts(self) -> dict[str, dict[str, int]]:
        """Photos per split and class."""
        tally = Counter((photo.split, photo.class_name) for photo in self.photos)
        return {split: {name: tally[split, name] for name in self.classes} for split in SPLITS}

    def file(self, photo: Photo) -> Path:
        """Where a photo's file is. Raises StateError for a path that leads out of the folder."""
        return inside(self.folder, photo.path)


def check_current(folder: Path, stage: str) -> None:
    """Raise StateError when the manifest of `stage` is not there, or was made from others than are there."""
    path = manifest.csv_path(folder, stage)
    if not path.exists():
        raise StateError(f"{path} is not there", manifest.remedy(folder, stage))
    if changed := manifest.mismatch(folder, stage):
        stages = list(STAGES)[list(STAGES).index(stage) : list(STAGES).index("split") + 1]
        raise StateError(changed, To("", *(manifest.remedy(folder, each) for each in stages)))


def _join(row: SplitRow, fetched: FetchRow, hashed: DedupRow, scored: CleanRow, shown: Iterable[str]) -> Photo:
    return Photo(
        key=row.key,
        path=row.path,
        sha256=fetched.sha256,
        bytes=fetched.bytes,
        width=fetched.width,
        height=fetched.height,
        class_name=row.class_name,
        seller_class=fetched.class_name,
        split=row.split,
        group=row.group,
        phash=hashed.phash,
        score=scored.score,
        listing_id=fetched.listing_id,
        position=fetched.position,
        title=fetched.title,
        region=fetched.region,
        city=fetched.city,
        year=fetched.year,
        price=fetched.price,
        seller=fetched.seller,
        page_url=fetched.page_url,
        image_url=fetched.image_url,
        listings=tuple(sorted(shown)),
    )
