"""What was added to review.csv since a stage read it."""

import hashlib
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.appended import keys_added
from curate.core.errors import StateError
from curate.dataset import Dataset
from curate.review import log
from curate.review.decisions import parse
from tests import folders, painted_run
from tests.wording import refused

HEADER = b"key,decision\n"


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        (None, HEADER + b"a,keep\nb,reject\na,reject\n", {"a", "b"}),
        (HEADER + b"a,keep\n", HEADER + b"a,keep\n", set()),
        (HEADER + b"a,keep\n", HEADER + b"a,keep\nb,keep\na,reject", {"a", "b"}),
        (HEADER + b"a,keep", HEADER + b"a,keep\n\nb,keep\n", {"b"}),
        (
            b"\xef\xbb\xbfkey,decision\r\na,keep\r\n",
            b"\xef\xbb\xbfkey,decision\r\na,keep\r\nb c,duplicate\r\n",
            {"b c"},
        ),
        (HEADER + b"a,keep\n", HEADER + b"a,keep\nb,pasted\xe2\x80\xa8from a chat\n", {"b"}),
        (HEADER + b"a,keep\n", HEADER + b"a,reject\nb,keep\n", set()),
        (HEADER + b"a,keep\n", None, set()),
        (HEADER + b"a,keep\n", HEADER + b"a,keep\n\xff\n", set()),
    ],
)
def test_the_keys_behind_what_was_read(
    before: bytes | None, after: bytes | None, added: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "review.csv"
    if after is not None:
        path.write_bytes(after)
    assert keys_added(path, "absent" if before is None else hashlib.sha256(before).hexdigest()) == added


def test_decisions_that_wait_are_counted_with_what_obeys_them(tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path / "run")
    key = painted_run.key
    rows = [{"key": key(number), "decision": "reject"} for number in (0, 2, 0)]
    log.append(folder / "review.csv", [parse(row, painted_run.CLASSES, "here") for row in rows])
    said = "2 decisions in review.csv are newer than clean.csv"
    assert manifest.mismatch(folder, "clean") == said
    with refused(StateError, match=f"{said}; run `curate clean` and run `curate split`"):
        Dataset.open(folder)
    folders.publish(folder, "fetch", manifest.fetch_rows(folder)[1:])
    assert manifest.mismatch(folder, "clean") == "clean.csv was made from another fetch.csv, review.csv"
