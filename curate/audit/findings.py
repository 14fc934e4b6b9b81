"""audit: all that is measured of a dataset, in sentences, and what to collect next.

Reads the manifests through `Dataset`, the predictions of the best network, and the photos; writes audit.csv (one
row per share, slice, region and clue) and audit.json (the same with the sentences, the settings, and the
sha256 of the manifests that were measured).
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from curate.audit import attributes, regions, shares, shortcuts, slices
from curate.core import manifest, measured_on
from curate.core.counted import some_of
from curate.core.errors import GateError
from curate.core.executors import MapFn
from curate.core.files import atomic_write
from curate.core.intervals import percent
from curate.core.recipe import Audit, TrainBaseline
from curate.core.recipe_audit import Attribute
from curate.core.schemas import SPLITS
from curate.dataset import Dataset, Photo
from curate.train import dataset_cache, transfer

LEAST = 40  # photos of a dataset
NAMED = 8  # regions or classes, in a sentence
_COLUMNS = ("kind", "attribute", "value", "listings", "photos", "share", "low", "high", "reference")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured."""

    fits: list[shares.Fit]
    slices: list[slices.Slice]
    measured: tuple[int, int]  # right and photos of val and test, by the best network; zeros where there is none
    regions: list[regions.Region]
    left_out: list[str]  # names of other regions
    shortcuts: list[shortcuts.Shortcut]
    few_groups: list[str]  # classes that the shortcuts leave out
    earlier: bool  # was the network trained on another split than that of now?
    inputs: dict[str, str]  # name of each manifest that was measured, to its sha256
    settings: dict[str, Any]  # key of each setting of the recipe that it depends on, to its value

    def sentences(self) -> list[str]:
        """What was found, then what to collect next."""
        said = [line for fit in self.fits for line in fit.sentences()]
        if known := max((fit.listings for fit in self.fits), default=0):
            least = 1 - shares.ALPHA ** (1 / known)
            said.append(f"A value with less than {percent(least)} of the market may be absent by chance.")
        said += self._slice_sentences()
        said += [*self._region_sentences(), *self._shortcut_sentences()]
        return [*said, *(f"Next: {line}" for line in self.collect())]

    def _slice_sentences(self) -> list[str]:
        right, photos = self.measured
        if not photos:
            why = "no photo of the network's val and test is there" if self.earlier else "no network was trained"
            return [f"Accuracy per slice: not measured, because {why}."]
        said = []
        if self.earlier:
            said.append("Accuracy per slice: the network is of an earlier split; its val and test are measured.")
        if not self.slices:
            return [*said, f"Accuracy per slice: not measured, because no slice has {slices.LEAST} photos."]
        worst = slices.worst(self.slices)
        looked = f"{len(self.slices):,} slices of {slices.LEAST} photos or more were looked at"
        if not worst:
            return [*said, f"{looked}; none is worse than all by more than chance."]
        return [*said, f"{looked}; the worst are:", *(each.sentence(right / photos) for each in worst)]

    def _region_sentences(self) -> list[str]:
        needed = (
            f"{regions.LEAST} photos in {regions.GROUPS} groups, and photos of each class in the other regions"
        )
        if not self.regions:
            return [f"Leaving one region out: not measured, because fewer than two regions have {needed}."]
        said = [each.sentence() for each in self.regions]
        if self.left_out:
            said.append(f"Not measured without {some_of(self.left_out, NAMED)}: a region needs {needed}.")
        return said

    def _shortcut_sentences(self) -> list[str]:
        head = "What tells the classes apart besides the object:"
        why = f"photos of fewer than {regions.FOLDS} groups: {some_of(self.few_groups, NAMED)}."
        if not self.shortcuts:
            return [f"{head} not measured, because some classes have {why}"]
        said = [head, *(each.sentence() for each in self.shortcuts)]
        return [*said, f"Left out are classes that have {why}"] if self.few_groups else said

    def collect(self) -> list[str]:
        """What to collect next, the most useful first."""
        said = []
        for fit in self.fits:
            for each in fit.few[:3]:
                said.append(f"collect {_lacking(each, fit.compared):,} listings of {fit.attribute} {each.value}.")
            if not fit.named and fit.concentrated:
                rest = some_of([each.value for each in fit.shares[len(fit.top) :]], NAMED)
                said.append(
                    f"collect listings of other values of {fit.attribute} ({rest}), or say in the recipe "
                    f"which shares the market has (audit.reference.{fit.attribute})."
                )
        lost = sorted((each for each in self.regions if each.loses), key=lambda each: -each.loss.value)
        said += [f"keep collecting in {each.name}: other regions do not stand in for it." for each in lost[:3]]
        said += [f"collect photos of {each.name()}." for each in slices.worst(self.slices)]
        for clue in self.shortcuts:
            if clue.tells and clue.clue in ("image size", "file size", "aspect", "JPEG tables"):
                said.append(f"take all classes from the same sources: {clue.clue} differs between them.")
            elif clue.tells and clue.clue == "watermark":
                said.append(
                    "take all classes from the same sources, or cut the marks off: they differ between them."
                )
        return said or ["nothing that was measured asks for other photos."]

    def rows(self) -> list[dict[str, Any]]:
        """One row per share, slice, region and clue: the columns of audit.csv."""
        found: list[dict[str, Any]] = [
            {
                "kind": "share",
                "attribute": each.attribute,
                "value": each.value,
                "listings": each.listings,
                "share": each.share,
                "low": each.low,
                "high": each.high,
                "reference": each.reference,
            }
            for fit in self.fits
            for each in fit.shares
        ]
        for part in self.slices:
            names = (" and ".join(pair[at] for pair in part.values) for at in (0, 1))
            row = dict(zip(("attribute", "value"), names, strict=True))
            found.append(
                {
                    "kind": "accuracy",
                    **row,
                    "photos": part.photos,
                    "share": part.accuracy,
                    "low": part.low,
                    "high": part.high,
                }
            )
        for region in self.regions:
            row = {"kind": "left out", "attribute": "region", "value": region.name}
            found.append({**row, "photos": region.photos, **_estimate(region.accuracy)})
            found.append({**row, "kind": "lost", "photos": region.photos, **_estimate(region.loss)})
        for clue in self.shortcuts:
            row = {"kind": "shortcut", "attribute": "clue", "value": clue.clue}
            found.append({**row, **_estimate(clue.accuracy), "reference": clue.chance})
        return [{name: row.get(name) for name in _COLUMNS} for row in found]

    def data(self) -> dict[str, Any]:
        """The same for programs, and for the report."""
        return {
            "sentences": self.sentences(),
            "collect": self.collect(),
            "fits": [
                {
                    "attribute": fit.attribute,
                    "listings": fit.listings,
                    "unknown": fit.unknown,
                    "compared": fit.compared,
                    "p_value": fit.p_value,
                    "effect": fit.effect,
                    "smallest_effect": fit.smallest_effect,
                    "smallest_share": fit.smallest_share,
                }
                for fit in self.fits
            ],
            "worst_slices": [each.name() for each in slices.worst(self.slices)],
            "regions_left_out": self.left_out,
            "classes_left_out": self.few_groups,
            "rows": self.rows(),
            "inputs": self.inputs,
            "settings": self.settings,
        }


def _estimate(found: Any) -> dict[str, float]:
    return {"share": found.value, "low": found.low, "high": found.high}


def _lacking(share: shares.Share, listings: int) -> int:
    """Listings of a value to collect until its share of those compared is that of the reference."""
    wanted = min(0.99, share.reference or 0.0)
    return max(1, round((wanted * listings - share.listings) / (1 - wanted)))


def run(folder: Path, audit: Audit, config: TrainBaseline, map_fn: MapFn = map) -> Findings:
    """Measure as `of_folder` does; writes audit.csv and audit.json into `folder`."""
    findings = of_folder(folder, audit, config, map_fn)
    atomic_write(folder / "audit.csv", _table(findings.rows()))
    text = json.dumps(findings.data(), indent=1, ensure_ascii=False)
    atomic_write(folder / "audit.json", text.encode() + b"\n")
    return findings


def of_folder(folder: Path, audit: Audit, config: TrainBaseline, map_fn: MapFn = map) -> Findings:
    """Measure the dataset in `folder`; writes nothing into it but its cache.

    Raises StateError when its manifests do not fit together or a photo is lost, GateError when it is too small,
    ResourceError when the network's weights are missing.
    """
    inputs = measured_on.digests(folder, "split", "train_baseline")
    found_there = Dataset.open(folder)
    photos = tuple(photo for split in SPLITS for photo in found_there.of(split))  # as train has them in its caches
    dataset = replace(found_there, photos=photos)
    if len(photos) < LEAST:
        raise GateError(f"{folder} has {len(photos)} photos with a split; an audit needs {LEAST}: collect more")
    values = attributes.values(photos, audit.reference)
    labels = np.array([dataset.label(photo) for photo in photos])
    groups = [photo.group for photo in photos]
    listed = [(photo.key, photo.path, photo.sha256) for photo in photos]
    pixels = dataset_cache.load_all(folder, listed, config.transfer.image_size, map_fn)
    found = transfer.features(folder, pixels, [photo.sha256 for photo in photos])
    parts, measured, earlier = _slices(folder, photos, values)
    without = regions.leave_out(found, labels, groups, values["region"], config.seed)
    enough = {dataset.classes[label] for label in shortcuts.measurable(labels, groups).tolist()}
    return Findings(
        fits=[
            shares.fit(name, _by_listing(photos, own), audit.reference.get(name, {}), config.seed)
            for name, own in values.items()
            if any(own) or name in audit.reference
        ],
        slices=parts,
        measured=measured,
        regions=without,
        left_out=sorted({*values["region"]} - {"", *(each.name for each in without)}),
        shortcuts=shortcuts.measure(shortcuts.clues(dataset, pixels, map_fn), labels, groups, config.seed),
        few_groups=[name for name in dataset.classes if name not in enough],
        earlier=earlier,
        inputs=inputs,
        settings={
            "audit.reference": {name: dict(own) for name, own in audit.reference.items()},
            **transfer.settings(config),
        },
    )


def _by_listing(photos: Sequence[Photo], values: Sequence[str]) -> dict[str, str]:
    """Each listing's value: that of its first photo of which it is known."""
    found: dict[str, str] = {}
    for photo, value in zip(photos, values, strict=True):
        found[photo.listing_id] = found.get(photo.listing_id) or value
    return found


def _slices(
    folder: Path, photos: Sequence[Photo], values: dict[Attribute, list[str]]
) -> tuple[list[slices.Slice], tuple[int, int], bool]:
    """(accuracy per slice, right and photos, is the network of an earlier split?), of val and test.

    By the best network; nothing where none was trained. The class is that of now: review may have changed it.
    """
    if not manifest.csv_path(folder, "train_baseline").exists():
        return [], (0, 0), False
    predicted = {row.key: row.predicted for row in manifest.predictions(folder)}
    measured = [number for number, photo in enumerate(photos) if photo.key in predicted]
    own = [photos[number] for number in measured]
    right = np.array([predicted[photo.key] == photo.class_name for photo in own], bool)
    chosen: dict[str, list[str]] = {name: [each[number] for number in measured] for name, each in values.items()}
    chosen["class"] = [photo.class_name for photo in own]
    earlier = "split.csv" in manifest.stale_inputs(folder, "train_baseline")
    found = slices.find(right, chosen, [photo.group for photo in own])
    return found, (int(right.sum()), len(right)), earlier


def _table(rows: Sequence[dict[str, Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: round(v, 6) if isinstance(v, float) else v for name, v in row.items()})
    return buffer.getvalue().encode()
