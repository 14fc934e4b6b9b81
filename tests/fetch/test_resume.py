"""Interrupted at any point, a rerun ends with the bytes of an unbroken run."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.core import manifest
from curate.core.errors import StateError
from curate.core.files import lock
from curate.core.recipe import Source
from curate.core.schemas import FetchRow
from curate.core.stages import STAGES
from curate.demo.site import Site, serve
from curate.fetch import stage as fetch
from curate.fetch.journal import Journal, read_header
from curate.inspect import unfinished
from curate.photos import store
from tests.benchmarks.fetch_kills import begin, kill_at_random, snapshot
from tests.fetch.small_site import jpeg, listings, source
from tests.wording import refused

CRASH_POINTS = [
    "before_rename",
    "after_rename",
    "between_photo_and_journal",
    "after_journal",
    "before_publish",
    "between_manifest_and_sidecar",
    "between_manifest_and_orphans",
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve(listings()) as running:
        yield running


@pytest.fixture(scope="module")
def config(site: Site) -> Source:
    return source(site.url)


@pytest.fixture(scope="module")
def whole(config: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    fetch.run(folder, config)
    return folder


@pytest.fixture(scope="module")
def unbroken(whole: Path) -> dict[str, bytes]:
    return snapshot(whole)


def rerun(folder: Path, config: Source) -> list[FetchRow]:
    with lock(folder):  # which also sweeps what a dead run left half written
        return fetch.run(folder, config)


def photos_asked(site: Site, since: int = 0) -> Counter[str]:
    return Counter(request.path for request in site.requests[since:] if "/photos/" in request.path)


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_m10_a_crash_at_each_named_point(
    tmp_path: Path, site: Site, config: Source, unbroken: dict[str, bytes], point: str
) -> None:
    process = begin(tmp_path, config, CURATE_CRASH_AT=point)
    process.join()
    assert process.exitcode == 137
    stored = {path.name for path in tmp_path.glob("images/??/*") if not path.name.startswith(".")}
    since = len(site.requests)
    rerun(tmp_path, config)
    assert snapshot(tmp_path) == unbroken
    if point in ("before_publish", "between_manifest_and_sidecar", "between_manifest_and_orphans"):
        assert all("-0-" in path for path in photos_asked(site, since))  # the cut ones, and nothing else
        assert not any("/cars/" in request.path for request in site.requests[since:])
        assert stored
    assert max(photos_asked(site, since).values(), default=0) <= 2  # a cut photo is asked for twice


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: f"F44-{s.name}")
def test_f44_a_signal_in_the_middle(
    tmp_path: Path, site: Site, config: Source, unbroken: dict[str, bytes], sent: signal.Signals
) -> None:
    since = len(site.requests)
    process = begin(tmp_path, config)
    deadline = time.monotonic() + 60
    while len(photos_asked(site, since)) < 8 and time.monotonic() < deadline and process.is_alive():
        time.sleep(0.002)
    assert process.pid
    os.kill(process.pid, sent)
    started = time.monotonic()
    process.join()
    assert time.monotonic() - started < 10
    finished = (tmp_path / "fetch.csv").exists()
    rerun(tmp_path, config)
    assert snapshot(tmp_path) == unbroken
    asked = photos_asked(site, since)
    truncated = {path for path in asked if path.endswith(("-0-0.jpg", "wagonr-0-12.jpg"))}
    again = sum(count - 1 for path, count in asked.items() if path not in truncated)
    assert again <= (0 if finished else config.politeness.workers)  # at most one photo per thread is lost


def test_f44_random_kills(tmp_path: Path, config: Source, unbroken: dict[str, bytes]) -> None:
    for seed in range(2):
        folder = tmp_path / str(seed)
        kill_at_random(folder, config, seed, most=4)
        assert snapshot(folder) == unbroken, f"seed {seed}"


def test_photos_that_are_there_are_not_asked_for_again(tmp_path: Path, site: Site, config: Source) -> None:
    begin(tmp_path, config, CURATE_CRASH_AT="before_publish").join()
    changed = config.override(required_fields=("title",))  # pages are judged anew, photos stay
    since = len(site.requests)
    assert [row.reason for row in rerun(tmp_path, changed)].count("") == 22
    asked = [request.path for request in site.requests[since:]]
    assert photos_asked(site, since).keys() == {"/photos/swift-0-0.jpg", "/photos/wagonr-0-12.jpg"}  # the cut ones
    assert sum("/cars/" in path for path in asked) == 2


def test_a_stored_photo_that_was_damaged_is_fetched_again(tmp_path: Path, site: Site, config: Source) -> None:
    begin(tmp_path, config, CURATE_CRASH_AT="before_publish").join()
    damaged = tmp_path / store.put(tmp_path, jpeg(5), "jpeg")[0]  # a photo of the second listing
    damaged.write_bytes(damaged.read_bytes()[:-1])
    since = len(site.requests)
    rows = rerun(tmp_path, config)
    assert sum("-0-" not in path for path in photos_asked(site, since)) == 1  # beside the cut ones
    assert all((tmp_path / row.path).stat().st_size == row.bytes for row in rows if row.keep)


def test_m10_orphans_go_when_the_manifest_is_published(
    tmp_path: Path, config: Source, unbroken: dict[str, bytes]
) -> None:
    orphan = tmp_path / "images" / "00" / ("0" * 64 + ".jpg")
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"left by a dead run")
    rerun(tmp_path, config)
    assert snapshot(tmp_path) == unbroken


# --- the journal --------------------------------------------------------------------------------------------


def test_journal_remembers(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"run": "1"}) as journal:
        journal.add("photo", "ü\n", {"a": [1, None, "\ud800"]})
        journal.add("photo", "b", 1)
        journal.add("photo", "b", 2)
    with Journal(path, {"run": "1"}) as journal:
        assert journal.get("photo", "ü\n") == {"a": [1, None, "\ud800"]}
        assert journal.get("photo", "b") == 2
        assert journal.get("page", "b") is None
        assert len(journal) == 2
    assert read_header(path) == {"format": "1", "run": "1"}


def test_f44_journal_cut_at_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"run": "1"}) as journal:
        for number in range(3):
            journal.add("photo", str(number), {"n": number})
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with Journal(path, {"run": "1"}) as journal:
            assert len(journal) == max(0, sum(end <= cut for end in ends) - 1)
            journal.add("photo", "later", 1)
        with Journal(path, {"run": "1"}) as journal:
            assert journal.get("photo", "later") == 1


def test_journal_damaged_in_the_middle_forgets_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"run": "1"}) as journal:
        journal.add("photo", "1", 1)
    path.write_bytes(path.read_bytes() + b'\x00\x00\n["photo","2",2]\n')
    with Journal(path, {"run": "1"}) as journal:
        assert (journal.get("photo", "1"), journal.get("photo", "2")) == (1, None)


def test_m09_journal_of_another_run_keeps_only_survivors(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"run": "1"}) as journal:
        journal.add("photo", "1", 1)
        journal.add("page", "1", 1)
    with Journal(path, {"run": "2"}, survivors=("photo",)) as journal:
        assert (journal.get("photo", "1"), journal.get("page", "1")) == (1, None)
    assert [json.loads(line)[0] for line in path.read_bytes().splitlines()] == ["header", "photo"]


def test_m09_journal_of_another_format_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text('["header","",{"format":"0","run":"1"}]\n["photo","1",1]\n')
    with Journal(path, {"run": "1"}, survivors=("photo",)) as journal:
        assert len(journal) == 0


@pytest.mark.parametrize(
    "line",
    [
        "5", "{}", "[]", '["photo", "k"]', '["photo", 5, {}]', "null", '["header", "", 7]',
        '["header", "", {"replaces": 5}]', '["photo", "KEY", 5]', '["photo", "KEY", {"path": 7}]',
        '["photo", "KEY", {"bytes": "many"}]', '["refused", "KEY", []]', '["index page", "PAGE", 3]',
        '["index page", "PAGE", {"listings": [5]}]', '["index page", "PAGE", {"listings": "x"}]',
        '["index page", "PAGE", {"listings": [{"listing_id": {}, "page_url": ""}]}]',
    ],
)  # fmt: skip
def test_a_journal_line_of_other_types_is_named_as_damage(
    tmp_path: Path, config: Source, whole: Path, line: str
) -> None:
    (start, *_), *_ = config.listings.values()
    photo = next(row.image_url for row in manifest.read(whole, FetchRow) if row.keep)
    path = tmp_path / "fetch.journal"
    pages = f"{STAGES['fetch'].version} {config.recorded().model_dump_json(exclude_defaults=True)}"
    with Journal(path, {"replaces": "", "pages": pages, "round": "all"}):
        pass
    with path.open("a") as file:
        file.write(line.replace("KEY", photo).replace("PAGE", start) + "\n")
    with refused(StateError, match=r"fetch\.journal: .* is damaged; to go on without it, delete .*fetch\.journal"):
        rerun(tmp_path, config)
    assert unfinished.photos_safe(tmp_path) in (0, 1)


def test_rows_are_what_the_manifest_says(tmp_path: Path, config: Source) -> None:
    assert rerun(tmp_path, config) == manifest.read(tmp_path, FetchRow)
