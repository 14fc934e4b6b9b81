import io
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curate.clean import gates, summary
from curate.clean import stage as clean
from curate.clean.image_quality import Quality
from curate.clean.scorers import loading
from curate.clean.scorers.base import Embeddings, Pixels
from curate.clean.signals import PhotoRecord
from curate.clean.stage import PhotoSignals
from curate.core import executors, manifest
from curate.core.errors import GateError, ResourceError, UsageError
from curate.core.recipe import Clean, Concept, QualityThresholds
from curate.core.schemas import CleanRow, FetchRow
from curate.photos import store
from curate.review.decisions import Decision, Review
from tests.clean.scorers.plain import PlainScorer
from tests.folders import CLASSES, build_folder, dedup_row, fetch_row, publish
from tests.wording import explained

CONCEPTS = (
    Concept(name="car", role="wanted", imagenet=("sports car", "minivan")),
    Concept(name="closeup", role="detail", imagenet=("car wheel",)),
    Concept(name="other", reason="not_car", imagenet=("*",)),
)
CONFIG = Clean(
    class_names=CLASSES,
    scorer="imagenet",
    concepts=CONCEPTS,
    threshold=0.3,
    max_reject_fraction=0.9,
    accept_rejects=True,
)
PAINTED = CONFIG.override(
    quality=dict.fromkeys(QualityThresholds.model_fields, 0.0)
)  # painted colours are no photos
FINE = Quality(
    dark=0.9, light=0.9, blurry=0.9, low_information=0.8, odd_aspect_ratio=0.7, odd_size=1.0, document=1.0
)
PHOTO = PhotoRecord("k1", "images/1.jpg", "f" * 64, "hatch", "L1", "k1", False)
NOTHING = Review({}, {})


def colour_folder(folder: Path, colours: Sequence[tuple[int, int, int]]) -> Path:
    """A folder up to dedup with a photo per colour, classes in turn, under uneven light."""
    photos = []
    for number, colour in enumerate(colours):
        spots = np.random.default_rng(number).integers(0, 80, (9, 12), dtype=np.uint8)
        light = np.asarray(Image.fromarray(spots).resize((160, 120)), dtype=np.int64)[:, :, None] - 40
        pixels = np.where(np.array(colour) == 0, 0, np.clip(np.array(colour) + light, 0, 255)).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        path, sha256 = store.put(folder, buffer.getvalue(), "png")
        photos.append(fetch_row(number, CLASSES[number % 2], path=path, sha256=sha256))
    publish(folder, "fetch", photos)
    publish(folder, "dedup", [dedup_row(photo) for photo in photos])
    return folder


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> PlainScorer:
    scorer = PlainScorer()
    monkeypatch.setattr(loading, "load", lambda _: scorer)
    return scorer


RED, GREEN, BLUE = (180, 60, 60), (60, 180, 60), (60, 60, 180)


# --- the pure part ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (PhotoSignals(quality=FINE, concepts=(0.9, 0.05, 0.05)), ""),
        (PhotoSignals(quality=FINE, concepts=(0.3, 0.3, 0.4)), ""),
        (PhotoSignals(quality=FINE, concepts=(0.29, 0.4, 0.31)), "closeup"),
        (PhotoSignals(quality=FINE, concepts=(0.2, 0.3, 0.5)), "not_car"),
        (PhotoSignals(quality=FINE, concepts=(0.2, 0.4, 0.4)), "closeup"),
        (PhotoSignals(quality=replace(FINE, dark=0.01), concepts=(0.9, 0.05, 0.05)), "dark"),
        (PhotoSignals(quality=replace(FINE, blurry=0.01), concepts=(0.1, 0.0, 0.9)), "blurred"),
        pytest.param(PhotoSignals(quality=FINE, concepts=(float("nan"), 0.5, 0.5)), "score_nan", id="D10"),
        (PhotoSignals(refused="hash_mismatch"), "undecodable"),
        (PhotoSignals(quality=FINE, concepts=(0.9, 0.05, 0.05), label_score=0.001, likely_class="sedan"), ""),
    ],
)
def test_reasons(found: PhotoSignals, reason: str) -> None:
    row = clean.decide(PHOTO, found, CONFIG, NOTHING)
    assert (row.keep, row.reason) == (not reason, reason)


def test_a_doubtful_class_rejects_only_when_the_recipe_says_so() -> None:
    found = PhotoSignals(quality=FINE, concepts=(0.9, 0.05, 0.05), label_score=0.001, likely_class="sedan")
    strict = CONFIG.override(wrong_class_below=0.01)
    assert clean.decide(PHOTO, found, strict, NOTHING).keep, "its listing says nothing"
    assert clean.decide(PHOTO, replace(found, against=True), strict, NOTHING).reason == "wrong_class"
    assert clean.decide(PHOTO, replace(found, against=True), CONFIG, NOTHING).keep


def test_a_person_stands_above_the_machine() -> None:
    good = PhotoSignals(quality=FINE, concepts=(0.9, 0.05, 0.05))
    bad = PhotoSignals(quality=FINE, concepts=(0.1, 0.8, 0.1))
    keep, reject, other = (
        Review({"k1": decision}, {})
        for decision in (Decision(True, ""), Decision(False, ""), Decision(True, "sedan"))
    )
    assert clean.decide(PHOTO, bad, CONFIG, keep).keep
    assert clean.decide(PHOTO, good, CONFIG, reject).reason == "reviewed"
    assert clean.decide(PHOTO, bad, CONFIG, reject).reason == "closeup"
    assert clean.decide(PHOTO, good, CONFIG, other).class_name == "sedan"
    assert clean.decide(PHOTO, PhotoSignals(refused="unreadable"), CONFIG, keep).reason == "undecodable"


# --- the whole stage ----------------------------------------------------------------------------------------


def test_photos_are_judged_by_their_concept(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, GREEN, BLUE, RED, RED])
    rows = clean.run(folder, PAINTED)
    assert [row.reason for row in rows] == ["", "", "closeup", "not_car", "", ""]
    assert [row.concept for row in rows[:4]] == ["car", "car", "closeup", "other"]
    assert all(row.score >= 0.3 for row in rows if row.keep)
    assert rows == manifest.read(folder, CleanRow)
    assert manifest.read_sidecar(folder, "clean")["notes"]["scorer"] == {"scorer": "plain", "temperature": "none"}


def test_a_second_run_does_nothing(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, BLUE])
    clean.run(folder, PAINTED)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    clean.run(folder, PAINTED)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_another_threshold_looks_at_no_photo(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, (130, 100, 70), (130, 100, 70)])
    assert all(row.keep for row in clean.run(folder, PAINTED))
    seen = plain.seen
    rows = clean.run(folder, PAINTED.override(threshold=0.5))
    assert plain.seen == seen
    assert sum(not row.keep for row in rows) == 2


class RedOnly(PlainScorer):
    def embed(self, pixels: Pixels) -> Embeddings:
        return super().embed(pixels) * np.array([1, 0, 0], np.float32)


def test_a_closer_look_finds_the_wrong_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closer = PlainScorer("closer")
    monkeypatch.setattr(loading, "load", lambda _: RedOnly())
    monkeypatch.setattr(loading, "high_resolution", lambda: closer)
    wrong = {13, 15, 24, 26}  # two listings
    folder = colour_folder(
        tmp_path, [(180, 60, 60 if number % 2 == (number not in wrong) else 120) for number in range(80)]
    )
    suspect = {f"{number:016x}" for number in wrong}

    def doubted(rows: Sequence[CleanRow]) -> set[str]:
        return {row.key for row in rows if row.label_score is not None and row.label_score < 0.2}

    assert doubted(clean.run(folder, PAINTED)) != suspect
    assert closer.seen == 0
    rows = clean.run(folder, PAINTED.override(thorough=True))
    assert doubted(rows) == suspect
    assert closer.seen == 80
    assert manifest.read_sidecar(folder, "clean")["notes"]["scorer"]["high_resolution"] == "closer"
    assert [row.keep for row in rows] == [True] * 80, "a doubtful class goes to a person"


class Blind(PlainScorer):
    def embed(self, pixels: Pixels) -> Embeddings:
        return super().embed(pixels) * np.float32(np.nan)


def test_a_closer_look_that_fails_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: PlainScorer
) -> None:
    monkeypatch.setattr(loading, "high_resolution", lambda: Blind("blind"))
    folder = colour_folder(tmp_path, [RED, RED, RED])
    thorough = PAINTED.override(thorough=True, max_reject_fraction=1.0)
    with pytest.raises(GateError, match="3 score_nan"):
        clean.run(folder, thorough)
    monkeypatch.setattr(loading, "high_resolution", lambda: PlainScorer("closer"))
    first = clean.run(folder, PAINTED)[0]
    (folder / first.path).write_bytes(b"damaged since the first run")
    assert clean.run(folder, thorough)[0].reason == "undecodable"


def test_a_person_keeps_a_photo_without_a_score(plain: PlainScorer) -> None:
    nothing = PhotoSignals(quality=FINE, concepts=(float("nan"), 0.5, 0.5))
    row = clean.decide(PHOTO, nothing, CONFIG, Review({"k1": Decision(True, "")}, {}))
    assert row.keep and (row.score, row.concept, row.concept_score) == (0.0, "", 0.0)


def test_the_right_class_is_judged_and_teaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load", lambda _: PlainScorer())
    wrong = {13, 15}
    folder = colour_folder(
        tmp_path, [(180, 60, 60 if number % 2 == (number not in wrong) else 120) for number in range(80)]
    )
    before = {row.key: row for row in clean.run(folder, PAINTED)}
    lines = [f"{number:016x},keep,{CLASSES[0]}," for number in wrong]
    (folder / "review.csv").write_text("\n".join(["key,decision,class_name,note", *lines]))
    after = {row.key: row for row in clean.run(folder, PAINTED)}
    for number in wrong:
        key = f"{number:016x}"
        doubted, trusted = before[key].label_score, after[key].label_score
        assert doubted is not None and trusted is not None
        assert doubted < 0.2 < 0.8 < trusted
        assert after[key].class_name == after[key].likely_class == CLASSES[0]


def test_a_class_that_a_person_gives_away_stops_the_run(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED] * 4)
    lines = [f"{number:016x},keep,{CLASSES[0]}," for number in (1, 3)]
    (folder / "review.csv").write_text("\n".join(["key,decision,class_name,note", *lines]))
    with pytest.raises(GateError, match=f"no photo of class {CLASSES[1]} would be left"):
        clean.run(folder, PAINTED)


def test_other_packages_look_and_judge_anew(
    tmp_path: Path, plain: PlainScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = colour_folder(tmp_path, [RED, RED, RED, RED])
    clean.run(folder, PAINTED)
    before = (folder / "clean.signals.cache").read_bytes()
    monkeypatch.setattr(
        "curate.clean.embeddings.version", lambda name: "99" if name == "onnxruntime" else version(name)
    )
    clean.run(folder, PAINTED.override(threshold=0.31))
    assert plain.seen == 8
    assert (folder / "clean.signals.cache").read_bytes() != before


def test_workers_do_not_change_a_byte(tmp_path: Path) -> None:
    everything = Concept(name="car", role="wanted", imagenet=("*",)).model_dump()
    config = PAINTED.override(concepts=[everything, CONCEPTS[1].model_dump()])
    one = build_folder(tmp_path / "one", upto="dedup", n=64, rejected=0)
    two = build_folder(tmp_path / "two", upto="dedup", n=64, rejected=0)
    assert all(row.label_score is not None for row in clean.run(one, config)), "everything is computed"
    with executors.local(2, chunk_size=2) as map_fn:
        clean.run(two, config.override(batch_size=5), map_fn)
    assert (one / "clean.csv").read_bytes() == (two / "clean.csv").read_bytes()


@pytest.mark.parametrize("noun", ["", "car"])
def test_clean_says_that_no_subject_is_named(noun: str, tmp_path: Path) -> None:
    clean.run(colour_folder(tmp_path, [RED] * 4), PAINTED.override(concepts=(), subject=noun, threshold=0))
    said = [line.partition(":")[0] for line in manifest.read_sidecar(tmp_path, "clean")["notes"]["summary"]]
    assert ("no subject is named" in said) == (not noun)


def test_review_is_obeyed_and_left_alone(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, BLUE, RED, RED])
    keys = [row.key for row in clean.run(folder, PAINTED)]
    text = f"key,decision,class_name,note\n{keys[0]},reject,,\n{keys[2]},keep,sedan,\ngone,keep,,\n"
    text += f"{keys[3]},keep,,\n{keys[3]},reject,,\n"
    (folder / "review.csv").write_text(text)
    rows = clean.run(folder, PAINTED)
    assert [row.reason for row in rows] == ["reviewed", "", "", "", ""]
    assert rows[2].class_name == "sedan"
    assert rows[3].borderline and rows[3].review_rank == 1, "a contradiction goes back to a person"
    assert (folder / "review.csv").read_text() == text
    summary = "\n".join(manifest.read_sidecar(folder, "clean")["notes"]["summary"])
    assert "2 decisions obeyed" in summary
    assert (
        "1 decision is not obeyed, e.g. gone: the photo is not here, is unreadable, or is a duplicate kept "
        "without a class" in summary
    )
    assert keys[3] in summary
    (folder / "review.csv").unlink()
    assert [row.reason for row in clean.run(folder, PAINTED)] == ["", "", "not_car", "", ""]


def test_label_conflicts_of_dedup_go_to_a_person(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, RED, RED])
    fetched = manifest.read(folder, FetchRow)
    publish(folder, "dedup", [replace(dedup_row(p), label_conflict=p.key == fetched[1].key) for p in fetched])
    ranked = [row.review_rank for row in clean.run(folder, PAINTED)]
    assert ranked[1] == 1


def test_adverts_that_say_another_model_go_to_a_person_until_one_decides(
    tmp_path: Path, plain: PlainScorer
) -> None:
    folder = colour_folder(tmp_path, [RED] * 12)
    models = ["Hatch"] * 12
    models[1::2] = ["Sedan"] * 6
    models[5] = "Estate"
    adverts = [
        replace(row, model=model) for row, model in zip(manifest.read(folder, FetchRow), models, strict=True)
    ]
    adverts[5] = replace(adverts[5], title="An estate", listing_id="L99")
    publish(folder, "fetch", adverts)
    publish(folder, "dedup", [dedup_row(photo) for photo in adverts])
    rows = clean.run(folder, PAINTED)
    assert [row.key for row in rows if row.review_rank == 1] == [adverts[5].key]
    assert rows[5].keep and rows[5].borderline
    assert any(
        "its advert says Estate, and was found under sedan" in line for line in explained(folder, rows[5].key)
    )
    (folder / "review.csv").write_text(f"key,decision,class_name\n{rows[5].key},keep,sedan\n")
    assert not clean.run(folder, PAINTED)[5].borderline


def test_label_conflicts_of_what_is_rejected_for_what_it_shows_go_to_nobody(
    tmp_path: Path, plain: PlainScorer
) -> None:
    folder = colour_folder(tmp_path, [RED, RED, BLUE, RED])
    fetched = manifest.read(folder, FetchRow)
    publish(folder, "dedup", [replace(dedup_row(p), label_conflict=p in fetched[2:]) for p in fetched])
    rows = clean.run(folder, PAINTED.override(borderline_fraction=1))
    assert rows[2].reason == "not_car" and rows[3].review_rank == 1


def test_a_folder_in_place_of_the_review_is_refused(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, RED, RED])
    (folder / "review.csv").mkdir()
    with pytest.raises(UsageError, match=r"review\.csv: Is a directory"):
        clean.run(folder, PAINTED)


def test_the_queue_has_the_recipes_size(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [(120 + 5 * n, 60, 60) for n in range(20)])
    rows = clean.run(folder, PAINTED.override(borderline_fraction=0.25))
    assert sorted(row.review_rank for row in rows if row.review_rank is not None) == [1, 2, 3, 4, 5]


def test_d10_a_score_that_is_no_number_is_a_reason(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, (0, 128, 128), RED])
    rows = clean.run(folder, PAINTED)
    assert [row.reason for row in rows] == ["", "", "score_nan", ""]
    assert all(np.isfinite(row.score) for row in rows)


def test_d11_too_many_rejections_stop_the_run(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, BLUE, BLUE, GREEN, BLUE])
    with pytest.raises(GateError, match=r"4 of 6 photos would be rejected \(3 not_car, 1 closeup\)"):
        clean.run(folder, PAINTED.override(max_reject_fraction=0.5))
    assert not (folder / "clean.csv").exists()


def test_d11_everything_rejected(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [BLUE, BLUE, BLUE])
    with pytest.raises(GateError, match="3 of 3 photos would be rejected"):
        clean.run(folder, PAINTED)


def test_d11_a_class_that_loses_all_its_photos(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, BLUE, RED, BLUE])
    with pytest.raises(GateError, match="no photo of class sedan would be left"):
        clean.run(folder, PAINTED)


def test_d09_missing_weights_stop_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = colour_folder(tmp_path / "run", [RED, RED])
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("curate.clean.scorers.imagenet.PACKAGE", "no-such-package")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(ResourceError, match="scorer: clip"):
        clean.run(folder, PAINTED)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_unknown_and_empty_classes_are_named(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED])
    with pytest.raises(UsageError, match="class sedan, which the recipe does not name"):
        clean.run(folder, PAINTED.override(class_names=("hatch", "van")))
    with pytest.raises(GateError, match="no photo of class van is left"):
        clean.run(folder, PAINTED.override(class_names=(*CLASSES, "van")))


def test_without_a_scorer_only_image_quality_rejects(tmp_path: Path) -> None:
    folder = colour_folder(tmp_path, [RED, (0, 0, 0), BLUE, GREEN])
    rows = clean.run(
        folder,
        Clean(
            class_names=CLASSES,
            scorer="none",
            quality={**dict.fromkeys(QualityThresholds.model_fields, 0.0), "dark": 0.2},
        ),
    )
    assert [row.reason for row in rows] == ["", "dark", "", ""]
    assert {row.score for row in rows if row.keep} == {1.0}
    assert {row.label_score for row in rows} == {None}


def test_where_every_concept_is_wanted_no_score_rejects(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, BLUE, GREEN])
    wanted = [concept.model_dump() | {"role": "wanted"} for concept in CONCEPTS]
    rows = clean.run(folder, PAINTED.override(concepts=wanted))
    assert [row.keep for row in rows] == [True] * 4


def test_a_class_that_loses_far_more_than_the_others_stops_the_run(tmp_path: Path, plain: PlainScorer) -> None:
    colours = [BLUE if number % 2 and number < 16 else RED for number in range(120)]
    folder = colour_folder(tmp_path, colours)
    strict = PAINTED.override(expected_reject=0.01, accept_rejects=False)
    with pytest.raises(GateError, match=rf"{CLASSES[1]} 13\.3% of 60 .*far more than"):
        clean.run(folder, strict)
    assert not (folder / "clean.csv").exists()
    page = (folder / "clean_rejected.html").read_text()
    assert page.count("<img") == 8 and "not_car" in page
    rows = clean.run(folder, strict.override(accept_rejects=True))
    assert sum(not row.keep for row in rows) == 8
    assert not (folder / "clean_rejected.html").exists()
    rates = manifest.read_sidecar(folder, "clean")["notes"]["classes"]
    assert [(rate["class_name"], rate["rejected"], rate["photos"]) for rate in rates] == [
        (CLASSES[0], 0, 60),
        (CLASSES[1], 8, 60),
    ]
    assert clean.run(folder, strict) == rows, "what was accepted stays so"


def test_examples_are_labels_for_the_classifier(
    tmp_path: Path, plain: PlainScorer, caplog: pytest.LogCaptureFixture
) -> None:
    orange = (200, 110, 40)
    folder = colour_folder(tmp_path / "run", [RED] * 30 + [orange] * 6 + [BLUE] * 4)
    config = PAINTED.override(expected_reject=0.0)
    before = clean.run(folder, config)
    assert [row.keep for row in before][30:36] == [True] * 6
    (tmp_path / "bad").mkdir()
    for number in range(6):
        spots = np.random.default_rng(100 + number).integers(0, 80, (9, 12), dtype=np.uint8)
        light = np.asarray(Image.fromarray(spots).resize((160, 120)), dtype=np.int64)[:, :, None] - 40
        Image.fromarray(np.clip(np.array(orange) + light, 0, 255).astype(np.uint8)).save(
            tmp_path / "bad" / f"{number}.png"
        )
    (tmp_path / "bad" / "notes.txt").write_text("no photo")
    after = clean.run(folder, config.override(examples={"reject": str(tmp_path / "bad")}))
    assert "clean.examples.reject: 1 file not used, e.g. " in caplog.text and "notes.txt: not_an" in caplog.text
    lowered = [new.score < old.score for new, old in zip(after, before, strict=True)]
    assert all(lowered[30:36]), "photos like the examples"
    assert sum(row.keep for row in after[:30]) == 30
    with pytest.raises(UsageError, match=r"clean\.examples\.keep: .* is no folder"):
        clean.run(folder, config.override(examples={"keep": str(tmp_path / "none")}))


def test_a_photo_that_changed_on_disk_is_rejected(tmp_path: Path, plain: PlainScorer) -> None:
    folder = colour_folder(tmp_path, [RED, RED, RED, RED])
    path = manifest.read(folder, FetchRow)[1].path
    data = (folder / path).read_bytes()
    (folder / path).write_bytes(b"not what it was")
    assert [row.reason for row in clean.run(folder, PAINTED)] == ["", "undecodable", "", ""]
    assert manifest.read_sidecar(folder, "clean")["notes"]["lost"] == [path]
    (folder / path).write_bytes(data)
    assert all(row.keep for row in clean.run(folder, PAINTED)), "it is back"


def decided_folder(folder: Path, said: Sequence[str]) -> list[CleanRow]:
    """Rows of 40 red photos, 24 orange ones, 12 blue. The first red ones are kept; `said` of the first orange."""
    colour_folder(folder, [RED] * 40 + [(200, 110, 40)] * 24 + [BLUE] * 12)
    lines = [f"{number:016x},keep,," for number in range(len(said))]
    lines += [f"{40 + number:016x},{decision},," for number, decision in enumerate(said)]
    (folder / "review.csv").write_text("\n".join(["key,decision,class_name,note", *lines]))
    return clean.run(folder, PAINTED.override(expected_reject=0.0))


def test_decisions_teach_what_the_other_photos_are(tmp_path: Path, plain: PlainScorer) -> None:
    before = decided_folder(tmp_path / "before", [])
    after = decided_folder(tmp_path / "after", ["reject"] * 12)
    assert all(row.keep for row in before[:64])
    assert not any(row.keep for row in after[40:64]), "those like the decided ones too"
    assert [row.keep for row in after[:40]] == [True] * 40
    said = {
        name: manifest.read_sidecar(tmp_path / name, "clean")["notes"]["summary"] for name in ("before", "after")
    }
    taught = "24 decided photos taught the classifiers; 12 other photos changed side (0 kept now, 12 rejected now)"
    assert any(taught in line for line in said["after"])
    assert not any("taught" in line for line in said["before"])


def test_a_decided_photo_is_judged_by_a_model_that_did_not_see_its_decision(
    tmp_path: Path, plain: PlainScorer
) -> None:
    rejected = decided_folder(tmp_path / "rejected", ["reject"] * 12)
    kept = decided_folder(tmp_path / "kept", ["keep"] + ["reject"] * 11)
    assert kept[40].keep and not rejected[40].keep
    others = [row.score for row in kept[52:64]]
    assert min(others) <= kept[40].score <= max(others) < 0.5, "as the photos like it that nobody decided"


@pytest.mark.parametrize(
    ("config", "where"), [(CONFIG, "the recipe's concepts"), (Clean(subject="car"), "clean.subject")]
)
def test_the_gate_names_what_the_recipe_has(config: Clean, where: str) -> None:
    row = clean.decide(PHOTO, PhotoSignals(quality=FINE, concepts=(0.1, 0.2, 0.7)), CONFIG, NOTHING)
    with pytest.raises(GateError, match=f"check {where} and threshold"):
        gates.check_gate([row], config.override(max_reject_fraction=0.5))


def test_a_class_of_which_print_is_typical_loses_nothing_for_it() -> None:
    printed = PhotoSignals(quality=replace(FINE, document=0.0), concepts=(0.9, 0.05, 0.05))
    photos = [replace(PHOTO, key=f"k{place}", class_name=CLASSES[place % 2]) for place in range(40)]
    typical = [replace(printed, typicality=0.9 if place % 8 < 3 else 0.1) for place in range(40)]
    rows = clean.judged(photos, typical, CONFIG, NOTHING)
    assert [row.reason for row in rows] == ["", "document"] * 20, (
        "half of the first class is typical, of the other a quarter"
    )
    assert summary.unasked(clean.page_like(photos, typical, CONFIG)) == [
        f"class {CLASSES[0]}: its photos look like print on a page, so none is rejected as a document for that"
    ]
    assert {row.reason for row in clean.judged(photos[:18], typical[:18], CONFIG, NOTHING)} == {"document"}
