"""evaluate: how right a network is on other photos, and how sure.

Photos that the network learned from, or that chose it (train and val), are left out: they say nothing of others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.audit import labelled, page
from curate.audit.labelled import Labelled
from curate.core import extras, manifest
from curate.core.counted import counted
from curate.core.errors import GateError
from curate.core.intervals import Estimate, difference, percent, wilson
from curate.core.schemas import FetchRow, SplitRow
from curate.train import calibration, models, stage
from curate.train.predict import predict

SHOWN = 24  # mistakes on the page, the most confident ones


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
    own: tuple[int, int]  # right and photos of the network's own test set

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
    def against_own(self) -> Estimate | None:
        """Accuracy here less that on the own test set; None without one."""
        return difference(int(self.right.sum()), len(self.right), *self.own) if self.own[1] else None

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
        right, number = int(self.right.sum()), len(self.right)
        low, high = (percent(end) for end in wilson(right, number))
        said = [
            f"{self.network} is right on {percent(right / number)} (95% interval {low} to {high}), "
            f"{right:,} of {number:,} photos."
        ]
        if between := self.against_own:
            ends = f"(95% interval {100 * between.low:+z.1f} to {100 * between.high:+z.1f})"
            surely = "within chance" if between.low <= 0 <= between.high else "more than chance"
            said.append(
                f"That is {100 * between.value:+z.1f} points {ends} against its own test set, "
                f"{percent(self.own[0] / self.own[1])} of {self.own[1]:,} photos: {surely}."
            )
        sure = float(self.probabilities.max(axis=1).mean())
        said.append(
            f"Its mean probability is {percent(sure)}; the expected calibration error is "
            f"{percent(calibration.expected_error(self.bins))}, in {len(self.bins)} bins of equal mass, with the "
            f"temperature {self.temperature:g} fitted on val."
        )
        if self.left_out:
            said.append(f"{self.left_out:,} photos of its train or val were left out.")
        if self.refused:
            name, reason = self.refused[0]
            said.append(f"{len(self.refused):,} photos cannot be read and were left out, e.g. {name}: {reason}.")
        return [*said, *self.remarks]

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        right, number = int(self.right.sum()), len(self.right)
        between = self.against_own
        return {
            "network": self.network,
            "photos": number,
            "right": right,
            "accuracy": right / number,
            "interval": list(wilson(right, number)),
            "own_test": {"photos": self.own[1], "right": self.own[0]},
            "difference": between and {"value": between.value, "interval": [between.low, between.high]},
            "temperature": self.temperature,
            "expected_calibration_error": calibration.expected_error(self.bins),
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


def evaluate(folder: Path, place: Path, path: Path) -> Evaluation:
    """Read the labelled photos at `path` with the network in `place`, a folder of `models/`.

    `folder` holds the manifests that it was trained from. Raises GateError when no photo is left to measure on.
    """
    model = models.load(place)
    classes: list[str] = list(model.meta["classes"])
    source = labelled.read(path, classes)
    known = [photo for photo in source.photos if photo.class_name in classes]
    remarks = list(source.remarks)
    if other := len(source.photos) - len(known):
        photos = counted(other, "photo")
        remarks.append(f"left out {photos} of classes that the network does not know")
    learned, same_split = _learned_from(folder, place, model.meta)
    if not same_split:
        remarks.append(
            "The network was trained on another split than that of now: of the folder's photos only its own test "
            "set was measured. A photo that it learned from and that the folder no longer has is not recognised."
        )
    fresh = [photo for photo in known if labelled.sha256_of(photo) not in learned]
    found = list(predict(model, [photo.file for photo in fresh]))
    sound = [number for number, each in enumerate(found) if not each.reason]
    if not sound:
        raise GateError(f"{path}: no photo is left to measure on: {len(known) - len(fresh)} are of train or val")
    test = model.meta["test"]
    return Evaluation(
        network=f"{model.meta['variant']}, seed {model.meta['seed']},",
        photos=[fresh[number] for number in sound],
        classes=classes,
        labels=np.array([classes.index(fresh[number].class_name) for number in sound]),
        probabilities=np.stack([found[number].probabilities for number in sound]),
        temperature=model.meta["temperature"],
        left_out=len(known) - len(fresh),
        refused=[(p.name, e.reason) for p, e in zip(fresh, found, strict=True) if e.reason],
        remarks=tuple(remarks),
        own=(test["right"], test["photos"]),
    )


def _learned_from(folder: Path, place: Path, meta: Mapping[str, Any]) -> tuple[set[str], bool]:
    """(sha256 of the photos of the network's train and val, was it trained on the split of now?).

    What was in train of another split is known no more: then all photos of the folder but those of its own test
    set, which its predictions name.
    """
    fetched = manifest.read(folder, FetchRow)
    if meta["inputs"]["split.csv"] == manifest.read_sidecar(folder, "split")["sha256"]:
        keys = {row.key for row in manifest.read(folder, SplitRow) if row.split in ("train", "val")}
        return {row.sha256 for row in fetched if row.key in keys}, True
    unseen = {row.key for row in stage.predictions(place, dict(meta)) if row.split == "test"}
    return {row.sha256 for row in fetched if row.key not in unseen}, False


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
    page.write(path, title, found.sentences(), plots, tables, _mistakes(found), "The most confident mistakes")


def _mistakes(found: Evaluation) -> Sequence[page.SideBySide]:
    shown = []
    for number in found.mistakes()[:SHOWN]:
        mistake, photo = found.mistake(number), found.photos[number]
        words = f"{photo.class_name}, taken for {mistake['predicted']} at {percent(mistake['probability'])}"
        shown.append(page.SideBySide([photo.file], [words, photo.name]))
    return shown
