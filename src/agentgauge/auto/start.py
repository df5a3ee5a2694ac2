"""Starts recording in a child of `agentgauge run`, once it has imported a model client.

Loaded by its path in whatever Python the child is (3.8 or newer), before anything of agentgauge. The parent
learns what it needs to know from small files in the folder AGENTGAUGE_RUN_NOTES:

- `python`: some Python got this far.
- `started`: some process imported a client and is being recorded.
- a number: why the process with that id could not be recorded, in one line.
"""
# pathlib costs more than all that is done here.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # importing `typing` would cost every child
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

CLIENTS = ("openai",)
OLDEST = (3, 11)
_TOO_LONG = 300


def watch(when_imported: Callable[[str, Callable[[ModuleType], None]], None]) -> None:
    """Waits for the model clients, unless AGENTGAUGE_AUTO=0 switches a process off."""
    if os.environ.get("AGENTGAUGE_AUTO") == "0":
        return
    _note("python")
    for client in CLIENTS:
        when_imported(client, start)


def start(_client: ModuleType) -> None:
    """Starts recording in this process; what keeps it from doing so becomes a note for the parent."""
    try:
        _start()
    except _CannotRecordError as error:
        _give_up(str(error))
    except Exception as error:  # noqa: BLE001  # the program comes first
        _give_up(f"agentgauge did not start in it ({_line(error)})")
    else:
        _note("started")


class _CannotRecordError(Exception):
    """A reason in words that need no type beside them."""


def _start() -> None:
    if sys.version_info < OLDEST:
        raise _CannotRecordError(
            "agentgauge needs Python 3.11 or newer, and this is {}.{}".format(*sys.version_info)
        )
    try:
        from agentgauge.init import start_auto  # noqa: PLC0415  # only a process that imports a client pays
    except ModuleNotFoundError as error:
        # A mere folder of that name, the program's own or beside its packages, imports as an empty package.
        if error.name not in ("agentgauge", "agentgauge.init"):
            raise
        sys.modules.pop("agentgauge", None)
        start_auto = _from_parent()
    start_auto()


def _from_parent() -> Callable[[], None]:
    """start_auto of the parent's installation, in an environment that has no agentgauge.

    Raises:
        _CannotRecordError: the parent's Python is another one, or its packages do not work here.
    """
    missing = f"agentgauge is not installed in its environment, {python_tag()}: {sys.prefix}"
    if os.environ.get("AGENTGAUGE_RUN_PYTHON") != python_tag():
        raise _CannotRecordError(missing)
    folders = [f for f in os.environ.get("AGENTGAUGE_RUN_PATH", "").split(os.pathsep) if f]
    known, before = set(sys.modules), set(sys.path)
    # Last, so that every package that the program has itself stays its own.
    sys.path.extend(folders)
    try:
        from agentgauge.init import start_auto  # noqa: PLC0415  # as above
    except Exception as error:
        sys.path[:] = [entry for entry in sys.path if entry not in folders or entry in before]
        _forget(known, folders)
        raise _CannotRecordError(
            f"{missing} (and that of the run does not work there: {_line(error)})"
        ) from error
    return start_auto


def _forget(known: set[str], folders: list[str]) -> None:
    """Takes out again what a failed import has left of the parent's packages."""
    for name in set(sys.modules) - known:
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if file.startswith(tuple(os.path.join(folder, "") for folder in folders)):
            sys.modules.pop(name, None)


def python_tag() -> str:
    """Which Pythons can share compiled packages, as `cpython 3.12`."""
    version = "{}.{}".format(*sys.version_info)
    return f"{sys.implementation.name} {version}{getattr(sys, 'abiflags', '')}"


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:_TOO_LONG]


def _give_up(reason: str) -> None:
    words = getattr(sys, "orig_argv", [sys.executable])[:2]  # new in 3.10
    _note(str(os.getpid()), f"{' '.join(map(os.path.basename, words))}: {reason}")


def _note(name: str, text: str = "") -> None:
    folder = os.environ.get("AGENTGAUGE_RUN_NOTES")
    if not folder:
        return
    try:
        file = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(file, text.encode("utf-8", "replace"))
        finally:
            os.close(file)
    except OSError:
        pass  # the parent has gone: this process has outlived its run
