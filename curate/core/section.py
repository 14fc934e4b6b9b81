"""What all sections of a recipe share: their base, and the kinds of values in them."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}


def normalise_class(name: str) -> str:
    """A class name that is safe as a folder on any system: NFKC, lower case, words joined by `_`.

    Raises ValueError when nothing is left of it.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    slug = "_".join(letters.split())
    if not slug:
        raise ValueError(f"class name {name!r} has no letter or digit in it")
    return f"{slug}_" if slug in _RESERVED else slug


def matching(pattern: str, what: str) -> AfterValidator:
    """A check that a text matches `pattern`; `what` says in the message what it should be."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return AfterValidator(check)


def _environment(text: str) -> str:
    """Never repeats what was written: it may be the secret itself."""
    if text and not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("names no environment variable: write env:NAME; a secret does not belong in a recipe")
    return text


FromEnvironment = Annotated[str, AfterValidator(_environment)]
Age = Annotated[str, matching(r"never|always|\d{1,5}[hdw]", "never, always or an age such as 12h, 7d, 2w")]
ClassName = Annotated[str, AfterValidator(normalise_class)]
Fraction = Annotated[float, Field(ge=0, le=1)]
_PORT = r"(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"  # 1..65535
Name = Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "a name of letters, digits, _ and -")]
Contact = Annotated[str, matching(r"[ -~]*", "an e-mail address or URL in plain ASCII, on one line")]
HostPort = Annotated[str, matching(rf"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):{_PORT}", "host:port, e.g. 127.0.0.1:8000")]
Hosts = Annotated[
    str, matching(rf"(?:\*\.)?[\w-]+(?:\.[\w-]+)*(?::{_PORT})?", "a host, e.g. img.example.org or *.example.org")
]


def name_from(text: str) -> str:
    """A `Name` made of a text, as of a file's name; "" where the text has none of the letters."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:64]


def source_id(url: str) -> str:
    """The `source.id` of a site by an address of it: nabytek_bazos_cz."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return re.sub(r"[^a-z0-9]+", "_", host).strip("_") or "site"


def host_port(url: str) -> str:
    """The host and port of an address, as a `HostPort` of a recipe."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or {'https': 443}.get(parts.scheme, 80)}"


def is_loopback(url: str) -> bool:
    """Does an address lead to this machine?"""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _store(text: str) -> str:
    """Never repeats what was written: it may hold a secret."""
    if text and not re.fullmatch(r"[a-z][a-z0-9+]*://[^\s@?#:]+", text):
        raise ValueError("is no address such as s3://bucket/prefix; credentials belong in the environment")
    return text.rstrip("/")


Store = Annotated[str, AfterValidator(_store)]
EXECUTOR = rf"local|ray(?::(?:auto|[\w.-]+:{_PORT}|\[[0-9a-fA-F:.]+\]:{_PORT}))?"
Executor = Annotated[str, matching(EXECUTOR, "local, ray or ray:ADDRESS, e.g. ray:10.0.0.1:6379 or ray:auto")]


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values do not change after they are made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def override(self, **values: Any) -> Self:
        """A copy with the values that are not None replaced and checked, for command line options."""
        changed = {name: value for name, value in values.items() if value is not None}
        set_before = self.model_dump(exclude_unset=True)  # a concept without a role takes its subject's
        return type(self).model_validate(set_before | changed)

    def recorded(self) -> Self:
        """What of it can change a result: what a manifest is made from."""
        return self

    def values(self, before: Any = None) -> dict[str, Any]:
        """What a manifest records, as JSON has it.

        Of what a manifest recorded `before`, a release may lack keys that came later. Those that are at their
        default are left out here too: they change no result.
        """
        recorded = self.recorded()
        values: dict[str, Any] = json.loads(recorded.model_dump_json())
        special = json.loads(recorded.model_dump_json(exclude_defaults=True))
        found: dict[str, Any] = _without_new(values, special, before)
        return found


def _without_new(values: Any, special: Any, before: Any) -> Any:
    """`values` without the keys that `before` lacks and that are not in `special`, at any depth."""
    if isinstance(values, Mapping) and isinstance(before, Mapping):
        there = special if isinstance(special, Mapping) else {}
        return {
            key: _without_new(value, there.get(key), before.get(key))
            for key, value in values.items()
            if key in before or key in there
        }
    lists = isinstance(values, list) and isinstance(before, list) and isinstance(special, list)
    if lists and len(values) == len(before) == len(special):
        return [_without_new(*each) for each in zip(values, special, before, strict=True)]
    return values
