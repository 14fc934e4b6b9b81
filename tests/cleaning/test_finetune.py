from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from curate import manifest
from curate.cleaning import finetune
from curate.cleaning.probes import Floats
from curate.errors import StateError
from curate.schemas import FetchRow
from tests.folders import CLASSES, build_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_folder(tmp_path_factory.mktemp("tune"), upto="fetch", n=48, rejected=0)


def tune(folder: Path, weights: float = 1.0) -> tuple[Floats, NDArray[np.int64]]:
    rows = manifest.read(folder, FetchRow)
    labels = np.array([CLASSES.index(row.class_name) for row in rows])
    found = finetune.class_probabilities(
        folder,
        [(row.sha256, row.path) for row in rows],
        labels,
        [row.listing_id for row in rows],
        np.full(len(rows), weights),
        2,
    )
    return found, labels


def test_it_learns_classes_that_it_is_not_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "BATCH", 16)
    monkeypatch.setattr(finetune, "EPOCHS", 3)
    state = torch.random.get_rng_state()
    found, labels = tune(folder)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == labels).mean() > 0.7
    assert torch.equal(torch.random.get_rng_state(), state), "the caller's random numbers are left alone"
    assert not list(folder.glob(".tmp-*")), "scratch files are gone"


def test_nobody_to_learn_from(folder: Path) -> None:
    found, labels = tune(folder, weights=0.0)
    assert np.array_equal(found, np.full((len(labels), 2), 0.5))


def test_a_photo_that_changed_is_named(folder: Path) -> None:
    row = manifest.read(folder, FetchRow)[5]
    data = (folder / row.path).read_bytes()
    try:
        (folder / row.path).write_bytes(b"other")
        with pytest.raises(StateError, match=row.path):
            tune(folder, weights=0.0)
    finally:
        (folder / row.path).write_bytes(data)
