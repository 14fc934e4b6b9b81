"""The demonstration, small: real pages, every stage, and what it says about itself."""

import re
import socket
from pathlib import Path

import pytest

from curate import manifest
from curate.demo.run import PORT, compare, is_true, marketplace, recipe_for, run
from curate.errors import UsageError
from curate.pipeline import find_recipe
from curate.recipe import Recipe, SplitCounts
from curate.schemas import STAGES, CleanRow, FetchRow

PER_CLASS = 24


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def small_recipe() -> Recipe:
    recipe = find_recipe(Path("pipelines/demo.yaml"))
    split = recipe.split.override(counts=SplitCounts(train=20, val=6, test=6).model_dump())
    training = recipe.train_baseline.override(epochs=1, image_size=50)
    return recipe.model_copy(update={"split": split, "train_baseline": training})


def test_the_recipe_speaks_of_the_port_that_the_site_takes() -> None:
    recipe = find_recipe(Path("pipelines/demo.yaml"))
    assert recipe.source is not None
    assert recipe.source.politeness.allow_hosts == (f"127.0.0.1:{PORT}",)
    assert set(recipe.classes) == {"hatchback", "tallboy"}


@pytest.mark.timeout(110)
def test_the_demo_runs_every_stage_and_a_second_time_does_nothing(tmp_path: Path) -> None:
    port = free_port()
    lines: list[str] = []
    run(tmp_path, port, 1, lines.append, PER_CLASS, small_recipe())
    text = "\n".join(lines)
    for stage in STAGES:
        assert re.search(rf"^{stage}: \d+ in, \d+ kept", text, re.MULTILINE), text
    assert (tmp_path / "report.html").stat().st_size > 10_000
    right = re.search(r"truth: (\d+) of (\d+) rejected photos have their true reason", text)
    assert right is not None
    assert int(right[1]) >= 0.8 * int(right[2]) > 0
    review = re.search(r"truth: (\d+) of (\d+) photos of the wrong class are among the (\d+) put up", text)
    assert review is not None
    assert int(review[3]) == sum(row.borderline for row in manifest.read(tmp_path, CleanRow))
    assert 0 <= int(review[1]) <= int(review[2]) > 0
    lost = re.search(r"truth: (\d+) of (\d+) good photos were rejected", text)
    assert lost is not None
    assert int(lost[1]) <= 0.1 * int(lost[2])
    fetched = manifest.read(tmp_path, FetchRow)
    assert {row.region for row in fetched} <= {"Delhi", "Uttar Pradesh", "Maharashtra", "Telangana", "Gujarat"}
    assert all(row.city and row.year and row.price and row.title for row in fetched)
    assert all(";s=" not in row.image_url for row in fetched), "F41: thumbnails are the photo, not another one"

    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    lines.clear()
    run(tmp_path, port, 1, lines.append, PER_CLASS, small_recipe())
    assert sum("(unchanged)" in line for line in lines) == len(STAGES)
    assert "site: 0 requests answered" in lines
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")} == before


def test_a_taken_port_is_replaced_by_a_free_one_unless_it_was_asked_for(tmp_path: Path) -> None:
    lines: list[str] = []
    with marketplace(tmp_path, None, 1, lines.append, 2) as first:
        port = int(first.host.rpartition(":")[2])
        again = marketplace(tmp_path, port, 1, lines.append, 2)
        with pytest.raises(UsageError, match=f"port {port}"), again:
            pass
        with marketplace(tmp_path, None, 1, lines.append, 2) as second:
            assert second.host != first.host
            recipe = recipe_for(second, find_recipe(Path("pipelines/demo.yaml")))
    assert any("is taken" in line for line in lines)
    assert recipe.source is not None
    assert recipe.source.politeness.allow_hosts == (second.host,)
    assert all(url.startswith(second.url) for urls in recipe.source.listings.values() for url in urls)


@pytest.mark.parametrize(
    ("issue", "stage", "reason", "copies", "expected"),
    [
        ("corrupt", "fetch", "empty", 1, True),
        ("none", "fetch", "decode_truncated", 1, False),
        ("none", "dedup", "near_duplicate", 2, True),
        ("none", "dedup", "near_duplicate", 1, False),
        ("document", "clean", "document", 1, True),
        ("document", "clean", "not_car", 1, False),
        ("none", "clean", "not_car", 1, False),
    ],
)
def test_what_counts_as_a_true_reason(issue: str, stage: str, reason: str, copies: int, expected: bool) -> None:
    assert is_true({"issue": issue}, stage, reason, copies) is expected


def test_compare_needs_the_manifests(tmp_path: Path) -> None:
    from curate.errors import StateError

    with pytest.raises(StateError):
        compare(tmp_path, {})
