"""The addresses of each photo put together, from the largest to the smallest."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from curate.fetch.http.url import host_of, path_of
from curate.fetch.sources.photo_sizes import IMAGE_SUFFIX, asked, is_size, larger, pixels, stem

NO_SIZES: Mapping[str, int] = MappingProxyType({})
_SUFFIXES = re.compile(rf"(?:{IMAGE_SUFFIX})+$", re.IGNORECASE)
_MOST_SIZES = 4  # in which a page shows one photo
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,10}(?![A-Za-z0-9])")
_IDENTITY = re.compile(r"\d{6,}")
_LONGEST = 300  # characters of a path whose words are looked at
_SURE = 12  # digits that name one photo by themselves; fewer do so where several photos have each its own


def together(photos: Iterable[list[str]], sizes: Mapping[str, int] = NO_SIZES) -> list[list[str]]:
    """Addresses of photos, each photo once in order of first sight, its addresses from the largest to the
    smallest. `sizes` is what the page says of the size of single addresses, in pixels."""
    offered = [urls for urls in photos if urls]
    firsts: dict[str, set[str]] = {}
    for urls in offered:
        firsts.setdefault(stem(urls[0]), set()).add(urls[0])
    coarse = {  # more photos of one size than one photo is shown in: what tells them apart is taken for a size
        one for one, several in firsts.items() if len(several) > _MOST_SIZES and len(set(map(asked, several))) == 1
    }
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while (above := leader.setdefault(name, name)) != name:
            leader[name] = name = leader[above] = leader.setdefault(above, above)
        return name

    names = []
    for urls in offered:
        own = list(dict.fromkeys(url if (one := stem(url)) in coarse else one for url in urls))
        names.append(own[0])
        for other in own[1:]:
            leader[find(other)] = find(own[0])
    sized = {name for name, urls in zip(names, offered, strict=True) if _has_size(urls[0])}
    for one, other in _in_two_sizes(names, sized):
        leader[find(other)] = find(one)
    found: dict[str, list[str]] = {}
    for name, urls in zip(names, offered, strict=True):
        found.setdefault(find(name), []).extend(urls)
    return [by_size(urls, sizes) for urls in found.values()]


def _has_size(url: str) -> bool:
    """Is a folder of an address called by a word for a size?"""
    return any(map(is_size, filter(None, path_of(url).split("/")[:-1])))


def _in_two_sizes(stems: Iterable[str], sized: set[str]) -> list[tuple[str, str]]:
    """Pairs of stems of one photo that differ in one word, where one of the two has a size there: a_big--7.jpg and
    a_common--7.jpg, m/7.jpg and h/7.jpg. Their numbers name the photo: long ones, other ones for other photos.
    `sized` are the stems that have left out a folder called by a size."""
    by_rest: dict[str, dict[str, str]] = {}
    for one in dict.fromkeys(stems):
        for rest, word in _without_a_word(one):
            if not word and one not in sized:
                continue
            by_rest.setdefault(rest, {}).setdefault(word, one)
    pairs: dict[frozenset[str], dict[str, tuple[str, str]]] = {}
    for rest, of_word in by_rest.items():
        if 1 < len(of_word) <= _MOST_SIZES and any(map(is_size, of_word)):
            first, *others = of_word
            for other in others:
                pairs.setdefault(frozenset((first, other)), {})[rest] = of_word[first], of_word[other]
    found: list[tuple[str, str]] = []
    for same in pairs.values():
        numbers = [tuple(_IDENTITY.findall(rest)) for rest in same]
        if len(set(numbers)) == len(numbers) and (len(same) > 1 or max(map(len, numbers[0])) >= _SURE):
            found += same.values()
    return found


@lru_cache(maxsize=512)
def _without_a_word(one: str) -> tuple[tuple[str, str], ...]:
    """(rest, word) for each word in the path of a stem with a long number: the stem without the word, which is
    empty where the stem has none at that place."""
    host, slash, path = one.partition("/")
    if len(path) > _LONGEST or "?" in path or not _IDENTITY.search(path):
        return ()
    return tuple(_parts_of(host + slash, path))


def _parts_of(host: str, path: str) -> Iterator[tuple[str, str]]:
    for match in _WORD.finditer(path):
        yield f"{host}{path[: match.start()]}*{path[match.end() :]}", match[0].lower()
    folders = path.split("/")
    for at in range(len(folders)):  # a size that the stem leaves out
        yield host + "/".join([*folders[:at], "*", *folders[at:]]), ""


def known_together(photos: list[list[str]], known: list[list[str]], sizes: Mapping[str, int]) -> list[list[str]]:
    """`photos`, those that have an address of one of the `known` photos put together as that one is."""
    shown = {url for urls in photos for url in urls}
    return [urls for urls in together([*photos, *known], sizes) if not shown.isdisjoint(urls)]


def by_size(urls: Iterable[str], sizes: Mapping[str, int] = NO_SIZES) -> list[str]:
    """Addresses of one photo, each once, from the largest to the smallest.

    What all of them share, or all of one host, says nothing of their sizes. First comes the address that is known
    to be the whole photo of another one. A size that an address names counts before what the page says (`sizes`),
    and this before a guess by words. Of those that name no size a name without a suffix, and one with something
    behind it, ``7_main.jpg`` beside ``7.jpg``, come later.
    """
    once = list(dict.fromkeys(urls))
    if len(once) < 2:
        return once
    parts = [re.split(r"[/?&]", path_of(url)) for url in once]
    of_host: dict[str, list[list[str]]] = {}
    for url, own in zip(once, parts, strict=True):
        of_host.setdefault(host_of(url), []).append(own)
    shared = {
        host: set(some[0]).intersection(*(some if len(some) > 1 else parts)) for host, some in of_host.items()
    }
    rest = [
        "x://x/" + "/".join(part for part in own if part not in shared[host_of(url)])
        for url, own in zip(once, parts, strict=True)
    ]
    rank = {
        url: (-(asked(own) or sizes.get(url) or pixels(own)), -pixels(own))
        for url, own in zip(once, rest, strict=True)
    }
    names = [_SUFFIXES.sub("", url.partition("?")[0]) for url in once]
    starts = tuple(name + mark for name in set(names) for mark in "-_.")
    longer = {url for url, name in zip(once, names, strict=True) if name.startswith(starts)}
    whole = {larger(url) for url in once if larger(url) != url}
    plain = {url for url in once if not _SUFFIXES.search(url.partition("?")[0])}
    return sorted(once, key=lambda url: (url not in whole, rank[url], url in plain, url in longer))
