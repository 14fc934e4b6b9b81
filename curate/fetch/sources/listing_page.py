"""The listing that a page is about, out of all its forms."""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from curate.fetch.http.url import path_of
from curate.fetch.sources import (
    address_kinds,
    card_links,
    counted_data,
    html_facts,
    json_nodes,
    json_own,
    microdata,
    page_gallery,
    page_title,
    photo_sizes,
    photo_variants,
    threads,
    values,
)
from curate.fetch.sources.filling import FIELDS, fuller
from curate.fetch.sources.forms import Read
from curate.fetch.sources.gallery import of_variants
from curate.fetch.sources.json_listings import Candidate, CandidateList
from curate.fetch.sources.listing import Listing, PhotoLink
from curate.fetch.sources.money import PRICE, money

_SURE = 3.0  # score of a match from which an object is the page's own listing


def listing(forms: Read, many: list[Listing], *, surely: bool) -> tuple[Listing | None, tuple[str, ...]]:
    """The page's own listing, with the forms that gave it."""
    about, page = forms.about, forms.page
    stems = {photo_sizes.stem(url) for url in about.images}
    candidates = [one for one in forms.own if not one.summary or _summary_fits(one, forms, surely)]
    matched = [one for one in candidates if json_own.match(one, about, stems) >= _SURE]
    lone = [one for one in candidates if one not in matched and json_own.match(one, about, stems) >= 0]
    chosen = matched or (lone[:1] if _alone(lone, forms) else [])
    _without_others_photos(chosen, forms)
    structured = max((one.listing.photos for one in chosen), key=len, default=())
    html, sets = _galleries(forms, [url for photo in structured for url in (photo.url, *photo.aliases)], stems)
    if not chosen:
        posts = threads.first_post(forms.page) is not None  # then the others are its posts
        goods = (other for other in many if not (posts or address_kinds.is_of_people(other.page_url)))
        shared = {photo_sizes.stem(photo.url) for other in goods for photo in other.photos}
        if surely and _declares_its_own(forms, shared) and not _beyond(html, shared):
            html = []  # all its images are of other listings
        elif not _looks_like_one(
            forms, max([html, *(photos for _, photos in sets)], key=len), shared, bool(many), surely
        ):
            return None, ()
    listing = Listing("", page.url)
    used: dict[str, list[str]] = {}
    for one in sorted(chosen, key=lambda one: one.form not in ("JSON-LD", "microdata", "RDFa")):
        if one.listing.price is not None and not listing.price:  # 0 is none where there is another
            listing = replace(listing, price=one.listing.price, currency=one.listing.currency)
            used.setdefault(one.form, []).append("price")
    for one in chosen:
        for name in ("listing_id", *FIELDS):
            if getattr(listing, name) in ("", None) and getattr(one.listing, name) not in ("", None):
                listing = replace(listing, **{name: getattr(one.listing, name)})
                used.setdefault(one.form, []).append(name)
    if PRICE.fullmatch(listing.title):
        listing = replace(listing, title="")
    if listing.make and listing.model.casefold().startswith(f"{listing.make} ".casefold()):  # a title
        models = (one.listing.model for one in chosen)
        short = (model for model in models if model and model.casefold() in listing.model.casefold())
        listing = replace(listing, model=min(short, key=len))
    listing = _from_head(listing, forms, used)
    lists = {one.form: one.listing.photos for one in sorted(chosen, key=lambda one: len(one.listing.photos))}
    for form, named in sets:
        if len(named) > len(lists.get(form, ())):
            lists[form] = tuple(of_variants(urls) for urls in named)
    data = [[photo.url, *photo.aliases] for photos in lists.values() if len(photos) > 1 for photo in photos]
    lists["HTML"] = tuple(
        of_variants(urls) for urls in photo_variants.known_together(html, data, forms.layout.sizes)
    )
    if about.images:
        lists["head"] = tuple(of_variants(urls) for urls in photo_variants.together([url] for url in about.images))
    form, photos = _fullest(lists, about)
    if photos:
        used.setdefault(form, []).insert(0, f"{len(photos)} photos")
    for other, more in lists.items():
        if other != form and more and len(more) <= len(photos):
            photos = fuller(photos, more, forms.layout.sizes)
    listing = replace(listing, photos=photos, page_url=page.url)
    if not photos and not listing.title:
        return None, ()
    forms.notes.insert(0, "; ".join(f"{_names(names)} from {form}" for form, names in used.items() if names))
    return listing, tuple(used)


def _galleries(
    forms: Read, structured: list[str], declared: set[str]
) -> tuple[list[list[str]], list[tuple[str, list[list[str]]]]]:
    """(the gallery of the HTML, the lists of photos in the data that have one of its photos or a declared one)."""
    html = page_gallery.gallery(forms.page, forms.layout, forms.about, structured)
    known = declared | {photo_sizes.stem(url) for url in structured}
    shown = [url for urls in html for url in urls] or page_gallery.content(forms.layout, forms.about)
    sets = list(json_own.photo_sets(forms.data, forms.addresses, known | {photo_sizes.stem(url) for url in shown}))
    if not (html or sets or structured or declared):
        sets = list(json_own.photo_sets(forms.data, forms.addresses, set()))
    if not html and sets:
        longest = max((photos for _, photos in sets), key=len)
        html = page_gallery.gallery(
            forms.page, forms.layout, forms.about, [url for urls in longest for url in urls]
        )
    return html, sets


def _without_others_photos(chosen: list[Candidate], forms: Read) -> None:
    """Take the photos from an object that holds another of the chosen ones and shows none of its photos: they are
    of something else, such as the building that a flat is in, unless the page shows them alone."""

    def stems(urls: Iterable[str]) -> set[str]:
        return {photo_sizes.stem(url) for url in urls}

    objects = [one for one in chosen if one.node and len(one.listing.photos) > 1]
    if len(objects) < 2:
        return
    shown = stems(forms.about.images) | stems(page_gallery.content(forms.layout, forms.about))
    for outer in objects:
        held = json_nodes.within(outer.node or {})
        more = stems(photo.url for photo in outer.listing.photos)
        for inner in objects:
            mine = stems(photo.url for photo in inner.listing.photos)
            if id(inner.node) in held and not mine & more and (mine & shown or not more & shown):
                outer.listing = replace(outer.listing, photos=())


def _names(names: list[str]) -> str:
    shown = [name.replace("listing_id", "id") for name in names]
    return ", ".join(shown)


def _summary_fits(one: Candidate, forms: Read, surely: bool) -> bool:
    """May a Product with an AggregateOffer be a listing? Of a shop, on its own page, of whose photos none leads to
    another page."""
    photos = one.listing.photos
    if not one.listing.page_url or json_own.match(one, forms.about, set()) < 6 or len(photos) >= 30:
        return False
    if surely:
        return True
    shown = page_gallery.gallery(forms.page, forms.layout, forms.about, [photo.url for photo in photos])
    stems = {photo_sizes.stem(url) for urls in shown for url in urls}
    held = sum(any(photo_sizes.stem(url) in stems for url in (photo.url, *photo.aliases)) for photo in photos)
    return held == len(photos) and (len(photos) > 1 or (held == 1 and "product" in forms.about.kind))


def _alone(lone: list[Candidate], forms: Read) -> bool:
    """Is there one listing in the data, and no list of them?"""
    if not lone:
        return False
    best = lone[0]
    if best.form in ("JSON-LD", "microdata", "RDFa") and best.listing.photos and not best.listing.page_url:
        return len(lone) == 1
    rivals = [one for one in lone[1:] if one.listing.page_url and one.listing.page_url != best.listing.page_url]
    if best.listing.page_url or rivals:
        return False
    lists = [group for group in forms.data_groups if not group.beside and _lists(group, best)]
    return not lists and len(best.listing.photos) + (best.listing.price is not None) > 1


def _lists(group: CandidateList, one: Candidate) -> bool:
    """Is a group a list of listings: of more than two, or of two of which this is one?"""
    count = len(group.candidates)
    return count > 2 or (count == 2 and any(other.node is one.node for other in group.candidates))


def _beyond(html: list[list[str]], shared: Collection[str]) -> list[list[str]]:
    """The photos of a gallery that other listings, whose photos have the stems `shared`, do not have."""
    return [urls for urls in html if not any(photo_sizes.stem(url) in shared for url in urls)]


def _looks_like_one(
    forms: Read, html: list[list[str]], shared: Collection[str], others: bool, surely: bool
) -> bool:
    """Is a page without data of its own the page of a listing, by its head and HTML? `others`: it shows other
    listings, whose photos have the stems `shared`."""
    about = forms.about
    product = _is_product(about)
    if not about.titles or forms.summaries:
        return False
    html = html or []
    if product and about.images and about.price:
        return True
    own = _beyond(html, shared)
    if len(own) < len(html) / 2 or not own:
        return False
    numbered = re.search(r"\d{4,}", path_of(about.urls[0])) is not None
    heading = next(forms.page.root.iter("h1"), None) is not None
    if not others and heading and page_gallery.price_near_heading(forms.page, forms.layout)[0] is not None:
        return True
    return product or ((surely or numbered) and (heading or len(own) > 2)) or (surely and len(own) > 2)


def _declares_its_own(forms: Read, shared: Collection[str]) -> bool:
    """Does the head of a page name a photo whose address holds the page's own number? `shared` are stems of photos
    that other listings have."""
    numbers = re.findall(r"[0-9A-Za-z]*\d{6,}[0-9A-Za-z]*", path_of(forms.page.url))
    named = [url for url in forms.about.images if photo_sizes.stem(url) not in shared]
    return any(number in url for number in numbers for url in named)


def _from_head(listing: Listing, forms: Read, used: dict[str, list[str]]) -> Listing:
    about = forms.about
    if title := page_title.better(listing.title, forms.page, about.titles):
        listing = replace(listing, title=title)
        used.setdefault("HTML", []).append("title")
    if not listing.title and about.titles:
        listing = replace(listing, title=about.titles[0])
        used.setdefault("HTML", []).append("title")
    elif (
        about.titles
        and listing.title in (listing.make, f"{listing.make} {listing.model}")
        and listing.title.casefold() in about.titles[0].casefold()
    ):
        listing = replace(listing, title=about.titles[0])  # it says the year and the version too
    if listing.price is None:
        amount, currency = money(about.price)
        if amount is None:
            amount, currency = page_gallery.price_near_heading(forms.page, forms.layout)
        if amount is not None:
            listing = replace(listing, price=amount, currency=listing.currency or about.currency or currency)
            used.setdefault("HTML", []).append("price")
    elif (
        listing.price >= 100
        and page_gallery.price_near_heading(forms.page, forms.layout)[0] == listing.price / 100
    ):
        listing = replace(listing, price=listing.price / 100)  # the data tell it in cents
    if listing.price and (whole := html_facts.in_ten_thousands(listing.price, forms.page)):
        listing = replace(listing, price=whole)
    if listing.price and not listing.currency:
        listing = replace(listing, currency=html_facts.currency_beside(listing.price, forms.page))
    counted = counted_data.fields_of(replace(listing, page_url=forms.page.url), forms.data)
    missing = {name: value for name, value in counted.items() if getattr(listing, name) in ("", None)}
    listing = replace(listing, **missing)  # type: ignore[arg-type]
    if missing:
        used.setdefault("embedded JSON", []).extend(missing)
    listing, names = html_facts.filled(listing, forms.page, forms.layout)
    if names:
        used.setdefault("HTML", []).extend(names)
    said = about.titles[0] if about.titles and about.titles[0].startswith(f"{listing.title} ") else listing.title
    if listing.year is None and (year := values.year(said)):
        listing = replace(listing, year=year)
    return listing


def _fullest(
    lists: dict[str, tuple[PhotoLink, ...]], about: microdata.Declared
) -> tuple[str, tuple[PhotoLink, ...]]:
    """The fullest list that fits what the page declares; where none does, the fullest of all."""
    stems = {photo_sizes.stem(url) for url in about.images}

    def fits(photos: tuple[PhotoLink, ...]) -> bool:
        return any(photo_sizes.stem(url) in stems for photo in photos for url in (photo.url, *photo.aliases))

    data = [(form, photos) for form, photos in lists.items() if form not in ("HTML", "head") and photos]
    html = lists.get("HTML", ())
    best_form, best = max(data, key=lambda item: (len(item[1]), fits(item[1])), default=("", ()))
    if stems and best and not fits(best) and fits(html) and len(html) >= len(best):
        return "HTML", html
    if len(html) > len(best):
        mine = {photo_sizes.stem(url) for photo in best for url in (photo.url, *photo.aliases)}
        held = sum(any(photo_sizes.stem(url) in mine for url in (p.url, *p.aliases)) for p in html)
        if len(best) < 3 or held >= 0.8 * len(best):
            return "HTML", html
    if best:
        return best_form, best
    return ("HTML", html) if html else ("head", lists.get("head", ()))


def is_list(forms: Read, many: list[Listing], one: Listing) -> bool:
    """Is a page a list rather than one listing, where it could be either?

    Cards on a list lead to pages of another kind than its own; similar ones on a listing's page to pages like it.
    """
    best = forms.own[0] if forms.own else None
    if best is not None and best.score >= 8 and not best.summary:
        return False
    alike = sum(card_links.pattern(listing.page_url) == card_links.pattern(forms.page.url) for listing in many)
    if alike * 2 > len(many) and (one.photos or one.price is not None):
        return False
    whole = sum(bool(listing.photos) and listing.price is not None for listing in many)
    if whole * 2 < len(many) and len(one.photos) > 1:  # brands, stories, searches: no listings
        return False
    return not _is_product(forms.about)


def _is_product(about: microdata.Declared) -> bool:
    return any(
        word in about.kind for word in ("product", "car", "vehicle", "classified", "offer", "realestate", "item")
    )
