"""Every fault that this project answers has a test that bears its ID, in its name or in its parameter's id.

python -m tests.test_faults_are_tested [LIST]     fault and its tests; of a LIST, a text that names faults,
                                                  also those that have none
"""

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Of the catalogue: F fetching, P parsing, I images, D dedup, clean and split, T training, M manifests, S service,
# W pages, R Ray. Not claimed: P14 (a contradiction is said, see `core.contradictions`, and rejects nothing),
# S06 S08 S10 S11 S12 S16 S18 S19 S21 S22, S17 (no index is kept), S20 (no `url=`), W06 (a benchmark), W07,
# R03, R06 (Ray fetches nothing), R07, R08.
# fmt: off
FAULTS = (
    *(f"F{n:02}" for n in range(1, 48)),
    *(f"P{n:02}" for n in range(1, 14)),  # P14, two models in one title, is no reason: `core.contradictions`
    *(f"I{n:02}" for n in range(1, 21)),
    *(f"D{n:02}" for n in range(1, 13)),
    *(f"T{n:02}" for n in range(1, 9)),
    *(f"M{n:02}" for n in range(1, 14)),
    *("S01", "S02", "S03", "S04", "S05", "S07", "S09", "S13", "S14", "S15"),
    *(f"W{n:02}" for n in range(1, 6)),
    *("R01", "R02", "R04", "R05"),
)
# fmt: on


def names(source: str) -> Iterator[str]:
    """Names of test functions, and every text in the `id=` or `ids=` of their parameters."""
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test_"):
            yield function.name
            for node in itertools.chain.from_iterable(map(ast.walk, function.decorator_list)):
                if isinstance(node, ast.keyword) and node.arg in ("id", "ids"):
                    yield from (
                        leaf.value
                        for leaf in ast.walk(node.value)
                        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                    )


def faults_in(name: str) -> set[str]:
    """`test_m03_m04_any_row` has two, `F29-drip` one, `F01-F05` its ends only."""
    return {found.upper() for found in re.findall(r"(?<![a-z0-9])[fpidtmswr]\d\d(?![a-z0-9])", name.lower())}


def table() -> dict[str, list[str]]:
    """Fault to the files with a test that bears its ID, sorted."""
    found: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for name in names(path.read_text(encoding="utf-8")):
            for fault in faults_in(name):
                found.setdefault(fault, set()).add(path.relative_to(TESTS.parent).as_posix())
    return {fault: sorted(found[fault]) for fault in sorted(found)}


@pytest.fixture(scope="module")
def tested() -> dict[str, list[str]]:
    return table()


@pytest.mark.parametrize("fault", FAULTS)
def test_it_has_a_test(fault: str, tested: dict[str, list[str]]) -> None:
    assert fault in tested, f"no test bears the ID {fault}"


def test_only_names_and_ids_of_tests_count() -> None:
    source = '''
"""F01 and F02 in a docstring."""
CASES = ["F03"]

@pytest.mark.parametrize("fault", ["F04", pytest.param("F05", id="F10-tie")], ids=[f"I11-{n}" for n in "F13"])
def test_f14_f15_two_at_once_and_d7_none(fault):
    """F16."""
    assert fault, "F17: message"

def helper_f19(): ...
'''
    assert {fault for name in names(source) for fault in faults_in(name)} == {"F10", "I11", "F13", "F14", "F15"}


def main(arguments: list[str]) -> None:
    """Print the table, and what a list names and no test bears."""
    found = table()
    for fault, files in found.items():
        print(fault, *files)
    for path in arguments:
        named = re.findall(r"^\| ([A-Z]\d\d) \|", Path(path).read_text(encoding="utf-8"), re.MULTILINE)
        print(f"{path}: no test of", *(fault for fault in named if fault not in found))


if __name__ == "__main__":
    main(sys.argv[1:])
