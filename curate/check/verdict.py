"""What is said of a photo: `ok`, `flag` or `unsure`, with reasons, for people and for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.check.duplicates import Duplicate
from curate.check.files import Refused
from curate.core import manifest
from curate.core.schemas import REASONS

UNREAD = frozenset({"unreadable", "too_large"})  # reasons for which a file was not looked into
OF_CHECK = {  # reasons that only a check gives
    "duplicate": "the dataset has the same image",
    "another_class": "of another class",
    "borderline": "a person should look at it: clean is in doubt",
    "nothing_learnt": "nothing was learnt about bad photos",
    "no_threshold": "no threshold for ok is known",
}
_CERTAIN = frozenset({"borderline", "nothing_learnt", "no_threshold"})  # they need no "perhaps"
Nearest = tuple[tuple[str, float], ...]  # keys of the most alike photos, with cosine similarity


def words(folder: Path) -> dict[str, str]:
    """What each reason means, to people: also the recipe's own, with which clean ran in `folder`."""
    return {**REASONS["fetch"], **manifest.reasons(folder, "clean"), **REASONS["clean"], **OF_CHECK}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one photo."""

    verdict: str  # ok, flag, unsure; unreadable: the file could not be opened, so nothing was checked
    reasons: tuple[str, ...]  # of fetch, of clean, or of `OF_CHECK`; of a flag, what flags it
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

    def line(self, words: Mapping[str, str]) -> str:
        """The same for people, in one line; `words` says what each reason means."""
        if self.verdict == "unreadable":
            return f"not checked: {self.detail}"
        why = [
            f"perhaps {said}" if self.verdict == "unsure" and reason not in _CERTAIN else said
            for reason in self.reasons
            if reason != "duplicate" and (said := words.get(reason, reason))
        ]
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
