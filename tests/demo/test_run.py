"""The demonstration, small: real pages, every stage, and what it says about itself."""

import re
import socket
from pathlib import Path

import pytest

from curate.core import extras, manifest
from curate.core.errors import UsageError
from curate.core.recipe import Recipe, SplitCounts
from curate.core.schemas import CleanRow, DedupRow, FetchRow, photo_key
from curate.core.stages import STAGES
from curate.demo import run as demo
from curate.demo.painter import plan
from curate.demo.run import PORT, SEED, compare, is_true, marketplace, recipe_for, run
from curate.pipeline import Said, find_recipe
from tests.folders import CLASSES, clean_row, dedup_row, fetch_row, publish

PER_CLASS = 16


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def small_recipe() -> Recipe:
    recipe = find_recipe(Path("pipelines/demo.yaml"))
    split = recipe.split.override(counts=SplitCounts(train=12, val=4, test=4).model_dump())
    training = recipe.train_baseline.override(epochs=1, image_size=50)
    return recipe.model_copy(update={"split": split, "train_baseline": training})


def test_the_recipe_speaks_of_the_port_that_the_site_takes() -> None:
    recipe = find_recipe(Path("pipelines/demo.yaml"))
    assert recipe.source is not None
    assert recipe.source.politeness.allow_hosts == (f"127.0.0.1:{PORT}",)
    assert set(recipe.classes) == {"hatchback", "tallboy"}


def test_the_key_in_the_first_run_of_the_guide_is_a_photo_that_the_demo_uploads_twice() -> None:
    guide = (Path(__file__).parents[2] / "docs/guide/first-run.md").read_text(encoding="utf-8")
    (start,) = re.findall(r"explain ([0-9a-f]{6}) ", guide)
    shots = plan(SEED, demo.PER_CLASS)
    named = [(photo_key("demo", shot.listing_id, f"/photos/{shot.photo_id}.jpg"), shot) for shot in shots]
    (found,) = (shot for key, shot in named if key.startswith(start))
    assert sorted(shot.issue for shot in shots if shot.painting == found.painting) == ["exact_duplicate", "none"]


@pytest.mark.timeout(110)
def test_the_demo_runs_every_stage_and_a_second_time_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    lines: list[Said] = []
    run(tmp_path, port, 1, lines.append, PER_CLASS, small_recipe())
    text = "\n".join(map(str, lines))
    for stage in STAGES:
        assert re.search(rf"^{stage}: (\d+ in, \d+ kept|\d+ predictions$)", text, re.MULTILINE), text
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
    copies = re.search(r"truth: dedup removed (\d+) photos, (\d+) of them no duplicate", text)
    assert copies is not None
    assert int(copies[1]) == sum(not row.keep for row in manifest.read(tmp_path, DedupRow)) > 0
    assert int(copies[2]) <= 0.1 * int(copies[1])
    fetched = manifest.read(tmp_path, FetchRow)
    assert {row.region for row in fetched} <= {"Delhi", "Uttar Pradesh", "Maharashtra", "Telangana", "Gujarat"}
    assert all(row.city and row.year and row.price and row.title for row in fetched)
    assert all(";s=" not in row.image_url for row in fetched), "F41: thumbnails are the photo, not another one"

    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    lines.clear()
    run(tmp_path, port, 1, lines.append, PER_CLASS, small_recipe())
    assert sum("(unchanged)" in str(line) for line in lines) == len(STAGES)
    assert "site: 0 requests answered" in lines
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")} == before

    lines.clear()
    monkeypatch.setitem(extras.MODULES, "train", ("no_such_package",))
    run(tmp_path, port, 1, lines.append, PER_CLASS, small_recipe())
    text = "\n".join(map(str, lines))
    assert "train_baseline: not run, because no_such_package is not installed: `pip install " in text
    assert not re.search(r"^train_baseline: \d+ predictions", text, re.MULTILINE)


def test_a_taken_port_is_replaced_by_a_free_one_unless_it_was_asked_for(tmp_path: Path) -> None:
    lines: list[Said] = []
    with marketplace(tmp_path, None, 1, lines.append, 2) as first:
        port = int(first.host.rpartition(":")[2])
        again = marketplace(tmp_path, port, 1, lines.append, 2)
        with pytest.raises(UsageError, match=f"port {port}"), again:
            pass
        with marketplace(tmp_path, None, 1, lines.append, 2) as second:
            assert second.host != first.host
            recipe = recipe_for(second, find_recipe(Path("pipelines/demo.yaml")))
    assert any("is taken" in str(line) for line in lines)
    assert recipe.source is not None
    assert recipe.source.politeness.allow_hosts == (second.host,)
    assert all(url.startswith(second.url) for urls in recipe.source.listings.values() for url in urls)


@pytest.mark.parametrize(
    ("issue", "stage", "reason", "kept", "expected"),
    [
        ("corrupt", "fetch", "empty", "", True),
        ("none", "fetch", "decode_truncated", "", False),
        ("none", "dedup", "near_duplicate", "a", True),
        ("none", "dedup", "near_duplicate", "b", False),
        ("none", "dedup", "undecodable", "", False),
        ("document", "clean", "document", "", True),
        ("document", "clean", "not_car", "", False),
        ("none", "clean", "not_car", "", False),
    ],
)
def test_what_counts_as_a_true_reason(issue: str, stage: str, reason: str, kept: str, expected: bool) -> None:
    """Of the painting `a`, where dedup kept a file of the painting `kept`."""
    stayed = {"painting": kept} if kept else None
    assert is_true({"issue": issue, "painting": "a"}, stage, reason, stayed) is expected


def test_what_dedup_removed_wrongly_is_told(tmp_path: Path) -> None:
    photos = [fetch_row(number, CLASSES[number % 2]) for number in range(6)]
    copy_of = {1: 0, 3: 2, 4: 2}
    publish(tmp_path, "fetch", photos)
    keeper = {photos[copy].key: photos[kept].key for copy, kept in copy_of.items()}
    publish(tmp_path, "dedup", [dedup_row(row, copy_of=keeper.get(row.key, "")) for row in photos])
    publish(tmp_path, "clean", [clean_row(photos[number]) for number in (0, 2, 5)])
    issues = ["none", "near_duplicate", "interior", "interior", "none", "none"]
    paintings = ["0", "0", "2", "3", "4", "5"]
    truth = {str(n): {"issue": i, "painting": p} for n, (i, p) in enumerate(zip(issues, paintings, strict=True))}
    assert compare(tmp_path, truth)[:3] == [
        "truth: 1 of 3 rejected photos have their true reason (33.3%)",
        "truth: dedup removed 3 photos, 2 of them no duplicate of the one kept (1 good, 1 interior)",
        "truth: 1 of 2 good photos were rejected (50.0%); junk kept: 1 interior",
    ]


def test_compare_needs_the_manifests(tmp_path: Path) -> None:
    from curate.core.errors import StateError

    with pytest.raises(StateError):
        compare(tmp_path, {})
