"""From the recipe's `subject` to concepts: a shipped file of `subjects/`, or the noun's place in WordNet.

A file lists concepts as a recipe does; `hypernyms` of one names nouns whose ImageNet classes it takes, e.g. the
118 breeds of `dog`. `nouns.tsv` has everyday nouns that WordNet lacks or takes for another thing, each with the
nouns or ImageNet classes that it stands for. Any other noun uses `generic.yaml` with the noun in its prompts. Its
classes are those below it in WordNet, else those whose name has the noun as a word, else none: then the collection
itself tells what belongs to a class (see `class_evidence`).

Concepts of the recipe count more: one with the name of a subject's concept replaces what it gives of it, others
are added, and an ImageNet class that the recipe names goes to its concept.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from curate.core.errors import UsageError
from curate.core.recipe import Clean, Concept
from curate.core.schemas import REASONS

FOLDER = Path(__file__).parent / "subjects"
GENERIC = "generic"
_CLASSES = 1000  # first rows of the table, in the network's order


@cache
def _table() -> list[tuple[str, str, list[str], list[str]]]:
    """Id, ImageNet name (empty: none), words and ids of the hypernyms, per synset."""
    rows = []
    for line in (FOLDER / "imagenet.tsv").read_text(encoding="utf-8").splitlines():
        synset, name, words, above = line.split("\t")
        rows.append((synset, name, words.split("|"), above.split()))
    return rows


@cache
def class_names() -> tuple[str, ...]:
    """The 1,000 ImageNet class names, in the network's order."""
    return tuple(name for _, name, _, _ in _table()[:_CLASSES])


@cache
def _below() -> dict[str, tuple[str, ...]]:
    """The ImageNet classes at or below each synset, in the network's order."""
    above = {synset: hypernyms for synset, _, _, hypernyms in _table()}
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for synset, name, _, _ in _table()[:_CLASSES]:
        waiting = [synset]
        while waiting:
            one = waiting.pop()
            found[one][name] = None
            waiting += above[one]
    return {synset: tuple(names) for synset, names in found.items()}


@cache
def _everyday() -> dict[str, tuple[str, ...]]:
    """Everyday nouns, each with the nouns that it stands for."""
    lines = (FOLDER / "nouns.tsv").read_text(encoding="utf-8").splitlines()
    return {noun: tuple(meant.split("|")) for noun, meant in (line.split("\t") for line in lines)}


def _forms(noun: str) -> set[str]:
    """A noun as the table may have it, in the singular."""
    wanted = " ".join(noun.lower().replace("_", " ").split())
    singular = wanted.removesuffix("s"), wanted.removesuffix("es"), re.sub("ies$", "y", wanted)
    return {wanted, *singular} - {""}


def _meant(noun: str) -> tuple[str, ...]:
    """The nouns that an everyday noun stands for; of another noun, itself."""
    return next((_everyday()[form] for form in sorted(_forms(noun)) if form in _everyday()), (noun,))


def _sense(noun: str) -> str:
    """The synset of a noun with most ImageNet classes at or below it; empty where there is none."""
    forms = _forms(noun)
    senses = [synset for synset, _, words, _ in _table() if forms & {word.lower() for word in words}]
    return max(senses, key=lambda synset: len(_below()[synset]), default="")


def imagenet_classes(noun: str) -> tuple[str, ...]:
    """ImageNet classes of a noun: below its synset with most of them, else by name; maybe none."""
    if (meant := _meant(noun)) != (noun,):
        found = {name for one in meant for name in ((one,) if one in class_names() else imagenet_classes(one))}
        return tuple(name for name in class_names() if name in found)
    if sense := _sense(noun):
        return _below()[sense]
    forms = _forms(noun)
    return tuple(
        name
        for _, name, words, _ in _table()[:_CLASSES]
        if any(forms & set(word.lower().split()) for word in (name, *words))
    )


def nearest_nouns(noun: str) -> list[str]:
    """At most three nouns of the table that are spelt like `noun`, the nearest first."""
    nouns = sorted({word.lower() for _, _, words, _ in _table() for word in words})
    return get_close_matches(noun.lower().replace("_", " "), nouns, cutoff=0.8)


def search(text: str) -> list[tuple[str, str]]:
    """ImageNet class names that hold `text`, or that lie below a noun `text`, each with its words."""
    wanted, below = text.lower(), set(imagenet_classes(text)) if text else set()
    return [
        (name, ", ".join(words))
        for _, name, words, _ in _table()[:_CLASSES]
        if name in below or any(wanted in word.lower() for word in (name, *words))
    ]


def shipped() -> list[str]:
    """Subjects with a file of their own."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def shipped_name(noun: str) -> str:
    """The file of a noun: its own, that of a synonym ("automobile", "cars", "sedan": car), else `generic`."""
    meant = _meant(noun)
    if len(meant) > 1:
        return GENERIC
    name, sense = meant[0].strip().lower(), _sense(meant[0])
    own = [other for other in shipped() if name == other or (sense and sense == _sense(other))]
    return min(own, key=lambda other: other != name, default=GENERIC)


def of_classes(class_names: Sequence[str]) -> str:
    """The shipped subject that each of these names is a word of, as car is of sedan and suv; else empty."""
    names = {shipped_name(name) for name in class_names}
    return names.pop() if len(names) == 1 and GENERIC not in names else ""


def notes(config: Clean) -> list[str]:
    """What a person must know of the subject: that none is named, or the scorer has no word for it; or nothing."""
    noun = config.subject.strip()
    if config.scorer == "none" or config.concepts:
        return []
    if not noun:
        likely = of_classes(config.class_names)
        word = f"`subject: {likely}`" if likely else "`subject: NOUN`, the noun for what your photos show,"
        return [
            "no subject is named: photos of other things may be kept, and close-ups; "
            f"write {word} below `clean:` in the recipe"
        ]
    if config.scorer != "imagenet":
        return []
    if shipped_name(noun) != GENERIC or noun.lower() == GENERIC or imagenet_classes(noun):
        return []
    alike = nearest_nouns(noun)
    spelt = f" (did you mean {', '.join(alike)}?)" if alike else ""
    return [
        f"subject {noun!r}: ImageNet has no class for it{spelt}. Class names and the photos themselves tell what "
        "belongs to a class, and close-ups stay. An English word, or classes in clean.concepts, would say more"
    ]


def subject_concepts(subject: str) -> list[dict[str, Any]]:
    """The concepts of a subject, as a recipe would list them; of no subject, those of `generic`."""
    noun = subject.strip().lower()
    name = shipped_name(noun)
    listed = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["concepts"]
    said = "product" if noun in ("", GENERIC) else noun
    found = []
    for entry in listed:
        concept = {"imagenet": [], **entry}
        concept["prompts"] = [prompt.replace("{noun}", said) for prompt in entry["prompts"]]
        for hypernym in concept.pop("hypernyms", ()):
            concept["imagenet"] = [
                *concept["imagenet"],
                *imagenet_classes(hypernym.replace("{noun}", noun or " ")),
            ]
        found.append(concept)
    return found


def resolve(config: Clean) -> Clean:
    """`config` with the concepts of its subject filled in. Raises UsageError."""
    if config.concepts and not config.subject:
        return config
    own = {concept.name: concept for concept in config.concepts}
    listed = []
    for entry in subject_concepts(config.subject):
        given = own.pop(entry["name"], None)
        listed.append(entry if given is None else {**entry, **given.model_dump(exclude_unset=True)})
    if config.scorer == "clip":
        listed += class_concepts(config, {concept.class_name for concept in config.concepts})
    listed += [concept.model_dump(exclude_unset=True) for concept in own.values()]
    given_classes = {concept.name: set(concept.imagenet) for concept in config.concepts}
    taken: set[str] = set().union(*given_classes.values())
    seen: set[str] = set()
    for entry in listed:  # a class goes to the recipe's concept, else to the first that lists it
        mine = given_classes.get(entry["name"], set())
        names = [one for one in dict.fromkeys(entry.get("imagenet", ())) if one in mine or one not in taken | seen]
        entry["imagenet"] = names
        seen |= set(names)
    try:
        return config.override(concepts=listed, accept_rejects=config.accept_rejects)
    except ValueError as error:
        raise UsageError(f"clean.concepts with subject {config.subject!r}: {error}") from error


def class_concepts(config: Clean, named: set[str | None]) -> list[dict[str, Any]]:
    """A wanted concept per class, with prompts from its name; not for classes that a concept stands for."""
    found = []
    for number, name in enumerate(config.class_names):
        if name not in named:
            words = name.replace("_", " ").strip()
            prompts = [f"a photo of a {words}.", f"a photo of a {words} {config.subject}.".replace(" .", ".")]
            found.append({"name": f"class_{number}", "role": "wanted", "class_name": name, "prompts": prompts})
    return found


def reasons(concepts: Sequence[Concept]) -> dict[str, str]:
    """The sentence of each reason that a concept rejects with."""
    named = {concept.reason or concept.name: concept for concept in concepts if not concept.wanted}
    return {
        reason: concept.sentence or REASONS["clean"].get(reason) or f"it shows: {concept.name.replace('_', ' ')}"
        for reason, concept in named.items()
    }
