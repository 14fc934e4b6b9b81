"""The kind of seller that a listing's object tells: by a field, by true and false, by who is named as seller."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from curate.fetch.http.url import path_of, same_site
from curate.fetch.sources import seller_kinds
from curate.fetch.sources.json_nodes import Facts, Node, types_of
from curate.fetch.sources.key_names import is_flag, is_party, is_seller, plain
from curate.fetch.sources.money import scalar

# Keys of a kind of seller, of advert, or of a seller's name.
_ANY_KIND = (
    "adtype",
    "oglasivac",
    "oglašivač",
    "inzerent",
    "posttype",
    "anbieter",
    "membertype",
)  # or of an advert
_PRIVATE_KEY = re.compile(r"private|owner|particulier")
_SURE_FLAG = re.compile(
    r"^(?:seller|user|advertiser|vendor)?is|(?:ad|seller|user|account|listing|offer|advert|owner)$"
)  # where false tells, too
_KIND_KEY = re.compile(r"type$|typename$|^(?:kind|category|role)$")
_FLAG_KEY = re.compile(r"(?:is)?(?:company|business|pro|professional|agency|dealer|shop|private(?:seller|owner)?)")
_DEALERS_NAME = re.compile(r"(?:agency|dealer|dealership|shop|store|broker|realtor|showroom)(?:display)?name$")
_SELLERS_NAME = re.compile(
    r"(?:seller|vendor|advertiser|company|business|customer|member|owner|account|user|contact)(?:display)?name$"
)
_SELLERS_LOGO = re.compile(r"(?:seller|dealer|agency|customer|company|shop|store|advertiser|vendor)logo")
_DEALER_PARTY = re.compile(
    r"^(?:dealer|dealership|agency|broker|brokers|realtor|shop|office)(?:info|data|details?)?$"
)
_DEALERS = {"autodealer", "motorcycledealer"}
_OF_SELLERS = re.compile(
    r"seller|advertis|oglasivac|oglašivač|vendor|vendeur|venditore|vendedor|verkaeufer|verkäufer|anbieter|prodava|sprzeda|"
    r"inzerent|hirdet|satici|satıcı|kimden"
)


def is_dealers_site(nodes: Iterable[Node], page_url: str) -> bool:
    """Does a page's data say that the whole site is a dealer's: an AutoDealer, or an object with a dealer's name,
    at its first page? Where several have that address they are dealers on a market."""
    names = set()
    for node in nodes:
        urls = (url for key in ("url", "website") if isinstance(url := node.get(key), str))
        if not any(same_site(url, page_url) and not path_of(url) for url in urls):
            continue
        keys = [key for key in node if _DEALERS_NAME.search(plain(str(key)))]
        if keys or types_of(node) & _DEALERS:
            names.add(str(node[keys[0]] if keys else node.get("name")))
    return len(names) == 1


def seller_of(fact: Facts) -> str:
    """The kind of seller: private, dealer, or what the site calls it; empty where nothing tells."""
    return _of_fields(fact) or _of_parties(fact.party) or _of_names(fact.named)


def _of_fields(fact: Facts) -> str:
    unsure = other = ""
    for _, _, key, value in fact.found.get("seller", ()):
        name = plain(key)
        if isinstance(value, bool) or str(value).lower() in ("true", "false", "0", "1"):
            if name in _ANY_KIND or not (is_flag(key) or isinstance(value, bool)):
                continue  # "ownerType": 1 is the first owner
            yes = str(value).lower() in ("true", "1")
            kind = "private" if yes == bool(_PRIVATE_KEY.search(name)) else "dealer"
            if yes:
                return kind
            unsure = unsure or (kind if _SURE_FLAG.search(name) else "")
        elif name in _ANY_KIND:
            unsure = unsure or seller_kinds.kind(scalar(value))
        elif (found := seller_kinds.called(scalar(value))) in seller_kinds.KINDS:
            return found
        else:
            other = other or found
    return unsure or other


def _of_parties(parties: list[tuple[int, str, Node]]) -> str:
    """What objects and names of sellers tell."""
    parties = [one for one in parties if is_seller(one[1])]
    for _, key, node in parties:
        if found := next(_told(key, node), ""):
            return found
    for _, key, node in parties:
        within = (
            (str(k), v)
            for k, v in node.items()
            if isinstance(v, dict) and (is_seller(str(k)) or not is_party(str(k)))
        )
        for inner, one in ((key, node), *within):
            if (found := _named(one)) or (found := next(_told(inner, one), "")):
                return found
            if _DEALER_PARTY.search(plain(inner)) and (one is not node or len(one) > 1) and _name(one):
                return "dealer"
    return ""


def _told(called: str, node: Node) -> Iterator[str]:
    """What the keys of a seller's object, `called` so, say it is."""
    for key, value in node.items():
        name = plain(str(key))
        if _KIND_KEY.search(name) and (found := seller_kinds.kind(scalar(value))):
            yield found
        person = key == "type" and value in ("person", "PERSON")  # no @type, which may be Person of a dealer, too
        if person and not (_DEALER_PARTY.search(plain(called)) or "agent" in plain(called)):
            yield "private"
        if isinstance(value, bool) and _FLAG_KEY.fullmatch(name):
            yield "private" if value == bool(_PRIVATE_KEY.search(name)) else "dealer"
    if found := seller_kinds.kind(" ".join(types_of(node) - {"person"})):
        yield found


def _name(node: Node) -> str:
    names = (value for key, value in node.items() if plain(str(key)).endswith("name") and isinstance(value, str))
    return next((name.strip() for name in names if name.strip()), "")


def _of_name(name: str) -> str:
    return seller_kinds.alone(name) or ("dealer" if seller_kinds.is_firm(name) else "")


def _named(node: Node) -> str:
    """What the name and the logo of a seller tell: a firm has a legal form or a logo."""
    if found := _of_name(_name(node)):
        return found
    logo = any(value for key, value in node.items() if re.search(r"^logo|logo(?:url|image)?$", plain(str(key))))
    return "dealer" if logo or _of_names(node) else ""


def _of_names(node: dict[str, Any]) -> str:
    """What texts under the names of sellers tell."""
    logo = False
    for raw, value in node.items():
        if not isinstance(value, str) or not value.strip():
            continue
        key = plain(str(raw))
        if _DEALERS_NAME.search(key):
            return seller_kinds.alone(value) or "dealer"
        logo = logo or bool(_SELLERS_LOGO.search(key))
        if not (_OF_SELLERS.search(key) or _SELLERS_NAME.search(key)) or is_party(str(raw)):
            continue
        called = _SELLERS_NAME.search(key) or _OF_SELLERS.fullmatch(key)
        if found := _of_name(value) if called else seller_kinds.alone(value):
            return found
    return "dealer" if logo else ""
