"""A page that shows what `curate preview` read: each listing with its photos, which the browser loads."""

from html import escape

from curate.fetch.preview import Preview, price_of
from curate.fetch.sources.listing import Listing

_STYLE = """body{font:15px sans-serif;margin:2em}h2{font-size:1em;margin:1.5em 0 .3em}p{margin:.2em 0;color:#555}
figure{display:inline-block;margin:0 8px 8px 0;vertical-align:top}
img{height:140px;min-width:140px;background:#eee;display:block}
figcaption{font-size:11px;max-width:220px;overflow-wrap:anywhere}"""


def html(preview: Preview) -> str:
    """The page: of each listing its title, fields, and photos with their addresses."""
    title = escape(preview.name)
    parts = [f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"]
    parts += [_listing(one) for one in preview.found.listings]
    return "\n".join(parts)


def _listing(one: Listing) -> str:
    names = ("year", "make", "model", "region", "city", "seller", "posted")
    said = [price_of(one)] if one.price is not None else []
    said += [f"{name} {value}" for name in names if (value := getattr(one, name))]
    figures = ""
    for photo in one.photos:
        if photo.reason:
            continue
        url, shown = escape(photo.url), escape(photo.aliases[-1] if photo.aliases else photo.url)
        figures += (
            f'<figure><img src="{shown}" alt="not loaded" loading=lazy referrerpolicy=no-referrer>'
            f'<figcaption><a href="{url}">{url}</a></figcaption></figure>'
        )
    head = f'<h2><a href="{escape(one.page_url)}">{escape(one.title or one.page_url)}</a></h2>'
    return f"{head}<p>{escape(', '.join(said))}</p>{figures or '<p>no photo</p>'}"
