"""Kernel classifier, outliers, label errors and self-training, on points whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.clean import kernel_classifier, label_errors, outliers, self_training

Floats = NDArray[np.float64]


def cloud(count: int, centre: float, seed: int, dimensions: int = 16) -> NDArray[np.float32]:
    """Positive points around (1, ..., 1) moved along half of the axes."""
    points = np.random.default_rng(seed).normal(1.0, 0.1, (count, dimensions))
    points[:, :8] += centre
    return np.abs(points).astype(np.float32)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), max_size=30))
def test_groups_share_what_any_column_shares(pairs: list[tuple[str, str]]) -> None:
    groups = kernel_classifier.join_groups([a for a, _ in pairs], [b for _, b in pairs])
    for (a, b), one in zip(pairs, groups, strict=True):
        for (c, d), other in zip(pairs, groups, strict=True):
            if a == c or b == d:
                assert one == other
    edges = {(x, y) for x, y in pairs}
    for group in set(groups):  # and nothing else: each group hangs together
        members = [pair for pair, name in zip(pairs, groups, strict=True) if name == group]
        reached, rest = {members[0]}, set(members) - {members[0]}
        while near := {p for p in rest if any(p[0] == q[0] or p[1] == q[1] for q in reached)}:
            reached, rest = reached | near, rest - near
        assert not rest and reached <= edges


def noise(count: int, size: int) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """`count` groups of `size` nearly equal points, with labels that have nothing to do with them."""
    random = np.random.default_rng(0)
    points = np.repeat(random.normal(size=(count, 8)), size, axis=0)
    points += random.normal(scale=0.01, size=points.shape)
    return (
        points.astype(np.float32),
        np.repeat(random.integers(0, 2, count), size),
        [f"g{n // size}" for n in range(size * count)],
    )


def test_a_model_never_sees_the_photo_it_judges() -> None:
    """With labels that are pure noise, nothing better than chance results, even for duplicates in a group."""
    points, labels_, groups = noise(150, 2)
    found = kernel_classifier.out_of_fold(points, labels_, groups, np.ones(300), 2)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == labels_).mean() < 0.6
    leaky = kernel_classifier.out_of_fold(points, labels_, [str(n) for n in range(300)], np.ones(300), 2)
    assert (leaky.argmax(axis=1) == labels_).mean() > 0.9, "the duplicates would give it away"


def test_leaving_a_group_out_is_exact() -> None:
    """The shortcut through one inverse equals training again without the group, for samples and for others."""
    points, _, groups = noise(40, 3)
    labels_ = (points[:, 0] > 0).astype(np.int64)
    weights = np.where(np.arange(120) % 3 == 2, 0.0, np.random.default_rng(1).uniform(0.5, 2, 120))
    samples = np.flatnonzero(weights)
    found = kernel_classifier.out_of_fold_scores(points, labels_, groups, samples, weights[samples])
    for number in (0, 7, 39):
        own = np.array([name == f"g{number}" for name in groups])
        rest = ~own & (weights > 0)
        everyone = points[weights > 0].astype(np.float64)
        scale = kernel_classifier._typical_distance(everyone)
        known = points[rest].astype(np.float64)
        kernel = kernel_classifier._kernel(known, known, scale) + np.diag(kernel_classifier.NOISE / weights[rest])
        middle = np.average(np.eye(2)[labels_[weights > 0]], axis=0, weights=weights[weights > 0])
        answer = np.linalg.solve(kernel, np.eye(2)[labels_[rest]] - middle)
        assert np.allclose(
            found[own], middle + kernel_classifier._kernel(points[own], known, scale) @ answer, atol=1e-8
        )


def test_of_many_samples_some_of_each_class_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_classifier, "MAX_SAMPLES", 60)
    labels_ = np.array([0] * 100 + [1] * 10)
    groups = ["one huge listing"] * 90 + [str(n) for n in range(20)]
    drawn, weights = kernel_classifier._draw(labels_, groups, np.ones(110))
    assert len(drawn) == 60 and np.bincount(labels_[drawn]).tolist() == [50, 10]
    assert weights[labels_[drawn] == 0].sum() == pytest.approx(100)
    back, _ = kernel_classifier._draw(labels_[::-1], groups[::-1], np.ones(110))
    assert sorted(groups[::-1][n] for n in back) == sorted(groups[n] for n in drawn), "by group, not by place"
    points, _, groups = noise(60, 2)
    labels_ = (points[:, 0] > 0).astype(np.int64)
    found = kernel_classifier.out_of_fold(points, labels_, groups, np.ones(120), 2)
    assert (found.argmax(axis=1) == labels_).mean() > 0.65


def test_the_order_of_the_photos_does_not_matter() -> None:
    points, _, groups = noise(50, 2)
    labels_ = (points[:, 0] > 0).astype(np.int64)
    there = kernel_classifier.out_of_fold(points, labels_, groups, np.ones(100), 2)
    back = kernel_classifier.out_of_fold(points[::-1], labels_[::-1], groups[::-1], np.ones(100), 2)[::-1]
    assert np.allclose(there, back, atol=1e-6)


def test_one_class_is_not_learnt() -> None:
    found = kernel_classifier.out_of_fold(
        cloud(20, 0, 1), np.zeros(20, np.int64), [str(n) for n in range(20)], np.ones(20), 2
    )
    assert np.array_equal(found, np.full((20, 2), 0.5))


def test_evenly_takes_both_ends() -> None:
    places = np.arange(100)
    assert kernel_classifier.evenly(places, 200) is places
    assert kernel_classifier.evenly(places, 3).tolist() == [0, 50, 99]


def test_the_odd_one_out_is_the_least_typical() -> None:
    points = np.vstack([cloud(100, 0.0, 1), cloud(3, 5.0, 2)])
    found = outliers.typicality(points, [str(n) for n in range(103)])
    assert set(np.argsort(found)[:3]) == {100, 101, 102}
    assert ((found >= 0) & (found <= 1)).all()


def test_the_own_listing_does_not_count_for_typicality() -> None:
    points = np.vstack([cloud(100, 0.0, 1), cloud(20, 5.0, 2)])
    alone = outliers.typicality(points, [str(n) for n in range(120)])
    together = outliers.typicality(points, [str(n) if n < 100 else "one listing" for n in range(120)])
    assert together[100:].max() < alone[100:].min()


def test_typicality_of_very_few_photos() -> None:
    assert outliers.typicality(cloud(1, 0, 1), ["a"]).tolist() == [0.0]
    assert outliers.typicality(cloud(3, 0, 1), ["a", "a", "b"]).min() > 0.9


def test_references_that_are_all_photos_change_nothing() -> None:
    points, groups = cloud(50, 0, 3), [str(n // 2) for n in range(50)]
    assert np.allclose(outliers.typicality(points, groups), outliers.typicality(points[:], groups, points, groups))


def standard(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((points - points.mean(axis=0)) / points.std(axis=0), dtype=np.float32)


def two_classes(wrong: int) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """100 photos each of two classes in listings of two; the first `wrong` listings carry the wrong label."""
    points = standard(np.vstack([cloud(100, 0.0, 1), cloud(100, 0.5, 2)]))
    truth = np.repeat([0, 1], 100)
    given_labels = truth.copy()
    given_labels[: 2 * wrong] = 1
    return points, given_labels, [f"L{n // 2}" for n in range(200)]


def test_wrong_labels_come_out_as_improbable() -> None:
    points, given_labels, listings = two_classes(wrong=4)
    alone = label_errors.label_probabilities(points, given_labels, listings, np.ones(200, bool), 2)
    assert alone is not None
    found = label_errors.vote(alone, listings, np.ones(200, bool))
    own = found[np.arange(200), given_labels]
    assert set(np.argsort(own)[:8]) == set(range(8))
    assert own[:8].max() < 0.3 < 0.7 < np.median(own)


def test_too_few_photos_say_nothing_about_labels() -> None:
    points, given_labels, listings = two_classes(wrong=0)
    usable = np.zeros(200, bool)
    usable[:100] = usable[100:109] = True
    assert label_errors.label_probabilities(points, given_labels, listings, usable, 2) is None
    assert label_errors.label_probabilities(points, given_labels, listings, usable, 1) is None


def test_a_small_class_is_judged_against_the_rest_and_a_tiny_one_is_not() -> None:
    sizes = [60, 60, 60, 60, 60, 60, 60, 12, 6]  # the last two begin with a photo of the first class
    clouds = [cloud(size, 0.4 * number, number) for number, size in enumerate(sizes)]
    clouds[7][0], clouds[8][0] = clouds[0][0] + 0.01, clouds[0][1] + 0.01
    points = standard(np.vstack(clouds))
    given_labels = np.repeat(np.arange(len(sizes)), sizes)
    names = [str(n) for n in range(len(points))]
    found = label_errors.label_probabilities(points, given_labels, names, np.ones(len(points)), len(sizes))
    assert found is not None
    assert found[420].argmax() == 0, "the wrong photo of the small class"
    assert (found[421:432].argmax(axis=1) == 7).all(), "the right ones"
    assert (found[:420].argmax(axis=1) == given_labels[:420]).mean() > 0.95, "the rest loses nothing"
    assert np.isnan(found[432:]).all()


def test_a_listing_must_agree_with_its_photo() -> None:
    """Both doubt; only the photo doubts; only the others doubt; nobody else is there."""
    alone = np.array([[0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])
    listings = ["a", "a", "b", "b", "c"]
    voted = label_errors.vote(alone, listings, np.ones(5, bool))
    assert label_errors.disagreement(alone, voted, np.zeros(5, np.int64)).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_three_classes() -> None:
    points = standard(np.vstack([cloud(60, centre, seed) for seed, centre in enumerate((0.0, 0.5, 1.0))]))
    given_labels = np.repeat([0, 1, 2], 60)
    given_labels[0] = 2
    found = label_errors.label_probabilities(
        points, given_labels, [str(n) for n in range(180)], np.ones(180, bool), 3
    )
    assert found is not None
    assert np.allclose(found.sum(axis=1), 1)
    assert found[0].argmax() == 0
    assert (found.argmax(axis=1)[1:] == given_labels[1:]).mean() > 0.9


def test_one_listing_for_all_is_not_judged_by_itself() -> None:
    points, given_labels, _ = two_classes(wrong=0)
    found = label_errors.label_probabilities(points, given_labels, ["L"] * 200, np.ones(200, bool), 2)
    assert found is not None
    assert np.isfinite(found).all()
    assert (found.argmax(axis=1) == given_labels).mean() < 0.6


def test_zero_shot_stands_in_where_there_are_few_photos() -> None:
    points, given_labels, listings = two_classes(wrong=0)
    usable = np.arange(200) < 120
    concepts = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1]])[np.arange(200) // 100]
    alone = label_errors.zero_shot_classes(concepts, [None, "swift", "wagonr", None], ["swift", "wagonr"])
    assert alone is not None
    assert alone[0] == pytest.approx([0.75, 0.25], abs=1e-5)
    assert (
        label_errors.label_probabilities(points, given_labels, listings, usable.astype(float), 2, alone) is alone
    )
    assert label_errors.zero_shot_classes(concepts, [None, "swift", None, None], ["swift", "wagonr"]) is None
    unknown = concepts * [1, 1, 0, 1]  # the scorer has nothing for wagonr
    assert label_errors.zero_shot_classes(unknown, [None, "swift", "wagonr", None], ["swift", "wagonr"]) is None


def test_photos_of_a_listing_vote() -> None:
    before = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.2, 0.8]])
    after = label_errors.vote(before, ["a", "a", "b", "b"], np.array([True, True, True, False]))
    assert after[0, 0] > 0.9 and after[1, 0] > 0.9
    assert after[2].tolist() == [0.5, 0.5], "an unusable photo has no vote"
    assert after[3] == pytest.approx([0.2, 0.8])


def market(count: int = 300, junk: int = 60) -> tuple[Floats, NDArray[np.float32], list[str]]:
    """`count` wanted photos, and junk of which the zero-shot view knows two thirds."""
    points = standard(np.vstack([cloud(count, 0.0, 1), cloud(junk, 4.0, 2)]))
    zero_shot = np.concatenate([np.full(count, 0.95), np.full(2 * junk // 3, 0.02), np.full(junk // 3, 0.6)])
    return zero_shot, points, [str(n) for n in range(count + junk)]


def test_self_training_finds_the_junk_that_zero_shot_doubts() -> None:
    zero_shot, points, groups = market()
    found = self_training.self_trained(zero_shot, points, groups)
    assert found[:300].min() > 0.8
    assert found[340:].max() < 0.5 < zero_shot[340:].min()


def test_a_clean_or_tiny_collection_is_judged_by_zero_shot_alone() -> None:
    for wanted, junk in ((4000, 27), (300, 9)):  # so few that they may be mistakes, or too few
        zero_shot, points, groups = market(wanted, junk)
        assert np.array_equal(self_training.self_trained(zero_shot, points, groups), zero_shot)
    assert np.array_equal(self_training.typicality_probability(zero_shot, zero_shot > 0.9, 0.0), np.ones(309))
    assert np.array_equal(
        self_training.typicality_probability(zero_shot[:50], zero_shot[:50] > 0, 0.01), np.ones(50)
    )


def test_typicality_probability_is_a_half_where_the_rate_of_the_trusted_is_less_typical() -> None:
    random = np.random.default_rng(0)
    typicality = self_training.expit(random.normal(1.0, 0.3, 100_000))
    probability = self_training.typicality_probability(typicality, np.ones(100_000, bool), 0.01)
    assert (probability < 0.5).mean() == pytest.approx(0.01, rel=0.1)
    assert np.all(np.diff(probability[np.argsort(typicality)]) >= 0)


def test_what_is_like_the_odd_ones_is_odd() -> None:
    points = standard(np.vstack([cloud(300, 0.0, 1), cloud(20, 3.0, 2), cloud(1, 3.0, 3), cloud(1, 0.0, 4)]))
    probability = np.concatenate([np.full(300, 0.95), np.full(20, 0.1), [0.6, 0.6]])
    names = [str(n) for n in range(322)]
    found = self_training.refined_typicality(probability, np.ones(322), points, names)
    assert found[320] < 0.5 < 0.6 < found[321]
    assert np.array_equal(
        self_training.refined_typicality(probability[:309], np.ones(309), points[:309], names[:309]),
        probability[:309],
    )
    assert np.array_equal(
        self_training.refined_typicality(probability, np.zeros(322), points, names), probability
    ), "none of them is wanted"


def test_listing_similarity_to_trusted_photos_only() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [1, 1]], np.float32)
    found = self_training.listing_similarity(
        lambda places: vectors[list(places)], ["a", "a", "a", "b"], np.array([True, True, False, True])
    )
    assert found[0] == found[1] == pytest.approx(0.995, abs=1e-3)
    assert found[2] == pytest.approx(0.0995, abs=1e-3)
    assert np.isnan(found[3])


def test_the_listing_counts_within_bounds() -> None:
    similarity = np.concatenate([np.full(30, 0.9), np.full(30, 0.2), [0.01, np.nan]])
    zero_shot = np.concatenate([np.full(30, 0.95), np.full(30, 0.05), [0.5, 0.5]])
    ratio = self_training.listing_log_likelihood_ratio(similarity, zero_shot)
    assert ratio[0] > 0 > ratio[30]
    assert np.abs(ratio).max() <= self_training.LISTING_LIMIT
    assert ratio[-1] == 0
    assert np.array_equal(
        self_training.listing_log_likelihood_ratio(similarity[:35], zero_shot[:35]), np.zeros(35)
    )


def test_redistributed_mass_keeps_the_sum() -> None:
    zero_shot = np.array([[0.5, 0.2, 0.2, 0.1], [0.0, 0.0, 0.5, 0.5]])
    wanted, probability = np.array([0.8, 0.0]), np.array([0.25, 1.0])
    found = self_training.redistribute_mass(zero_shot, wanted, probability, [True, True, False, False], detail=2)
    assert np.allclose(found.sum(axis=1), 1)
    assert found[0, :2].sum() == pytest.approx(0.8 * 0.25)
    assert found[0, 2] == pytest.approx(0.8 * 0.75 + 0.2 * 2 / 3)
    assert found[1].tolist() == [0, 0, 0.5, 0.5]


def test_reasons_keep_the_mass_and_follow_the_photos() -> None:
    points = standard(np.vstack([cloud(40, 0.0, 1), cloud(40, 3.0, 2), cloud(2, 3.0, 3)]))
    concepts = np.tile([0.1, 0.85, 0.05], (82, 1))
    concepts[40:80] = [0.1, 0.05, 0.85]
    concepts[80:] = [0.1, 0.5, 0.4]
    found = self_training.name_reasons(concepts, [True, False, False], points, [str(n) for n in range(82)])
    assert np.allclose(found.sum(axis=1), 1)
    assert np.array_equal(found[:, 0], concepts[:, 0])
    assert (found[80:, 2] > found[80:, 1]).all()
    few = self_training.name_reasons(concepts[:45], [True, False, False], points[:45], [str(n) for n in range(45)])
    assert np.array_equal(few, concepts[:45])


def test_the_heaviest_samples_are_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_classifier, "MAX_SAMPLES", 40)
    labels = np.arange(200) % 2
    weights = np.where(np.isin(np.arange(200), (3, 80, 151)), 5.0, 1.0)
    places, drawn = kernel_classifier._draw(labels, [f"g{number}" for number in range(200)], weights)
    assert {3, 80, 151} <= set(places.tolist()) and len(places) == 40
    assert drawn[np.isin(places, (3, 80, 151))].tolist() == [5.0] * 3, "they stand for themselves"
    assert drawn[labels[places] == 1].sum() == pytest.approx(weights[labels == 1].sum())


def test_a_decided_class_tells_the_others_of_its_listing_and_not_itself() -> None:
    before = np.array([[0.7, 0.3]] * 3)
    usable, labels = np.ones(3, bool), np.array([1, 0, 0])
    alone = label_errors.vote(before, ["a", "b", "b"], usable)
    after = label_errors.vote(before, ["a", "a", "b"], usable, np.array([True, False, False]), labels)
    assert after[1, 1] > 0.9 and after[2].tolist() == pytest.approx([0.7, 0.3])
    assert after[0, 1] < alone[0, 1], "what the other photo says counts, the decision does not"
