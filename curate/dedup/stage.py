"""dedup: which photos are duplicates, and which of them to keep.

Reads fetch.csv, its photos and review.csv; writes dedup.csv, one row per photo that fetch kept, and dedup.*cache
(see `fingerprint_cache`).

Files with the same bytes are exact duplicates. Other files are candidates when their perceptual hashes are within
a few bits, or when they share keypoints, and near duplicates when image registration confirms it (see
`find_duplicates`). Photos are ranked by pixels (a plain frame not counted), then colour before grey, then bytes,
then key; those of a shape that clean rejects come after all others, and a photo that was edited comes after those
it was made from (see `partial`). `clustering` says which of a group stays. A near duplicate that a person decided
to keep in review.csv stays. Of two photos that a person decided are no duplicates neither removes the other; the
split still keeps them together.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from curate.core import manifest
from curate.core.counted import counted
from curate.core.executors import MapFn
from curate.core.recipe import Dedup, QualityThresholds
from curate.core.schemas import DedupRow, FetchRow
from curate.dedup import find_duplicates, fingerprint_cache, fingerprints, matches, phash
from curate.dedup.find_duplicates import Duplicates
from curate.dedup.fingerprints import Fingerprints
from curate.dedup.partial import Files
from curate.photos import missing
from curate.review import decisions, duplicates

ODD_SHAPE = QualityThresholds().odd_aspect_ratio  # shorter side / longer side under which clean rejects


def decide(photos: Sequence[FetchRow], numbers: Mapping[str, int], found: Duplicates) -> list[DedupRow]:
    """One row per photo, sorted by key. `numbers` maps the sha256 of a readable file to its place in `found`."""
    rows = []
    by_file: dict[str, list[FetchRow]] = defaultdict(list)
    for photo in photos:
        by_file[photo.sha256].append(photo)
    first_key = {sha256: min(photo.key for photo in same) for sha256, same in by_file.items()}
    key_of = {number: first_key[sha256] for sha256, number in numbers.items()}
    classes: dict[str, set[str]] = defaultdict(set)
    smallest: dict[int, str] = {}
    for photo in photos:
        number = numbers.get(photo.sha256)
        if number is not None:
            if not found.collage[number]:  # it shows photos of other listings too
                classes[key_of[int(found.keeper[number])]].add(photo.class_name)
            similar = int(found.similar_group[number])
            smallest[similar] = min(smallest.get(similar, photo.key), photo.key)
    for photo in photos:
        number = numbers.get(photo.sha256)
        if number is None:
            rows.append(_undecodable(photo))
            continue
        group = key_of[int(found.keeper[number])]
        row = DedupRow(
            key=photo.key,
            path=photo.path,
            phash=phash.to_hex(int(found.phash[number])),
            group=group,
            similar_group=smallest[int(found.similar_group[number])],
            duplicate_of="",
            distance=None,
            confirmed_by="",
            label_conflict=len(classes[group]) > 1,
            keep=True,
            reason="",
        )
        if found.keeper[number] != number:
            row = replace(
                row,
                duplicate_of=group,
                distance=int(found.distance[number]),
                confirmed_by=found.proof[number],
                keep=False,
                reason="collage" if found.collage[number] else "near_duplicate",
            )
        elif photo.key != group:
            row = replace(
                row, duplicate_of=group, distance=0, confirmed_by="sha256", keep=False, reason="exact_duplicate"
            )
        rows.append(row)
    return sorted(rows, key=lambda row: row.key)


def _undecodable(photo: FetchRow) -> DedupRow:
    return DedupRow(
        key=photo.key,
        path=photo.path,
        phash="",
        group=photo.key,
        similar_group=photo.key,
        duplicate_of="",
        distance=None,
        confirmed_by="",
        label_conflict=False,
        keep=False,
        reason="undecodable",
    )


def in_rank_order(photos: Sequence[FetchRow], prints: Fingerprints) -> tuple[Fingerprints, dict[str, int]]:
    """The fingerprints from the best file to the worst, and the number of each file in that order.

    One of an odd shape comes last: clean rejects it, and a duplicate of a better shape would be lost with it. Else
    the better one has more pixels inside its plain frame, then colour, then more bytes, then the smaller key.
    """
    wholes, names = fingerprints.wholes(prints), list[str]()
    content, grey = np.empty(len(wholes)), np.empty(len(wholes), bool)
    for start in range(0, len(wholes), fingerprints.BLOCK):  # all at once, a million would fill the memory
        block = slice(start, start + fingerprints.BLOCK)
        some = prints[wholes[block]]
        names += [sha256.decode() for sha256 in some["sha256"].tolist()]
        content[block], grey[block] = fingerprints.content(some), fingerprints.colourless(some)
    number_of = {name: number for number, name in enumerate(names)}
    by_key = [photo for photo in sorted(photos, key=lambda photo: photo.key) if photo.sha256 in number_of]
    number = np.array([number_of[photo.sha256] for photo in by_key], np.int64)
    pixels = np.array([photo.width * photo.height for photo in by_key])
    odd = np.array([min(one.width, one.height) < ODD_SHAPE * max(one.width, one.height) for one in by_key])
    size = np.array([photo.bytes for photo in by_key])
    best = number[np.lexsort((-size, grey[number], -np.rint(pixels * content[number]), odd))]
    _, first = np.unique(best, return_index=True)  # a file may be there several times
    order = best[np.sort(first)]
    return fingerprints.take(prints, order), {names[number]: place for place, number in enumerate(order.tolist())}


def run(folder: Path, config: Dedup, map_fn: MapFn = map) -> list[DedupRow]:
    """Run the stage in `folder`, or return the rows that are there when nothing changed."""
    packages = ["pillow", "simplejpeg", "opencv-python-headless", "numpy"]
    wanted = manifest.provenance(folder, "dedup", config, packages)
    if manifest.is_current(folder, wanted) and not missing.is_back(folder, "dedup"):
        rows = manifest.read(folder, DedupRow)
        if not duplicates.new_decisions(folder, rows, duplicates.decided(folder, manifest.read(folder, FetchRow))):
            return rows
    started = datetime.now(UTC)
    photos = [row for row in manifest.read(folder, FetchRow) if row.keep]
    files = {photo.sha256: photo.path for photo in photos}
    matches.check_number(len(files))
    prints, refused, points = fingerprint_cache.collect(folder, files, map_fn, config.method == "sellers")
    undecodable = {files[sha256]: reason for sha256, reason in refused.items()}
    notes: dict[str, Any] = {"undecodable": undecodable, **missing.notes(folder, undecodable)}
    prints, numbers = in_rank_order(photos, prints)
    pixels = {photo.sha256: photo.width * photo.height for photo in photos}
    place = {sha256.decode(): row for row, sha256 in enumerate(points["sha256"].tolist())}
    ranked = Files(
        folder,
        [files[sha256] for sha256 in numbers],
        [pixels[sha256] for sha256 in numbers],
        points[[place[sha256] for sha256 in numbers]] if config.method == "sellers" else None,
    )
    kept, apart = duplicates.decided(folder, photos)
    files_of = {photo.key: photo.sha256 for photo in photos}
    ends = [(numbers.get(files_of[a]), numbers.get(files_of[b])) for a, b in apart]
    parted = [(a, b) for a, b in ends if a is not None and b is not None]
    reviewed = {numbers[photo.sha256] for photo in photos if photo.key in kept and photo.sha256 in numbers}
    found = find_duplicates.find(prints, config, map_fn, ranked, reviewed, parted)
    rows = decide(photos, numbers, found)
    stays = set(found.brought_back)
    brought_back = sorted(p.key for p in photos if p.key in kept and numbers.get(p.sha256) in stays)
    if brought_back:
        notes["brought_back"] = brought_back
        notes["summary"] = [f"{decisions.NAME}: {len(brought_back)} kept although they are duplicates"]
    if apart:
        notes["not_duplicates"] = apart
        many = counted(len(apart), "pair is", "pairs are")
        notes.setdefault("summary", []).append(f"{decisions.NAME}: {many} not duplicates")
    notes["label_conflicts"] = sum(row.keep and row.label_conflict for row in rows)  # images
    manifest.write(folder, rows, wanted, started, notes)
    return rows
