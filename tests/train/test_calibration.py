"""Probabilities become as sure as they are right, and the error is measured in bins of equal mass."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from curate.train import calibration


def test_a_network_that_is_too_sure_is_cooled_by_the_known_temperature() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (4000, 3))
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (truth.cumsum(axis=1) < random.uniform(size=(4000, 1))).sum(axis=1)
    sure = calibration.scaled(truth, 1 / 2.5)
    found = calibration.temperature(sure, labels)
    assert found == pytest.approx(2.5, rel=0.08)
    errors = [
        calibration.expected_error(calibration.bins(each.max(axis=1), each.argmax(axis=1) == labels))
        for each in (sure, calibration.scaled(sure, found))
    ]
    assert errors[0] > 0.1
    assert errors[1] < 0.03


def test_a_val_without_a_mistake_does_not_make_it_infinitely_sure() -> None:
    sure = np.array([[0.9, 0.1], [0.1, 0.9]] * 5)
    assert calibration.temperature(sure, np.array([0, 1] * 5)) > 0.5
    assert calibration.temperature(np.empty((0, 2)), np.empty(0, np.int64)) == 1


def test_bins_have_equal_mass_and_the_error_is_theirs() -> None:
    probability = np.array([0.6] * 10 + [0.8] * 10 + [1.0] * 10)
    right = np.array([True] * 6 + [False] * 4 + [True] * 6 + [False] * 4 + [True] * 10)
    found = calibration.bins(probability, right, 3)
    assert [each.photos for each in found] == [10, 10, 10]
    assert [each.accuracy for each in found] == [0.6, 0.6, 1.0]
    assert calibration.expected_error(found) == pytest.approx(0.2 / 3)
    assert len(calibration.bins(probability[:4], right[:4])) == 4
    assert Image.open(BytesIO(calibration.draw(found))).size == (420, 400)


def test_exact_probabilities_show_an_error_where_photos_are_few() -> None:
    random = np.random.default_rng(3)
    errors = []
    for _ in range(60):
        probability = random.uniform(0.5, 1, 60)
        errors.append(calibration.expected_error(calibration.bins(probability, random.random(60) < probability)))
    assert calibration.expected_by_chance(probability) == pytest.approx(np.mean(errors), abs=0.02)
    assert calibration.expected_by_chance(probability) > 0.1
    assert calibration.expected_by_chance(random.uniform(0.5, 1, 20_000)) < 0.015
