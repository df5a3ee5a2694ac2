"""Consoles for stdout and stderr: their width, their colours, and what they can write."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Literal, NoReturn

from rich.console import Console

from agentgauge.errors import AgentgaugeError

if TYPE_CHECKING:
    from typing import TextIO

PIPE_WIDTH = 100
_NARROWEST = 40
_OFF = {"", "0", "false", "no"}


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError  # `main` ends quietly; rich would exit with 1


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, 100 columns in a pipe; COLUMNS overrides both.

    Colour only on a terminal or with FORCE_COLOR, never with NO_COLOR; then no escape sequence at all.
    """
    file = sys.stderr if stderr else need_stdout()
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="backslashreplace")  # a name from outside never breaks a report
    coloured = _coloured(file)
    return _Console(
        file=file,
        width=_width(file),
        force_terminal=coloured,
        color_system=_colours(file) if coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def need_stdout() -> TextIO:
    """Standard output.

    Raises:
        AgentgaugeError: whoever started us has closed it.
    """
    if sys.stdout is None:  # the types do not know of closed ones
        raise AgentgaugeError("Standard output is closed. Send it to a file or a pipe: > report.txt")
    return sys.stdout


def _coloured(file: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "").lower() not in _OFF:
        return True
    return file.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def _colours(file: TextIO) -> Literal["auto", "standard"]:
    """The palette of a terminal; the one that all know where we were told to colour something else."""
    return "auto" if file.isatty() and os.environ.get("TERM") not in {None, "dumb", "unknown"} else "standard"


def _width(file: TextIO) -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return max(_NARROWEST, int(given))
    if not file.isatty():
        return PIPE_WIDTH
    try:
        columns = os.get_terminal_size(file.fileno()).columns
    except OSError:
        columns = 0
    return max(_NARROWEST, columns or PIPE_WIDTH)
