"""All forms of data in one page, each read by itself."""

from dataclasses import dataclass, field, replace

from curate.fetch.sources import (
    card_links,
    cards,
    embedded_json,
    json_listings,
    json_own,
    jsonld,
    microdata,
    page_images,
    photo_templates,
)
from curate.fetch.sources.json_listings import Candidate, CandidateList
from curate.fetch.sources.page import Page, parse
from curate.fetch.sources.photo_addresses import Addresses


@dataclass(slots=True)
class Read:
    """All forms of one page."""

    page: Page
    about: microdata.Declared
    layout: page_images.PageImages
    own: list[Candidate]
    data_groups: list[CandidateList]
    card_groups: list[CandidateList]
    data: json_listings.Data
    addresses: Addresses
    links: list[str]  # to other pages of the site
    summaries: int = 0
    notes: list[str] = field(default_factory=list)


def read(text: str, page_url: str) -> Read:
    """Everything that the forms of a page say. Raises RejectedError("page_too_complex")."""
    page = parse(text, page_url)
    about = microdata.declared(page)
    layout = page_images.layout(page)
    page.check_time()
    addresses = Addresses(
        page.base, [url for image in layout.images for url in image.urls] + about.images, layout.sizes
    )
    data = json_listings.collect([*embedded_json.blocks(page), *microdata.blocks(page)], layout.is_beside)
    page.check_time()
    tables = (node for place, node, _, _ in data.nodes if place[-1].lower().endswith("sizes"))
    addresses.step = next(filter(None, map(photo_templates.largest_step, tables)), "")
    own = json_own.own(data, page, addresses, about)
    groups = list(json_listings.groups(data, page, addresses))
    groups += schema_org(text, page)
    links = card_links.links(page, layout)
    html = cards.groups(page, layout, links)
    urls = list(dict.fromkeys(link.url for link in links))
    notes = list(data.cuts)
    if len(links) >= card_links.MAX_LINKS:
        notes.append(f"the page has more than {card_links.MAX_LINKS:,} links: its listings are cut off there")
    summaries = sum(one.summary for one in own)
    return Read(page, about, layout, own, groups, html, data, addresses, urls, summaries, notes)


def schema_org(text: str, page: Page) -> list[CandidateList]:
    """The listings of JSON-LD as its own reader finds them: those of which only the address is given are among
    them."""
    found = []
    for listing, node in jsonld.read(text, page.url)[0]:
        if jsonld.is_summary(node):
            continue
        url = "" if listing.page_url == page.url else listing.page_url
        if url or listing.photos or listing.title:
            found.append(
                Candidate(
                    replace(listing, page_url=url), "JSON-LD", "schema.org", (listing.listing_id,), node=node
                )
            )
    return [CandidateList("JSON-LD", "schema.org", json_listings.distinct(found))] if found else []
