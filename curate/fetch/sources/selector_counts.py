"""How often each expression of a recipe gave something on one page, and what to say of it."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from curate.core.counted import counted
from curate.core.recipe import Selectors
from curate.fetch.sources.listing import Listing

_SHOWN = 60  # characters of a value that could not be read


@dataclass(slots=True)
class Matches:
    """Counts of one page."""

    listings: int = 0
    matched: Counter[str] = field(default_factory=Counter)  # by field: listings where its expression finds one
    gave: Counter[str] = field(default_factory=Counter)  # of them, those in which the value is one of that field
    odd: dict[str, str] = field(default_factory=dict)  # by field: the first value that is none

    def note(self, name: str, value: Any, is_read: bool) -> None:
        """One listing's field has `value` by its expression; `is_read`: it is a value of that field."""
        self.matched[name] += 1
        self.gave[name] += is_read
        if not is_read:
            self.odd.setdefault(name, str(value)[:_SHOWN])

    def notes(self, named: Selectors, besides: Sequence[str], otherwise: str) -> Iterator[str]:
        """A line for each expression, but for those of `besides`. `otherwise` is what is used without."""
        for name, expression in named:
            if not expression or name in besides:
                continue
            said = f"selectors.{name}: matched in {self.matched[name]} of {counted(self.listings, 'listing')}"
            if name in self.odd:
                read = f"{self.gave[name]} can be read" if self.gave[name] else "none can be read"
                said += f", of which {read}: found {self.odd[name]!r}"
            if otherwise and self.gave[name] < self.listings:
                said += f"; {otherwise} used" + (" for the rest" if self.gave[name] else "")
            yield said

    def used(self) -> tuple[str, ...]:
        """The expressions that gave something, as keys of the recipe."""
        return tuple(f"selectors.{name}" for name, count in self.gave.items() if count)


def idle(named: Selectors, used: Collection[str]) -> list[str]:
    """The expressions that gave nothing on any page, as keys of the recipe; `used` are those that did."""
    fields = [f"selectors.{name}" for name, expression in named if expression and name not in ("listing", "link")]
    return [name for name in fields if name not in used]


def of_fields(listings: Sequence[Listing], named: Selectors) -> Matches:
    """The matches of a page that is read by selectors alone: the fields that its listings have."""
    found = Matches(len(listings))
    for one in listings:
        for name, expression in named:
            value = one.photos if name == "images" else getattr(one, name, "")
            if expression and name not in ("listing", "link") and value not in ("", None, ()):
                found.note(name, value, is_read=True)
    return found
