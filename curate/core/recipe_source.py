"""Where photos come from, a site or a folder: the recipe's section `source`, the configuration of fetch."""

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from curate.core.section import Age, ClassName, Contact, FromEnvironment, HostPort, Hosts, Section


class Pagination(Section):
    """How an index page leads to the next one.

    Without any of them a link with rel=next is followed, else one that is called "next", in many languages, or the
    number after the page's own in a pager.

    A start address may hold `{page}`, the count, or `{cursor}`: https://cars.example/swift/page/{page}.
    """

    next_selector: str = ""  # CSS selector of the link to the next page
    page_parameter: str = ""  # query parameter that counts pages, e.g. page
    first_page: int = Field(1, ge=0)  # what the first page counts as, 0 for an offset
    step: int = Field(1, ge=1)  # from one page to the next: 20 where the parameter counts listings, 20 on a page
    cursor: str = ""  # expression for what a page gives for the next one, e.g. json:meta.next
    cursor_parameter: str = ""  # query parameter that takes the value of the cursor
    max_pages: int = Field(200, ge=1, le=100_000)  # per start URL


class Selectors(Section):
    """What names each field: a CSS selector (`.price`, `a@href` for an attribute), `json:` and a path into the
    page's JSON (`json:offer.price`), or `re:` and a regular expression (`re:Price: ([0-9.]+)`).

    With `adapter: selectors` they are all there is. With `adapter: auto` each one overrides a field: on a list
    within the listing's element or JSON object, on a listing's own page in all of it. What finds nothing changes
    nothing.
    """

    listing: str = ""  # one match per listing on an index page; empty: the page is one listing
    link: str = ""  # the listing's own page, fetched when set
    listing_id: str = ""  # the site's own id of the listing
    title: str = ""
    price: str = ""
    currency: str = ""
    year: str = ""
    make: str = ""
    model: str = ""
    region: str = ""
    city: str = ""
    seller: str = ""
    posted: str = ""
    images: str = ""  # each match is a photo; img@src with adapter: selectors


class PhotoUrl(Section):
    """How the address of the whole photo is made from the one that the page gives."""

    match: str  # regular expression, e.g. /thumb/(\d+)
    replace: str  # what takes the place of the match, e.g. /full/\1

    @field_validator("match")
    @classmethod
    def _compiles(cls, match: str) -> str:
        try:
            re.compile(match)
        except re.error as error:
            raise ValueError(f"{match!r} is not a regular expression: {error}") from error
        return match

    @model_validator(mode="after")
    def _refers(self) -> Self:
        try:
            re.compile(self.match + "|").sub(self.replace, "")
        except (re.error, IndexError) as error:
            raise ValueError(f"replace {self.replace!r} does not go with match {self.match!r}: {error}") from error
        return self


_OURS = {
    "accept-encoding", "connection", "content-length", "content-type", "cookie", "host", "transfer-encoding",
    "user-agent",
}  # fmt: skip
_SECRET = re.compile(r"authorization|(?:^|[-_])(?:api-?)?(?:key|token|secret|password)(?:$|[-_])", re.IGNORECASE)


class Request(Section):
    """How an API is asked for lists of listings, with `adapter: json_api`.

    Texts in the body may hold `{page}`, `{cursor}`, and `{NAME}` for what a start address says behind `#`:
    https://cars.example/api/search#model=swift fills `{model}`. A text that is nothing but a placeholder becomes
    the number that fills it, and is left out where nothing does, as `{cursor}` on the first page.
    """

    method: Literal["GET", "POST"] = "GET"  # POST sends the body
    body: dict[str, Any] = Field(default_factory=dict)  # what a POST sends
    encoding: Literal["json", "form"] = "json"  # of the body; a form has one level of keys
    headers: dict[str, str] = Field(default_factory=dict)  # sent with each request to the API; secrets are refused

    @field_validator("headers")
    @classmethod
    def _plain(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if _SECRET.search(name):
                raise ValueError(f"{name} is for a secret, which has no place in a recipe: see politeness.auth")
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
                raise ValueError(f"{name!r} is not the name of a header")
            if name.lower() in _OURS:
                raise ValueError(f"{name} is set by curate itself")
            if not re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", value):
                raise ValueError(f"the value of {name} is not one line of plain ASCII")
        return headers

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.method == "GET" and self.body:
            raise ValueError("body is only sent by a POST: add method: POST")
        if self.method == "POST" and not self.body:
            raise ValueError("method: POST needs a body")
        if self.encoding == "form" and any(isinstance(value, dict | list) for value in self.body.values()):
            raise ValueError("a form has one level of keys: encoding: json sends what is nested")
        return self


class Action(Section):
    """One thing to do on a rendered page; each of its keys that is there, in this order."""

    scroll: bool = False  # to the end of the page
    click: str = ""  # CSS selector of what to click, e.g. button.load-more; passed over where it is not there
    wait_for: str = ""  # CSS selector of what must be there then
    times: int = Field(1, ge=1, le=100)  # how often


class Politeness(Section):
    """How we behave towards the host."""

    contact: Contact = ""  # e-mail or URL, sent in the User-Agent; required to fetch from a public host
    min_interval_s: float = Field(1.0, ge=0, le=300)  # from an answer of a host to the next request to it
    owns_host: bool = False  # you run the hosts of `listings` and allow_hosts: they may be asked faster
    allow_hosts: tuple[HostPort, ...] = ()  # exact host:port, the only way to reach a private or loopback address
    image_hosts: tuple[Hosts, ...] = ()  # further hosts photos and pages may come from (exact or *.suffix)
    obey_robots: bool = True  # false: only where you have the right to
    cookies: bool = True  # those that the site sets are sent back; in memory, for one run
    auth: FromEnvironment = ""  # env:NAME, a variable with user:password or a whole Authorization header; sent to
    # the hosts of `listings` only
    proxy: FromEnvironment = ""  # env:NAME, a variable with http://host:port or http://user:password@host:port
    connect_timeout_s: float = Field(10, gt=0, le=300)  # for one connection
    deadline_s: float = Field(60, gt=0, le=3600)  # for one transfer in all, DNS and redirects included
    max_tries: int = Field(4, ge=1, le=10)  # of one transfer, before it counts as failed
    max_wait_s: float = Field(120, ge=0, le=3600)  # a longer Retry-After ends the run with exit code 75
    max_page_bytes: int = Field(20 * 1024**2, ge=1024)  # a larger page is refused
    max_photo_bytes: int = Field(25 * 1024**2, ge=1024)  # a larger photo is rejected as too_large
    workers: int = Field(8, ge=1, le=64)  # threads; the pace per host holds for all of them together

    @model_validator(mode="after")
    def _pace(self) -> Self:
        if self.min_interval_s < 1 and not self.owns_host:
            raise ValueError("min_interval_s under 1 is only for a host you run: set owns_host: true")
        return self


class Photos(Section):
    """Which files `fetch` and `import` take for photos."""

    max_megapixels: int = Field(200, ge=1, le=250)  # the largest phone cameras have 200
    min_side: int = Field(80, ge=1, le=10_000)  # pixels of the longer side; under it, it is an icon


_PACE = {
    "contact", "min_interval_s", "owns_host", "connect_timeout_s", "deadline_s", "max_tries", "max_wait_s",
    "workers",
}  # fmt: skip


class Import(Section):
    """What an import is made from."""

    path: str  # absolute
    class_names: tuple[ClassName, ...]
    photos: Photos = Photos()
    group_by: str = ""
    keep_split: bool = False


ONLY_OF_A_SITE = "only for a site, and source.path names photos that you have"
_OF_A_SITE = {
    "adapter", "listing_adapter", "listing_url", "revisit_after", "render", "actions", "follow", "request",
    "pagination", "selectors", "photo_url", "required_fields", "max_listings",
}  # fmt: skip


class Source(Section):
    """A site, by its `id` and `listings`; or photos that you have, by their `path`."""

    path: str = ""  # a folder with a folder of photos per class, or a CSV; as seen from where curate runs
    group_by: str = ""  # with path: what names a photo's listing: folder, prefix or a regular expression
    keep_split: bool = False  # with path: keep the split that the folders or the column split name
    class_names: tuple[ClassName, ...] = ()  # with path: those of the recipe
    id: str = Field("", validate_default=True)  # of a site; goes into every key: keep it when the address changes
    adapter: Literal["auto", "jsonld", "selectors", "json_api"] = "auto"  # auto reads any page
    listing_adapter: Literal["auto", "jsonld", "selectors", "json_api", ""] = ""  # of a listing's page, if another
    listings: dict[ClassName, tuple[str, ...]] = Field(default_factory=dict)  # class to its start pages, sitemaps,
    # or files with the URL of a listing a line
    listing_url: dict[ClassName, str] = Field(default_factory=dict)  # regular expression of listings' addresses
    revisit_after: Age = "never"  # when a listing's page that was read is asked again: never, always, 12h, 7d, 2w
    render: Literal["never", "auto", "always"] = "never"  # in a browser; auto: where the page holds nothing
    actions: tuple[Action, ...] = ()  # on each rendered page
    follow: bool = True  # fetch each listing's own page, for its whole gallery
    request: Request = Request()  # with adapter: json_api, how it is asked
    pagination: Pagination = Pagination()
    selectors: Selectors = Selectors()
    photo_url: PhotoUrl | None = None  # of the whole photo; refused there, the address given is asked for
    required_fields: tuple[Literal["title", "price", "year", "region", "city"], ...] = ()  # a listing
    # without one of them is rejected as missing_field
    max_listings: int | None = Field(None, ge=1)  # per class
    politeness: Politeness = Politeness()
    photos: Photos = Photos()  # handed down from `photos` of the recipe

    @field_validator("id")
    @classmethod
    def _one_of_both(cls, name: str, others: ValidationInfo) -> str:
        if not (name or others.data.get("path")):
            raise ValueError("is absent: name the site, or give source.path for photos that you have")
        return name

    @field_validator("listings")
    @classmethod
    def _not_both(cls, listings: dict[str, tuple[str, ...]], others: ValidationInfo) -> dict[str, tuple[str, ...]]:
        if listings and others.data.get("path"):
            raise ValueError("stands beside source.path: give a site and a folder a recipe each")
        return listings

    @field_validator("listing_url")
    @classmethod
    def _patterns(cls, patterns: dict[str, str]) -> dict[str, str]:
        for class_name, pattern in patterns.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"of {class_name}, {pattern!r}, is not a regular expression: {error}") from error
        return patterns

    @model_validator(mode="after")
    def _of_this_kind(self) -> Self:
        """What only the other kind of source knows would be passed over without a word."""
        other = _OF_A_SITE if self.path else {"group_by", "keep_split"}
        idle = [name for name in type(self).model_fields if name in other and name in self.model_fields_set]
        idle = [name for name in idle if getattr(self, name) != type(self).model_fields[name].get_default()]
        if idle:
            why = ONLY_OF_A_SITE if self.path else "only for photos, with source.path"
            raise ValueError(f"{', '.join(idle)}: {why}")
        return self

    @model_validator(mode="after")
    def _a_list_per_class(self) -> Self:
        first: dict[tuple[str, str], str] = {}
        for name, starts in self.listings.items():
            for start in starts:
                other = first.setdefault((start, self.listing_url.get(name, "")), name)
                if other != name:
                    raise ValueError(
                        f"source.listings.{name} starts at {start}, as {other} does, so both would get the same "
                        "photos: give each a page of its own, or a pattern of its own in source.listing_url"
                    )
        return self

    @model_validator(mode="after")
    def _request_of_an_api(self) -> Self:
        if self.request == Request():
            return self
        if self.adapter != "json_api":
            raise ValueError("request is only for adapter: json_api")
        if self.request.method == "POST" and self.render != "never":
            raise ValueError("request.method: POST does not go with render: a browser is not sent one")
        if "{cursor}" in str(self.request.body) and not self.pagination.cursor:
            raise ValueError("request.body holds {cursor}: name where it comes from in pagination.cursor")
        return self

    def as_import(self) -> Import:
        """What an import of the photos at `path` is made from, as seen from the current folder."""
        here = str(Path(self.path).resolve())
        own = {name: getattr(self, name) for name in ("class_names", "photos", "group_by", "keep_split")}
        return Import(path=here, **own)

    def recorded(self) -> Self:
        """Without the politeness that cannot change a result."""
        pace = Politeness().model_dump(include=_PACE)
        politeness = self.politeness.model_copy(update=pace)
        return self.model_copy(update={"revisit_after": "never", "politeness": politeness})
