"""Recipes: mistakes are named by file, line and key."""

import pytest

from curate.errors import UsageError
from curate.recipe import Clean, Split, SplitCounts, TrainBaseline, normalise_class
from curate.recipe_file import parse
from curate.schemas import STAGES

GOOD = """\
name: cars
classes: [swift, wagonr]
source:
  id: site
  listings:
    swift: ["https://cars.example/swift"]
clean:
  scorer: imagenet
  concepts:
    - {name: car, keep: true, imagenet: [minivan]}
    - {name: interior}
split:
  counts: {train: 2400, val: 800, test: 800}
"""


def test_a_good_recipe_hands_its_classes_to_the_stages() -> None:
    recipe = parse(GOOD, "r.yaml")
    assert recipe.clean.class_names == recipe.split.class_names == ("swift", "wagonr")
    assert recipe.train_baseline.class_names == ("swift", "wagonr")
    assert recipe.split.seed == 42
    assert recipe.clean.threshold == 0.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: cars", "name: ../x"), "r.yaml:1: name: String should match pattern"),
        (("scorer: imagenet", "scorer: magic"), "r.yaml:8: clean.scorer: Input should be 'clip' or 'imagenet'"),
        (("scorer: imagenet", "scorers: imagenet"), "r.yaml:8: clean.scorers: unknown key; did you mean scorer?"),
        (("source:", "sauce:"), "r.yaml:3: sauce: unknown key; did you mean source?"),
        (
            ("  id: site", "  id: site\n  politness: {}"),
            "r.yaml:5: source.politness: unknown key; did you mean politeness?",
        ),
        (
            ("keep: true", "keep: true, promts: [a]"),
            "r.yaml:10: clean.concepts.0.promts: unknown key; did you mean prompts?",
        ),
        (
            ("train: 2400", "tain: 1, train: 2400"),
            "r.yaml:13: split.counts.tain: unknown key; did you mean train?",
        ),
        (
            ("name: cars", "name: cars\ntreshold: 0.4"),
            "r.yaml:2: treshold: unknown key here; did you mean clean.threshold?",
        ),
        (
            ("split:", "split:\n  zzz: 1"),
            "r.yaml:13: split.zzz: unknown key; here may be class_names, counts, proportional, seed",
        ),
        (("{name: interior}", "{name: Interior}"), "r.yaml:11: clean.concepts.1.name: String should match"),
        (
            ("{name: interior}", "{name: pink}"),
            "r.yaml:11: clean.concepts.1: reason 'pink' of concept pink is not one of",
        ),
        (("{name: interior}", "{name: car, keep: true}"), "r.yaml:7: clean: two concepts have the same name"),
        (("keep: true", "keep: false, reason: not_car"), "r.yaml:7: clean: no concept has keep: true"),
        (("train: 2400", "train: -1"), "r.yaml:13: split.counts.train: Input should be greater"),
        (("train: 2400", "train: 2401"), "r.yaml:12: split: counts.train=2401 does not divide among 2 classes"),
        (("[swift, wagonr]", "[Swift, ' swift ']"), "r.yaml:2: classes: has two of the same name once normalised"),
        (("[swift, wagonr]", "[swift]"), "r.yaml:2: classes: Tuple should have at least 2 items"),
        (("[swift, wagonr]", "[swift, '🚗']"), "r.yaml:2: classes.1: class name '🚗' has no letter or digit"),
        (
            ("    swift: [", "    dzire: ["),
            "r.yaml:5: source.listings: names classes that are not in classes: dzire",
        ),
        (("split:", "clean:"), "r.yaml:12: clean: this key is there twice"),
        (("classes: [", "classes: ["), None),
        (("name: cars", "name: {"), "r.yaml:"),
    ],
)
def test_mistakes_name_file_line_and_key(change: tuple[str, str], message: str | None) -> None:
    text = GOOD.replace(*change)
    if message is None:
        parse(text, "r.yaml")
        return
    with pytest.raises(UsageError) as caught:
        parse(text, "r.yaml")
    assert message in str(caught.value)


def test_every_mistake_is_reported_at_once() -> None:
    text = GOOD.replace("scorer: imagenet", "scorer: magic").replace("train: 2400", "train: x")
    with pytest.raises(UsageError) as caught:
        parse(text, "r.yaml")
    assert len(str(caught.value).splitlines()) == 2


NO_CONCEPTS = GOOD[: GOOD.index("  concepts:")] + GOOD[GOOD.index("split:") :]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (NO_CONCEPTS, 7),
        (NO_CONCEPTS.replace("  scorer: imagenet", "  concepts: []"), 8),
        ("name: cars\nclasses: [a, b]", 1),
    ],
)
def test_concepts_are_asked_for_by_clean_and_nothing_else(text: str, line: int) -> None:
    assert parse(text, "r.yaml").clean.concepts == ()
    assert parse(text, "r.yaml", ["fetch", "dedup"]).clean.concepts == ()
    with pytest.raises(
        UsageError, match=f"^r.yaml:{line}: clean.concepts: is empty, and clean needs it: name what"
    ):
        parse(text, "r.yaml", STAGES)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_a_file_that_is_no_recipe_says_so(text: str) -> None:
    with pytest.raises(UsageError, match="a recipe is a mapping"):
        parse(text, "r.yaml")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        (" Swift ", "swift"),
        ("a/b", "a_b"),
        ("../x", "x"),
        ("CON", "con_"),
        ("Wagon R", "wagon_r"),
        ("स्विफ्ट", "स्विफ्ट"),
    ],
)
def test_d08_class_names_are_safe_as_folders(name: str, slug: str) -> None:
    assert normalise_class(name) == slug


@pytest.mark.parametrize("seed", [-1, 2**40])
def test_d12_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        Split(seed=seed)
    with pytest.raises(ValueError, match="seed"):
        TrainBaseline(seed=seed)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_an_option_is_checked_like_the_recipe(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        Clean().override(threshold=threshold)
    assert Clean().override(threshold=None) == Clean()
    assert Clean().override(threshold=0.5).threshold == 0.5


def test_counts_divide_among_any_number_of_classes() -> None:
    assert Split(class_names=("a", "b", "c"), counts=SplitCounts(train=6, val=3, test=3)).counts.train == 6


def test_three_classes_need_no_counts_of_their_own_until_the_split() -> None:
    recipe = parse("name: three\nclasses: [a, b, c]\n", "r.yaml")
    assert recipe.split.class_names == ("a", "b", "c")
    assert Split(class_names=("a", "b", "c"), proportional=True).proportional
