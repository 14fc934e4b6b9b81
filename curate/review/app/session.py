"""What one reviewer does with one folder: queues, pages of them, decisions, progress. Knows nothing of HTTP."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curate.core import manifest
from curate.core.errors import UsageError
from curate.core.recipe import Recipe
from curate.core.schemas import REASONS
from curate.review import decisions, log, queue, sampling
from curate.review.app import index
from curate.review.decisions import Row, Standing

SAMPLE = "sample"  # the blind queue; its decisions go into a file of their own, so that they measure and not teach
SAMPLE_COUNT = 300
DISPUTED = "disputed"
PAGE = 120  # items at most
_NO_REASON = ("undecodable", "score_nan", "reviewed")  # no person rejects for these
Item = dict[str, Any]


class Log:
    """The decisions in one file, read again when another process has written to it."""

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        self.path, self.classes = path, classes
        self.standing, self.problem, self.torn = Standing(), "", ""
        self.stamp: tuple[int, int, int] | None = None

    def refresh(self) -> bool:
        """Read the file if it is another than before. Returns whether it was."""
        if (now := self._stamp()) == self.stamp:
            return False
        self.stamp, self.standing, self.problem, self.torn = now, Standing(), "", ""
        if now:
            try:
                rows, self.torn = decisions.read(self.path, self.classes, blank=True)
            except UsageError as error:
                self.problem, rows = str(error), []
            for row in rows:
                self.standing.add(row)
        return True

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows durably, then count them. Raises UsageError where the file cannot be obeyed."""
        if self.problem:
            raise UsageError(self.problem)
        before = self.stamp
        size = log.append(self.path, rows)
        if before and before[1] == size:  # nobody else wrote meanwhile
            self.stamp = self._stamp()
            for row in rows:
                self.standing.add(row)
        else:
            self.refresh()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns


class Session:
    """The folder as one reviewer sees it. Safe to call from several threads."""

    def __init__(self, folder: Path, recipe: Recipe, reviewer: str) -> None:
        self.folder, self.recipe, self.reviewer = folder, recipe, reviewer
        self.classes = recipe.clean.class_names
        self.lock = threading.RLock()
        self.logs = {
            False: Log(folder / decisions.NAME, self.classes),
            True: Log(folder / sampling.NAME, self.classes),
        }
        self.index = index.open_index(folder)
        self.made_from = index.identity(folder)
        self._prepare()

    def _prepare(self) -> None:
        sizes = self.index.execute("SELECT name, count(*) FROM queue GROUP BY name").fetchall()
        self.sizes: Counter[str] = Counter(dict(map(tuple, sizes)))
        self.sample: list[str] | None = None  # drawn when it is first asked for
        config = manifest.read_sidecar(self.folder, "clean")["config"]
        self.threshold = float(config.get("threshold", self.recipe.clean.threshold))
        known = manifest.reasons(self.folder, "clean")
        own = [name for name in known if name not in REASONS["clean"]]
        self.reasons = {name: known[name] for name in (*own, *known) if name not in _NO_REASON}
        self._count()

    def _count(self) -> None:
        """Count anew what this reviewer has decided of each queue."""
        self.done: Counter[str] = Counter()
        standing = self.logs[False].standing
        for key in standing.rows:
            if standing.by(self.reviewer, key):
                self.done.update(self._queues_of(key))

    def _queues_of(self, key: str) -> list[str]:
        return [name for (name,) in self.index.execute("SELECT name FROM queue WHERE key = ?", (key,))]

    def refresh(self) -> None:
        """Take in what other processes wrote: decisions, and manifests. Raises StateError for damaged ones."""
        with self.lock:
            if index.identity(self.folder) != self.made_from:
                self.index.close()
                self.index = index.open_index(self.folder)
                self.made_from = index.identity(self.folder)
                self._prepare()
            self.logs[True].refresh()
            if self.logs[False].refresh():
                self._count()

    def state(self) -> dict[str, Any]:
        """What the page needs to begin: queues with their progress, classes, reasons, what is wrong."""
        with self.lock:
            self.refresh()
            review, sample = (self.logs[blind].standing for blind in (False, True))
            disputed = self._disputed()
            queues = [{"name": name, "total": self.sizes[name], "done": self.done[name]} for name in self.sizes]
            queues.append({"name": DISPUTED, "total": len(disputed), "done": 0})
            labelled = sum(sample.by(self.reviewer, key) is not None for key in sample.rows)
            total = SAMPLE_COUNT if self.sample is None else len(self.sample)
            queues.append({"name": SAMPLE, "total": total, "done": min(labelled, total)})
            return {
                "folder": str(self.folder),
                "recipe": self.recipe.name,
                "reviewer": self.reviewer,
                "classes": list(self.classes),
                "reasons": [{"name": name, "means": means} for name, means in self.reasons.items()],
                "queues": queues,
                "problem": self.logs[False].problem,
                "torn": self.logs[False].torn,
                "decided": sum(review.by(self.reviewer, key) is not None for key in review.rows),
                "unapplied": bool(manifest.stale_inputs(self.folder, "clean")),
            }

    def _disputed(self) -> list[str]:
        standing = self.logs[False].standing
        return sorted(key for key in standing.rows if standing.disputed(key))

    def _drawn(self) -> list[str]:
        if self.sample is None:
            photos = sampling.photos_in(self.folder, self.recipe.clean)
            self.sample = [row.key for row in sampling.draw(photos.scored, photos.queued, SAMPLE_COUNT)]
        return self.sample

    def page(self, name: str, start: int = 0, limit: int = PAGE) -> list[Item]:
        """Items of a queue from place `start` on. Raises KeyError for a queue that is not there."""
        limit = max(1, min(limit, PAGE))
        with self.lock:
            self.refresh()
            if name in (DISPUTED, SAMPLE):
                keys = self._disputed() if name == DISPUTED else self._drawn()
                found = list(enumerate(keys))[max(0, start) :][:limit]
            elif name in self.sizes:
                query = "SELECT place, key FROM queue WHERE name = ? AND place >= ? ORDER BY place LIMIT ?"
                found = [tuple(row) for row in self.index.execute(query, (name, start, limit))]
            else:
                raise KeyError(name)
            items = [self._item(key, name == SAMPLE) | {"place": place} for place, key in found]
            return [item for item in items if item.get("photos")]

    def next_undecided(self, name: str, start: int) -> int:
        """The place of the first item from `start` on that this reviewer has not decided; else that of the end."""
        with self.lock:
            if name in (DISPUTED, SAMPLE):
                keys = self._disputed() if name == DISPUTED else self._drawn()
                rows: Any = list(enumerate(keys))[start:]
            else:
                query = "SELECT place, key FROM queue WHERE name = ? AND place >= ? ORDER BY place"
                rows = self.index.execute(query, (name, start))
            standing = self.logs[name == SAMPLE].standing
            for place, key in rows:
                if standing.by(self.reviewer, key) is None or name == DISPUTED:
                    return int(place)
            return self.sizes[name] if name in self.sizes else len(keys)

    def _item(self, key: str, blind: bool) -> Item:
        """What the page shows of one item: a photo, or a pair of which the one that stays comes first."""
        photos = [found for each in key.split() if (found := index.photo(self.index, each))]
        if len(photos) == 2 and photos[0]["duplicate_of"]:
            photos.reverse()
        standing = self.logs[blind].standing
        mine = standing.by(self.reviewer, key)
        item: Item = {
            "key": key,
            "photos": [_blind(found) if blind else self._facts(found) for found in photos],
            "mine": _said(mine) if mine else None,
        }
        if not blind:
            item["others"] = [
                _said(row) | {"reviewer": row.reviewer}
                for row in standing.of(key)
                if row.reviewer != self.reviewer
            ]
        return item

    def _facts(self, found: Item) -> Item:
        facts = {name: found[name] for name in index.COLUMNS if name not in ("path", "sha256")}
        facts["version"] = found["sha256"][:8]
        facts["threshold"] = self.threshold
        facts["why"] = self._why(found)
        if found["label_conflict"] == "true":
            query = "SELECT key, seller_class, substr(sha256, 1, 8) AS version FROM photo "
            query += "WHERE duplicate_group = ? AND label_conflict = 'true' ORDER BY key != ?, key LIMIT 9"
            same = self.index.execute(query, (found["duplicate_group"], found["key"]))
            facts["sold"] = [dict(row) for row in same]  # this photo first
        return facts

    def _why(self, found: Item) -> str:
        if found["duplicate_of"] or found["dedup_reason"]:
            return str(found["dedup_reason"]).replace("_", " ")
        if not found["keep"]:
            return ""
        row = index.clean_row(found)
        if row.borderline:
            return queue.why(row, self.threshold, found["label_conflict"] == "true")
        if not row.keep:
            return f"rejected: {self.reasons.get(row.reason, row.reason)}"
        if row.likely_class not in ("", row.class_name):
            return f"{row.likely_class} is likelier"
        return "kept"

    def around(self, key: str) -> tuple[list[Item], str]:
        """The other photos of a photo's listing, and its sha256. Raises KeyError for an unknown key."""
        with self.lock:
            found = self.known(key)
            query = "SELECT * FROM photo WHERE listing_id = ? AND key != ? ORDER BY position, key LIMIT 24"
            rows = self.index.execute(query, (found["listing_id"], key))
            return [self._facts(dict(row)) for row in rows], found["sha256"]

    def kept_of_file(self, sha256: str) -> list[Item]:
        """The kept photos that are this file."""
        with self.lock:
            rows = self.index.execute(
                "SELECT * FROM photo WHERE sha256 = ? AND keep = 'true'", (sha256,)
            ).fetchall()
            return [self._facts(dict(row)) for row in rows]

    def known(self, key: str) -> Item:
        """The row of a photo. Raises KeyError for a key that no manifest has."""
        with self.lock:
            if (found := index.photo(self.index, key)) is None:
                raise KeyError(key)
            return found

    def decide(self, name: str, rows: Sequence[Item]) -> list[Item]:
        """Write decisions of a queue. They are on the disk when this returns what stood before each of them.

        What stands already is not written again, so that a request may be repeated. Raises UsageError for a row
        that cannot be, KeyError for an unknown key, ResourceError when the disk refuses.
        """
        blind, at = name == SAMPLE, datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self.lock:
            self.refresh()
            mine, wanted, before = self.logs[blind], dict[str, Row](), []
            for number, row in enumerate(rows, start=1):
                cells = {name: str(row.get(name) or "") for name in decisions.COLUMNS}
                parsed = decisions.parse(
                    cells | {"reviewer": self.reviewer, "at": at}, self.classes, f"row {number}"
                )
                for key in parsed.key.split():
                    self.known(key)
                stood = mine.standing.by(self.reviewer, parsed.key)
                before.append({"key": parsed.key, "before": _said(stood) if stood else None})
                wanted.pop(parsed.key, None)
                if (_said(stood) if stood else {"decision": decisions.UNDO}) != _said(parsed):
                    wanted[parsed.key] = parsed
            had = {key: mine.standing.by(self.reviewer, key) is not None for key in wanted}
            if wanted:
                mine.append([*wanted.values()])
            for key, was in had.items() if not blind else ():
                change = (mine.standing.by(self.reviewer, key) is not None) - was
                for name_of in self._queues_of(key):
                    self.done[name_of] += change
            return before


def _said(row: Row) -> dict[str, str]:
    if row.decision == decisions.UNDO:
        return {"decision": decisions.UNDO}
    return {name: getattr(row, name) for name in ("decision", "class_name", "reason", "note")}


def _blind(found: Item) -> Item:
    """Neither a score nor what the seller or the machine says: they would sway the labels that judge them."""
    return {name: found[name] for name in ("key", "width", "height")} | {"version": found["sha256"][:8]}
