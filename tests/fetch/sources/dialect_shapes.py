"""Data as scripts and caches write them: escapes of JavaScript, objects that name each other."""

from typing import Any

from tests.fetch.sources.index_shapes import J, link, script
from tests.fetch.sources.index_shapes import Shape as ListShape
from tests.fetch.sources.lazy_shapes import shape
from tests.fetch.sources.painted_adverts import Advert, page

LISTS: dict[str, ListShape] = {}


def _photos(a: Advert) -> list[str]:
    return [f"https://img.example/l/{a.number % 100}/{p}.jpg" for p in a.photos]


def _card(a: Advert, image: str = "") -> str:
    return f'<li class="item"><a href="{link(a)}"><img src="{image or _photos(a)[0]}" alt="{a.title}"></a><h3>{a.title}</h3><span>€ {a.price:,}</span></li>'  # fmt: skip


@shape(LISTS)
def texts_escaped_for_javascript(adverts: list[Advert], others: list[Advert]) -> str:
    """Escapes that JSON does not know stand in an array that is JSON otherwise."""

    def item(a: Advert) -> str:
        said = {
            "uuid": f"{a.number:x}",
            "link": link(a),
            "title": a.title,
            "price": a.price,
            "drive": "Front@Wheel",
        }
        row = J(said | {"images": [{"uri": url} for url in _photos(a)]})
        return row.replace("@", "\\-").replace(a.title, a.title.replace(" ", "\\x20"))

    rows = ",\n".join(map(item, adverts))
    site = "Data.layer['site'] = {\"name\": \"Lake\\x20Cars\", 'owner': 'it\\'s us',\n};"
    cards = "".join(map(_card, adverts[:3]))
    return page(f"<ul>{cards}</ul>" + script(f"{site}\nData.layer['vehicles'] = [\n{rows}\n];"))


@shape(LISTS)
def a_cache_with_other_cars_and_models(adverts: list[Advert], others: list[Advert]) -> str:
    """Objects that name each other through edges; those of another list have the same kind, and models pictures."""

    def item(a: Advert) -> dict[str, Any]:
        return {"__typename": "Listing", "id": f"VW{a.number}", "price": a.price, "currency": "EUR",
                "vehicle": {"year": a.year, "make": {"__ref": f"Make:{a.make}"}, "model": {"__ref": f"Model:{a.model}"}},
                "images": [{"url": url} for url in _photos(a) if a is not adverts[-1]]}  # fmt: skip

    def edges(some: list[Advert]) -> dict[str, Any]:
        return {"edges": [{"__typename": "Edge", "node": {"__ref": f"Listing:VW{a.number}"}} for a in some]}

    query = {"search({})": edges(adverts), "recommendedListings({})": edges(others)}
    cache: dict[str, Any] = {"ROOT_QUERY": query}
    for a in [*adverts, *others]:
        cache[f"Listing:VW{a.number}"] = item(a)
        cache[f"Make:{a.make}"] = {"id": a.make.lower(), "name": a.make}
        picture = f"https://img.example/stock/{a.model.lower()}-side.png"
        cache[f"Model:{a.model}"] = {"id": a.model.lower(), "name": a.model, "image": picture}
    cards = "".join(f'<li><a href="/used/VW{a.number}/{a.model.lower()}/">{a.title}</a> € {a.price:,}</li>' for a in adverts)  # fmt: skip
    return page(f"<ul>{cards}</ul>" + script(J({"apollo": cache}), 'type="application/json"'))
