"""What a fetch says of itself in the end."""

from collections.abc import Sequence
from statistics import median

from curate.core import contradictions
from curate.core.counted import counted
from curate.core.recipe import Source
from curate.core.schemas import FetchRow
from curate.fetch import additions
from curate.fetch.crawled import Crawled
from curate.fetch.download import offsite_hosts
from curate.fetch.http.signed_url import without_signatures
from curate.fetch.sources import selector_counts
from curate.fetch.sources.listing import empty_fields


def lines(
    crawled: Crawled, rows: Sequence[FetchRow], before: Sequence[FetchRow], number: int, config: Source
) -> list[str]:
    """What to say of fetch `number`, a line each; `before` it the manifest had other rows."""
    bare = sum(1 for _, listing in crawled.listings if not listing.photos)
    said = [f"{counted(len(crawled.listings), 'listing')}" + (f", {bare} of them without a photo" if bare else "")]
    if before:
        found = additions.new(rows, before)
        said.append(f"new since the last fetch: {additions.photos_of_listings(found) if found else 'nothing'}")
    if crawled.failures:
        first = crawled.failures[0]
        pages = counted(len(crawled.failures), "page")
        cure = f", {first.why}" if first.reason == "offsite" else ""
        said.append(f"{pages} could not be used, e.g. {first.url}: {first.reason}{cure}")
    if crawled.in_two_classes:
        listings = counted(len(crawled.in_two_classes), "listing was", "listings were")
        said.append(f"{listings} found under two classes, see notes in fetch.json")
    if crawled.cut:
        pages = counted(len(crawled.cut), "index page has", "index pages have")
        said.append(
            f"limited by pagination.max_pages, {config.pagination.max_pages}: {pages} "
            f"a next one that was not read, e.g. {crawled.cut[0]}"
        )
    if crawled.repeating:
        step = int(median(crawled.repeating))
        pages = counted(len(crawled.repeating), "index page shows", "index pages show")
        said.append(
            f"{pages} mostly listings of the pages before: "
            f"if the address counts listings, pagination.step: {step} asks for fewer pages"
        )
    if ends := [failure for failure in crawled.ended if failure not in crawled.doubtful_ends]:
        pages = counted(len(ends), "next page")
        gone = ", which is gone" if ends[0].reason == "gone" else ""
        said.append(f"{pages} held no listing, which ended the paging, e.g. {ends[0].url}{gone}")
    if left_out := crawled.left_out.total():
        rule = "not match source.listing_url and"
        said.append(counted(left_out, f"address does {rule} was", f"addresses do {rule} were") + " left out")
    if crawled.old:
        listings = counted(crawled.old, "new listing was", "new listings were")
        said.append(f"{listings} put in before {crawled.since} and not added (--since)")
    if crawled.undated:
        listings = counted(
            crawled.undated, "new listing says no date and was", "new listings say no date and were"
        )
        said.append(
            f"{listings} added in spite of --since; where the pages show one, source.selectors.posted can name it"
        )
    if crawled.left:
        said.append(
            f"{counted(crawled.left, 'new listing waits', 'new listings wait')} for the next fetch (--max-new)"
        )
    if not before and (idle := selector_counts.idle(config.selectors, crawled.used)):
        said.append(
            f"gave nothing on any page: source.{', source.'.join(idle)}; preview shows what a selector gives"
        )
    if crawled.limited:
        said.append(
            f"limited by source.max_listings, {config.max_listings}: there may be more listings of "
            f"{', '.join(crawled.limited)}"
        )
    if hosts := offsite_hosts(rows):
        photos = counted(sum(1 for row in rows if row.reason == "offsite"), "photo is", "photos are")
        said.append(
            f"{photos} on a host that the recipe does not allow: "
            f"add {' and '.join(hosts[:5])} to source.politeness.image_hosts"
        )
    if waiting := sum(1 for row in rows if row.reason == "deferred"):
        said.append(f"{waiting:,} deferred, see notes in fetch.json; the next fetch asks for just these")
    said += empty_fields([listing for _, listing in crawled.listings])
    said += contradictions.lines(rows, contradictions.contradicting(rows))
    return [without_signatures(line) for line in said + gone_lines(rows, number)]


def gone_lines(rows: Sequence[FetchRow], number: int = 0) -> list[str]:
    """What to say of photos that the site no longer offers; `number` is that of the fetch that just ran."""
    if not (gone := additions.marked(rows)):
        return []
    new = sum(1 for row in gone if row.gone_since == number)
    since = f" ({new:,} of the photos since this fetch)" if new else ""
    return [
        f"no longer offered: {additions.photos_of_listings(gone)}{since}, kept and marked gone_since; "
        "--prune deletes them"
    ]
