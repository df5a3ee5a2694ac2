"""Where the stack keeps things: state that lasts, and a cache that can be made again."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack.shipped import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders: `state` holds data, logs, configs and who runs; `cache` the binaries and their builds."""

    state: Path
    cache: Path

    @property
    def data(self) -> Path:
        """One folder per service, kept until `down --wipe`."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        """One file per service."""
        return self.state / "logs"

    @property
    def config(self) -> Path:
        """Written anew by every `up`."""
        return self.state / "config"

    @property
    def binaries(self) -> Path:
        """Binaries built here, named with their version."""
        return self.cache / "bin"


def find_places() -> Places:
    """The folders by XDG_STATE_HOME and XDG_CACHE_HOME."""
    return Places(
        state=_xdg("XDG_STATE_HOME", ".local/state") / "agentgauge" / "stack",
        cache=_xdg("XDG_CACHE_HOME", ".cache") / "agentgauge",
    )


def _xdg(name: str, default: str) -> Path:
    given = os.environ.get(name, "")
    return Path(given) if given.startswith("/") else Path.home() / default


@contextmanager
def locked(path: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds a lock file, whose lock goes with this process; `waiting` is called when another has it.

    Raises:
        StackError: the file cannot be made.
    """
    import fcntl  # noqa: PLC0415  # Windows has none, and needs the folders only

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise StackError(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
