"""What is said of a photo: `ok`, `flag` or `unsure`, with reasons, for people and for programs."""

from dataclasses import asdict, dataclass
from typing import Any

from curate.check.duplicates import Duplicate
from curate.check.files import Refused
from curate.core.schemas import REASONS

UNREAD = frozenset({"unreadable", "too_large"})  # reasons for which a file was not looked into
Nearest = tuple[tuple[str, float], ...]  # keys of the most alike photos, with cosine similarity


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one photo."""

    verdict: str  # ok, flag, unsure; unreadable: the file could not be opened, so nothing was checked
    reasons: tuple[str, ...]  # words of `REASONS["clean"]`, `another_class`, `duplicate`; of a flag, what flags it
    usable: float | None  # 0..1, probability that clean would keep it; None where nothing was computed
    classes: dict[str, float]  # probability of each class, empty where nothing was computed
    duplicate: Duplicate | None
    nearest: Nearest
    known: str = ""  # its key, where it is a photo of the collection
    detail: str = ""  # of a reason: the photo's size where that is what is wrong, why a file cannot be opened

    @classmethod
    def refused(cls, refused: Refused) -> "Verdict":
        """On a file that is no photo to judge."""
        verdict = "unreadable" if refused.reason in UNREAD else "flag"
        return cls(verdict, (refused.reason,), None, {}, None, (), detail=refused.detail)

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)

    def line(self) -> str:
        """The same for people, in one line."""
        words = {**REASONS["fetch"], **REASONS["clean"], "another_class": "of another class"}
        if self.verdict == "unreadable":
            return f"not checked: {self.detail}"
        why = [words.get(reason, reason) for reason in self.reasons if reason != "duplicate"]
        if self.verdict == "unsure":
            why = [f"perhaps {reason}" for reason in why]
        if self.detail:  # of the last reason: it is about the image by itself
            why[-1] = f"{self.detail}: {why[-1]}"
        if self.duplicate:
            why.insert(0, f"{'exact' if self.duplicate.exact else 'near'} duplicate of {self.duplicate.key}")
        parts = [f"{self.verdict}: {', '.join(why)}" if why else self.verdict]
        parts += [f"{self.usable:.0%} likely usable"] if self.usable is not None else []
        if self.classes:
            name, share = max(sorted(self.classes.items()), key=lambda each: each[1])
            parts.append(f"{share:.0%} likely {name}")
        parts += [f"most alike {self.nearest[0][0]}"] if self.nearest else []
        return "; ".join(parts)
