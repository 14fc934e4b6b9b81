"""The cards of an index page out of its HTML: links of one pattern at one place of the tree, with what is around
each.

A card is the largest element around a link that holds no other link of its kind. Images that several cards share
are icons and badges, not photos.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from itertools import compress, islice

from curate.core.most import most
from curate.fetch.sources import card_facts, card_labels, card_sellers, other_lists, photo_sizes
from curate.fetch.sources.card_links import Link, bare, cards_of, united_kinds
from curate.fetch.sources.element_names import PROMOTED
from curate.fetch.sources.json_listings import Candidate, CandidateList, worth
from curate.fetch.sources.page import Element, Page, names, words
from curate.fetch.sources.page_images import Image, PageImages, photo_places, place_of

MAX_GROUPS = 40


def groups(page: Page, layout: PageImages, found_links: list[Link]) -> list[CandidateList]:
    """The lists of cards of a page, the best first."""
    every: dict[str, list[Element]] = {}
    for link in found_links:
        every.setdefault(link.url, []).append(link.element)
    counted = sorted(united_kinds(found_links, layout), key=lambda item: -len({link.url for link in item[1]}))
    found: list[tuple[float, CandidateList, list[Element]]] = []
    held: dict[Element, list[Image]] = {}
    for image in layout.images:
        for parent in (image.element, *image.element.iterancestors()):
            held.setdefault(parent, []).append(image)
    headings = [words(one)[:200].casefold() for one in islice(page.root.iter("h1"), 3)]
    for kind, same in counted[:MAX_GROUPS]:
        page.check_time()
        for group, elements in _groups(kind, same, every, held, layout, headings):
            score = sum(worth(one.listing) for one in group.candidates)
            framed = most(layout.is_frame(link.element) for link in same)
            if framed and all(one.listing.price is None for one in group.candidates):
                continue  # a menu
            found.append((score * (0.1 if framed else 1) * (0.2 if group.beside else 1), group, elements))
    found.sort(key=lambda item: -item[0])
    ordered = [group for _, group, _ in found]
    for _, group, elements in found[1:]:
        _, best, first = found[0]
        built = group.place == best.place and group.beside == best.beside
        if built:
            group.candidates = list(compress(group.candidates, other_lists.of_the_list(elements, first)))
        if built and _priced(group) >= _priced(best):  # cards of another build in the same list
            known = {one.listing.page_url for one in best.candidates}
            best.candidates += [one for one in group.candidates if one.listing.page_url not in known]
    return [group for group in ordered if group.candidates]


def _priced(group: CandidateList) -> bool:
    """Have most listings of a group a price?"""
    return most(one.listing.price is not None for one in group.candidates)


def _groups(
    kind: str,
    same: list[Link],
    every: dict[str, list[Element]],
    held: dict[Element, list[Image]],
    layout: PageImages,
    headings: list[str],
) -> list[tuple[CandidateList, list[Element]]]:
    """The lists of the links of one kind, each with the elements of its cards."""
    cards = other_lists.without_other_kinds(other_lists.without_lone_host(cards_of(same)))
    cards = _without_following(cards, layout)
    if len(cards) < 2 or other_lists.are_stories(cards):
        return []
    shown = {url: held.get(card, []) for url, card in cards.items()}
    counts = Counter(
        stem for images in shown.values() for stem in {photo_sizes.stem(image.urls[0]) for image in images}
    )
    shared = {stem for stem, count in counts.items() if count > max(1, len(cards) // 4)}
    fit = {
        url: [
            image
            for image in images
            if not image.unfit and photo_sizes.stem(image.urls[0]) not in shared
            and (not image.leads_to or bare(image.leads_to) == url)
        ]
        for url, images in shown.items()
    }  # fmt: skip
    places = photo_places(fit.values())
    made, said = [], []
    for url, card in cards.items():
        inside = set(card.iter())
        own = [image for image in fit[url] if place_of(image.urls[0]) in places]
        anchors = [element for element in every.get(url, []) if element in inside]
        made.append(card_facts.candidate(url, card, anchors, own, layout.sizes))
        said.append(card_facts.spoken(card, anchors, own))
    filled = [one for one in made if one.listing.photos or one.listing.price is not None]
    numbered = "#" in kind
    if not (numbered or "slug" in kind) and other_lists.are_tiles(cards.values()):
        return []
    if len(filled) * 5 < len(made) * 2 and not (
        numbered and len(made) > 2 and all(len(one.listing.title) > 7 for one in made)
    ):
        return []
    _name_the_private(made, list(cards.values()))
    for one, make in zip(made, card_labels.before_models(list(cards.values())), strict=True):
        one.listing = replace(one.listing, make=one.listing.make or make)
    titles = Counter(one.listing.title for one in made)
    made = [
        one
        if text in ("", one.listing.title) and _heads(one.listing.title, titles, headings)
        else replace_title(one, titles, text)
        for one, text in zip(made, said, strict=True)
    ]
    parts: dict[bool, list[Candidate]] = {}
    elements: dict[bool, list[Element]] = {}
    listed = _promoted(cards.values(), layout)
    wanted = other_lists.without_placeholders([one.listing for one in made])
    theirs = {photo for one, fits in zip(made, wanted, strict=True) if not fits for photo in one.listing.photos}
    for one, card in compress(zip(made, cards.values(), strict=True), wanted):
        if theirs.intersection(one.listing.photos):
            one.listing = replace(one.listing, photos=())
        parts.setdefault(beside := card not in listed and layout.is_beside(card), []).append(one)
        elements.setdefault(beside, []).append(card)
    unlinked = other_lists.unlinked(list(cards.values()))
    folders = Counter(folder for images in shown.values() if unlinked for folder in _folders(images))
    for card, before in unlinked:
        of_before = {folder for folder in _folders(held.get(before, [])) if folders[folder] == 1}
        if of_before.intersection(_folders(held.get(card, []))):
            continue  # more of the listing before
        images = (image for image in held.get(card, []) if not image.unfit)
        own = [
            one
            for one in images
            if place_of(one.urls[0]) in places and photo_sizes.stem(one.urls[0]) not in shared
        ]
        one = card_facts.candidate("", card, [], own, layout.sizes)
        of_list = elements.get(beside := layout.is_beside(card), [])
        if one.listing.photos and one.listing.title and before in of_list:
            place = of_list.index(before) + 1
            parts[beside].insert(place, one)
            of_list.insert(place, card)
    return [(CandidateList("HTML", kind, part, beside), elements[beside]) for beside, part in parts.items()]


def _promoted(cards: Collection[Element], layout: PageImages) -> set[Element]:
    """The cards that are promoted by their own name, and stand in one list with those that are not."""
    plain = {card.getparent() for card in cards if not layout.is_beside(card)}
    return {
        card
        for card in layout.beside.intersection(cards)
        if card.getparent() in plain and PROMOTED.search(names(card))
    }


def _folders(images: list[Image]) -> set[str]:
    return {image.urls[0].rpartition("/")[0] for image in images}


def _without_following(cards: dict[str, Element], layout: PageImages) -> dict[str, Element]:
    """Without the few cards of another build that follow the list."""
    builds = Counter(layout.paths.get(card, 0) for card in cards.values())
    if len(builds) < 2:
        return cards
    usual, _ = builds.most_common(1)[0]
    best = [card for card in cards.values() if layout.paths.get(card, 0) == usual]
    others = [card for card in cards.values() if layout.paths.get(card, 0) != usual]
    away = {card for card, fits in zip(others, other_lists.of_the_list(others, best), strict=True) if not fits}
    return {url: card for url, card in cards.items() if card not in away}


def replace_title(one: Candidate, titles: Counter[str], said: str) -> Candidate:
    """With what its links and images say instead of a title that most cards have, such as "Details"."""
    if titles[one.listing.title] > max(2, titles.total() // 2):
        one.listing = replace(one.listing, title="" if said == one.listing.title else said)
    return one


def _heads(title: str, titles: Counter[str], headings: list[str]) -> bool:
    """Is a title of two words or more, which many cards have, in a heading of the page: the cars of one model?"""
    return titles[title] >= 3 and " " in title and any(title.casefold() in text for text in headings)


def _name_the_private(made: list[Candidate], cards: list[Element]) -> None:
    """Take a word such as "Private" for who sells where other cards of the list name dealers, and none of these
    has that word: on the card of a dealer it says another thing, as of a garden."""
    dealers = [card for one, card in zip(made, cards, strict=True) if one.listing.seller == "dealer"]
    if not dealers or any(card_sellers.unsure_of(card) == "private" for card in dealers):
        return
    for one, card in zip(made, cards, strict=True):
        if not one.listing.seller and card_sellers.unsure_of(card) == "private":
            one.listing = replace(one.listing, seller="private")
