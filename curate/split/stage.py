"""split: which photos train, which validate, which test.

Reads clean.csv, dedup.csv and fetch.csv; writes split.csv, one row per photo that clean kept.

Photos of one listing, and photos that dedup found similar, stay together. A removed duplicate ties its own listing
to the photo that was kept in its place: the two listings show the same car. Connected photos form a group, groups
go to splits as a whole (see `packing`), and the counts per class are exact. A group that is too large for the last
gap is trimmed: its other photos are `surplus`, never in another split.

A split that came with imported photos (`given_split.csv`) is kept as it is; what leaks in it is counted.

The finished split is checked from the manifests (see `leakage`). One that leaks or has wrong counts is refused.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from curate.core import given, manifest
from curate.core.errors import Do, GateError, Remedy, Run, To, UsageError
from curate.core.executors import MapFn
from curate.core.recipe import Split
from curate.core.schemas import CleanRow, DedupRow, FetchRow, SplitRow
from curate.split import uneven
from curate.split.leakage import LeakageCheck, check_leakage
from curate.split.packing import Group, Sizes, Targets, draw, pack

_NONE, _FEW = 1e-9, 0.5  # of its share: without a photo; worth a line


def group_photos(
    photos: Sequence[CleanRow], fetch_rows: Sequence[FetchRow], dedup_rows: Sequence[DedupRow]
) -> list[list[CleanRow]]:
    """Photos that must stay together, each group and the list of groups sorted by key."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number = {photo.key: place for place, photo in enumerate(sorted(photos, key=lambda photo: photo.key))}
    listing = {row.key: row.listing_id for row in fetch_rows}
    first_with: dict[tuple[str, str], int] = {}
    pairs = []
    for row in dedup_rows:
        if row.group in number:
            here = number[row.group]
            ties = [("similar", row.similar_group)]
            if listing[row.key]:
                ties.append(("listing", listing[row.key]))
            pairs += [(first_with.setdefault(tie, here), here) for tie in ties]
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    tied = coo_array((np.ones(len(pairs), dtype=bool), (first, second)), shape=(len(photos), len(photos)))
    _, component = connected_components(tied, directed=False)
    groups: dict[int, list[CleanRow]] = defaultdict(list)
    by_key = {photo.key: photo for photo in photos}
    for key, number_of_group in zip(number, component.tolist(), strict=True):
        groups[number_of_group].append(by_key[key])
    return list(groups.values())


def targets_of(have: Sizes, config: Split) -> Targets:
    """Photos per split and class. Raises GateError when there are too few, saying how many of which class."""
    names = sorted(have)
    if config.exact is None:
        if short := [f"{name} has {have[name]}" for name in names if have[name] < 3]:
            raise GateError(f"each class needs at least 3 photos, one per split: {', '.join(short)}; collect more")
        fifth = {name: max(1, (2 * have[name] + 5) // 10) for name in names}
        return {"train": {name: have[name] - 2 * fifth[name] for name in names}, "val": fifth, "test": fifth}
    asked = config.exact.model_dump()
    for split, count in asked.items():
        if count % len(names):
            raise UsageError(f"split.counts.{split}={count} does not divide among {len(names)} classes")
    need = sum(asked.values()) // len(names)
    if any(have[name] < need for name in names):
        listed = "; ".join(
            f"{name}: kept {have[name]}, need {need}, missing {max(0, need - have[name])}" for name in names
        )
        raise GateError(
            f"too few photos for the split: {listed}",
            Do("collect more"),
            Do("lower split.counts in the recipe"),
            To("take what there is 60/20/20", Run("split", ("--proportional",))),
        )
    return {split: dict.fromkeys(names, count // len(names)) for split, count in asked.items()}


def decide(
    groups: Sequence[Sequence[CleanRow]], names: Mapping[str, str], targets: Targets, config: Split
) -> list[SplitRow]:
    """One row per photo, sorted by key. `names` maps a photo's key to its listing, for the group's hash."""
    named = {min(names[photo.key] for photo in group): group for group in groups}
    sized = [Group(name, Counter(photo.class_name for photo in group)) for name, group in named.items()]
    placed = pack(sized, targets, config.seed, trim=config.exact is not None)
    rows = []
    for name, group in named.items():
        place = placed[name]
        taken = Counter[str]()
        for photo in sorted(group, key=lambda photo: draw(config.seed, photo.key)):
            keep = taken[photo.class_name] < place.taken.get(photo.class_name, 0)
            taken[photo.class_name] += keep
            rows.append(
                SplitRow(
                    key=photo.key,
                    path=photo.path,
                    class_name=photo.class_name,
                    group=min(member.key for member in group),
                    split=place.split if keep else "",
                    keep=keep,
                    reason="" if keep else "surplus",
                )
            )
    return sorted(rows, key=lambda row: row.key)


def keep_given(groups: Sequence[Sequence[CleanRow]], splits: Mapping[str, str]) -> list[SplitRow]:
    """One row per photo, sorted by key, in the split that came with it. Nothing is moved, not even for a leak."""
    rows = []
    for group in groups:
        name = min(photo.key for photo in group)
        for photo in group:
            split = splits.get(photo.key, "")
            reason = "" if split else "not_given"
            rows.append(SplitRow(photo.key, photo.path, photo.class_name, name, split, not reason, reason))
    return sorted(rows, key=lambda row: row.key)


def check(
    leakage: LeakageCheck,
    targets: Targets,
    config: Split,
    why: Callable[[Mapping[str, str]], tuple[str, list[Remedy]]],
) -> list[str]:
    """What to say of a class that gets less than half its share of a split; `why` is `uneven.why` of its photos.

    Raises GateError for a split that leaks, is short of exact counts, or has a class without photos in a split.
    """
    if not leakage.passed:
        raise GateError(f"the split leaks, so nothing was written: {'; '.join(leakage.found())}")
    if short := uneven.lacking(leakage.counts, targets, _NONE if config.exact is None else 1):
        said, remedies = why(short)
        if config.exact is not None:
            remedies.append(Do("lower split.counts in the recipe"))
            remedies.append(To("take what there is 60/20/20", Run("split", ("--proportional",))))
        found = "there are enough photos, but no split was found in which those that belong together stay together"
        raise GateError(f"{found}: {said}", *remedies)
    if not (short := uneven.lacking(leakage.counts, targets, _FEW)):
        return []
    said, _ = why(short)
    return [f"less than half of its share, because photos that belong together stay in one split: {said}"]


def run(folder: Path, config: Split, map_fn: MapFn = map) -> list[SplitRow]:
    """Run the stage in `folder`, or return what is there when nothing changed."""
    wanted = manifest.provenance(folder, "split", config, packages=["scipy"])
    if manifest.is_current(folder, wanted):
        return manifest.read(folder, SplitRow)
    started = datetime.now(UTC)
    photos = [row for row in manifest.read(folder, CleanRow) if row.keep]
    dedup_rows, fetch_rows = manifest.read(folder, DedupRow), manifest.read(folder, FetchRow)
    have = Counter(photo.class_name for photo in photos)
    if config.class_names and (unknown := sorted(set(have) - set(config.class_names))):
        raise GateError(f"clean.csv has classes that the recipe does not name: {', '.join(unknown)}")
    settings = manifest.recorded_provenance(folder, "dedup").config
    method = settings.get("method", "hash")
    groups = group_photos(photos, fetch_rows, dedup_rows)
    shares: list[str] = []
    if splits := given.read_splits(folder):
        rows = keep_given(groups, splits)
        leakage = check_leakage(rows, fetch_rows, dedup_rows, method)
    else:
        targets = targets_of({name: have[name] for name in config.class_names or have}, config)
        names = {row.key: row.listing_id or row.key for row in fetch_rows}
        rows = decide(groups, names, targets, config)
        leakage = check_leakage(rows, fetch_rows, dedup_rows, method)
        why = partial(uneven.why, groups=groups, fetch_rows=fetch_rows, dedup_rows=dedup_rows, settings=settings)
        shares = check(leakage, targets, config, why)
    manifest.write(
        folder,
        rows,
        wanted,
        started,
        notes={
            "seed": config.seed,
            "leakage": leakage.notes(),
            "shares": shares,
            "summary": [*leakage.lines(), *shares],
        },
    )
    return rows
