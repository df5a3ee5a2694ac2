"""Writes what has ended into the SQLite store, one transaction a batch."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentgauge.errors import StoreError
from agentgauge.store.connect import connect
from agentgauge.store.rows import Process, Row, call_row, tool_rows
from agentgauge.store.telling import FULL, note_dropped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from agentgauge.call import Call

MEMORY_SPANS = 50_000
"""Without a file, the outbox keeps this many of the newest spans and counts what it drops."""

_inherited: list[sqlite3.Connection] = []
"""Connections of a parent process: never used, and never closed, since closing would unlock its file."""


@dataclass(slots=True)
class Batch:
    """Rows that are written together; `spans` are for the outbox."""

    calls: list[Call] = field(default_factory=list)
    scopes: list[Row] = field(default_factory=list)
    spans: list[Row] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.calls or self.scopes or self.spans or self.warnings)

    def apart(self) -> Iterator[Batch]:
        """The same, a row at a time."""
        yield from (Batch(calls=[call]) for call in self.calls)
        yield from (Batch(scopes=[row]) for row in self.scopes)
        yield from (Batch(spans=[row]) for row in self.spans)
        yield from (Batch(warnings=[warning]) for warning in self.warnings)

    @classmethod
    def whole(cls, parts: Iterable[Batch]) -> Batch:
        """Several as one."""
        batch = cls()
        for part in parts:
            batch.calls += part.calls
            batch.scopes += part.scopes
            batch.spans += part.spans
            batch.warnings += part.warnings
        return batch


class Store:
    """One connection a process, shared by its writer and its sender under a lock.

    `path` None keeps only the outbox, in memory. A file that cannot be written is replaced by memory and
    the reason is in `problem`; the caller says so once.
    """

    def __init__(self, path: Path | None, process: Process) -> None:
        self.path = path
        self.process = process
        self.problem: str | None = None
        self.dropped = 0
        self._unsent: set[tuple[str, str]] = set()
        self._lock = threading.RLock()
        self._paused = False
        self._db: sqlite3.Connection | None = None

    def after_fork(self) -> None:
        """In the child: leave the parent's connection alone and open one of our own when needed."""
        if self._db is not None:
            _inherited.append(self._db)
        self._lock = threading.RLock()
        self._paused = False
        self._unsent = set()
        self._db = None

    def pause(self, *, timeout_s: float) -> None:
        """Keeps every thread out until `resume`: nobody may be inside SQLite when the process forks."""
        self._paused = self._lock.acquire(timeout=timeout_s)

    def resume(self) -> None:
        """Ends a `pause`."""
        if self._paused:
            self._paused = False
            self._lock.release()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps the process from forking meanwhile, as everything does that touches the store."""
        with self._lock:
            yield

    def open(self) -> None:
        """Opens the store now, so that `processes` tells of this process even if it makes no call."""
        with self._lock:
            self._connection()

    def write(self, batch: Batch) -> None:
        """Writes a batch in one transaction; a row that is already there is left as it is.

        Raises:
            StoreError: another process holds the store; nothing was written, try again later.
        """
        with self._lock:
            try:
                self._write(self._connection(), batch)
            except sqlite3.Error as error:
                if _is_busy(error):
                    raise self._busy() from error
                self._fall_back(error)
                self._write(self._connection(), batch)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction, for whoever sends and tells.

        Raises:
            StoreError: another process holds the store; nothing was written, try again later.
        """
        try:
            with self._lock, self._connection() as db:
                yield db
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            raise self._busy() from error

    def _busy(self) -> StoreError:
        return StoreError(f"The store {self.path} is busy; the batch is kept.")

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            db: sqlite3.Connection | None = None
            try:
                db = connect(self.path)
                self._register(db)
                self._db = db
            except (sqlite3.Error, OSError, ValueError, StoreError) as error:
                if db is not None:
                    db.close()
                if _is_busy(error):
                    raise self._busy() from error
                self._fall_back(error)
                assert self._db is not None
        return self._db

    def _fall_back(self, error: Exception) -> None:
        if self.path is None:
            raise StoreError(f"The store in memory failed: {error}.") from error
        self.problem = (
            f"The store {self.path} cannot be written ({error}); calls of this process are kept in memory "
            "only and are lost when it ends. Set AGENTGAUGE_STORE to a file that can be written, or to off."
        )
        if self._db is not None:
            self._db.close()
        self.path = None
        self._db = connect(None)

    def _register(self, db: sqlite3.Connection) -> None:
        if self.path is None:
            return
        who = self.process
        with db:
            db.execute(
                "INSERT OR IGNORE INTO processes VALUES (?, ?, ?, ?, ?, ?)",
                (who.run_id, os.getpid(), time.time_ns(), who.service, who.environment, who.release),
            )

    def _write(self, db: sqlite3.Connection, batch: Batch) -> None:
        with db:
            if self.path is not None:
                _insert(db, "calls", [call_row(call, self.process) for call in batch.calls])
                _insert(db, "call_tools", [row for call in batch.calls for row in tool_rows(call)])
                _insert(db, "scopes", [{**row, "run_id": self.process.run_id} for row in batch.scopes])
                now = time.time_ns()
                _insert(
                    db,
                    "warnings",
                    [
                        {"run_id": self.process.run_id, "code": code, "message": message, "first_ns": now}
                        for code, message in batch.warnings
                    ],
                )
            _insert(db, "outbox", batch.spans)
            if len(self._unsent) < MEMORY_SPANS:
                self._unsent.update(_keys(batch.spans))
            if self.path is None:
                self.dropped += _trim(db, self.process)

    def lease(self, *, endpoint: str, limit: int, seconds: float) -> list[Row]:
        """Takes up to `limit` of the oldest spans for an endpoint; others leave them alone for `seconds`.

        Each row has trace_id, span_id, span and resource (JSON), endpoint, service, environment, sends (this
        one included), first_sent_s.
        """
        now = time.time()
        with self.transaction() as db:
            rows = db.execute(
                "UPDATE outbox SET leased_until_s = ?, sends = sends + 1, "
                "first_sent_s = COALESCE(first_sent_s, ?) WHERE rowid IN "
                "(SELECT rowid FROM outbox WHERE endpoint = ? AND leased_until_s < ? "
                "ORDER BY ended_ns LIMIT ?) "
                "RETURNING trace_id, span_id, span, resource, "
                "endpoint, service, environment, sends, first_sent_s",
                (now + seconds, int(now), endpoint, now, limit),
            ).fetchall()
        return [dict(row) for row in rows]

    def acknowledged(self, rows: Sequence[Row]) -> None:
        """Removes spans that the receiver has taken."""
        with self.transaction() as db:
            db.executemany("DELETE FROM outbox WHERE trace_id = ? AND span_id = ?", _keys(rows))
            self._unsent.difference_update(_keys(rows))

    def give_up(self, rows: Sequence[Row], *, reason: str) -> None:
        """Removes spans that nobody will ever take, and counts them."""
        with self.transaction() as db:
            note_dropped(db, rows, reason=reason, process=self.process)
            db.executemany("DELETE FROM outbox WHERE trace_id = ? AND span_id = ?", _keys(rows))
            self._unsent.difference_update(_keys(rows))

    def postpone(self, rows: Sequence[Row], *, seconds: float) -> None:
        """Gives spans back that could not be sent, to be tried again after `seconds`."""
        until = time.time() + seconds
        with self.transaction() as db:
            db.executemany(
                "UPDATE outbox SET leased_until_s = ? WHERE trace_id = ? AND span_id = ?",
                [(until, *key) for key in _keys(rows)],
            )

    def all_sent(self) -> bool:
        """Whether no span of this process waits in the outbox, whoever has sent them; others' may."""
        query = "SELECT 1 FROM outbox WHERE trace_id = ? AND span_id = ?"
        with self.transaction() as db:
            while self._unsent:
                key = self._unsent.pop()
                if db.execute(query, key).fetchone():
                    self._unsent.add(key)
                    return False
        return True

    def close(self) -> None:
        """Closes the connection; a later write opens it again."""
        with self._lock:
            if self._db is not None and self.path is not None:
                self._db.close()
                self._db = None


def _insert(db: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    names = list(rows[0])
    marks = ", ".join("?" * len(names))
    # Table and column names are our own constants; the values are bound.
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    try:
        db.executemany(statement, [tuple(row.values()) for row in rows])
    except UnicodeEncodeError:  # one half of a surrogate pair somewhere
        db.executemany(statement, [tuple(map(_storable, row.values())) for row in rows])


def _storable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _trim(db: sqlite3.Connection, process: Process) -> int:
    rows = db.execute(
        "DELETE FROM outbox WHERE rowid IN "
        "(SELECT rowid FROM outbox ORDER BY ended_ns DESC LIMIT -1 OFFSET ?) "
        "RETURNING endpoint, service, environment",
        (MEMORY_SPANS,),
    ).fetchall()
    note_dropped(db, rows, reason=FULL, process=process)
    return len(rows)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _keys(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [(row["trace_id"], row["span_id"]) for row in rows]
