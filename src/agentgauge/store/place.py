"""Whether there can be a store at a path, found out without leaving a trace there."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from agentgauge.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


def need_place(path: Path) -> None:
    """Nothing, where a store is or can be made.

    Raises:
        StoreError: there can be none; it says why.
    """
    try:
        _look(path)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name that is too long, a NUL
        why = getattr(error, "strerror", None) or str(error).partition(":")[0]
        raise StoreError(
            f"There can be no store at {_short(path)}: {why}. Name another: --store PATH."
        ) from error


def _look(path: Path) -> None:
    target = path.resolve()
    if target.is_dir():
        raise StoreError(f"{path} is a folder, not a store. Name the SQLite file in it, e.g. with --store.")
    if target.exists():
        if not target.is_file():
            raise StoreError(f"{path} is no regular file, so no store. Name another: --store PATH.")
        return
    above = next(folder for folder in target.parents if folder.exists())
    if not above.is_dir():
        raise StoreError(
            f"There can be no store at {path}: {above} is no folder. Name another: --store PATH."
        )
    try:
        tempfile.TemporaryFile(dir=above).close()  # without a name, where the file system has that
    except OSError as error:
        raise StoreError(
            f"There is no store at {path}, and none can be made: {above} cannot be written. "
            "Name another: --store PATH."
        ) from error


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 100 else f"{text[:100]}…"  # noqa: PLR2004  # a line's worth
