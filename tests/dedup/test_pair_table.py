"""How the comparing of pairs is handed out."""

import numpy as np
import pytest

from curate.dedup import fingerprints, pair_table
from curate.dedup.alignment import PROOF, Answer, Job
from curate.dedup.matches import Candidates


@pytest.mark.parametrize(
    ("count", "jobs"), [(3, [1, 1, 1]), (64, [1] * 64), (100, [2] * 50), (2001, [16] * 125 + [1])]
)
def test_few_pairs_are_for_all_processes_too(count: int, jobs: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    prints = np.zeros(2 * count, fingerprints.FINGERPRINT)
    first, zeros = 2 * np.arange(count), np.zeros(count, np.int64)
    sizes = []

    def answer(job: Job) -> list[Answer]:
        sizes.append(len(job.matches))
        return [(1.0, (0, np.eye(3)))] * len(job.matches)

    monkeypatch.setattr(pair_table, "compare", answer)
    pairs = pair_table.PairTable(prints, Candidates(first, first + 1, zeros, zeros), 12, map)
    assert not pairs.confirm(np.arange(count)).any()
    assert sizes == jobs


def test_a_pair_takes_25_bytes_also_after_others_are_added() -> None:
    prints = np.zeros(200, fingerprints.FINGERPRINT)
    first, none = 2 * np.arange(100, dtype=np.int32), np.zeros(100, np.int8)
    pairs = pair_table.PairTable(prints, Candidates(first, first + 1, none.astype(np.int16), none), 12, map)
    pairs.add(np.arange(3), np.arange(2, 5), np.nan, pair_table.LINKED)
    columns = pairs.better, pairs.worse, pairs.bits, pairs.similarity, pairs.least
    assert [len(column) for column in columns] == [103] * 5
    assert sum(column.itemsize for column in (*columns, pairs.starts)) == 25


def test_a_similarity_that_is_just_enough_proves_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    prints, first, none = np.zeros(8, fingerprints.FINGERPRINT), 2 * np.arange(4), np.zeros(4, np.int64)
    similarities = [PROOF, round(PROOF - 0.0001, 4), 1.0, pair_table.LINKED]
    answers = iter([(similarity, (0, np.eye(3))) for similarity in similarities])
    monkeypatch.setattr(pair_table, "compare", lambda job: [next(answers) for _ in job.matches])
    pairs = pair_table.PairTable(prints, Candidates(first, first + 1, none, none), 12, map)
    pairs.least[3] = pair_table.LINKED
    assert np.isfinite(pairs.confirm(np.arange(4))).tolist() == [True, False, True, True]


def test_no_duplicates_among_a_hundred_thousand_images_are_the_pair_that_a_person_named() -> None:
    count = 100_000  # image numbers of a pair are one number of 64 bits
    prints = np.zeros(count, fingerprints.FINGERPRINT)
    first, none = np.array([count - 4, count - 2]), np.zeros(2, np.int64)
    pairs = pair_table.PairTable(prints, Candidates(first, first + 1, none, none), 12, map)
    pairs.similarity[:] = 1.0
    pairs.part([(count - 1, count - 2)])
    assert pairs.proved(np.arange(2)).tolist() == [True, False]
