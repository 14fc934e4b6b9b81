"""How text reaches the terminal: it cannot steer it, has colour where wanted, stays above bars; and the log."""

import json
import logging
import os
import re
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import typer

from curate.core.errors import ResourceError

log = logging.getLogger("curate")
# Control characters but tab and newline, and those that change the direction of writing.
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_USER_INFO = re.compile(r"(?<=://)[^/?#\s\"'@]*(?:@[^/?#\s\"'@]*)*@")


def printable(text: str) -> str:
    """`text` as it may be shown: what would steer a terminal becomes `�`, a password in a URL `***`."""
    return _USER_INFO.sub("***@", _STEERS.sub("�", text))


class Styled(NamedTuple):
    """Text with a style, both keywords of `typer.style`: a colour or bold or dim."""

    text: str
    style: str


_STYLES: dict[str, dict[str, Any]] = {
    "bold": {"bold": True},
    "dim": {"dim": True},
    "good": {"fg": "green"},
    "warn": {"fg": "yellow", "bold": True},
    "bad": {"fg": "red", "bold": True},
}


def coloured(stream: TextIO) -> bool:
    """Does the stream show colours, and does the person want them?"""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write(*parts: str | Styled, err: bool = False) -> None:
    """Print one line to stdout or stderr, and into the log."""
    stream = sys.stderr if err else sys.stdout
    texts = [printable(part if isinstance(part, str) else part.text) for part in parts]
    log.debug("%s", "".join(texts), extra={"shown": True})
    if coloured(stream):
        styles = ({} if isinstance(part, str) else _STYLES[part.style] for part in parts)
        texts = [typer.style(text, **style) if style else text for text, style in zip(texts, styles, strict=True)]
    if err:
        with suppress(OSError, ValueError):  # whoever read it has gone; that ends no command
            typer.echo("".join(texts), err=True, color=True)
    else:
        typer.echo("".join(texts), color=True)


def write_json(data: Any) -> None:
    """Print a result for programs. Only ASCII, so that nothing in it can steer a terminal."""
    typer.echo(_USER_INFO.sub("***@", json.dumps(data, indent=1)))


class _Steady(TextIOWrapper):
    """A stderr that ends no command when whoever read it has gone."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def own_stderr() -> None:
    """Keep stderr for what curate says, once per process.

    Warnings of libraries go into the log.
    Libraries in C, and processes that end while they start, write to file descriptor 2 past Python, a line for
    each odd photo. That goes nowhere, unless CURATE_DEBUG is set.
    """
    logging.captureWarnings(True)
    logging.lastResort = logging.NullHandler()  # None would print that nobody listens
    if sys.stderr is None or os.environ.get("CURATE_DEBUG"):
        sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        return
    with suppress(OSError):
        kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        raw = os.fdopen(kept, "wb", buffering=0)
        encoding = sys.stderr.encoding
        sys.stderr = _Steady(raw, encoding, "backslashreplace", line_buffering=True, write_through=True)


def silence(wanted: bool) -> None:
    """Show no bars from now on, or show them again."""
    if wanted or "curate.core.progress" in sys.modules:
        from curate.core import progress

        progress.silence(wanted)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One record, made printable."""
        return printable(super().format(record))


class _Beside(logging.Handler):
    """Log records on stderr, above a bar where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        with suppress(OSError, ValueError):
            tqdm.write(self.format(record), file=sys.stderr)


class _File(logging.FileHandler):
    """The log file of this command."""


def begin_log(verbose: bool, path: Path | None) -> None:
    """Send log records where the options say; warnings of curate itself always go to stderr.

    Raises ResourceError when the file cannot be written.
    """
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Beside | _File)]:
        root.removeHandler(old)
        old.close()
    beside = _Beside(logging.DEBUG if verbose else logging.WARNING)
    beside.setFormatter(_Line("%(name)s: %(message)s" if verbose else "warning: %(message)s"))
    beside.addFilter(lambda record: not hasattr(record, "shown"))
    if not verbose:
        beside.addFilter(logging.Filter("curate"))
    root.addHandler(beside)
    if path is not None:
        try:
            file = _File(path, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ResourceError(f"cannot write the log {path}: {error.strerror or error}") from error
        file.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(file)
    if verbose or path is not None:
        root.setLevel(logging.INFO)
        log.setLevel(logging.DEBUG)
