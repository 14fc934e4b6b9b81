"""Every fault that this project answers has a test that bears its ID, in its name or in its parameter's id."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Of the catalogue of faults: F fetching, P parsing, I images, D dedup, clean and split, T training, M manifests.
# fmt: off
FAULTS = (
    "F01", "F02", "F03", "F04", "F05", "F10", "F13", "F14", "F15", "F16", "F17", "F19", "F22", "F24", "F26", "F27",
    "F29", "F30", "F32", "F33", "F35", "F38", "F39", "F41", "F42", "F44", "F45", "F46",
    "P01", "P02", "P03", "P04", "P07", "P09", "P11", "P12",
    "I01", "I02", "I03", "I04", "I05", "I06", "I07", "I08", "I09", "I10", "I11", "I12", "I13", "I14", "I15", "I16",
    "I18", "I19", "I20",
    "D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D09", "D10", "D11", "D12",
    "T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08",
    "M01", "M02", "M03", "M04", "M05", "M06", "M07", "M08", "M09", "M10", "M11", "M13",
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
    return {found.upper() for found in re.findall(r"(?<![a-z0-9])[fpidtm]\d\d(?![a-z0-9])", name.lower())}


@pytest.fixture(scope="module")
def tested() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("test_*.py"))]
    return {fault for source in sources for name in names(source) for fault in faults_in(name)}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_has_a_test(fault: str, tested: set[str]) -> None:
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
