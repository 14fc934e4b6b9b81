"""Listings out of any page without a recipe: every form of data in it is read, and what they say is put together.

1. Data in scripts and attributes (`embedded_json`), microdata and RDFa, the page's head, its HTML.
2. What kind of page it is: the page of one listing, a list of listings, or neither. The summary of a search (a
   Product or Car with an AggregateOffer) is neither.
3. Of a list the form that says most; the others fill it. Of a listing's page the object that names its address or
   id; its photos are the fullest list that fits what the page declares.
Similar and promoted listings beside are left out; `Found.notes` says what was left out and which form gave what.
"""

from collections.abc import Sequence
from dataclasses import replace

from curate.core.errors import RejectedError
from curate.fetch.sources import currencies, index_page, json_sellers, list_places, listing_page, shared_fields
from curate.fetch.sources.forms import read
from curate.fetch.sources.listing import Found
from curate.fetch.sources.next_page import next_links

_EXTRACTORS = {"JSON-LD": "jsonld", "embedded JSON": "embedded_json", "Next.js flight": "flight", "RDFa": "rdfa",
               "attribute": "attributes", "HTML": "html", "head": "open_graph"}  # fmt: skip


def as_page(text: str) -> str:
    """The answer of an API as a page that carries it; a page as it is."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    data = text.replace("</", "<\\/")
    return f'<html><body><script type="application/json">{data}</script></body></html>'


def extract(text: str, page_url: str, is_listing_page: bool | None = None) -> Found:
    """What the text of a page holds. `is_listing_page` is what led there: None where nothing is known.

    Raises RejectedError("page_too_complex").
    """
    try:
        forms = read(as_page(text), page_url)
    except RecursionError as error:
        raise RejectedError("page_too_complex", "its data is nested too deeply") from error
    many, used = index_page.listings(forms, besides=is_listing_page is False)
    following = next_links(forms.page)
    dealers = json_sellers.is_dealers_site((node for _, node, _, _ in forms.data.nodes), page_url)
    own = "dealer" if dealers else ""
    one = None
    if is_listing_page is not False or len(many) < 2:
        one, own_used = listing_page.listing(forms, many, surely=is_listing_page is True)
    if one is not None and is_listing_page is None and len(many) > 2 and listing_page.is_list(forms, many, one):
        one = None
    if one is not None:
        (one,) = currencies.of_listings([shared_fields.of_one(one, forms.page)], forms.page, text)
        (one,) = list_places.of_listings([replace(one, seller=one.seller or own)], text)
        return Found((one,), following, _used(own_used), notes=_once(forms.notes))
    if is_listing_page:
        forms.notes.append("no listing of this address or id in the page")
        return Found((), following, (), others=len(many), notes=_once(forms.notes))
    if forms.summaries:
        forms.notes.append("a summary of the search (AggregateOffer) is no listing")
    many = currencies.of_listings(shared_fields.of_list(many, forms.page, forms.card_groups), forms.page, text)
    many = list_places.of_listings([replace(each, seller=each.seller or own) for each in many], text)
    return Found(tuple(many), following, _used(used) if many else (), notes=_once(forms.notes))


def _once(notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))


def _used(forms: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_EXTRACTORS.get(form, form) for form in forms))
