"""What a format is given: the photos as they leave, and all that is known of how the dataset was made."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from curate.core import manifest
from curate.core.release import Rights
from curate.core.schemas import SPLITS, CleanRow
from curate.core.table import format_rows
from curate.dataset import Dataset, Photo
from curate.export.photos import File, Options

STAGES = ("fetch", "dedup", "clean", "split")  # that made the dataset
VALIDATION = {"train": "train", "val": "validation", "test": "test"}  # as most sites call the splits
Write = Callable[[BinaryIO], None]  # writes a file that is open


@dataclass(frozen=True, slots=True)
class Shard:
    """A file that holds many photos. Each can be written by itself, so workers do it."""

    write: Write  # it travels to them


Content = bytes | File | Shard | Write  # of an exported file
Contents = Iterator[tuple[str, Content]]  # with its path, relative, with /


@dataclass(frozen=True, slots=True)
class Release:
    """A dataset on its way out."""

    name: str  # the recipe's
    title: str
    description: str
    owner: str
    rights: Rights
    options: Options
    dataset: Dataset
    files: tuple[File, ...]  # sorted by key; empty for a format without photos
    sidecars: dict[str, dict[str, Any]]  # by stage
    doubtful: int  # photos of the dataset that clean put before a person and nobody has decided

    def of(self, split: str) -> list[File]:
        """The files of a split, sorted by key."""
        return [file for file in self.files if file.photo.split == split]


def sidecars(dataset: Dataset) -> dict[str, dict[str, Any]]:
    """The sidecars of the stages that made it. Raises StateError when one is damaged."""
    return {stage: manifest.read_sidecar(dataset.folder, stage) for stage in STAGES}


def doubtful(dataset: Dataset, decided: Sequence[str]) -> int:
    """Photos of the dataset that are borderline and not among the keys `decided`."""
    borderline = {row.key for row in manifest.read(dataset.folder, CleanRow) if row.borderline}
    return len((borderline & {photo.key for photo in dataset.photos}) - set(decided))


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A photo in photos.csv: what `curate import` reads, with its key."""

    key: str
    path: str
    class_name: str
    split: str
    sha256: str
    listing_id: str
    title: str
    region: str
    city: str
    year: int | None
    price: float | None


@dataclass(frozen=True, slots=True)
class UrlRow:
    """A photo in photos.csv of an export without pixels."""

    key: str
    url: str
    class_name: str
    split: str
    sha256: str
    bytes: int
    listing_id: str
    title: str
    region: str
    city: str
    year: int | None
    price: float | None


def index(paths: Sequence[tuple[File, str]]) -> bytes:
    """photos.csv of files and their paths, sorted by key."""
    rows = [
        IndexRow(photo.key, path, photo.class_name, photo.split, file.sha256, *_listing(photo))
        for file, path in sorted(paths, key=lambda each: each[0].photo.key)
        for photo in (file.photo,)
    ]
    return format_rows(rows, IndexRow)


def url_index(photos: Sequence[Photo]) -> bytes:
    """photos.csv of addresses instead of files."""
    rows = [UrlRow(p.key, p.image_url, p.class_name, p.split, p.sha256, p.bytes, *_listing(p)) for p in photos]
    return format_rows(rows, UrlRow)


def _listing(photo: Photo) -> tuple[str, str, str, str, int | None, float | None]:
    return photo.listing, photo.title, photo.region, photo.city, photo.year, photo.price


def shards(files: Sequence[File], max_files: int, max_bytes: int) -> list[list[File]]:
    """`files` in order, cut so that no part exceeds either limit, unless one file alone does."""
    parts: list[list[File]] = []
    room = 0
    for file in files:
        if not parts or len(parts[-1]) == max_files or file.bytes > room:
            parts.append([])
            room = max_bytes
        parts[-1].append(file)
        room -= file.bytes
    return parts


def slug(text: str) -> str:
    """Lower case words joined by `-`, in ASCII."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


def in_order(split: str) -> int:
    """Place of a split among train, val, test."""
    return [str(name) for name in SPLITS].index(split)
