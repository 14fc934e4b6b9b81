"""Why a split misses the shares that were asked for: photos that belong together stay in one split."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from curate.core import listings
from curate.core.errors import Do, Edit, Remedy, Run, To
from curate.core.recipe import Dedup
from curate.core.schemas import SPLITS, CleanRow, DedupRow, FetchRow
from curate.split.packing import Sizes, Targets

_MOST_NAMED = 3  # classes
_DISTANCES = "max_distance", "similar_distance"  # the first may not be larger than the second


def lacking(counts: Mapping[str, Sizes], targets: Targets, least: float) -> dict[str, str]:
    """By class, `val has 2 of 7, test has 3 of 7`: the splits with less than the share `least` of their target."""
    found: dict[str, list[str]] = {}
    for split in SPLITS:
        for name, target in targets[split].items():
            if counts[split][name] < least * target:
                found.setdefault(name, []).append(f"{split} has {counts[split][name]:,} of {target:,}")
    return {name: ", ".join(said) for name, said in sorted(found.items())}


def why(
    short: Mapping[str, str],
    groups: Sequence[Sequence[CleanRow]],
    fetch_rows: Sequence[FetchRow],
    dedup_rows: Sequence[DedupRow],
    settings: Mapping[str, Any],
) -> tuple[str, list[Remedy]]:
    """What each class of `short` lacks and what holds its largest group together; and what can be done.

    `settings` are those that dedup ran with.
    """
    fetched = {row.key: row for row in fetch_rows}
    similar_group = {row.key: row.similar_group for row in dedup_rows}
    named = list(short)[:_MOST_NAMED]
    said, similar = [], False
    for name in named:
        sizes = [[photo.key for photo in group if photo.class_name == name] for group in groups]
        keys, total = max(sizes, key=len), sum(map(len, sizes))
        alike, most_alike = Counter(similar_group[key] for key in keys).most_common(1)[0]
        listing, of_listing = Counter(listings.named(fetched[key]) or key for key in keys).most_common(1)[0]
        if most_alike == len(keys):
            tie = f"count as similar (similar_group {alike} in dedup.csv)"
        elif of_listing == len(keys):
            tie = f"are of one listing, {listing}"
        else:
            tie = f"are tied by listings and similar photos, e.g. {min(keys)}"
        similar |= most_alike > 1 and of_listing < len(keys)
        said.append(f"{name} ({short[name]}): {len(keys):,} of its {total:,} photos {tie}")
    more = f"; and {len(short) - len(named):,} more classes" if len(short) > len(named) else ""
    remedies: list[Remedy] = [Do(f"collect more listings of {' and '.join(named)}")]
    settings = {**Dedup().model_dump(), **settings}
    closer = settings["similar_distance"] // 2
    if similar and closer:
        lower = [name for name in _DISTANCES if settings[name] > closer]
        edits = (Edit(f"dedup.{name}", str(closer)) for name in lower)
        remedies.append(To("keep fewer similar photos together", *edits, Run("run")))
    return f"{'; '.join(said)}{more}", remedies
