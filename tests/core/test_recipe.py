"""Recipes: mistakes are named by file, line and key."""

import re
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml

from curate.core.errors import UsageError
from curate.core.recipe import Clean, Concept, Section, Split, SplitCounts, TrainBaseline, normalise_class
from curate.core.recipe_file import parse
from curate.core.stages import STAGES

PIPELINES = Path(__file__).parents[2] / "pipelines"

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
        (
            ("name: cars", "name: ../x"),
            "r.yaml:1: name: '../x' is not a name of letters, digits, _ and -",
        ),
        (
            ("scorer: imagenet", "scorer: magic"),
            "r.yaml:8: clean.scorer: 'magic' is not one of 'clip', 'imagenet'",
        ),
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
            "r.yaml:13: split.zzz: unknown key; here may be class_names, proportional, counts, seed",
        ),
        (
            ("{name: interior}", "{name: Interior}"),
            "r.yaml:11: clean.concepts.1.name: 'Interior' is no name: write letters",
        ),
        (
            ("{name: interior}", "{name: blurred}"),
            "r.yaml:11: clean.concepts.1: 'blurred' is a reason that clean itself gives: choose another name",
        ),
        (
            ("{name: interior}", "{name: car, keep: true}"),
            "r.yaml:9: clean.concepts: two concepts have the same name",
        ),
        (("keep: true", "keep: false, reason: not_car"), "r.yaml:9: clean.concepts: no concept has `role:"),
        (("train: 2400", "train: -1"), "r.yaml:13: split.counts.train: -1 is too small: it must be 0 or more"),
        (("train: 2400", "train: 2401"), "r.yaml:13: split.counts: train=2401 does not divide among 2 classes"),
        (("[swift, wagonr]", "[Swift, ' swift ']"), "r.yaml:2: classes: has two of the same name once normalised"),
        (("[swift, wagonr]", "[swift]"), "r.yaml:2: classes: has 1, and needs two or more"),
        (("[swift, wagonr]", "[swift, '🚗']"), "r.yaml:2: classes.1: class name '🚗' has no letter or digit"),
        (
            ("    swift: [", "    dzire: ["),
            "r.yaml:5: source.listings: names classes that are not in classes: dzire",
        ),
        (
            ("clean:", '    wagonr: ["https://cars.example/swift"]\nclean:'),
            "r.yaml:7: source.listings.wagonr: starts at https://cars.example/swift, as swift does, so both",
        ),
        (("[swift, wagonr]", "[208, 308]"), "r.yaml:2: classes.0: 208 is a number to YAML: write '208'"),
        (("[swift, wagonr]", "[007, swift]"), "r.yaml:2: classes.0: 007 is a number to YAML: write '007'"),
        (("[swift, wagonr]", "[swift, no]"), "r.yaml:2: classes.1: no is false to YAML: write 'no'"),
        (
            ("[swift, wagonr]", "[swift, 2014-01-01]"),
            "classes.1: 2014-01-01 is a date to YAML: write '2014-01-01'",
        ),
        (("[swift, wagonr]", "[swift, ~]"), "r.yaml:2: classes.1: has no value"),
        (("[swift, wagonr]", "swift"), "r.yaml:2: classes: 'swift' is no list: write [swift]"),
        (
            ('["https://cars.example/swift"]', "https://cars.example/swift"),
            "r.yaml:6: source.listings.swift: 'https://cars.example/swift' is no list: write ['https://cars.example/swift']",
        ),
        (("imagenet: [minivan]", "imagenet: '*'"), "clean.concepts.0.imagenet: '*' is no list: write ['*']"),
        (
            ("{train: 2400, val: 800, test: 800}", "4000"),
            "split.counts: 4000 does not belong here, but keys with values",
        ),
        (("{train: 2400, val: 800, test: 800}", "{train: 2, val: 2}"), "split.counts.test: is absent"),
        (("train: 2400", "train: many"), "r.yaml:13: split.counts.train: 'many' is not a whole number"),
        (("train: 2400", "train: 2.5"), "r.yaml:13: split.counts.train: 2.5 is not a whole number"),
        (("keep: true", "keep: maybe"), "r.yaml:10: clean.concepts.0.keep: unknown key; here may be name, role"),
        (
            ("scorer: imagenet", "threshold: 1.5"),
            "r.yaml:8: clean.threshold: 1.5 is too large: it must be 1 or less",
        ),
        (("scorer: imagenet", "threshold: .nan"), "r.yaml:8: clean.threshold: .nan is not a finite number"),
        (
            ("counts: {", "proportional: false # {"),
            "split.counts: is absent: say how many photos train, val and test",
        ),
        (("split:", "clean:"), "r.yaml:12: clean: this key is there twice"),
        (
            ("{name: interior}", "{name: interior, name: interior}"),
            "r.yaml:11: clean.concepts.1.name: this key is there twice",
        ),
        (("{train: 2400", "&counts {train: *counts"), "r.yaml: nested too deeply, or an alias (*) stands inside"),
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


MISTAKEN = """\
name: ../x
classes: [swift, wagonr]
source:
  id: site
  id: site
  listings:
    dzire: []
clean:
  scorer: magic
  concepts:
    - {name: interior, class_name: i20}
    - {name: interior}
dedup:
  max_distance: 9
  similar_distance: 8
  methods: hash
split:
  counts: {train: 9, val: 7, test: 6}
  seed: -1
"""


VALIDATOR = re.compile(
    r"Input should|valid (integer|number|string|tuple|list)|Tuple|Value error|pydantic|Field required"
)


def test_a_mistake_in_classes_is_told_once_and_in_plain_words() -> None:
    with pytest.raises(UsageError) as caught:
        parse("name: cars\nclasses: [208, 308, no]\n", "r.yaml")
    assert str(caught.value).splitlines() == [
        "r.yaml:2: classes.0: 208 is a number to YAML: write '208'",
        "r.yaml:2: classes.1: 308 is a number to YAML: write '308'",
        "r.yaml:2: classes.2: no is false to YAML: write 'no'",
    ]


@pytest.mark.parametrize(
    "value", ["3", "x", "[]", "{}", "~", "[1, 2]", "{a: b}", "true", "-1", "1e400", "2014-01-01", "''"]
)
@pytest.mark.parametrize("place", [
    "name", "classes", "source", "source.listings", "source.politeness", "source.politeness.workers",
    "source.max_listings", "clean", "clean.concepts", "clean.threshold", "clean.thorough", "dedup.method",
    "split.counts", "split.counts.train", "split.seed", "train_baseline.patience", "train_baseline.dropout",
])  # fmt: skip
def test_no_word_of_the_validator_reaches_a_person(place: str, value: str) -> None:
    recipe = yaml.safe_load(GOOD)
    *above, key = place.split(".")
    section = recipe
    for step in above:
        section = section.setdefault(step, {})
    section[key] = yaml.safe_load(value)
    try:
        parse(yaml.safe_dump(recipe), "r.yaml", list(STAGES))
    except UsageError as error:
        assert not VALIDATOR.search(str(error)), error
        assert all(re.match(r"r\.yaml(:\d+)?: \S", line) for line in str(error).splitlines()), error


def test_a_class_without_an_address_is_named_before_a_fetch_and_no_matter_for_an_import() -> None:
    for stages in (list(STAGES), ["fetch"]):
        with pytest.raises(UsageError, match=r"r.yaml:5: source.listings: has no address for wagonr"):
            parse(GOOD, "r.yaml", stages)
    assert parse(GOOD, "r.yaml", ["dedup"]).source


def test_three_classes_without_counts_are_split_in_proportion() -> None:
    recipe = parse("name: cars\nclasses: [a, b, c]\n", "r.yaml", ["split"])
    assert recipe.split.exact is None
    assert recipe.split.override(seed=7).exact is None
    with pytest.raises(ValueError, match="is absent"):
        recipe.split.override(proportional=False)


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse(MISTAKEN, "r.yaml")
    assert [line.split(": ", 2)[:2] for line in str(caught.value).splitlines()] == [
        ["r.yaml:1", "name"],
        ["r.yaml:5", "source.id"],
        ["r.yaml:6", "source.listings"],
        ["r.yaml:9", "clean.scorer"],
        ["r.yaml:10", "clean.concepts"],
        ["r.yaml:15", "dedup.similar_distance"],
        ["r.yaml:16", "dedup.methods"],
        ["r.yaml:18", "split.counts"],
        ["r.yaml:19", "split.seed"],
    ]
    assert "concepts: two concepts have the same name; no concept has `role: wanted`" in str(caught.value)
    assert "counts: train=9, val=7 does not divide among 2 classes: write e.g. train: 8, val: 6" in str(
        caught.value
    )


def test_a_recipe_whose_classes_were_changed_alone_names_all_that_is_left_of_the_others() -> None:
    text = (
        (PIPELINES / "swift_wagonr.yaml")
        .read_text()
        .replace("classes: [swift, wagonr]", "classes: [sedan, hatch]")
    )
    with pytest.raises(UsageError) as caught:
        parse(text, "r.yaml")
    left = "names classes that are not in classes: swift, wagonr; rename or remove them there"
    lines = [line.split(": ", 1)[1] for line in str(caught.value).splitlines()]
    assert lines == [f"source.listings: {left}", f"clean.concepts: {left}"]


MINIMAL = "name: mine\nclasses: [sedan, hatch]\n"


def test_a_minimal_recipe_is_enough_and_only_fetch_needs_a_source() -> None:
    assert parse(MINIMAL, "r.yaml", ["dedup", "clean", "split", "train_baseline"]).source is None
    with pytest.raises(UsageError, match=r"^r\.yaml:1: source: is absent[^\n]*$"):
        parse(MINIMAL, "r.yaml", STAGES)


def test_the_minimal_recipe_of_the_guide_needs_nothing_more() -> None:
    (text,) = re.findall(
        r"```yaml\n(.*?)```", (PIPELINES.parent / "docs/guide/import.md").read_text("utf-8"), re.DOTALL
    )
    recipe = parse(text, "r.yaml", list(STAGES))
    assert text.startswith(MINIMAL.rstrip())
    assert (recipe.clean.subject, recipe.clean.scorer) == ("car", "imagenet")
    assert recipe.source and recipe.source.path == "photos"


def test_the_recipes_of_the_fetch_guide_need_nothing_more() -> None:
    guide = (PIPELINES.parent / "docs/guide/fetch.md").read_text("utf-8")
    recipes = [text for text in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL) if text.startswith("name:")]
    sources = [parse(text, "r.yaml", list(STAGES)).source for text in recipes]
    assert [source and source.id for source in sources] == ["demo", "classifieds"]


def test_keep_is_an_older_word_for_a_role() -> None:
    assert [Concept.model_validate({"name": "a", "keep": keep}).role for keep in (True, False)] == [
        "wanted",
        "other",
    ]


@pytest.mark.parametrize("subject", ["car", "running shoe", "Wohnmobil", ""])
def test_any_noun_is_a_subject(subject: str) -> None:
    assert Clean(subject=subject).subject == subject


@pytest.mark.parametrize(
    ("port", "is_one"), [(0, False), (1, True), (65_535, True), (65_536, False), (99_999, False)]
)
@pytest.mark.parametrize("key", ["allow_hosts", "image_hosts"])
def test_a_port_is_one_that_a_host_can_have(key: str, port: int, is_one: bool) -> None:
    text = f"{MINIMAL}source:\n  id: x\n  politeness:\n    {key}: ['a.example:{port}']\n"
    refused = pytest.raises(UsageError, match=rf"politeness\.{key}.*'a.example:{port}' is not")
    with nullcontext() if is_one else refused:
        parse(text, "r.yaml")


def test_a_subject_is_a_word() -> None:
    with pytest.raises(ValueError, match=r"'\.\./car' is not a noun"):
        Clean(subject="../car")


@pytest.mark.parametrize(("old", "new"), [("defects", "quality"), ("wrong_model_below", "wrong_class_below")])
def test_a_renamed_key_names_the_new_one(old: str, new: str) -> None:
    with pytest.raises(UsageError, match=f"`{old}` is called `{new}` now: rename it"):
        parse(f"{MINIMAL}clean:\n  {old}: 0.1\n", "r.yaml")


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


def test_an_empty_source_is_not_an_absent_one() -> None:
    with pytest.raises(UsageError) as caught:
        parse(f"{MINIMAL}source: {{}}\n", "r.yaml", ["fetch"])
    assert str(caught.value) == (
        "r.yaml:3: source.id: is absent: name the site, or give source.path for photos that you have"
    )


def test_a_folder_is_a_source_and_stands_alone() -> None:
    source = parse(f"{MINIMAL}source: {{path: photos}}\n", "r.yaml", ["fetch", "clean"]).source
    assert source is not None
    assert (source.path, source.class_names) == ("photos", ("sedan", "hatch"))
    with pytest.raises(UsageError) as caught:
        parse(f"{MINIMAL}source: {{path: photos, listings: {{sedan: [http://h/]}}}}\n", "r.yaml", ["fetch"])
    assert str(caught.value) == (
        "r.yaml:3: source.listings: stands beside source.path: give a site and a folder a recipe each"
    )


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ("{path: photos, render: auto, max_listings: 5}", "render, max_listings: only for a site"),
        (
            "{id: s, listings: {sedan: [http://h/]}, group_by: prefix}",
            "group_by: only for photos, with source.path",
        ),
    ],
)
def test_what_the_other_kind_of_source_knows_is_not_passed_over(section: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse(f"{MINIMAL}source: {section}\n", "r.yaml", ["fetch"])
    assert parse(f"{MINIMAL}source: {{path: photos, follow: true}}\n", "r.yaml", ["fetch"]).source


def test_a_key_that_a_release_adds_changes_nothing_at_its_default() -> None:
    class Inner(Section):
        old: int = 1
        new: int = 2

    class Outer(Section):
        inner: Inner = Inner()
        many: tuple[Inner, ...] = ()
        later: str = ""

    before = {"inner": {"old": 5}, "many": [{"old": 1}]}
    default = Outer(inner=Inner(old=5), many=(Inner(),))
    assert default.values(before) == before
    assert default.values() == {"inner": {"old": 5, "new": 2}, "many": [{"old": 1, "new": 2}], "later": ""}
    changed = Outer(inner=Inner(old=5, new=3), many=(Inner(new=4),), later="x")
    assert changed.values(before) == {
        "inner": {"old": 5, "new": 3}, "many": [{"old": 1, "new": 4}], "later": "x"
    }  # fmt: skip


def test_counts_of_a_proportional_split_need_not_divide() -> None:
    text = GOOD.replace("train: 2400", "train: 2401")
    recipe = parse(text.replace("split:", "split:\n  proportional: true"), "r.yaml")
    assert recipe.split.exact is None


def test_counts_divide_among_any_number_of_classes() -> None:
    assert Split(class_names=("a", "b", "c"), counts=SplitCounts(train=6, val=3, test=3)).exact


def test_three_classes_need_no_counts_of_their_own_until_the_split() -> None:
    recipe = parse("name: three\nclasses: [a, b, c]\n", "r.yaml")
    assert recipe.split.class_names == ("a", "b", "c")
    assert Split(class_names=("a", "b", "c"), proportional=True).proportional


def test_rights_and_export_are_optional_and_checked() -> None:
    recipe = parse("name: a\nclasses: [x, y]\nrights: {ground: They are ours., license: CC0-1.0}\n", "r.yaml")
    assert (recipe.rights.ground, recipe.rights.holder, recipe.export.owner) == ("They are ours.", "", "")
    with pytest.raises(UsageError, match=r"r\.yaml:3: export\.owner"):
        parse("name: a\nclasses: [x, y]\nexport: {owner: a/b}\n", "r.yaml")


@pytest.mark.parametrize(
    "store", ["s3://who:secret@bucket/cars", "s3://bucket?key=secret", "/mnt/secret", "bucket"]
)
def test_a_store_is_an_address_and_what_it_must_not_hold_is_not_repeated(store: str) -> None:
    with pytest.raises(UsageError, match="is no address such as s3://bucket/prefix") as caught:
        parse(f"{GOOD}store: {store}\n", "r.yaml")
    assert "secret" not in str(caught.value)


def test_a_store_changes_no_result() -> None:
    recipe, stored = parse(GOOD, "r.yaml"), parse(f"{GOOD}store: s3://bucket/cars/\n", "r.yaml")
    assert stored.store == "s3://bucket/cars"
    for stage in STAGES.values():
        assert getattr(recipe, stage.section) == getattr(stored, stage.section)
