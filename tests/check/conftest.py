"""A small collection that clean has judged, and what checks uploads by it."""

import dataclasses
import json
from pathlib import Path

import pytest

from curate.check.check import Checker
from curate.core.recipe import Clean, Concept, Dedup, Recipe
from curate.dedup import fingerprints, phash
from curate.photos import store
from tests import folders
from tests.scenes import jpeg, scene

KEPT, REJECTED = 24, 12
RECIPE = Recipe(
    name="painted",
    classes=folders.CLASSES,
    dedup=Dedup(method="hash"),
    clean=Clean(
        class_names=folders.CLASSES,
        scorer="imagenet",
        concepts=(
            Concept(name="car", role="wanted", imagenet=("cab", "jeep")),
            Concept(name="not_car", imagenet=("*",)),
        ),
    ),
)


def written(folder: Path) -> Path:
    """The recipe as a file in `folder`."""
    path = folder / "painted.yaml"
    path.write_text(json.dumps(RECIPE.model_dump(mode="json", exclude_none=True)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 cars that clean kept, two of them borderline, and 12 scenes that it rejected."""
    path = tmp_path_factory.mktemp("check")
    photos = []
    for number in range(KEPT + REJECTED):
        class_name = folders.CLASSES[number % 2]
        data = folders.paint(class_name, number) if number < KEPT else jpeg(scene(number))
        where, sha256 = store.put(path, data, "jpeg")
        photos.append(folders.fetch_row(number, class_name, path=where, sha256=sha256, size=len(data)))
    folders.publish(path, "fetch", photos)
    hashes = [phash.to_hex(fingerprints.hash_file(path / photo.path)[0]) for photo in photos]
    hashed = [folders.dedup_row(photo) for photo in photos]
    hashed = [dataclasses.replace(row, phash=own) for row, own in zip(hashed, hashes, strict=True)]
    folders.publish(path, "dedup", hashed)
    clean = [folders.clean_row(photo, "not_car" if n >= KEPT else "") for n, photo in enumerate(photos)]
    clean[5] = dataclasses.replace(clean[5], borderline=True, review_rank=1)
    clean[7] = dataclasses.replace(clean[7], borderline=True, review_rank=2, label_score=0.1, likely_class="hatch")
    folders.publish(path, "clean", clean)
    return path


@pytest.fixture(scope="session")
def checker(folder: Path) -> Checker:
    return Checker.open(folder, RECIPE, precision=0.6)
