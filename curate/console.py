"""What surrounds every command: one line and an exit code for each failure, a clean stop on SIGTERM."""

import errno
import os
import signal
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.errors import CurateError


def exit_with(message: str, code: int) -> NoReturn:
    typer.echo(f"curate: {message}", err=True)
    raise typer.Exit(code)


class Commands(TyperGroup):
    """Turns every failure into one line and its exit code; `CURATE_DEBUG=1` shows the traceback instead."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CurateError as error:
            if os.environ.get("CURATE_DEBUG"):
                raise
            exit_with(str(error), error.exit_code)
        except KeyboardInterrupt:
            exit_with("interrupted; run the same command again to go on", 130)
        except MemoryError:
            exit_with("out of memory; try fewer --workers or a smaller batch_size in the recipe", 7)
        except OSError as error:
            if os.environ.get("CURATE_DEBUG") or error.errno == errno.EPIPE:
                raise
            exit_with(f"{error.filename or 'system'}: {error.strerror or error}", 7)


def print_version(wanted: bool) -> None:
    """Callback of --version."""
    if wanted:
        typer.echo(f"curate {__version__}")
        raise typer.Exit


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def stop_cleanly_on_sigterm() -> None:
    """SIGTERM ends a run as cleanly as Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
