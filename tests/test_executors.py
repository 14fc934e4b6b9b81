"""Executors: the same results, in the same order, from one process or two."""

import os

import pytest

from curate import executors
from curate.errors import RejectedError, ResourceError


def square(number: int) -> int:
    return number * number


def reject_seven(number: int) -> int:
    if number == 7:
        raise RejectedError("blank", "seven")
    return number


def die(number: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("workers", [1, 2])
def test_d02_results_come_in_order_from_any_number_of_workers(workers: int) -> None:
    with executors.local(workers, chunk_size=3) as map_fn:
        assert list(map_fn(square, range(50))) == [n * n for n in range(50)]
        assert list(map_fn(square, [])) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_travels_back_with_its_reason(workers: int) -> None:
    with executors.local(workers) as map_fn, pytest.raises(RejectedError) as caught:
        list(map_fn(reject_seven, range(9)))
    assert (caught.value.reason, caught.value.detail) == ("blank", "seven")


def test_a_killed_worker_is_one_clear_error() -> None:
    with executors.local(2) as map_fn, pytest.raises(ResourceError, match="fewer --workers"):
        list(map_fn(die, range(2)))


def test_items_are_taken_as_needed() -> None:
    taken = []

    def items() -> object:
        for number in range(1000):
            taken.append(number)
            yield number

    with executors.local(2, chunk_size=2) as map_fn:
        next(iter(map_fn(square, items())))  # type: ignore[arg-type]
        assert len(taken) <= 2 * 4 * 2
