"""What a recipe needs to read a page that was previewed: a whole section `source`, or the settings it lacks."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from curate.core.errors import RejectedError
from curate.core.recipe import Source
from curate.core.section import host_port, is_loopback, normalise_class, source_id
from curate.fetch.http.url import host_allowed, parse
from curate.fetch.preview import Preview


def lacks(preview: Preview, config: Source) -> dict[str, Any]:
    """Keys of the section `source` and their values, as `politeness.image_hosts`, that `config` is without."""
    found: dict[str, Any] = {}
    if not preview.found.listings or not preview.url:
        return found
    if preview.rendered and config.render == "never":
        found["render"] = "auto"
    hosts: dict[str, str] = {}
    for one in preview.found.listings:
        for photo in one.photos:
            if not photo.reason:
                hosts.setdefault(host_port(photo.url), photo.url)
    allowed = set(config.politeness.allow_hosts)
    private = [name for name in (host_port(preview.url), *sorted(hosts)) if is_loopback(f"http://{name}")]
    if more := [name for name in dict.fromkeys(private) if name not in allowed]:
        found["politeness.allow_hosts"] = [*config.politeness.allow_hosts, *more]
    others = {urlsplit(url).hostname or "" for url in hosts.values() if not _may_ask(url, preview.url, config)}
    if others:
        found["politeness.image_hosts"] = [*config.politeness.image_hosts, *sorted(others)[:8]]
    texts = [str(config.request.body), *(url for urls in config.listings.values() for url in urls)]
    counts = config.pagination.page_parameter or any("{page}" in text for text in texts)
    leads_on = counts or preview.found.next_urls or preview.found.cursor
    if preview.kind == "list" and "sitemap" not in preview.found.used and not leads_on:
        found["pagination.page_parameter"] = "page"
    return found


def section(preview: Preview, config: Source, classes: Sequence[str] = ()) -> str:
    """The section `source` that reads this page.

    Without `classes`, the page's class is what its address and its title both call it, else `CLASS`.
    """
    if not preview.found.listings or not preview.url:
        return ""
    first, *others = classes or [class_of(preview) or "CLASS"]
    listings: dict[str, list[str]] = {first: [preview.start or preview.url]} | {name: [] for name in others}
    source: dict[str, Any] = {"id": source_id(preview.url), "adapter": preview.adapter, "listings": listings}
    politeness: dict[str, Any] = {"contact": config.politeness.contact}
    for key, value in lacks(preview, config).items():
        name, _, inner = key.partition(".")
        if name == "politeness":
            politeness[inner] = value
        else:
            source[name] = {inner: value} if inner else value
    source["politeness"] = politeness
    text = yaml.safe_dump({"source": source}, sort_keys=False, allow_unicode=True, width=100_000).rstrip()
    notes = {
        "    page_parameter: page": "the page names no next one: see how its address counts",
        "    contact: ''": "your e-mail or URL: the owner of a public site must be able to reach you",
    }
    if not classes:
        notes[f"    {first}:"] = "the class that the page lists: one of the recipe's classes"
    return "\n".join(f"{line} # {notes[line]}" if line in notes else line for line in text.splitlines())


def class_of(preview: Preview) -> str:
    """The last part of the address as a class, where the page's title has all its words; else empty."""
    last = unquote(urlsplit(preview.start or preview.url).path).rstrip("/").rpartition("/")[2]
    try:
        slug, title = normalise_class(last.partition(".")[0]), normalise_class(preview.title)
    except ValueError:
        return ""
    words = slug.split("_")
    named = all(any(said.startswith(word) for said in title.split("_")) for word in words)
    return slug if named and any(len(word) > 2 and word.isalpha() for word in words) else ""


def _may_ask(photo: str, page: str, config: Source) -> bool:
    """May a fetch of this page ask for the photo?"""
    if urlsplit(photo).hostname == urlsplit(page).hostname or is_loopback(photo):
        return True
    try:
        return host_allowed(parse(photo), config.politeness.image_hosts)
    except RejectedError:
        return True
