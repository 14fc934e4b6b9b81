"""The Dockerfile and the .dockerignore, read as an image engine reads them."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """Name and words of each instruction of the Dockerfile, in order."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, words) for name, words in lines]


def instruction(name: str) -> str:
    """The words of the one instruction of that name."""
    (words,) = [words for each, words in instructions() if each == name]
    return words


def command() -> list[str]:
    """What a container runs."""
    return [*json.loads(instruction("ENTRYPOINT")), *json.loads(instruction("CMD"))]


def health_check() -> list[str]:
    """What tells the engine whether a container is well."""
    return list(json.loads(instruction("HEALTHCHECK").partition("CMD ")[2]))


def copied() -> list[str]:
    """The paths that COPY names."""
    return [path for name, words in instructions() if name == "COPY" for path in words.split()[:-1]]


def is_sent(path: str) -> bool:
    """Does the .dockerignore let `path` in? The last rule that fits it, or a folder above it, counts."""
    parts = path.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            rule = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            if any(re.fullmatch(rule, each) for each in above):
                sent = line.startswith("!")
    return sent
