"""evaluate: how right a network is on other photos, and how sure.

Photos that the network learned from, or that chose it (train and val), are left out: they say nothing of others.
So are the others of their groups and listings, and what dedup found to be duplicates of them. A file is known by
its bytes: one that was changed since is not recognised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.audit import labelled, page
from curate.audit.labelled import Labelled
from curate.core import extras, manifest
from curate.core.counted import counted, some_of
from curate.core.errors import GateError
from curate.core.intervals import Accuracy, Estimate, difference, percent
from curate.core.schemas import DedupRow, FetchRow, SplitRow
from curate.train import calibration, models, stage
from curate.train.predict import predict

SHOWN = 24  # mistakes on the page, the most confident ones
MIX = 0.1  # a larger difference in the share of a class, 0..1, changes the accuracy: it is said by class


@dataclass(frozen=True)
class Evaluation:
    """What a network said of labelled photos."""

    network: str
    photos: list[Labelled]
    classes: list[str]
    labels: NDArray[np.int64]  # (n,)
    probabilities: NDArray[np.float64]  # (n, classes), calibrated
    temperature: float
    left_out: int  # photos of train or val
    refused: list[tuple[str, str]]  # name and reason of those that cannot be read
    remarks: tuple[str, ...]
    own: dict[str, Any]  # accuracy on the network's own test set: see `train.accuracy`
    own_by_class: dict[str, dict[str, Any]]
    of_own: int  # photos that are of its own test set

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(n,)"""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,)"""
        return np.asarray(self.predicted == self.labels)

    @property
    def bins(self) -> list[calibration.Bin]:
        """Of equal mass, for the reliability diagram."""
        return calibration.bins(self.probabilities.max(axis=1), self.right)

    @property
    def accuracy(self) -> Accuracy:
        """Of all photos."""
        return Accuracy.of(self.right, [each.group for each in self.photos])

    @property
    def against_own(self) -> Estimate | None:
        """Accuracy here less that on the own test set; None without one, and where photos are in both."""
        if not self.own["photos"] or self.of_own:
            return None
        number = self.own.get("independent", self.own["photos"])
        own, here = self.own["right"] / self.own["photos"], self.accuracy
        return difference(here.share, here.independent, own, number)

    def confusion(self) -> NDArray[np.int64]:
        """(classes, classes): photos of the class of the row that were taken for that of the column."""
        found = np.zeros((len(self.classes), len(self.classes)), np.int64)
        np.add.at(found, (self.labels, self.predicted), 1)
        return found

    def mistakes(self) -> list[int]:
        """Numbers of the photos that were taken for another class, the most confident first."""
        wrong = np.flatnonzero(~self.right)
        order = np.argsort(-self.probabilities[wrong].max(axis=1), kind="stable")
        return [int(number) for number in wrong[order]]

    def sentences(self) -> list[str]:
        """What was measured, in words."""
        all_photos = self.accuracy
        low, high = (percent(end) for end in all_photos.interval)
        said = [
            f"{self.network} is right on {percent(all_photos.share)} (95% interval {low} to {high}), "
            f"{all_photos.right:,} of {all_photos.photos:,} photos."
        ]
        if between := self.against_own:
            ends = f"(95% interval {100 * between.low:+z.1f} to {100 * between.high:+z.1f})"
            surely = "within chance" if between.low <= 0 <= between.high else "more than chance"
            said.append(
                f"That is {100 * between.value:+z.1f} points {ends} against its own test set, "
                f"{percent(self.own['right'] / self.own['photos'])} of {self.own['photos']:,} photos: {surely}."
            )
            said += self._mix()
        elif self.of_own:
            photos = counted(self.of_own, "photo is", "photos are")
            said.append(f"{photos} of its own test set: no difference to it is measured.")
        sure = self.probabilities.max(axis=1)
        said.append(
            f"Its mean probability is {percent(float(sure.mean()))}; the expected calibration error is "
            f"{percent(calibration.expected_error(self.bins))}, in {len(self.bins)} bins of equal mass, with the "
            f"temperature {self.temperature:g} fitted on val. With so many photos, exact probabilities would show "
            f"{percent(calibration.expected_by_chance(sure))}."
        )
        if self.left_out:
            said.append(
                f"{counted(self.left_out, 'photo')} of its train or val, or their listings, were left out."
            )
        if self.refused:
            name, reason = self.refused[0]
            photos = counted(len(self.refused), "photo")
            said.append(f"Left out because they cannot be read: {photos}, e.g. {name}: {reason}.")
        return [*said, *self.remarks]

    def _mix(self) -> list[str]:
        """Accuracy by class, where the own test set has other shares of the classes."""
        parts, differs = [], False
        for label, name in enumerate(self.classes):
            own, here = self.own_by_class[name], self.labels == label
            differs |= bool(abs(here.mean() - own["photos"] / self.own["photos"]) > MIX)
            parts.append(
                f"{name} {_share(int(self.right[here].sum()), int(here.sum()))} "
                f"({_share(own['right'], own['photos'])} there)"
            )
        mixed = (
            f"The classes have other shares there, which changes the accuracy too. By class: {', '.join(parts)}."
        )
        return [mixed] if differs else []

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        all_photos, between = self.accuracy, self.against_own
        return {
            "network": self.network,
            "photos": all_photos.photos,
            "right": all_photos.right,
            "accuracy": all_photos.share,
            "interval": list(all_photos.interval),
            "own_test": {"photos": self.own["photos"], "right": self.own["right"]},
            "of_own_test": self.of_own,
            "difference": between and {"value": between.value, "interval": [between.low, between.high]},
            "temperature": self.temperature,
            "expected_calibration_error": calibration.expected_error(self.bins),
            "expected_calibration_error_by_chance": calibration.expected_by_chance(self.probabilities.max(axis=1)),
            "classes": self.classes,
            "confusion": self.confusion().tolist(),
            "mistakes": [self.mistake(each) for each in self.mistakes()],
            "left_out": self.left_out,
            "refused": [{"photo": name, "reason": reason} for name, reason in self.refused],
        }

    def mistake(self, number: int) -> dict[str, Any]:
        """What the photo of this number was taken for."""
        photo, best = self.photos[number], int(self.predicted[number])
        return {
            "photo": photo.name,
            "class_name": photo.class_name,
            "predicted": self.classes[best],
            "probability": float(self.probabilities[number, best]),
        }


def _share(right: int, photos: int) -> str:
    return percent(right / photos) if photos else "no photo"


def evaluate(folder: Path, place: Path, path: Path, of_recipe: Sequence[str] = ()) -> Evaluation:
    """Read the labelled photos at `path` with the network in `place`, a folder of `models/`.

    `folder` holds the manifests that it was trained from; `of_recipe` are the classes that photos may have besides
    the network's. Raises UsageError when no photo is of its classes, GateError when none is left to measure on.
    """
    model = models.load(place)
    classes: list[str] = list(model.meta["classes"])
    source = labelled.for_network(path, model.meta, of_recipe)
    known = [photo for photo in source.photos if photo.class_name in classes]
    remarks = list(source.remarks)
    if other := [photo.class_name for photo in source.photos if photo.class_name not in classes]:
        names = some_of(sorted(set(other)), labelled.NAMED)
        remarks.append(
            f"left out {counted(len(other), 'photo')} of classes that the network does not know: {names}"
        )
    seen = _seen(folder, place, model.meta)
    if not seen.same_split:
        remarks.append(
            "The network was trained on another split than that of now: of the folder's photos only its own test "
            "set was measured. A photo that it learned from and that the folder no longer has is not recognised."
        )
    if not source.cleaned:
        remarks.append(
            "These photos were taken as they are; those of the network's own test set are what clean kept. "
            "To compare like with like, import them into a folder of their own, run clean and split there, and "
            "evaluate that folder."
        )
    digests = [labelled.sha256_of(photo) for photo in known]
    fresh = [number for number, sha256 in enumerate(digests) if sha256 not in seen.learned]
    found = list(predict(model, [known[number].file for number in fresh]))
    sound = [number for number, each in zip(fresh, found, strict=True) if not each.reason]
    if not sound:
        seen_before, unread = len(known) - len(fresh), len(fresh)
        raise GateError(
            f"{path}: no photo is left to measure on: {seen_before} are of train or val, {unread} cannot be read"
        )
    return Evaluation(
        network=f"{models.named(model.meta)},",
        photos=[known[number] for number in sound],
        classes=classes,
        labels=np.array([classes.index(known[number].class_name) for number in sound]),
        probabilities=np.stack([each.probabilities for each in found if not each.reason]),
        temperature=model.meta["temperature"],
        left_out=len(known) - len(fresh),
        refused=[(known[number].name, e.reason) for number, e in zip(fresh, found, strict=True) if e.reason],
        remarks=tuple(remarks),
        own=model.meta["test"],
        own_by_class=model.meta["test_by_class"],
        of_own=sum(digests[number] in seen.tested for number in sound),
    )


class _Seen(NamedTuple):
    """What a network has seen of its folder, as sha256 of files."""

    learned: set[str]  # of train and val, and what is of one piece with them
    tested: set[str]
    same_split: bool  # was it trained on the split of now?


def _seen(folder: Path, place: Path, meta: Mapping[str, Any]) -> _Seen:
    """What the network of `meta` has seen.

    After another split nobody knows what it learned from. Then that is taken to be all of the folder but its own
    test set, which its predictions name.
    """
    fetched = manifest.read(folder, FetchRow)
    if meta["inputs"]["split.csv"] != manifest.read_sidecar(folder, "split")["sha256"]:
        keys = {row.key for row in stage.predictions(place, dict(meta)) if row.split == "test"}
        tested = {row.sha256 for row in fetched if row.key in keys}
        return _Seen({row.sha256 for row in fetched} - tested, tested, False)
    rows = manifest.read(folder, SplitRow)
    split = {row.key: row.split for row in rows}
    groups = {row.group for row in rows if row.split in ("train", "val")}
    learned = {row.key for row in rows if row.group in groups}
    keepers = {row.key: row.group for row in manifest.read(folder, DedupRow)}
    originals = {keepers[key] for key in learned}
    listings = {row.listing_id for row in fetched if row.key in learned}
    tested = {row.sha256 for row in fetched if split.get(row.key) == "test"}
    near = {row.sha256 for row in fetched if keepers.get(row.key) in originals or row.listing_id in listings}
    return _Seen(near - tested, tested, True)


def write_page(found: Evaluation, title: str, path: Path) -> None:
    """The evaluation as one HTML page: figures, reliability diagram, confusion, the most confident mistakes."""
    plots = []
    if not extras.missing("plots"):
        plots = [page.Plot(calibration.draw(found.bins), "Accuracy against probability, per bin of equal mass")]
    rows = found.confusion().tolist()
    tables = [
        page.Table(
            "Confusion: what photos of a class were taken for",
            ("class", *found.classes),
            [(name, *map(str, row)) for name, row in zip(found.classes, rows, strict=True)],
        )
    ]
    mistakes = page.Gallery("The most confident mistakes", _mistakes(found))
    page.write(path, title, found.sentences(), plots, tables, [mistakes])


def _mistakes(found: Evaluation) -> Sequence[page.SideBySide]:
    shown = []
    for number in found.mistakes()[:SHOWN]:
        mistake, photo = found.mistake(number), found.photos[number]
        words = f"{photo.class_name}, taken for {mistake['predicted']} at {percent(mistake['probability'])}"
        shown.append(page.SideBySide([photo.file], [words, photo.name]))
    return shown
