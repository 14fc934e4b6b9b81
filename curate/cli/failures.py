"""How a command ends that does not end well: one message, one exit code, no traceback."""

import errno
import logging
import os
import re
import signal
import sys
import threading
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from curate.cli import hints, terminal
from curate.cli.hints import Place
from curate.cli.options import Choice
from curate.core.errors import CurateError, Do, Note, Run, To

# What libraries say when memory ends, each in an exception of its own.
_MEMORY = re.compile(
    "can't allocate memory|cannot allocate memory|out of memory|not enough memory|insufficient memory|bad_alloc|"
    "failed to allocate",
    re.IGNORECASE,
)
GRACE_S = 20.0  # after SIGINT or SIGTERM, for what is under way
_LESS = Do("try fewer --workers, or a smaller batch_size in the recipe")


def failure(error: BaseException) -> tuple[Note, int] | None:
    """What to say of an exception, and the exit code; None where it is the command line's own way to end."""
    if isinstance(error, CurateError):
        return Note(str(error), *error.remedies), error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return Note("interrupted", Do("run the same command again to go on")), 130
    if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):
        return _usage(error)
    if isinstance(error, MemoryError) or _MEMORY.search(str(error)):
        return Note("out of memory", _LESS), 7
    if isinstance(error, OSError):
        if error.errno == errno.EPIPE:  # nobody reads stdout any more
            return None
        return Note(f"{error.filename or 'system'}: {error.strerror or error}"), 7
    what = f"{type(error).__name__}: {error}"
    return Note(f"a mistake in curate itself, {what}", Do("CURATE_DEBUG=1 shows where, please report it")), 1


def _usage(error: Any) -> tuple[Note, int] | None:
    """What the command line's own parser refuses, on one line."""
    if getattr(error, "ctx", None) is None or not error.args:
        return None
    words = error.ctx.command_path.split()[1:]
    see = To("see what there is", Run(words[0] if words else "--help", ("--help",) if words else ()))
    return Note(error.format_message().rstrip("."), see), error.exit_code


class Commands(TyperGroup):
    """Turns every failure into a message and its exit code; `CURATE_DEBUG=1` shows the traceback instead."""

    titles: dict[str, list[str]] = {}  # noqa: RUF012  of the groups of commands in the help, filled by `app`

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the options before the command."""
        try:
            return super().make_context(*arguments, **options)
        except KeyboardInterrupt as error:
            self._end(error, None)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BaseException as error:
            self._end(error, ctx.obj)

    def _end(self, error: BaseException, choice: Choice | None) -> NoReturn:
        if os.environ.get("CURATE_DEBUG") or (ending := failure(error)) is None:
            raise error
        logging.getLogger("curate").debug("traceback", exc_info=True, extra={"shown": True})
        note, code = ending
        end(note, code, choice if isinstance(error, CurateError) else None)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, each group under its title."""
        for title, names in self.titles.items():
            width = formatter.width - 6 - max(map(len, self.commands))
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(width)) for name in names])


def say_and_exit(error: KeyboardInterrupt) -> NoReturn:
    """End the process where no command is there to do it."""
    note, code = failure(error) or (Note(""), 1)
    terminal.write(terminal.Styled("curate:", "bad"), f" {hints.worded(note, Place())}", err=True)
    sys.exit(code)


def end(note: Note, code: int, choice: Choice | None = None) -> NoReturn:
    """Say what happened on stderr, and end the command."""
    head, *more = hints.worded(note, choice.place if choice else Place()).split("\n")
    terminal.write(terminal.Styled("curate:", "bad"), f" {head}", err=True)
    for line in more:
        terminal.write(line, err=True)
    raise typer.Exit(code)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """Unwind; and where a thread still works `GRACE_S` later, end without it: whatever is on disk is whole."""
    late = threading.Timer(GRACE_S, _end_now)
    late.daemon = True
    late.start()
    raise KeyboardInterrupt


def _end_now() -> None:
    os.write(2, b"curate: interrupted; run the same command again to go on\n")
    os._exit(130)


def stop_cleanly() -> None:
    """SIGTERM ends a run as cleanly as Ctrl-C, and both in any case; what cannot be raised is not printed."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell had it ignored
        signal.signal(signal.SIGINT, _interrupt)
    if not os.environ.get("CURATE_DEBUG"):
        sys.unraisablehook = lambda what: logging.getLogger("curate").debug("unraisable: %r", what.exc_value)
