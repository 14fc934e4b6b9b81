"""Which lists of a page's data and cards are one list, by the addresses, ids and photos of what stands in them."""

import re
from dataclasses import replace

from curate.core.most import most
from curate.fetch.sources import card_links, photo_sizes
from curate.fetch.sources.json_listings import Candidate, CandidateList
from curate.fetch.sources.key_names import plain

_SHOWN = re.compile(  # what of a list stands before its rest
    r"top|vip|premium|gold|paid|pinned|sticky|first|main|boost\w*|highlight\w*|urgent|exclusive|organic|normal|"
    r"regular|standard|ordinary|basic|free|private|dealer|pro"
)


def keys(one: Candidate) -> set[str]:
    """By what two candidates are known to be one listing."""
    listing = one.listing
    found = {f"p:{photo_sizes.stem(photo.url)}" for photo in listing.photos[:3]}
    if listing.page_url:
        address = card_links.bare(listing.page_url).partition("://")[2]
        path = address.partition("?")[0]
        found.add("u:" + address.rstrip("/"))
        found |= {"u:" + path.rstrip("/")} if card_links.has_id(path) else set()
    found |= {f"i:{token}" for token in one.tokens[:2] if len(token) > 3}
    return found


def whole_first(groups: list[CandidateList]) -> list[CandidateList]:
    """With the cards of all listings first where the best list of the data is one part of them: data of private
    sellers, dealers and promoted listings apart, whose cards stand in one list."""
    if not groups or groups[0].form == "HTML":
        return groups
    best = groups[0].candidates
    wider = [
        (number, group)
        for number, group in enumerate(groups)
        if group.form == "HTML" and not group.beside and len(group.candidates) >= 2 * len(best)
    ]
    if not wider:
        return groups
    mine = [keys(one) for one in best]
    others = {
        key for each in groups if each.form == groups[0].form for one in each.candidates for key in keys(one)
    }
    for number, group in wider:
        shown = set().union(*map(keys, group.candidates))
        if all(shown & one for one in mine) and most(bool(keys(one) & others) for one in group.candidates):
            return [group, *groups[:number], *groups[number + 1 :]]
    return groups


def without_those_beside(groups: list[CandidateList]) -> list[CandidateList]:
    """With the best list of the data without what the page shows beside its cards, where the data are a store by
    id, {"byId": {"17": {…}, …}}, of all that the page shows, and the cards show all others."""
    if not groups or groups[0].form == "HTML" or not groups[0].place.endswith("{}"):
        return groups
    shown: dict[bool, set[str]] = {False: set(), True: set()}
    for group in groups:
        if group.form == "HTML":
            shown[group.beside].update(*map(keys, group.candidates))
    best = groups[0]
    kept = [one for one in best.candidates if keys(one) & shown[False]]
    if kept and all(keys(one) & (shown[False] | shown[True]) for one in best.candidates):
        return [replace(best, candidates=kept), *groups[1:]]
    return groups


def with_its_parts(groups: list[CandidateList]) -> list[CandidateList]:
    """With the best list of the data and those that stand in the same object, hold objects of the same keys, and
    have its name with a word before it that tells how a listing is shown: {"topList": [{…}], "list": [{…}]}. Lists
    of what is sold or was seen stay apart, as do attributes: each has the data of a widget of its own."""
    if not groups or groups[0].form in ("HTML", "attribute") or not groups[0].place.endswith(".[]"):
        return groups
    best = groups[0]
    known = {key for one in best.candidates for key in keys(one)}
    rest, joined = [], list(best.candidates)
    for group in groups[1:]:
        if group.form != best.form or group.beside or not _is_part(group, best):
            rest.append(group)
            continue
        new = [one for one in group.candidates if one.listing.page_url and keys(one).isdisjoint(known)]
        known.update(*map(keys, new))
        joined += new
    return [replace(best, candidates=joined), *rest]


def _is_part(group: CandidateList, best: CandidateList) -> bool:
    around, _, name = group.place.removesuffix(".[]").rpartition(".")
    its_around, _, its_name = best.place.removesuffix(".[]").rpartition(".")
    name, its_name = plain(name), plain(its_name)
    short, long = sorted((name, its_name), key=len)
    named = bool(short) and long.endswith(short) and _SHOWN.fullmatch(long.removesuffix(short)) is not None
    return around == its_around and named and _shape(group) == _shape(best)


def _shape(group: CandidateList) -> frozenset[str]:
    """The keys that all objects of a list have."""
    return frozenset.intersection(*(frozenset(map(str, one.node or ())) for one in group.candidates))
