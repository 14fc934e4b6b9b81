"""leaks: does a dataset that has splits show the same photo, or the same listing, in two of them?

The dataset may be anybody's: folders `train|val|test/<class>`, a CSV with a column `split`, or manifests. Pairs
are exact and near duplicates as dedup proves them; listings count where the source names them. A sub-folder of a
class is a listing, in whatever splits it lies, where its name has a number. Other sub-folders, and prefixes of
names, that are in two splits are remarked.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from curate.audit import labelled
from curate.audit.labelled import Labelled, LabelledSet
from curate.core.counted import counted, some_of
from curate.core.coverage import NOT_LOOKED_FOR, STAYS
from curate.core.errors import Do, GateError, UsageError
from curate.core.executors import MapFn
from curate.core.intervals import Accuracy, percent
from curate.core.recipe import Dedup
from curate.core.schemas import SPLITS
from curate.dedup import of_files
from curate.fetch.sources.grouping import FOLDER, prefix
from curate.train import models
from curate.train.predict import predict

METHOD: Literal["thorough"] = "thorough"  # of dedup
_ORDER: dict[str, int] = {split: place for place, split in enumerate(SPLITS)}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos of different splits that show the same: `later` is the one nearer to test."""

    earlier: Labelled
    later: Labelled
    exact: bool
    proof: str  # words of PROOFS; empty for a pair that both a third photo is a duplicate of

    @property
    def differs(self) -> bool:
        """Has it two class names?"""
        return self.earlier.class_name != self.later.class_name


@dataclass(frozen=True)
class Leaks:
    """What was found."""

    photos: dict[str, int]  # per split
    pairs: list[Pair]
    listings: dict[str, list[Labelled]]  # in more than one split, with their photos
    listings_known: int
    affected: set[str]  # names of test photos with a duplicate, or photos of their listing, in train or val
    refused: list[tuple[str, str]]  # name and reason of photos that cannot be read
    remarks: tuple[str, ...]
    accuracy: dict[str, Accuracy] = field(default_factory=dict)  # of all, affected, others
    network: str = ""  # that the accuracy is of

    @property
    def any(self) -> bool:
        """Is there a leak?"""
        return bool(self.pairs or self.listings)

    def sentences(self) -> list[str]:
        """What was found, in words."""
        exact = sum(pair.exact for pair in self.pairs)
        sizes = ", ".join(f"{number:,} {split}" for split, number in self.photos.items())
        said = [f"{sum(self.photos.values()):,} photos: {sizes}."]
        if self.pairs:
            said.append(
                f"Pairs of duplicates across splits: {len(self.pairs):,} ({exact:,} exact, "
                f"{len(self.pairs) - exact:,} near)."
            )
        else:
            said.append("No exact or near duplicate was found across splits.")
        said += self._class_sentences()
        said.append(f"Not looked for: {NOT_LOOKED_FOR[METHOD]}, {STAYS}.")
        if self.listings_known:
            said.append(
                f"{len(self.listings):,} of {self.listings_known:,} listings are in more than one split, "
                f"e.g. {min(self.listings)}."
                if self.listings
                else f"Each of {self.listings_known:,} listings is in one split only."
            )
        else:
            said.append("Listings: not checked, because the dataset does not name them.")
        tested = self.photos.get("test", 0)
        if tested:
            said.append(f"Test photos affected: {len(self.affected):,} of {tested:,}.")
        said += self._accuracy_sentences()
        if self.refused:
            name, reason = self.refused[0]
            said.append(f"Not checked: {len(self.refused):,} photos that cannot be read, e.g. {name}: {reason}.")
        return [*said, *self.remarks]

    def _class_sentences(self) -> list[str]:
        """What to say of pairs with two class names."""
        if not (differ := [pair for pair in self.pairs if pair.differs]):
            return []
        one, other = differ[0].earlier, differ[0].later
        pairs = counted(len(differ), "pair has", "pairs have")
        named = f"{one.name} ({one.class_name}) and {other.name} ({other.class_name})"
        return [f"{pairs} two class names, e.g. {named}: correct the wrong one."]

    def _accuracy_sentences(self) -> list[str]:
        said = (
            [f"The accuracy is that of {self.network}."] if self.accuracy and self.accuracy["all"].photos else []
        )
        words = {
            "all": "with all test photos",
            "others": "without the affected",
            "affected": "on the affected alone",
        }
        for name, where in words.items():
            found = self.accuracy.get(name)
            if found and found.photos:
                low, high = (percent(end) for end in found.interval)
                said.append(f"Accuracy {where}: {percent(found.share)} (95% interval {low} to {high}).")
        return said

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "photos": self.photos,
            "pairs": [
                {
                    "earlier": pair.earlier.name,
                    "earlier_split": pair.earlier.split,
                    "later": pair.later.name,
                    "later_split": pair.later.split,
                    "class_names": [pair.earlier.class_name, pair.later.class_name],
                    "exact": pair.exact,
                    "proof": pair.proof,
                }
                for pair in self.pairs
            ],
            "pairs_with_two_class_names": sum(pair.differs for pair in self.pairs),
            "listings": list(self.listings),
            "listings_known": self.listings_known,
            "affected": sorted(self.affected),
            "network": self.network,
            "accuracy": {name: {"right": a.right, "photos": a.photos} for name, a in self.accuracy.items()},
            "refused": [{"photo": name, "reason": reason} for name, reason in self.refused],
        }


def find(path: Path, model: models.Model | None = None, map_fn: MapFn = map, group_by: str = "") -> Leaks:
    """The leaks of the dataset at `path`; with a model, its accuracy on test with and without them.

    `group_by` is `folder`, `prefix` or a regular expression: what tells listings where no column does.
    Raises UsageError when the dataset has fewer than two splits, GateError when no photo of it can be read.
    """
    source = labelled.read(path, group_by=group_by)
    photos = [photo for photo in source.photos if photo.split]
    if len({photo.split for photo in photos}) < 2:
        raise _too_few(path, source)
    found = of_files.find([photo.file for photo in photos], Dedup(method=METHOD), map_fn)
    if len(found.refused) == len(photos):
        raise GateError(f"{path}: no photo can be read, e.g. {photos[0].name}: {found.refused[0]}")
    return _leaks(source, photos, found, model, group_by)


def _too_few(path: Path, source: LabelledSet) -> UsageError:
    """Says which splits there are, and what is called like none."""
    splits = {photo.split for photo in source.photos} - {""}
    why = [f"{path} has fewer than two splits: {min(splits, default='none')}", *source.remarks]
    if path.is_file() and not source.cleaned:
        return UsageError("; ".join(why), Do("write train, val or test into the column split of each row"))
    folders = sorted({photo.name.partition("/")[0] for photo in source.photos if not photo.split})
    if splits and folders and not source.cleaned:
        why.append(f"beside it: {some_of(folders, 5)}")
        return UsageError("; ".join(why), Do("rename what is a split to train, val or test"))
    kinds = "folders train, val, test with a folder per class in each, a CSV with a column split"
    return UsageError("; ".join(why), Do(f"give {kinds}, or a folder of manifests"))


def _leaks(
    source: LabelledSet,
    photos: Sequence[Labelled],
    found: of_files.FileDuplicates,
    model: models.Model | None,
    group_by: str,
) -> Leaks:
    pairs = _pairs(photos, found)
    by_listing: dict[str, list[Labelled]] = defaultdict(list)
    for photo in photos:
        for listing in {photo.listing, *photo.shown} - {""}:
            by_listing[listing].append(photo)
    crossing = {name: own for name, own in sorted(by_listing.items()) if len({photo.split for photo in own}) > 1}
    affected = {pair.later.name for pair in pairs if pair.later.split == "test"}
    affected |= {photo.name for own in crossing.values() for photo in own if photo.split == "test"}
    counts = {split: sum(photo.split == split for photo in photos) for split in SPLITS}
    without = [photo.name for photo in source.photos if not photo.split]
    more = [f"{counted(len(without), 'photo')} without a split left out, e.g. {without[0]}."] if without else []
    return Leaks(
        photos={split: number for split, number in counts.items() if number},
        pairs=pairs,
        listings=crossing,
        listings_known=len(by_listing),
        affected=affected,
        refused=[(photos[number].name, reason) for number, reason in sorted(found.refused.items())],
        remarks=(
            *source.remarks,
            *more,
            *(_prefixes(photos) if not group_by else ()),
            *_same_folders(photos),
            *(_unknown(photos, model) if model else ()),
        ),
        accuracy=_accuracy(photos, affected, model) if model else {},
        network=models.named(model.meta) if model else "",
    )


def _prefixes(photos: Sequence[Labelled]) -> list[str]:
    """What to say of names with a prefix that is in two splits, where nothing tells their listings."""
    named: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)  # a name per split
    for photo in sorted(photos, key=lambda photo: (_ORDER[photo.split], photo.name)):
        if not photo.listing and (shared := prefix(photo.name)):
            named[photo.class_name, shared].setdefault(photo.split, photo.name)
    across = [list(names.values()) for _, names in sorted(named.items()) if len(names) > 1]
    classes = {class_name for class_name, _ in named}
    if not across or len(named) < 2 * len(classes):  # IMG_1, IMG_2, … are no listing
        return []
    prefixes = counted(len(across), "prefix of names is", "prefixes of names are")
    pair = " and ".join(across[0][:2])
    return [f"{prefixes} in two splits, as of {pair}: if it names the listing, add --group-by prefix."]


def _same_folders(photos: Sequence[Labelled]) -> list[str]:
    """What to say of sub-folders that have the same name in two splits."""
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for photo in photos:
        if photo.folder:
            splits[photo.class_name, photo.folder.rpartition("/")[2]].add(photo.split)
    same = sorted(name for name, own in splits.items() if len(own) > 1)
    if not same:
        return []
    folders = counted(len(same), "sub-folder has", "sub-folders have")
    where = f"e.g. {'/'.join(same[0])}"
    return [f"{folders} the same name in two splits, {where}: if each is a listing, add --group-by {FOLDER}."]


def _unknown(photos: Sequence[Labelled], model: models.Model) -> list[str]:
    classes = model.meta["classes"]
    tested = sorted({photo.class_name for photo in photos if photo.split == "test"})
    other = [name for name in tested if name not in classes]
    if not tested:
        return ["No accuracy: no photo is in test."]
    if other == tested:
        known = some_of(classes, 5)
        return [f"No accuracy: the network knows {known}; the test photos are of {some_of(other, 5)}."]
    if not other:
        return []
    return [f"The accuracy leaves out test photos of classes that the network does not know: {some_of(other, 5)}."]


def _pairs(photos: Sequence[Labelled], found: of_files.FileDuplicates) -> list[Pair]:
    """One pair for each photo of val or test with a duplicate in a split before, sorted by names."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(found.group):
        groups[group].append(number)
    pairs = []
    for group, members in groups.items():
        for number in members:
            before = [other for other in members if _ORDER[photos[other].split] < _ORDER[photos[number].split]]
            if not before:
                continue
            exact = [other for other in before if _same_file(found, number, other)]
            direct = [other for other in before if other == group or number == group]
            other = min(exact or direct or before, key=lambda at: (_ORDER[photos[at].split], photos[at].name))
            proof = found.proof[number] if other == group else found.proof[other] if number == group else ""
            is_exact = bool(exact)
            pairs.append(Pair(photos[other], photos[number], is_exact, "sha256" if is_exact else proof))
    return sorted(pairs, key=lambda pair: (pair.later.split != "test", pair.later.name, pair.earlier.name))


def _same_file(found: of_files.FileDuplicates, first: int, second: int) -> bool:
    return found.sha256[first] == found.sha256[second]


def _accuracy(photos: Sequence[Labelled], affected: set[str], model: models.Model) -> dict[str, Accuracy]:
    classes = model.meta["classes"]
    tested = [photo for photo in photos if photo.split == "test" and photo.class_name in classes]
    right: dict[str, list[tuple[bool, str]]] = {"all": [], "others": [], "affected": []}
    for photo, each in zip(tested, predict(model, [photo.file for photo in tested]), strict=True):
        if not each.reason:
            hit = classes[int(each.probabilities.argmax())] == photo.class_name
            right["all"].append((hit, photo.group))
            right["affected" if photo.name in affected else "others"].append((hit, photo.group))
    return {name: Accuracy.of([hit for hit, _ in own], [group for _, group in own]) for name, own in right.items()}
