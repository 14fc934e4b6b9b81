"""Labelled photos from anywhere: a folder of manifests, a folder tree, a CSV."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.core.counted import counted, some_of
from curate.core.errors import Do, RejectedError, Run, To, UsageError
from curate.dataset import Dataset
from curate.fetch.sources import local
from curate.fetch.sources.containers import photos_csv
from curate.fetch.sources.grouping import by_folders, by_names
from curate.fetch.sources.tree import LocalPhoto, argument
from curate.photos import decode
from curate.photos.store import PHOTO_SUFFIXES
from curate.train import models

NAMED = 5  # classes, in a sentence


@dataclass(frozen=True, slots=True)
class Labelled:
    """A photo, what it shows, and where it belongs."""

    name: str  # a key, or a path as its source writes it
    file: Path
    class_name: str
    split: str  # train, val, test; empty where the source names none
    listing: str  # empty where it is not known
    group: str = ""  # photos of one are right or wrong together: as split has it, else by listing or sub-folder
    folder: str = ""  # its sub-folder of its class, where nothing tells whether it is a listing
    shown: tuple[str, ...] = ()  # listings that duplicates of it were removed from, its own among them


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Labelled photos, and what a person should know of where they come from."""

    photos: tuple[Labelled, ...]
    remarks: tuple[str, ...]
    cleaned: bool  # are they what `clean` kept?


def manifests_at(path: Path) -> Path | None:
    """The folder of manifests that `path` names, itself or by its split.csv; None for any other source."""
    folder = path.parent if path.name == "split.csv" else path
    there = manifest.csv_path(folder, "split").is_file() and manifest.sidecar_path(folder, "split").is_file()
    return folder if there else None


def read(path: Path, class_names: Sequence[str] = (), group_by: str = "") -> LabelledSet:
    """The photos at `path`; without `class_names`, of any class. Of an export, its photos.csv is read.

    `group_by` says how names tell listings, as `fetch.sources.grouping` reads it; manifests name theirs.
    Raises UsageError for a tree or CSV that is wrong, StateError for manifests that do not fit together.
    """
    if folder := manifests_at(path):
        if group_by:
            raise UsageError(
                f"--group-by is for photos in folders or of a CSV; the manifests in {folder} name listings"
            )
        dataset = Dataset.open(folder)
        return LabelledSet(
            tuple(
                Labelled(p.key, dataset.file(p), p.class_name, p.split, p.listing, p.group, shown=p.listings)
                for p in dataset.photos
            ),
            (),
            True,
        )
    table = photos_csv(path) if path.is_dir() else None
    offered = local.read(table or path, class_names)
    offered = by_names(offered, group_by) if group_by else offered
    usual = by_folders(offered)
    items = zip((*offered.items, *offered.again), (*usual.items, *usual.again), strict=True)
    photos = tuple(
        Labelled(item.name, item.file, item.class_name, item.split, listing, listing or other.listing, folder)
        for item, other in items
        for listing, folder in [_listing(item, bool(group_by))]
        if item.file is not None
    )
    left_out = len(offered.items) + len(offered.again) - len(photos)
    remarks = [f"left out {counted(left_out, 'photo')} without a file here"] if left_out else []
    if left_out and not photos:
        keep = ["--keep-split"] if any(item.split for item in offered.items) else []
        raise UsageError(
            f"{table or path} names no photo that is a file here",
            To("bring its photos here", Run("import", (argument(table or path), *keep))),
        )
    remarks += [f"Classes, splits and listings are those of {table}."] if table else []
    folders = {photo.listing for photo in photos} - {""}
    if folders and path.is_dir() and not table and not group_by:
        taken = counted(len(folders), "sub-folder is taken for a listing", "sub-folders are taken for listings")
        remarks.append(f"{taken}, for the number in the name, e.g. {min(folders)}")
    return LabelledSet(photos, (*offered.remarks, *remarks), table is not None)


def for_network(path: Path, meta: Mapping[str, Any], of_recipe: Sequence[str]) -> LabelledSet:
    """The photos at `path`. Raises UsageError where none is of a class that the network of `meta` knows."""
    if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
        learn = To("learn what it shows", Run("predict", (argument(path),)))
        raise UsageError(f"{path} is a photo", Do("name the folder that its class folder is in"), learn)
    source = read(path, list(dict.fromkeys((*meta["classes"], *of_recipe))))
    there = {photo.class_name for photo in source.photos}
    if not there.intersection(meta["classes"]):
        raise UsageError(
            f"{path}: its classes are {some_of(sorted(there), NAMED)}; the network, {models.named(meta)}, knows "
            f"{', '.join(meta['classes'])}"
        )
    return source


def _listing(item: LocalPhoto, is_grouped: bool) -> tuple[str, str]:
    """(the listing of a photo, the sub-folder that may be one): `car17` is called like a listing, `rear` not."""
    numbered = is_grouped or any(map(str.isdigit, item.folder.rpartition("/")[2]))
    return (item.listing_id or item.folder, "") if item.listing_id or numbered else ("", item.folder)


def sha256_of(photo: Labelled) -> str:
    """Hex sha256 of the file; empty when it cannot be read."""
    try:
        return hashlib.sha256(decode.read_file(photo.file)).hexdigest()
    except RejectedError:
        return ""
