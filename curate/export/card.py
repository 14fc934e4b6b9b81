"""The dataset card: README.md of every export. It says nothing that the manifests do not."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from curate.core.intervals import percent, wilson
from curate.core.schemas import REASONS, SPLITS
from curate.dataset import Photo
from curate.export.release import STAGES, Release

REGIONS = 12  # that the table names; the rest is one line


def card(release: Release, loading: str, front: str = "") -> bytes:
    """The card as Markdown. `loading` says how to load the export; `front` is YAML to begin with."""
    lines = [
        rights_line(release),
        "",
        f"# {release.title}",
        "",
        release.description or f"Photos of {', '.join(release.dataset.classes)} for image classification.",
        "",
        *_table(["split", *release.dataset.classes, "photos"], _split_rows(release)),
        "",
        "## Load it",
        "",
        loading.strip(),
        "",
        "## How it was made",
        "",
        *_made(release),
        "",
        "## Funnel",
        "",
        *_table(["stage", "photos in", "kept", "rejected"], _funnel(release)),
        "",
        *_rejected(release),
        "",
        "## Split check",
        "",
        *split_check(release),
        "",
        "## Class by region",
        "",
        *_table(["region", *release.dataset.classes], _regions(release)),
        "",
        "## Known limits",
        "",
        *(f"- {limit}" for limit in limits(release)),
        "",
        "## Licence and rights",
        "",
        *(f"- {line}" for line in rights(release)),
        "",
    ]
    return (front + "\n".join(lines)).encode("utf-8", "replace")


def _cell(text: object) -> str:
    """Text of a site cannot break out of a table cell, nor begin markup."""
    plain = " ".join(str(text).split())
    return "".join(f"\\{letter}" if letter in "\\|<>[]`*_" else letter for letter in plain) or "–"


def _table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(_cell(name) for name in head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(f'{c:,}' if isinstance(c, int) else _cell(c) for c in row)} |"


def rights_line(release: Release) -> str:
    """The first line: on what ground the photos are given on."""
    if ground := release.rights.ground.strip():
        return f"The photos are given on because: {ground}"
    return (
        "**No ground is known on which these photos may be given on.** They belong to those who took them; "
        "the recipe's `rights.ground` is empty."
    )


def rights(release: Release) -> Iterator[str]:
    """What the recipe says of rights, and what it leaves open."""
    rights = release.rights
    yield f"Ground: {rights.ground.strip().rstrip('.') or 'not known'}."
    yield f"Licence of the photos: {rights.license or 'none is given'}."
    yield f"Holder of the rights: {rights.holder or 'the person who took each photo'}."
    yield f"To have a photo taken out: {rights.contact or 'no contact is given'}."


def _split_rows(release: Release) -> Iterator[Sequence[object]]:
    for split, sizes in release.dataset.counts().items():
        yield [split, *sizes.values(), sum(sizes.values())]


def _made(release: Release) -> Iterator[str]:
    for stage in STAGES:
        sidecar = release.sidecars[stage]
        yield f"- `{stage}`, finished {sidecar['finished'][:10]}: {_cell(_settings(stage, sidecar))}"
    options = release.options
    did = [
        *(["removed EXIF, GPS and comments, without touching the image"] if options.strip else []),
        *([f"shrank larger photos to {options.size} pixels on the longer side"] if options.size else []),
        *(["made JPEG of other formats"] if options.jpeg else []),
        *(f"blurred {kind}" for kind in options.blur),
    ]
    what = "; ".join(did) if did else "left the bytes as they were uploaded"
    yield f"- `export`: {what if release.files else 'gives addresses, no photos'}"


def _settings(stage: str, sidecar: dict[str, Any]) -> str:
    config = sidecar["config"]
    if stage == "fetch":
        return f"photos {_origin(sidecar)}"
    if stage == "dedup":
        return f"method {config.get('method')}, hashes at most {config.get('max_distance')} bits apart"
    if stage == "clean":
        scorer = sidecar["notes"].get("scorer") or {}
        return f"scorer {scorer.get('model') or config.get('scorer')}, threshold {config.get('threshold')}"
    return f"seed {config.get('seed')}"


def _origin(sidecar: dict[str, Any]) -> str:
    """Where the photos come from, by the sidecar of fetch. The path of an import is nobody's business."""
    if not sidecar["notes"].get("imported"):
        return f"from {sidecar['config'].get('id') or 'a site'}"
    return "that a CSV names" if str(sidecar["config"].get("path")).lower().endswith(".csv") else "from folders"


def _funnel(release: Release) -> Iterator[Sequence[object]]:
    for stage in STAGES:
        sidecar = release.sidecars[stage]
        kept = int(sidecar["counts"]["kept"])
        yield [stage, int(sidecar["rows"]), kept, int(sidecar["rows"]) - kept]


def _rejected(release: Release) -> Iterator[str]:
    clean = release.sidecars["clean"]
    rows, kept = int(clean["rows"]), int(clean["counts"]["kept"])
    if rows:
        low, high = wilson(rows - kept, rows)
        yield (
            f"`clean` rejected {percent((rows - kept) / rows)} of the distinct photos "
            f"(95% interval {percent(low)} to {percent(high)}):"
        )
        yield ""
    sentences = {**REASONS["clean"], **clean["notes"].get("reasons", {})}
    for reason, number in clean["counts"].items():
        if reason != "kept":
            yield f"- {number:,} `{reason}`: {sentences.get(reason, 'a reason of the recipe')}"


def split_check(release: Release) -> Iterator[str]:
    """What the split stage counted, or why nothing is known."""
    if lines := release.sidecars["split"]["notes"].get("leakage", {}).get("lines"):
        below = ""
        for line in lines:
            yield f"{below}- {line}"
            below = "  " if line.endswith(":") else below
    else:
        yield "Not checked, because the split stage noted no leakage check."


def _regions(release: Release) -> Iterator[Sequence[object]]:
    tally = Counter((photo.region, photo.class_name) for photo in release.dataset.photos)
    sizes = Counter(photo.region for photo in release.dataset.photos)
    named = sorted(sizes, key=lambda region: (-sizes[region], region))
    for region in named[:REGIONS]:
        yield [region or "not given", *(tally[region, name] for name in release.dataset.classes)]
    if rest := named[REGIONS:]:
        sums = [sum(tally[region, name] for region in rest) for name in release.dataset.classes]
        yield [f"{len(rest)} others", *sums]


def _listings(photos: Sequence[Photo]) -> Iterator[str]:
    """How many listings the photos come from, as far as their source names them."""
    known = [photo.listing for photo in photos if photo.listing]
    if known:
        of = f"{len(known):,} of the photos" if len(known) < len(photos) else "The photos"
        yield f"{of} come from {len(set(known)):,} listings of one source: other sources and times differ."
    if len(known) < len(photos):
        unknown = f"the other {len(photos) - len(known):,}" if known else "these photos"
        yield f"Which of {unknown} are of one listing is not known: photos of one thing may be in two splits."


def limits(release: Release) -> Iterator[str]:
    """What a user of the dataset must know."""
    photos = release.dataset.photos
    moved = sum(photo.class_name != photo.seller_class for photo in photos)
    corrected = f", but for {moved:,} of {len(photos):,} photos that a person corrected" if moved else ""
    fetch = release.sidecars["fetch"]
    named = "came with the photos" if fetch["notes"].get("imported") else "are the sellers' own"
    yield f"Class names {named}{corrected}."
    yield (
        f"{release.doubtful:,} photos are borderline or may be of another class; nobody has decided about them."
    )
    yield "What `clean` rejects and keeps is a model's judgement; this card gives no accuracy of it."
    yield from _listings(photos)
    empty = [split for split in SPLITS if not release.dataset.of(split)]
    yield from (f"No photo is in {split}." for split in empty)
    for kind in ("faces", "plates"):
        what = {"faces": "Faces", "plates": "Number plates"}[kind]
        if kind not in release.options.blur:
            yield f"{what} are as they were uploaded."
    if release.options.blur:
        boxes = sum(file.blurred for file in release.files)
        changed = sum(file.blurred > 0 for file in release.files)
        yield f"{boxes:,} places in {changed:,} photos were blurred. A detector misses some: look at the photos."
    if release.files and not release.options.strip:
        yield "Photos may carry EXIF data, e.g. the place where they were taken; `--strip` removes it."
