"""How the comparing of pairs is handed out."""

import numpy as np
import pytest

from curate.dedup import fingerprints, pair_table
from curate.dedup.alignment import Answer, Job
from curate.dedup.matches import Candidates


@pytest.mark.parametrize(
    ("count", "jobs"), [(3, [1, 1, 1]), (64, [1] * 64), (100, [2] * 50), (2001, [8] * 250 + [1])]
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
