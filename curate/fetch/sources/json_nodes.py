"""What one object of data says of the listing it describes, whatever its keys are called, however deep they stand.

The fields nearest to the object count first. Objects of a seller, of other listings and of photos are not searched
for the listing's own fields. Lists of names and values (`params`, `attributes`, `specs`) count as fields too.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from curate.fetch.sources import values
from curate.fetch.sources.key_names import (
    is_attributes,
    is_beside,
    is_field,
    is_flag,
    is_of_kind,
    is_other_media,
    is_party,
    is_photo,
    plain,
    role,
)

MAX_DEPTH = 5  # of objects in a listing
MAX_ATTRIBUTES = 60
_FAR = 100  # added to the depth of an object of another thing
Node = dict[str, Any]
_OF_KIND = re.compile(r"(?:type|kind)(?:name)?$")


@dataclass(slots=True)
class Facts:
    """What the keys of an object and of those in it say, best first."""

    found: dict[str, list[tuple[int, int, str, Any]]] = field(
        default_factory=dict
    )  # field: (depth, rank, key, value)
    named: dict[str, str] = field(default_factory=dict)  # what is in no field of its own
    photo_nodes: list[tuple[int, Node]] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    party: list[tuple[int, str, Node]] = field(default_factory=list)  # (depth, key, who sells)


def types_of(node: Node) -> set[str]:
    """The schema.org types or type names of an object, in lower case."""
    found: set[str] = set()
    for key in ("@type", "__typename"):
        value = node.get(key)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str):
                found.add(re.split(r"[/#:]", name)[-1].lower())
    return found


def kind_inside(node: Node) -> str:
    """The kind of thing in an object that names it and holds it under that name, {"type": "ad", "ad": {…}}; else
    empty."""
    kinds = (value for key, value in node.items() if isinstance(value, str) and _OF_KIND.search(plain(str(key))))
    return next((kind for kind in kinds if isinstance(node.get(kind), dict)), "")


def _of_a_language(said: dict[str, Any]) -> str:
    """What an object of languages, {"en": "Camry", "ar": "كامري"}, says in English, else in its first one."""
    texts = {key: text for key, text in said.items() if isinstance(text, str) and text}
    if not texts or not all(re.fullmatch(r"[a-z]{2}(?:[-_][A-Za-z]{2})?", str(key)) for key in said):
        return ""
    return texts.get("en") or next(iter(texts.values()))


def facts(node: Node, named: dict[str, Node] | None = None) -> Facts:
    """All that an object says of the listing it describes. `named` are the objects that others refer to by
    name."""
    out = Facts(types=types_of(node))
    queue: list[tuple[int, Node, bool, bool]] = [(0, node, True, False)]
    seen = {id(node)}
    kinds: set[int] = set()  # objects of a make, a model or an auction: their photos show any of that kind
    sent: set[int] = set()  # objects of what it costs to send the listing
    for depth, inner, whole, priced in queue:  # `whole`: what it calls name or id is the listing's
        if id(inner) not in kinds and any(
            is_photo(str(key)) or isinstance(value, list) for key, value in inner.items()
        ):
            out.photo_nodes.append((depth, inner))
        for raw, value in inner.items():
            key = str(raw)
            value = referred(value, named)
            if isinstance(value, dict) and value:
                value = _of_a_language(value) or value
            if value is None or value == "" or key[:1] == "$":
                continue
            if is_beside(key) and (isinstance(value, dict | list) or not is_field(key)):
                continue
            if is_party(key):
                if isinstance(value, list) and len(value) == 1:
                    (value,) = value  # advertisers: [{"office": …}]
                if isinstance(value, dict):
                    out.party.append((depth, key, value))
                elif isinstance(value, bool) and is_flag(key):
                    out.found.setdefault("seller", []).append((depth, 0, key, value))
                elif isinstance(value, str) and not plain(key).endswith("link"):
                    out.party.append((depth, key, {"name": value}))
                continue
            meaning, rank = role(key)
            if meaning == "place" and plain(key) == "area" and _before_city(key, inner):
                meaning = "region"
            if meaning == "city" and _LARGE.fullmatch(plain(key)) and _has_town(inner):
                meaning = "region"  # the city that a town belongs to
            if meaning in ("listing_id", "title", "slug") and not whole:
                meaning = ""
            if meaning in ("price", "currency") and depth and plain(key) in _OF_ANY and not priced:
                meaning = ""  # the value of a mileage, a floor
            if meaning in ("price", "currency") and id(inner) in sent:
                meaning = ""
            if not meaning and isinstance(value, bool) and is_flag(key):
                meaning = "seller"
            if meaning == "title" and isinstance(value, dict):
                value = scalar_title(value) or value  # {"original": "Orbea Terra"}
            if meaning and not (isinstance(value, dict) and meaning in ("listing_id", "title", "slug")):
                out.found.setdefault(meaning, []).append((depth, rank, key, value))
            elif (
                isinstance(value, str | int | float) and not is_photo(key) and len(out.named) < 4 * MAX_ATTRIBUTES
            ):
                out.named.setdefault(key, _short(value))
            if is_attributes(key):
                for part in _lists(key, value):
                    _pairs(part, out, depth)
            if isinstance(value, list) and value and key in ("offers", "itemOffered", "item", "node"):
                value = referred(value[0], named)
            if isinstance(value, dict) and depth % _FAR < MAX_DEPTH and id(value) not in seen and len(queue) < 200:
                if is_attributes(key) and _is_flat_pairs(value):
                    _pairs([{"key": k, "value": v} for k, v in value.items()], out, depth)
                if not (is_photo(key) and not _WRAPPER.search(plain(key))) and not is_other_media(key):
                    seen.add(id(value))
                    own = meaning in ("", "listing_id", "title", "link", "price") and not _KIND.search(plain(key))
                    event = _is_event(key, inner, value)
                    below = depth + 1 + (_FAR if event else 0)  # its place counts after that of the lot
                    queue.append((below, value, whole and own, priced or meaning == "price"))
                    if event or (is_of_kind(key) and not _has_price(value)):
                        kinds.add(id(value))
                    if id(inner) in sent or _SENT.search(plain(key)):
                        sent.add(id(value))
    for entries in out.found.values():
        entries.sort(key=lambda entry: (entry[0], entry[1]))
    return out


def scalar_title(said: dict[str, Any]) -> str:
    """The text of a title that is an object of texts; empty where it is no such object."""
    names = ("original", "text", "value", "rendered", "raw", "full", "default", "label")
    found = next((said[name] for name in names if isinstance(said.get(name), str)), "")
    return found if len(said) < 6 and 2 < len(found) < 300 else ""


def _has_price(node: Node) -> bool:
    return any(role(str(key))[0] == "price" for key in node)


def _is_event(key: str, node: Node, event: Node) -> bool:
    """Is an object in a lot the auction in which it is sold? The lot has an id, and photos or objects with photos,
    of its own; the auction has no price and no gallery."""
    if not _EVENT.fullmatch(plain(key)) or not any(role(str(name))[0] == "listing_id" for name in node):
        return False
    galleries = (item for name, item in event.items() if is_photo(str(name)) and isinstance(item, list))
    if _has_price(event) or any(len(gallery) > 1 for gallery in galleries):
        return False
    others = (item for name, item in node.items() if isinstance(item, dict) and str(name) != key)
    return any(is_photo(str(name)) for name in node) or any(is_photo(str(name)) for one in others for name in one)


def _has_town(node: Node) -> bool:
    return any(_TOWN.fullmatch(plain(str(key))) and value for key, value in node.items())


def _before_city(key: str, node: Node) -> bool:
    """Does an object name its city behind a key, as what goes from the large to the small does?"""
    keys = list(map(str, node))
    return any(role(other)[0] == "city" for other in keys[keys.index(key) + 1 :])


_KIND = re.compile(
    r"categor|^(?:kind|section|type|status|condition|country|language|shipping|delivery|payment|seo|tracking)$"
)  # have a name and an id of their own
_EVENT = re.compile(r"(?:auction|sale|bidding)(?:event|house|info|details?)?|event|catalogu?e?")
_SENT = re.compile(r"shipping|shipment|delivery|postage")
_IN_PARTS = re.compile(r"(?:params|parameters|attributes|attrs|properties|specs|specifications|characteristics)")
_PART = re.compile(
    r"main|primary|first|basic|general|common|secondary|second|extra|more|other|additional|special|all"
)
_LARGE, _TOWN = re.compile(r"city(?:name)?"), re.compile(r"town(?:name)?")
_OF_ANY = ("value", "amount", "unit")  # keys that mean a price in an object of one alone
_WRAPPER = re.compile(r"^media$|multimedia|gallery|carousel|images$|photos$|pictures$")


def referred(value: Any, named: dict[str, Node] | None) -> Any:
    """The object that `{"@id": …}` or Apollo's `{"__ref": …}` names."""
    if named and isinstance(value, dict) and len(value) <= 3:
        name = value.get("__ref") or (value.get("@id") if len(value) == 1 else None)
        name = name or (value.get("id") if value.get("type") == "id" and "generated" in value else None)
        if isinstance(name, str):
            return named.get(name, value)
    return value


def within(node: Node) -> set[int]:
    """The identities of the objects that stand in an object itself, not in its lists, at most `MAX_DEPTH` deep."""
    found: set[int] = set()
    queue = [(0, node)]
    for depth, inner in queue:
        for value in inner.values():
            if isinstance(value, dict) and id(value) not in found and depth < MAX_DEPTH and len(queue) < 500:
                found.add(id(value))
                queue.append((depth + 1, value))
    return found - {id(node)}


def _short(value: object) -> str:
    return values.text(value)[:200]


def _is_flat_pairs(value: Node) -> bool:
    return 0 < len(value) < 80 and all(
        isinstance(item, str | int | float | bool | dict | None) for item in value.values()
    )


def _lists(key: str, value: Any) -> list[list[Any]]:
    """The lists of parameters under one key: the one there, or those of its parts, {"first": […], "more": […]}.
    A part with another name is of another thing, such as an engine."""
    if isinstance(value, dict) and _IN_PARTS.fullmatch(plain(key)):
        return [part for name, part in value.items() if isinstance(part, list) and _PART.fullmatch(plain(name))]
    return [value] if isinstance(value, list) else []


def _pairs(items: list[Any], out: Facts, depth: int) -> None:
    """Names and values of a list of parameters, each a field by its name."""
    for item in items[:200]:
        if not isinstance(item, dict):
            continue
        lower = {plain(str(key)): value for key, value in item.items()}
        name = next((lower[key] for key in _NAME_KEYS if isinstance(lower.get(key), str) and lower[key]), "")
        value = next(
            (lower[key] for key in _VALUE_KEYS if key in lower and lower[key] not in (None, "", [])), None
        )
        inner = value.get("values") if isinstance(value, dict) else None
        if isinstance(inner, list) and len(inner) > 1 and depth < MAX_DEPTH:
            _pairs(inner, out, depth + 1)  # {"/car": {"values": [{"label": "Make", "value": "Opel"}, …]}}
        for _ in range(3):  # {"label": "Price", "values": [{"value": "9.990 €"}]}
            if isinstance(value, list):
                value = value[0] if value else None
            if not isinstance(value, dict) or not isinstance(inner := value.get("values"), list):
                break
            value = inner
        if isinstance(value, dict):
            value = next(
                (
                    value[key]
                    for key in ("label", "displayValue", "name", "text", "value", "key")
                    if value.get(key)
                ),
                None,
            )
        if name and isinstance(value, str | int | float) and len(name) < 60:
            out.named.setdefault(name, _short(value))
            last = re.split(r"[_.-]", name)[-1]  # u_moto_brand
            last = last if role(last)[0] in ("make", "model") else ""
            for alias in (*(lower.get(key) for key in ("key", "id", "name", "label", "keylabel")), name, last):
                meaning, rank = role(alias) if isinstance(alias, str) else ("", 0)
                if meaning in ("make", "model", "year", "price", "seller", "city", "region", "place", "title"):
                    at = -1 if meaning in ("make", "model") else depth + 1  # "brand" beside may be the site's own
                    out.found.setdefault(meaning, []).append((at, rank, name, value))
                    break
        elif isinstance(item.get("items") or item.get("values") or item.get("data"), list) and depth < MAX_DEPTH:
            _pairs(item.get("items") or item.get("values") or item["data"], out, depth + 1)


_NAME_KEYS = (
    "key",
    "name",
    "keylabel",
    "label",
    "title",
    "arialabel",
    "propertyid",
    "attribute",
    "slug",
    "id",
    "text",
)
_VALUE_KEYS = (
    "displayvalue", "valuelabel", "valuename", "valuetext", "formattedvalue", "value", "values", "data", "val",
    "normalizedvalue", "content", "text", "description",
)  # fmt: skip
