"""Any noun is a subject."""

import numpy as np
import pytest

from curate.clean import subject
from curate.clean.scorers.imagenet import ImageNet, concept_members
from curate.core.recipe import Clean, Concept
from curate.core.schemas import REASONS


def imagenet_of(config: Clean, role: str = "wanted") -> set[str]:
    return {name for c in subject.resolve(config).concepts if c.role == role for name in c.imagenet}


def test_the_table_has_the_networks_classes_in_order() -> None:
    assert list(subject.class_names()) == ImageNet(threads=1).class_names


@pytest.mark.parametrize(("noun", "count"), [("dog", 118), ("shoe", 3), ("bird", 59), ("Dogs", 118), ("house", 2)])
def test_a_nouns_classes_are_those_below_it_in_wordnet(noun: str, count: int) -> None:
    assert len(subject.imagenet_classes(noun)) == count


def test_where_wordnet_has_no_such_noun_names_are_searched() -> None:
    assert subject.imagenet_classes("mower") == subject.imagenet_classes("lawn mower") == ("lawn mower",)
    assert subject.imagenet_classes("flurb") == ()
    assert ("tabby", "tabby, tabby cat") in subject.search("cat")


@pytest.mark.parametrize("noun", [*subject.shipped(), "", "bicycle", "flurb", "running shoe", "Wohnmobil"])
@pytest.mark.parametrize("scorer", ["imagenet", "clip"])
def test_every_subject_gives_concepts_that_both_scorers_take(noun: str, scorer: str) -> None:
    resolved = subject.resolve(
        Clean.model_validate({"subject": noun, "scorer": scorer, "class_names": ["a", "b"]})
    )
    members = concept_members(resolved.concepts, subject.class_names())
    assert (members.sum(axis=1) == 1).all()
    assert all(concept.prompts for concept in resolved.concepts)
    assert not any("{" in prompt for concept in resolved.concepts for prompt in concept.prompts)
    assert any(concept.wanted for concept in resolved.concepts)
    assert set(subject.reasons(resolved.concepts)) == {c.name for c in resolved.concepts if not c.wanted}
    rows = np.flatnonzero(members.any(axis=1))
    assert len(rows) == 1000


def test_the_shipped_subjects() -> None:
    assert set(subject.shipped()) == {"car", "motorcycle", "dog", "shoe", "house", "generic"}
    assert {"minivan", "sports car"} <= imagenet_of(Clean(subject="car"))
    assert len(imagenet_of(Clean(subject="dog"))) > 118
    assert imagenet_of(Clean(subject="bicycle")) == {"bicycle-built-for-two", "mountain bike"}
    assert imagenet_of(Clean()) == set(), "the collection itself tells"


@pytest.mark.parametrize("noun", ["auto", "Automobile", "cars", "SUVs", "hatchback"])
def test_a_synonym_or_plural_of_a_shipped_subject_is_that_subject(noun: str) -> None:
    assert imagenet_of(Clean(subject=noun)) == imagenet_of(Clean(subject="car"))
    assert imagenet_of(Clean(subject=noun), "detail") == {"car wheel", "disk brake"}


@pytest.mark.parametrize(
    ("noun", "shipped"),
    [("motorbike", "motorcycle"), ("Scooters", "motorcycle"), ("puppies", "dog"), ("boots", "shoe")],
)
def test_everyday_words_of_a_shipped_subject(noun: str, shipped: str) -> None:
    assert subject.shipped_name(noun) == shipped
    assert imagenet_of(Clean(subject=noun)) == imagenet_of(Clean(subject=shipped))


@pytest.mark.parametrize(
    ("noun", "name"),
    [("dress", "gown"), ("smartphone", "cellular telephone"), ("kitten", "tabby"), ("handbags", "purse")],
)
def test_everyday_nouns_mean_what_people_sell(noun: str, name: str) -> None:
    assert name in imagenet_of(Clean(subject=noun))
    assert "wig" not in imagenet_of(Clean(subject=noun))


def test_every_everyday_noun_leads_to_classes() -> None:
    for noun, meant in subject._everyday().items():
        assert subject.shipped_name(noun) != subject.GENERIC or subject.imagenet_classes(noun), (noun, meant)
        assert all(one in subject.class_names() or subject.imagenet_classes(one) for one in meant), meant


def test_that_no_subject_is_named_is_said_with_what_to_write() -> None:
    (line,) = subject.notes(Clean(class_names=("sedan", "suv"), scorer="imagenet"))
    assert line.startswith("no subject is named: photos of other things may be kept")
    assert "write `subject: car` below `clean:`" in line
    for scorer in ("imagenet", "clip"):
        assert "`subject: NOUN`" in subject.notes(Clean(class_names=("sedan", "dog"), scorer=scorer))[0]
    assert "`subject: NOUN`" in subject.notes(Clean(class_names=("swift", "wagonr")))[0], "words of no subject"
    assert not subject.notes(Clean(subject="car"))
    assert not subject.notes(Clean(scorer="none")), "it judges by image quality only"
    assert not subject.notes(Clean(concepts=(Concept(name="car", role="wanted"),)))


def test_a_subject_without_a_word_is_named_with_what_it_may_mean() -> None:
    (line,) = subject.notes(Clean(subject="motorcyle", scorer="imagenet"))
    assert line.startswith("subject 'motorcyle': ImageNet has no class for it (did you mean motorcycle?)")
    assert "did you mean" not in subject.notes(Clean(subject="Wohnmobil", scorer="imagenet"))[0]
    for known in ("sofa", "cars", "mower", "generic"):
        assert not subject.notes(Clean(subject=known, scorer="imagenet"))
    assert not subject.notes(Clean(subject="Wohnmobil", scorer="clip")), "CLIP reads prompts"


def test_concepts_of_the_recipe_count_more() -> None:
    own = [
        Concept(name="car", imagenet=("pickup",)),
        Concept(name="toy", sentence="a toy", prompts=("a toy",), imagenet=("minivan",)),
    ]
    resolved = subject.resolve(Clean(subject="car", scorer="imagenet", concepts=tuple(own)))
    by_name = {concept.name: concept for concept in resolved.concepts}
    assert by_name["car"].imagenet == ("pickup",) and by_name["car"].wanted and by_name["car"].prompts
    assert by_name["toy"].imagenet == ("minivan",) and list(by_name)[-1] == "toy"
    assert "pickup" not in by_name["other_vehicle"].imagenet
    assert subject.reasons(resolved.concepts)["toy"] == "a toy"
    assert subject.reasons(resolved.concepts)["document"] == REASONS["clean"]["document"], "it has no sentence"
    alone = Clean(concepts=(Concept(name="car", role="wanted"),))
    assert subject.resolve(alone) is alone, "without a subject they stand alone"
