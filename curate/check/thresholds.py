"""From which probability of being no good a photo is flagged, up to which it is ok; between them it is `unsure`.

Measured on photos of the collection, each judged by a model that had not seen it. What is true of them is what
people decided, where there are labels: drawn by `curate sample`, weighed as `curate calibrate` does. Without them
it is what clean decided: then a flag is only as right as clean is. A reason that is less often right than others
has a higher threshold of its own, by what clean decided. A photo that is more probably good is never flagged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.check.learnt import Learnt
from curate.core.intervals import Estimate, good_share, of_draws, wilson, wilson_low
from curate.core.recipe import Clean
from curate.review import calibration
from curate.review.sampling import EDGES, bands

NEVER = 1.01  # above every probability
EVEN = 0.5  # probability of being no good, under which nothing is flagged
MOST = 60  # thresholds that are tried on labels
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Two probabilities of being no good, and what they are worth."""

    ok_below: float  # 0..1
    flag_from: float  # 0..1; NEVER where no threshold reaches the precision
    of_reason: Mapping[str, float] = field(
        default_factory=dict
    )  # the same of single reasons: the higher one counts
    flags: Estimate | None = None  # precision of flags; None where there are none
    oks: Estimate | None = None
    labels: int = 0  # decisions of people that this rests on; 0: on those of clean
    flag_labels: int = 0  # of them, those about photos that are flagged
    ok_labels: int = 0

    def judge(self, bad: float, reason: str) -> str:
        """`ok`, `flag` or `unsure` at this probability of being no good, for this most probable reason."""
        if bad < self.ok_below:
            return "ok"
        return "flag" if bad >= max(self.flag_from, self.of_reason.get(reason, 0.0)) else "unsure"

    def by(self, some: int = 0) -> str:
        """What says so: `some` of the labels, or all, or clean."""
        if not self.labels:
            return "by what clean decided: no label says how right that is"
        return f"by {f'{some:,} of ' if some else ''}{self.labels:,} labels"

    def lines(self, of_flag: float, of_ok: float, words: Mapping[str, str]) -> Iterator[str]:
        """The same for people: the precisions that were asked for, and the `words` of each reason."""
        if self.flags is None:
            yield f"no photo is flagged for what it shows: no threshold reaches precision {of_flag:g} {self.by()}"
        else:
            yield (
                f"flag: probability of no good photo from {self.flag_from:.3f}, precision {self.flags}, "
                f"{self.by(self.flag_labels)}"
            )
        if self.oks is None:
            yield self.no_ok(of_ok)
        else:
            yield (
                f"ok: probability of no good photo under {self.ok_below:.3f}, precision {self.oks}, "
                f"{self.by(self.ok_labels)}"
            )
        later = {reason: value for reason, value in self.of_reason.items() if value > self.flag_from}
        for reason, value in sorted(later.items()):
            named = f"flag ({words.get(reason, reason)})"
            yield f"{named}: from {value:.3f}" if value < NEVER else f"{named}: no threshold reaches it"

    def no_ok(self, of_ok: float) -> str:
        """For people: why no new photo is called ok."""
        return f"no new photo is called ok: no threshold reaches precision {of_ok:g} {self.by()}"


def from_clean(learnt: Learnt, of_flag: float, of_ok: float) -> Thresholds:
    """The widest `flag` and `ok` that reach their precision by what clean decided."""
    bad, sure, rejected = learnt.bad(), np.isfinite(learnt.bad()), _rejected(learnt)
    if not sure.any():
        return Thresholds(0.0, NEVER)
    of_reason = by_reason(learnt, of_flag)
    flaggable = _flaggable(learnt, of_reason)[sure]
    return replace(of_all(bad[sure], rejected[sure], of_flag, of_ok, flaggable), of_reason=of_reason)


def by_reason(learnt: Learnt, of_flag: float) -> dict[str, float]:
    """For each reason, the probability of being no good down to which so many are rejected, whatever for.

    Of rare reasons there are too few photos for an interval, so it is the share itself.
    """
    bad, reasons, rejected = learnt.bad(), np.array(learnt.reasons()), _rejected(learnt)
    found = {}
    for reason in sorted(set(reasons.tolist()) - {""}):
        its = np.flatnonzero(reasons == reason)
        its = its[np.argsort(-bad[its], kind="stable")]
        reached = np.flatnonzero(np.cumsum(rejected[its]) >= of_flag * np.arange(1, len(its) + 1))
        found[reason] = max(EVEN, float(bad[its[reached[-1]]])) if len(reached) else NEVER
    return found


def _rejected(learnt: Learnt) -> Bools:
    return np.array([bool(row.reason) for row in learnt.decided])


def _flaggable(learnt: Learnt, of_reason: Mapping[str, float]) -> Bools:
    """(n,) whether the threshold of its most probable reason lets a photo be flagged."""
    return np.asarray(learnt.bad() >= [of_reason.get(reason, NEVER) for reason in learnt.reasons()])


def of_all(bad: Floats, is_bad: Bools, of_flag: float, of_ok: float, flaggable: Bools | None = None) -> Thresholds:
    """From probabilities (n,) and what is true (n,): the widest `flag` and `ok` that reach their precision.

    Only `flaggable` photos (n,) are flagged. The lower end of its 95% interval must reach it (Wilson). Where both
    reach so far that they meet, nothing is `unsure`.
    """
    order = np.argsort(-bad, kind="stable")
    flagged = order if flaggable is None else order[flaggable[order]]
    flag_from = _reaching(bad[flagged], is_bad[flagged], of_flag)
    ok_from = _reaching(-bad[order[::-1]], ~is_bad[order[::-1]], of_ok)
    ok_below, flag_from = _meet(None if ok_from is None else -ok_from, flag_from)
    flags = _share(is_bad[flagged[bad[flagged] >= flag_from]])
    return Thresholds(ok_below, flag_from, flags=flags, oks=_share(~is_bad[bad < ok_below]))


def _meet(ok_below: float | None, flag_from: float | None) -> tuple[float, float]:
    """Both thresholds in order: a photo is flagged where they cross."""
    high = NEVER if flag_from is None else flag_from
    return min(ok_below or 0.0, high), high


def _share(right: Bools) -> Estimate | None:
    return Estimate(float(right.mean()), *wilson(int(right.sum()), len(right))) if len(right) else None


def _reaching(values: Floats, right: Bools, precision: float) -> float | None:
    """The smallest of `values`, which fall, down to which the share of `right` reaches `precision`."""
    so_far = np.cumsum(right, dtype=np.int64)
    places = np.flatnonzero(wilson_low(so_far, np.arange(1, len(right) + 1)) >= precision)
    return float(values[places[-1]]) if len(places) else None


def from_labels(
    folder: Path, config: Clean, learnt: Learnt, labels: Sequence[Path], of_flag: float, of_ok: float
) -> Thresholds:
    """The same by the decisions of people in the files `labels`.

    Raises UsageError when they cannot be read, are too few, or leave out the review queue or the rest.
    """
    read = calibration.read_labels(folder, config, labels)
    of_reason = by_reason(learnt, of_flag)
    probability = {row.key: p for row, p in zip(learnt.decided, learnt.bad().tolist(), strict=True)}
    may = {row.key: bool(p) for row, p in zip(learnt.decided, _flaggable(learnt, of_reason), strict=True)}
    rows = read.photos.scored
    flaggable = np.array([may.get(row.key, False) for row in rows])
    bad = np.array([probability.get(row.key, np.nan) for row in rows])
    strata = bands(np.array([row.score for row in rows]), EDGES)
    strata = strata + len(EDGES) * np.array([row.key in read.photos.queued for row in rows])
    places = np.array([place for place in read.good if np.isfinite(bad[place])], np.int64)
    is_bad = np.array([not read.good[place] for place in places.tolist()])
    found = of_sample(bad, strata, places, is_bad, of_flag, of_ok, flaggable)
    return replace(found, of_reason=of_reason, labels=found.labels or len(read.good))


def of_sample(
    bad: Floats,
    strata: NDArray[np.int64],
    places: NDArray[np.int64],
    is_bad: Bools,
    of_flag: float,
    of_ok: float,
    flaggable: Bools | None = None,
) -> Thresholds:
    """From probabilities (n,) of photos in `strata` (n,); of those at `places` (m,) is known whether they are bad.

    Only `flaggable` photos (n,) are flagged.
    A threshold cuts each stratum in two; what is known of a part stands for the part (Cochran 1977).
    """

    def precision(inside: Bools, right: Bools, seed: int) -> tuple[Estimate, bool]:
        """Of uploads, which nobody labelled: so that all photos inside are labelled makes nothing certain."""
        count = int(strata.max()) + 1
        known = inside[places]
        size, labels, goods = (
            np.bincount(chosen, minlength=count)
            for chosen in (strata[inside], strata[places[known]], strata[places[known & right]])
        )
        able = of_draws(good_share(size, labels, labels, seed)).low >= (of_ok if seed else of_flag)
        return of_draws(good_share(size, labels, goods, seed)), able

    def widest(values: Sequence[float], side: int) -> tuple[float | None, Estimate | None]:
        """Of `values`, from the strictest on, the last whose precision is reached at it and before it."""
        found: tuple[float | None, Estimate | None] = None, None
        for value in values:
            inside = np.asarray((bad >= value) & may if side == 0 else bad < value)
            if not inside[places].any():
                continue
            estimate, able = precision(inside, is_bad if side == 0 else ~is_bad, side)
            if estimate.low >= (of_ok if side else of_flag):
                found = value, estimate
            elif able:  # too few labels to reach it say nothing
                break
        return found

    if not len(places):  # in a small collection no photo has a probability
        return Thresholds(0.0, NEVER)
    may = np.ones(len(bad), bool) if flaggable is None else flaggable
    known = np.unique(bad[places])
    tried = known[np.unique(np.linspace(0, len(known) - 1, MOST).round().astype(int))].tolist()
    flag_from, flags = widest(tried[::-1], 0)
    ok_below, oks = widest([*tried[1:], NEVER], 1)
    low, high = _meet(ok_below, flag_from)
    if ok_below is not None and low < ok_below:  # it ends where the flags begin
        oks = precision(np.asarray(bad < low), ~is_bad, 1)[0]
    return Thresholds(
        low,
        high,
        flags=flags,
        oks=oks,
        labels=len(places),
        flag_labels=int(((bad >= high) & may)[places].sum()),
        ok_labels=int((bad < low)[places].sum()),
    )
