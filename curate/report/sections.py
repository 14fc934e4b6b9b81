"""What the report says, section by section: plain data out of rows, with the photos already chosen.

Every choice is by score, distance or key, so the same manifests give the same page.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curate.core import manifest, measured_on
from curate.core.schemas import REASONS, SPLITS, CleanRow, DedupRow, FetchRow, Row
from curate.inspect.rows import Rows, why_queued
from curate.report import charts, comparisons, duplicates
from curate.report.thumbnails import Figure, Section, spread, thumbnail
from curate.review import queue

PER_REASON = 6  # photos
PER_PAGE = 48  # photos of what was kept, over all classes
MAX_CLASSES = 12  # with a row of photos or chart of their own, the largest first


def funnel(stages: Sequence[str], sidecars: Mapping[str, Mapping[str, Any]], rows: Rows) -> Section:
    """In, kept and each reason of every stage that selects, and the same as a chart."""
    parts = []
    for stage in stages:
        if stage == "train_baseline":
            continue
        tally = dict(sidecars[stage]["counts"])
        kept, entered = tally.pop("kept"), sidecars[stage]["rows"]
        sentences = {**REASONS[stage], **sidecars[stage]["notes"].get("reasons", {})}
        reasons = [(name, sentences.get(name, ""), number, number / entered) for name, number in tally.items()]
        parts.append({"stage": stage, "entered": entered, "kept": kept, "reasons": reasons})
    flows = [
        charts.Flow(
            part["stage"],
            part["entered"],
            part["kept"],
            tuple((name.replace("_", " "), number) for name, _, number, _ in part["reasons"]),
        )
        for part in parts
    ]
    by_split = Counter(row.split for row in rows.split.values() if row.keep)
    ends = [(split, by_split[split]) for split in SPLITS] if by_split else [("photos so far", parts[-1]["kept"])]
    said = [
        (stage, str(line))
        for stage in stages
        if stage != "split"  # its summary is its leakage check, shown with the split
        for line in sidecars[stage]["notes"].get("summary", [])
    ]
    return {"stages": parts, "chart": charts.flow(flows, ends), "said": said}


def kept_photos(rows: Rows) -> tuple[dict[str, str], str]:
    """Key to class name of every photo that is in so far, and the stage that had the last word."""
    for stage in ("split", "clean", "dedup", "fetch"):
        if table := rows.stage(stage):
            names = {key: getattr(row, "class_name", "") for key, row in table.items() if row.keep}
            return {key: name or rows.fetch[key].class_name for key, name in names.items()}, stage
    return {}, ""


def _by_class(names: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Each class with its keys, by name; where there are too many to show, the largest come first."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, name in names.items():
        found[name].append(key)
    few = len(found) <= MAX_CLASSES
    return sorted(found.items(), key=lambda item: (0 if few else -len(item[1]), item[0]))


def kept(folder: Path, rows: Rows, names: Mapping[str, str], stage: str) -> Section:
    """Some photos of each class; keys are hashes, so even spacing over them is a fair sample."""
    classes = _by_class(names)
    number = max(4, min(12, PER_PAGE // max(1, min(len(classes), MAX_CLASSES))))
    shown = [
        (name, len(keys), [_figure(folder, rows, key, "Kept") for key in spread(keys, number, str)])
        for name, keys in classes[:MAX_CLASSES]
    ]
    return {"stage": stage, "classes": shown, "others": len(classes) - len(shown)}


def rejected(folder: Path, stages: Sequence[str], rows: Rows) -> list[Section]:
    """Per stage and reason: its sentence, its number, and examples from the clearest to the closest call."""
    found = []
    for stage in stages:
        table = rows.stage(stage)
        tally = Counter(row.reason for row in table.values() if not row.keep)
        for reason, number in sorted(tally.items(), key=lambda item: (-item[1], item[0])):
            same = [row for row in table.values() if row.reason == reason]
            section: Section = {
                "stage": stage,
                "reason": reason,
                "sentence": manifest.reasons(folder, stage).get(reason, ""),
                "number": number,
            }
            shown = [row for row in same if rows.fetch[row.key].path]
            examples = spread(shown, PER_REASON, _closeness)
            section["figures"] = [_figure(folder, rows, row.key, "Rejected", row) for row in examples]
            section["unseen"] = [rows.fetch[row.key] for row in spread(same, PER_REASON, _closeness)] * (not shown)
            found.append(section)
    return found


def _closeness(row: Row) -> tuple[float, str]:
    """Sort key: how near a rejected photo came to being kept."""
    near = 0.0
    if isinstance(row, CleanRow) and math.isfinite(row.score):
        near = row.score
    elif isinstance(row, DedupRow):
        near = float(row.distance or 0)
    return near, row.key


def _figure(folder: Path, rows: Rows, key: str, what: str, row: Row | None = None) -> Figure:
    """A photo with what a stage's row says of it; a duplicate stands beside the photo that was kept."""
    if isinstance(row, DedupRow) and row.duplicate_of in rows.fetch:
        return duplicates.pair(folder, rows, row)
    photo = rows.fetch[key]
    lines = []
    if isinstance(row, CleanRow):
        lines.append(_score(row))
        if row.likely_class != row.class_name and (judged := _judged(row)):
            lines.append(f"sold as {photo.class_name}, {judged}")
    return Figure((thumbnail(folder, photo, what),), tuple(lines), key)


def scores(folder: Path, rows: Rows, sidecar: Mapping[str, Any]) -> Section:
    """Scores and rejection rates per class, and the photos a person should look at first."""
    threshold = sidecar["config"].get("threshold")
    table = rows.clean
    classes = _by_class({key: row.class_name for key, row in table.items()})
    drawn = [
        charts.histogram(
            name,
            [table[key].score for key in keys if table[key].keep],
            [table[key].score for key in keys if not table[key].keep],
            threshold,
        )
        for name, keys in classes[:MAX_CLASSES]
    ]
    queue = sorted(
        (row for row in table.values() if row.borderline),
        key=lambda row: (row.review_rank is None, row.review_rank or 0, row.key),
    )
    figures = [_queued(folder, rows, row, threshold) for row in queue[:12]]
    rates = sidecar["notes"].get("classes", [])
    largest = sorted(rates, key=lambda rate: -rate["rejected"] / rate["photos"])[:MAX_CLASSES]
    lines = [(r["class_name"], r["low"], r["rejected"] / r["photos"], r["high"]) for r in largest]
    return {
        "charts": drawn,
        "tables": [(name, _tenths([table[key] for key in keys])) for name, keys in classes[:MAX_CLASSES]],
        "others": len(classes) - len(drawn),
        "rates": rates,
        "rates_chart": comparisons.whiskers("Rejected, with 95% interval", lines, zero=True) if lines else "",
        "borderline": len(queue),
        "figures": figures,
        "total": len(table),
    }


def _tenths(rows: Sequence[CleanRow]) -> list[tuple[str, int, int]]:
    """Photos kept and rejected by tenth of the score."""
    tally = Counter((min(9, int(row.score * 10)), row.keep) for row in rows if math.isfinite(row.score))
    return [(f"{at / 10:.1f} to {(at + 1) / 10:.1f}", tally[at, True], tally[at, False]) for at in range(10)]


def _queued(folder: Path, rows: Rows, row: CleanRow, threshold: float | None) -> Figure:
    """A photo of the review queue: what became of it and why it is there, what is said and judged of it, where."""
    seller = rows.fetch[row.key].class_name
    rank = "" if row.review_rank is None else f"#{row.review_rank}, "
    lines = [
        f"{rank}kept" if row.keep else f"{rank}rejected: {row.reason.replace('_', ' ')}",
        why_queued(rows, row, threshold),
        f"sold as {seller}" + ("" if row.class_name == seller else f", review says {row.class_name}"),
        _judged(row),
        _score(row),
        f"listing {rows.fetch[row.key].listing_id}",
    ]
    return Figure((thumbnail(folder, rows.fetch[row.key], "Borderline"),), tuple(filter(None, lines)), row.key)


def _score(row: CleanRow) -> str:
    return f"score {row.score:.3f}, {row.concept.replace('_', ' ')} {row.concept_score:.2f}"


def _judged(row: CleanRow) -> str:
    """The class a photo is judged to be, and how probable its own is; empty where that does not matter."""
    if row.label_score is None or not row.likely_class or not queue.class_applies(row):
        return ""
    own = "" if row.likely_class == row.class_name else f" of {row.class_name}"
    return f"judged {row.likely_class}, probability{own} {row.label_score:.2f}"


def audited(folder: Path) -> list[str]:
    """Of which settings audit.json is, and its sentences.

    Empty where `curate audit` did not measure this split and its networks.
    """
    try:
        found = json.loads((folder / "audit.json").read_bytes())
        if measured_on.earlier(folder, found["inputs"], "split", "train_baseline"):
            return []
        return [*_settings(found.get("settings", {})), *(str(line) for line in found["sentences"])]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _settings(used: Mapping[str, Any]) -> list[str]:
    """Of which settings an audit is, in a sentence; nothing for one that does not say."""
    if not used:
        return []
    market = [
        f"{attribute} {', '.join(f'{name}: {share:g}' for name, share in shares.items())}"
        for attribute, shares in used["audit.reference"].items()
    ]
    against = f", compared with the market: {'; '.join(market)}" if market else ""
    return [f"Measured on images of {used['train_baseline.transfer.image_size']} pixels{against}."]


def unseen_label(photo: FetchRow) -> str:
    """How a photo without a file is named: by its address, or else by its listing."""
    return photo.image_url or f"listing {photo.listing_id}"
