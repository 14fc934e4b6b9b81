"""Data as scripts and caches write them: escapes of JavaScript, objects that name each other."""

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
