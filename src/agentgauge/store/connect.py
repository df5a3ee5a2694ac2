"""Opens the store for writing: makes its tables, and refuses what is not ours to write."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from agentgauge.errors import StoreError
from agentgauge.store.schema import ADDED, INDEXES_OF_ADDED, SCHEMA_VERSION, TABLES, is_foreign

if TYPE_CHECKING:
    from pathlib import Path

BUSY_TIMEOUT_MS = 500
"""How long one try waits while another process writes: short, since ending a process waits for it too."""


def connect(path: Path | None) -> sqlite3.Connection:
    """A connection to the store at `path`, or to one in memory.

    Raises:
        StoreError: a newer agentgauge wrote it, or it is somebody else's database.
        sqlite3.Error, OSError: it cannot be opened, or is busy.
    """
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path or ":memory:", timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False)
    db.row_factory = sqlite3.Row
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        db.close()
        raise StoreError(
            f"it was written by a newer agentgauge (schema {version}, this one knows {SCHEMA_VERSION})"
        )
    if is_foreign({row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}):
        db.close()
        raise StoreError("it is an SQLite database, but no agentgauge store")
    # WAL lets reports read while we write; NORMAL survives the death of any process.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    db.executescript(TABLES)
    _add_columns(db)
    db.executescript(INDEXES_OF_ADDED)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return db


def _add_columns(db: sqlite3.Connection) -> None:
    for table, columns in ADDED.items():
        there = {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
        for name, kind in columns.items():
            if name not in there:
                try:
                    db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
                except sqlite3.OperationalError as error:
                    if "duplicate column" not in str(error):  # another process was faster
                        raise
