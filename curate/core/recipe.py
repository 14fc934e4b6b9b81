"""The recipe: the whole run in one YAML file. `pipelines/swift_wagonr.yaml` is a documented example.

Each section is the configuration of one stage and is handed to it as it is; making one with a bad value raises.
"""

from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from curate.core.recipe_clean import Clean as Clean
from curate.core.recipe_clean import Concept as Concept
from curate.core.recipe_clean import Examples as Examples
from curate.core.recipe_clean import QualityThresholds as QualityThresholds
from curate.core.recipe_train import TrainBaseline as TrainBaseline
from curate.core.release import Export, Rights
from curate.core.section import ClassName as ClassName
from curate.core.section import Contact, HostPort, Hosts, Name
from curate.core.section import Section as Section
from curate.core.section import normalise_class as normalise_class


class Pagination(Section):
    """How an index page leads to the next one. With neither set, each start URL is a single page."""

    next_selector: str = ""  # CSS selector of the link to the next page; rel=next is always understood
    page_parameter: str = ""  # query parameter that counts pages, e.g. page
    first_page: int = Field(1, ge=0)
    step: int = Field(1, ge=1)  # from one page to the next: 20 where the parameter counts listings, 20 on a page
    max_pages: int = Field(200, ge=1, le=100_000)  # per start URL


class Selectors(Section):
    """CSS selectors, each relative to the listing's element. `a@href` reads an attribute instead of the text."""

    listing: str = ""  # one match per listing on an index page; empty: the page is one listing
    link: str = ""  # the listing's own page, fetched when set
    listing_id: str = ""
    title: str = ""
    price: str = ""
    year: str = ""
    region: str = ""
    city: str = ""
    images: str = "img@src"


class Politeness(Section):
    """How we behave towards the host."""

    contact: Contact = ""  # e-mail or URL, sent in the User-Agent; required to fetch from a public host
    min_interval_s: float = Field(1.0, ge=0, le=300)  # from an answer of a host to the next request to it
    owns_host: bool = False  # you run the hosts of `listings` and allow_hosts: they may be asked faster
    allow_hosts: tuple[HostPort, ...] = ()  # exact host:port, the only way to reach a private or loopback address
    image_hosts: tuple[Hosts, ...] = ()  # further hosts photos and pages may come from (exact or *.suffix)
    obey_robots: bool = True
    connect_timeout_s: float = Field(10, gt=0, le=300)
    deadline_s: float = Field(60, gt=0, le=3600)  # for one transfer in all, DNS and redirects included
    max_tries: int = Field(4, ge=1, le=10)
    max_wait_s: float = Field(120, ge=0, le=3600)  # a longer Retry-After ends the run with exit code 75
    max_page_bytes: int = Field(20 * 1024**2, ge=1024)
    max_photo_bytes: int = Field(25 * 1024**2, ge=1024)
    workers: int = Field(8, ge=1, le=64)  # threads; the pace per host holds for all of them together

    @model_validator(mode="after")
    def _pace(self) -> Self:
        if self.min_interval_s < 1 and not self.owns_host:
            raise ValueError("min_interval_s under 1 is only for a host you run: set owns_host: true")
        return self


class Photos(Section):
    """Which files `fetch` and `import` take for photos."""

    max_megapixels: int = Field(120, ge=1, le=250)
    min_side: int = Field(80, ge=1, le=10_000)  # pixels of the longer side; under it, it is an icon


_PACE = {
    "contact", "min_interval_s", "owns_host", "connect_timeout_s", "deadline_s", "max_tries", "max_wait_s",
    "workers",
}  # fmt: skip


class Source(Section):
    """Where listings come from."""

    id: str = Field(min_length=1)  # goes into every key: keep it when the site's address changes
    adapter: Literal["auto", "jsonld", "selectors"] = "auto"
    listing_adapter: Literal["auto", "jsonld", "selectors", ""] = ""  # of a listing's own page; empty: the same
    listings: dict[ClassName, tuple[str, ...]] = Field(default_factory=dict)  # class to its start URLs
    follow: bool = True  # fetch each listing's own page, for its whole gallery
    pagination: Pagination = Pagination()
    selectors: Selectors = Selectors()
    required_fields: tuple[Literal["title", "price", "year", "region", "city"], ...] = ()
    max_listings: int | None = Field(None, ge=1)  # per class
    politeness: Politeness = Politeness()
    photos: Photos = Photos()  # those of the recipe

    def recorded(self) -> Self:
        """Without the politeness that cannot change a result."""
        pace = Politeness().model_dump(include=_PACE)
        return self.model_copy(update={"politeness": self.politeness.model_copy(update=pace)})


class Dedup(Section):
    """Distances are bits between two 64-bit hashes, of images or parts: 0 is the same, 32 is unrelated.

    They select which pairs are compared; `dedup/find_duplicates.py` says what a comparison must show.
    """

    method: Literal["hash", "thorough", "sellers"] = "thorough"  # `sellers` also finds screenshots and collages
    max_distance: int = Field(12, ge=0, le=12)  # a duplicate further apart stays, unless another photo leads to it
    similar_distance: int = Field(12, ge=0, le=12)  # compared, and kept together by the split when similar

    @field_validator("similar_distance")
    @classmethod
    def _order(cls, distance: int, others: ValidationInfo) -> int:
        if distance < others.data.get("max_distance", 0):
            raise ValueError(f"{distance} is smaller than max_distance, {others.data['max_distance']}")
        return distance


class SplitCounts(Section):
    """Photos per split, over all classes; each class gets an equal share."""

    train: int = Field(ge=0)
    val: int = Field(ge=0)
    test: int = Field(ge=0)


class Split(Section):
    """Seeded, stratified, grouped."""

    class_names: tuple[ClassName, ...] = ()
    proportional: bool | None = None  # 60/20/20 of what there is; by default where there are no counts
    counts: SplitCounts | None = Field(None, validate_default=True)
    seed: int = Field(42, ge=0, lt=2**32)

    @property
    def exact(self) -> SplitCounts | None:
        """Photos per split; None to take 60/20/20 of what there is."""
        return None if self.proportional else self.counts

    @field_validator("counts")
    @classmethod
    def _divides(cls, counts: SplitCounts | None, others: ValidationInfo) -> SplitCounts | None:
        classes, proportional = len(others.data.get("class_names", ())), others.data.get("proportional")
        if counts is None and proportional is False:
            raise ValueError("is absent: say how many photos train, val and test get, or set proportional: true")
        if counts and classes and not proportional:
            odd = {split: count for split, count in counts.model_dump().items() if count % classes}
            if odd:
                named = ", ".join(f"{split}={count}" for split, count in odd.items())
                fits = {split: max(classes, count - count % classes) for split, count in odd.items()}
                near = ", ".join(f"{split}: {count}" for split, count in fits.items())
                raise ValueError(f"{named} does not divide among {classes} classes: write e.g. {near}")
        return counts


class Recipe(Section):
    """A whole run."""

    name: Name
    classes: tuple[ClassName, ...]
    source: Source | None = None
    photos: Photos = Photos()
    dedup: Dedup = Dedup()
    clean: Clean = Clean()
    split: Split = Split()
    train_baseline: TrainBaseline = TrainBaseline()
    rights: Rights = Rights()
    export: Export = Export()

    @model_validator(mode="before")
    @classmethod
    def _hand_down(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("classes"), (list, tuple)):
            for section in ("clean", "split", "train_baseline"):
                if isinstance(data.setdefault(section, {}), dict):
                    data[section].setdefault("class_names", list(data["classes"]))
        if isinstance(data, dict) and "photos" in data and isinstance(data.get("source"), dict):
            data["source"].setdefault("photos", data["photos"])
        return data

    @field_validator("classes")
    @classmethod
    def _classes(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(classes) < 2:
            raise ValueError(f"has {len(classes) or 'none'}, and needs two or more: a network tells them apart")
        if len(set(classes)) != len(classes):
            raise ValueError(f"has two of the same name once normalised: {', '.join(classes)}")
        return classes

    @field_validator("source", "clean")
    @classmethod
    def _known_classes(cls, section: Source | Clean | None, others: ValidationInfo) -> Source | Clean | None:
        if isinstance(section, Clean):
            where, named = "clean.concepts", {c.class_name for c in section.concepts if c.class_name}
        else:
            where, named = "source.listings", set(section.listings) if section else set()
        if unknown := sorted(named - set(others.data.get("classes", named))):
            raise ValueError(
                f"{where} names classes that are not in classes: {', '.join(unknown)}; rename or remove them there"
            )
        return section
