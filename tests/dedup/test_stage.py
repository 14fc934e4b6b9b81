"""The dedup stage: which rows come out, and that nothing but their content decides it."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.clean import stage as clean
from curate.core import executors, manifest
from curate.core.errors import StateError
from curate.core.recipe import Clean, Dedup, Recipe
from curate.core.schemas import DedupRow
from curate.dedup import find_duplicates, fingerprints
from curate.dedup import stage as dedup
from curate.pipeline import Ended, Said, run_stages
from tests.benchmarks.edits import apply
from tests.folders import fetch_row, publish
from tests.scenes import jpeg, photo_row, scene, store

HASH, THOROUGH = Dedup(method="hash"), Dedup(method="thorough")
METHODS = {"hash": HASH, "thorough": THOROUGH}


def key(number: int) -> str:
    return f"{number:016x}"


def by_number(rows: list[DedupRow]) -> dict[int, DedupRow]:
    return {int(row.key, 16): row for row in rows}


def market(count: int = 6) -> list[tuple[int, bytes, str]]:
    """Scenes, each with a smaller duplicate and an identical one."""
    photos = []
    for seed in range(count):
        data = jpeg(scene(seed))
        small = apply(scene(seed), "half size", str(seed))
        photos += [(seed, data, "hatch"), (seed + 100, small, "hatch"), (seed + 200, data, "hatch")]
    return photos


def test_one_row_per_photo_with_its_keeper_and_proof(tmp_path: Path) -> None:
    store(tmp_path, market(2))
    rows = by_number(dedup.run(tmp_path, HASH))
    assert [rows[n].reason for n in (0, 100, 200)] == ["", "near_duplicate", "exact_duplicate"]
    assert [rows[n].group for n in (0, 100, 200)] == [key(0)] * 3
    assert [rows[n].duplicate_of for n in (0, 100, 200)] == ["", key(0), key(0)]
    assert [rows[n].confirmed_by for n in (0, 100, 200)] == ["", "aligned", "sha256"]
    assert rows[0].distance is None
    assert rows[200].distance == 0
    assert 0 <= (rows[100].distance or 0) <= 12
    assert rows[1].group == key(1)
    assert len({rows[n].similar_group for n in (0, 100, 200)}) == 1
    assert not any(row.label_conflict for row in rows.values())


def test_the_better_file_comes_first_whatever_the_order_of_rows() -> None:
    random = np.random.default_rng(0)
    prints = np.zeros(40, fingerprints.FINGERPRINT)
    prints["sha256"] = [f"{file:064x}" for file in range(40)]
    prints["box"] = 0, 1, 0, 1
    prints["box"][::5] = 0.1, 0.9, 0.25, 1  # inside a frame
    prints["colour"] = random.integers(0, 256, prints["colour"].shape)
    prints["colour"][::3] = 90
    photos = [
        replace(
            fetch_row(number, "hatch", sha256=f"{file:064x}", size=int(100 + file % 7)),
            width=int(160 + file % 4) * (5 if file % 8 == 7 else 1),  # over five times as wide as high
        )
        for number, file in enumerate([*random.permutation(40).tolist(), *range(0, 40, 4)])
    ]

    def badness(file: int) -> tuple[bool, int, bool, int, str]:
        rows = [photo for photo in photos if photo.sha256 == f"{file:064x}"]
        pixels = round(rows[0].width * rows[0].height * float(fingerprints.content(prints[file : file + 1])[0]))
        return file % 8 == 7, -pixels, file % 3 == 0, -rows[0].bytes, min(row.key for row in rows)

    expected = sorted(range(40), key=badness)
    for given in (photos, photos[::-1]):
        ranked, numbers = dedup.in_rank_order(given, prints)
        assert numbers == {f"{file:064x}": place for place, file in enumerate(expected)}
        assert ranked["sha256"].tolist() == [f"{file:064x}".encode() for file in expected]


def test_d02_the_same_bytes_from_any_number_of_workers(tmp_path: Path) -> None:
    photos = market(40)
    written = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        store(folder, photos)
        with executors.local(workers, chunk_size=1) as map_fn:
            dedup.run(folder, THOROUGH, map_fn)
        written.append(manifest.csv_path(folder, "dedup").read_bytes())
    assert written[0] == written[1]


def test_d02_the_smallest_key_names_a_similar_group(tmp_path: Path) -> None:
    store(tmp_path, market(3))
    rows = by_number(dedup.run(tmp_path, HASH))
    for first in range(3):
        same = [row for number, row in rows.items() if number % 100 == first]
        assert {row.similar_group for row in same} == {min(row.key for row in same)}


def test_d02_the_largest_photo_stays_then_one_in_colour_then_the_most_bytes_then_the_key(tmp_path: Path) -> None:
    image = scene(3)
    framed = Image.new("RGB", (400, 300), "white")
    framed.paste(image, (40, 40))
    store(
        tmp_path,
        [
            (4, jpeg(image.convert("L").convert("RGB"), 99), "hatch"),
            (5, jpeg(image.resize((160, 110))), "hatch"),
            (6, jpeg(image, 60), "hatch"),
            (7, jpeg(image, 95), "hatch"),
            (8, jpeg(image, 95), "hatch"),
            (9, jpeg(framed, 95), "hatch"),  # more pixels, but of a frame
        ],
    )
    assert {row.group for row in dedup.run(tmp_path, HASH)} == {key(7)}


@pytest.mark.parametrize("method", METHODS)
def test_a_photo_stays_although_clean_rejects_the_shape_of_its_larger_duplicate(
    method: str, tmp_path: Path
) -> None:
    image = scene(3, 640, 440)
    stretched = image.resize((4000, 700))
    store(tmp_path, [(1, jpeg(image), "hatch"), (2, jpeg(stretched), "hatch")])
    rows = by_number(dedup.run(tmp_path, METHODS[method]))
    assert (rows[1].keep, rows[2].keep, rows[2].duplicate_of) == (True, False, key(1))
    publish(tmp_path, "dedup", [replace(row, keep=True, reason="") for row in rows.values()])
    quality = Clean(class_names=("hatch",), scorer="none", accept_rejects=True)
    assert [row.reason for row in clean.run(tmp_path, quality)] == ["", "odd_shape"]


@pytest.mark.parametrize("method", ["hash", "thorough"])
def test_d03_two_thousand_blanks_are_one_group(method: str) -> None:
    blank = fingerprints.of_pixels(np.full((64, 96, 3), 240, np.uint8))
    found = find_duplicates.find(np.repeat(blank, 2_000), METHODS[method])
    assert not found.keeper.any()


def test_plain_images_of_other_colours_are_no_duplicates() -> None:
    colours = [
        (190, 0, 0),
        (0, 97, 0),
        (190, 0, 0),
        (203, 203, 203),
        (204, 204, 204),
    ]  # the first two are one grey
    prints = [fingerprints.of_pixels(np.full((64, 96, 3), colour, np.uint8)) for colour in colours]
    assert find_duplicates.find(np.concatenate(prints), HASH).keeper.tolist() == [0, 1, 0, 3, 3]


@pytest.mark.parametrize("method", ["hash", "thorough"])
def test_d03_a_crowd_of_one_image_is_one_group(method: str) -> None:
    prints = np.repeat(fingerprints.of_pixels(np.asarray(scene(1))), 200)
    noise = np.random.default_rng(0).integers(0, 2, (199, 64, 64), dtype=np.uint8)
    prints["grey"][1:] ^= noise
    tracemalloc.start()
    assert not find_duplicates.find(prints, METHODS[method]).keeper.any()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6, "memory grows with the square of the crowd"


def test_d04_an_unreadable_file_is_one_rejected_row(tmp_path: Path) -> None:
    photos = [(n, jpeg(scene(n)), "hatch") for n in range(5)]
    store(tmp_path, [*photos, (7, b"\xff\xd8 not a photo", "hatch"), (8, jpeg(scene(8)), "hatch")])
    (tmp_path / photo_row(8, jpeg(scene(8))).path).unlink()
    rows = by_number(dedup.run(tmp_path, HASH))
    assert len(rows) == 7
    assert [n for n, row in rows.items() if not row.keep] == [7, 8]
    assert {rows[n].reason for n in (7, 8)} == {"undecodable"}
    assert rows[7].group == key(7)
    assert len(manifest.read_sidecar(tmp_path, "dedup")["notes"]["undecodable"]) == 2


def test_i03_a_lost_file_is_noted_and_the_stage_runs_again_when_it_is_back(tmp_path: Path) -> None:
    store(tmp_path, market(3))
    whole = dedup.run(tmp_path, HASH)
    manifest.csv_path(tmp_path, "dedup").unlink()
    photo = next(row for row in whole if row.key == key(100))
    data = (tmp_path / photo.path).read_bytes()
    (tmp_path / photo.path).write_bytes(data[:-2])
    assert by_number(dedup.run(tmp_path, HASH))[100].reason == "undecodable"
    sidecar = manifest.read_sidecar(tmp_path, "dedup")
    assert sidecar["notes"] == {
        "undecodable": {photo.path: "hash_mismatch"},
        "lost": [photo.path],
        "label_conflicts": 0,
    }
    dedup.run(tmp_path, HASH)
    assert manifest.read_sidecar(tmp_path, "dedup") == sidecar, "still lost: nothing changed"
    (tmp_path / photo.path).write_bytes(data)
    assert dedup.run(tmp_path, HASH) == whole


def test_a_folder_whose_photos_are_gone_is_refused(tmp_path: Path) -> None:
    photos = [(n, jpeg(scene(n)), "hatch") for n in range(4)]
    store(tmp_path, photos)
    for number, data, _ in photos[:3]:
        (tmp_path / photo_row(number, data).path).unlink()
    with pytest.raises(StateError, match=r"3 photo files are missing, .* \(4 were stored\); nothing was written"):
        dedup.run(tmp_path, HASH)
    assert not manifest.csv_path(tmp_path, "dedup").exists()


def test_one_image_under_two_classes_is_flagged(tmp_path: Path) -> None:
    store(
        tmp_path,
        [
            (1, jpeg(scene(1)), "hatch"),
            (2, jpeg(scene(1)), "sedan"),
            (3, jpeg(scene(2), 95), "hatch"),
            (4, jpeg(scene(2), 50), "sedan"),
            (5, jpeg(scene(3)), "sedan"),
        ],
    )
    rows = by_number(dedup.run(tmp_path, HASH))
    assert [n for n, row in rows.items() if row.label_conflict] == [1, 2, 3, 4]
    assert manifest.read_sidecar(tmp_path, "dedup")["notes"]["label_conflicts"] == 2
    lines: list[Said] = []
    recipe = Recipe(name="cars", classes=("hatch", "sedan"), dedup=HASH)
    run_stages(["dedup"], recipe, tmp_path, 1, lines.append)
    (ended,) = lines
    assert isinstance(ended, Ended)
    assert "label conflicts: 2 " in str(ended.to_decide[0])
    assert "2 undecided" in str(ended.to_decide[0])


def test_added_photos_give_what_a_run_from_scratch_gives(tmp_path: Path) -> None:
    photos = market(5)
    grown, scratch = tmp_path / "grown", tmp_path / "scratch"
    store(grown, photos[:8])
    dedup.run(grown, THOROUGH)
    store(grown, photos)
    store(scratch, photos)
    assert dedup.run(grown, THOROUGH) == dedup.run(scratch, THOROUGH)
    assert manifest.csv_path(grown, "dedup").read_bytes() == manifest.csv_path(scratch, "dedup").read_bytes()


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    store(tmp_path, market(2))
    rows = dedup.run(tmp_path, HASH)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert dedup.run(tmp_path, HASH) == rows
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_d01_a_pan_is_no_chain_of_duplicates_but_one_similar_group() -> None:
    # A camera that turns: each image is a duplicate of the next by its content, the first and the last share
    # little.
    wide, width, step = scene(4, 1200, 220), 400, 24
    frames = [wide.crop((left, 0, left + width, 220)) for left in range(0, 16 * step, step)]
    found = find_duplicates.find(
        np.concatenate([fingerprints.of_pixels(np.asarray(part)) for part in frames]), THOROUGH
    )
    moved = np.abs(found.keeper - np.arange(16)) * step
    assert 0 < np.count_nonzero(moved) < 14
    assert moved.max() <= width / 4
    assert set(found.similar_group.tolist()) == {0}


def test_no_photos_at_all(tmp_path: Path) -> None:
    rows = [replace(photo_row(1, jpeg(scene(1))), keep=False, reason="blank", path="")]
    from tests.folders import publish

    publish(tmp_path, "fetch", rows)
    assert dedup.run(tmp_path, THOROUGH) == []


def test_two_photos_that_a_person_tells_apart_both_stay_and_stay_together_in_the_split(tmp_path: Path) -> None:
    store(tmp_path, market(2))
    before = dedup.run(tmp_path, THOROUGH)
    review = tmp_path / "review.csv"
    review.write_text(f"key,decision\n{key(100)} {key(0)},not_duplicate\n{key(1)} {key(201)},not_duplicate\n")
    rows = by_number(dedup.run(tmp_path, THOROUGH))
    assert [n for n, row in rows.items() if row.keep] == [0, 1, 100]
    assert rows[100].similar_group == rows[0].similar_group
    assert rows[201].reason == "exact_duplicate", "equal files stay equal"
    notes = manifest.read_sidecar(tmp_path, "dedup")["notes"]
    assert notes["not_duplicates"] == [[key(0), key(100)]]
    assert notes["summary"] == ["review.csv: 1 pair is not duplicates"]
    written = manifest.csv_path(tmp_path, "dedup").stat().st_mtime_ns
    dedup.run(tmp_path, THOROUGH)
    assert manifest.csv_path(tmp_path, "dedup").stat().st_mtime_ns == written, "nothing changed"
    review.write_text(
        f"key,decision,reviewer\n{key(0)} {key(100)},not_duplicate,amy\n{key(0)} {key(100)},duplicate,bob\n"
    )
    assert dedup.run(tmp_path, THOROUGH) == before, "reviewers disagree: not obeyed"
