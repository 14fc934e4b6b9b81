"""What the report says of duplicates: pairs of a removed photo and the one kept, and whole groups side by side."""

from collections import Counter, defaultdict
from pathlib import Path

from curate.core.schemas import PROOFS, DedupRow
from curate.inspect.rows import Rows, fate_of_keeper
from curate.report.thumbnails import Figure, Section, Thumbnail, differences, thumbnail
from curate.review import decisions
from curate.review.conflicts import UNDECIDED_SHOWN, how_to_decide, label_conflicts

GROUPS_SHOWN = 6
PER_GROUP = 5  # photos
SHOWS_MORE = {"collage", "screenshot"}  # words of PROOFS: a map of differences would be red all over


def pair(folder: Path, rows: Rows, row: DedupRow) -> Figure:
    """A removed duplicate beside the photo that was kept, which comes first; what proved it is in whole words."""
    kept, removed = rows.fetch[row.duplicate_of], rows.fetch[row.key]
    differ = kept.class_name != removed.class_name
    labels = [
        label + f"; sold as {photo.class_name}" * differ
        for label, photo in (
            (f"kept{fate_of_keeper(rows, kept.key)}", kept),
            (f"removed as {row.reason.replace('_', ' ')}", removed),
        )
    ]
    shown = [
        thumbnail(folder, kept, "Kept", label=labels[0]),
        thumbnail(folder, removed, "Removed", label=labels[1]),
    ]
    if row.reason != "exact_duplicate" and (apart := _apart(folder, rows, row)):
        shown.append(apart)
    proof = _proof(row)
    return Figure(tuple(shown), (proof[:1].upper() + proof[1:], *_bits(row)), "")


def _proof(row: DedupRow) -> str:
    """What proved a duplicate, in whole words; that both agree is said where nothing says more."""
    words = row.confirmed_by.split()
    return "; ".join(PROOFS.get(word, word) for word in words if word != "aligned" or len(words) == 1)


def _apart(folder: Path, rows: Rows, row: DedupRow) -> Thumbnail | None:
    """Where a removed duplicate differs from the photo kept; None where most of it shows something else."""
    words = row.confirmed_by.split()
    if not SHOWS_MORE.isdisjoint(words):
        return None
    return differences(folder, rows.fetch[row.duplicate_of], rows.fetch[row.key], "mirrored" in words)


def _bits(row: DedupRow) -> list[str]:
    """How far apart the hashes are; nothing where the images, or their hashes, are the same."""
    return [f"hashes {row.distance} bit{'s' * (row.distance != 1)} apart"] if row.distance else []


def duplicates(folder: Path, rows: Rows) -> Section:
    """How large the groups are, and some of them side by side: what a person must decide, then the largest."""
    groups: dict[str, list[DedupRow]] = defaultdict(list)
    for row in rows.dedup.values():
        groups[row.group].append(row)
    groups = {key: members for key, members in groups.items() if len(members) > 1}
    conflicts = label_conflicts(folder, rows.dedup.values(), rows.fetch, rows.review)
    undecided = {key for key, conflict in conflicts.items() if conflict.undecided}
    order = sorted(groups, key=lambda key: (key not in undecided, key not in conflicts, -len(groups[key]), key))
    shown: list[Section] = []
    for key in order[: max(GROUPS_SHOWN, min(len(undecided), UNDECIDED_SHOWN))]:
        members = sorted(groups[key], key=lambda row: (not row.keep, row.distance or 0, row.key))
        first_of_class = {rows.fetch[row.key].class_name: row.key for row in reversed(members)}.values()
        first_of_proof = {row.confirmed_by: row.key for row in reversed(members)}.values()
        members.sort(key=lambda row: (row.key not in first_of_class, row.key not in first_of_proof))
        flag = decide = ""
        if conflict := conflicts.get(key):
            flag = f"sold as {', '.join(conflict.classes)}: {conflict.status}"
            decide = how_to_decide(key) if conflict.undecided else ""
        figures = [_member(folder, rows, row) for row in members[:PER_GROUP]]
        shown.append({"figures": figures, "size": len(members), "flag": flag, "decide": decide})
    used = {word for members in groups.values() for row in members for word in row.confirmed_by.split()}
    return {
        "groups": len(groups),
        "sizes": sorted(Counter(len(members) for members in groups.values()).items()),
        "conflicts": len(conflicts),
        "undecided": len(undecided),
        "in_split": sum(key in rows.split and rows.split[key].keep for key in undecided),
        "rejected": len(conflicts.keys() - undecided - rows.review.decisions.keys()),
        "problem": rows.review.problem.replace(str(folder / decisions.NAME), decisions.NAME),
        "shown": shown,
        "words": {word: meaning for word, meaning in PROOFS.items() if word in used},
    }


def _member(folder: Path, rows: Rows, row: DedupRow) -> Figure:
    """A photo of a group: what became of it and why, its size, class, listing; where it differs from that kept."""
    photo = rows.fetch[row.key]
    said = [f"kept{fate_of_keeper(rows, row.key)}"] if row.keep else [f"removed: {_proof(row)}", *_bits(row)]
    lines = (*said, f"{photo.width}×{photo.height}, {photo.class_name}", f"listing {photo.listing_id}")
    shown = [thumbnail(folder, photo, said[0].capitalize())]
    if row.duplicate_of and row.reason != "exact_duplicate" and (apart := _apart(folder, rows, row)):
        shown.append(apart)
    return Figure(tuple(shown), lines, row.key)
