"""Opens a store for reading, and finds runs in it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from agentgauge.errors import StoreError
from agentgauge.store.schema import ADDED, OURS, SCHEMA_VERSION, TABLES, is_foreign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BUSY_TIMEOUT_S = 5.0
Json = TypeVar("Json", dict[str, Any], list[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which calls: one run, or those that ended in [start_ns, end_ns); None leaves a side open.

    All of what is given must hold, so a selection of nothing but `service` is all that it ever did.
    `workflow_id` is the id of one workflow, a trial's for example.
    """

    run_id: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    service: str | None = None
    workflow_id: str | None = None

    def where(
        self, *, time: str = "end_ns", service: str = "service = ?", workflow: str = "workflow_id = ?"
    ) -> tuple[str, list[Any]]:
        """An SQL condition over a table with `run_id` and the column `time`, and its parameters.

        `service` and `workflow` are what a table without such a column is asked instead.
        """
        terms = [("run_id = ?", self.run_id), (f"{time} >= ?", self.start_ns)]
        terms += [(f"{time} < ?", self.end_ns), (service, self.service), (workflow, self.workflow_id)]
        given = [(sql, value) for sql, value in terms if value is not None]
        return " AND ".join(sql for sql, _ in given) or "1", [value for _, value in given]


RUN_OF_WORKFLOW = "run_id IN (SELECT run_id FROM calls WHERE workflow_id = ?)"
SERVICE_OF_RUN = "run_id IN (SELECT run_id FROM processes WHERE service = ?)"
"""What a table without a service column is asked instead."""


class _ExactSum:
    """sum() without a limit of 64 bits: what does not fit leaves SQLite as text."""

    def __init__(self) -> None:
        self.total: int | None = None

    def step(self, value: int | None) -> None:
        if value is not None:
            self.total = (self.total or 0) + int(value)

    def finalize(self) -> int | str | None:
        if self.total is None or -(2**63) <= self.total < 2**63:
            return self.total
        return str(self.total)


class Store:
    """An open store: every query of one `open_store` block sees the same moment."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        connection.row_factory = sqlite3.Row

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows.

        Raises:
            StoreError: the file cannot be read any further.
        """
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            # A server may claim any number of tokens; built-in sums are fast and give up at 2**63.
            if "integer overflow" not in str(error):
                raise _unreadable(self.path, error) from error
        self._connection.create_aggregate("sum", 1, _ExactSum)  # type: ignore[arg-type]  # None is a value too
        return self._connection.execute(sql, parameters).fetchall()

    def mapping(self, text: str) -> dict[str, Any]:
        """The JSON object in a column.

        Raises:
            StoreError: it is none, as only damage makes it.
        """
        return self._json(text, dict)

    def sequence(self, text: str) -> list[Any]:
        """The JSON array in a column.

        Raises:
            StoreError: it is none.
        """
        return self._json(text, list)

    def _json(self, text: str, kind: type[Json]) -> Json:
        try:
            found = json.loads(text)
        except (ValueError, TypeError):
            found = None
        if not isinstance(found, kind):
            raise _damaged(self.path, "a column holds broken JSON")
        return found


@contextmanager
def open_store(path: Path) -> Iterator[Store]:
    """Opens a store read-only, also while others write it; a file that is missing is an empty store.

    Raises:
        StoreError: the file is no SQLite database, not a store of ours, newer, or cannot be opened.
    """
    connection = _connect(path)
    try:
        yield Store(path, connection)
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        return _empty()
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a store. Name the SQLite file in it, e.g. with --store.")
    uri = path.resolve().as_uri() + "?mode=ro"
    try:
        return _checked(path, uri)
    except sqlite3.OperationalError as error:
        wal = path.with_name(path.name + "-wal")
        if "unable to open" not in str(error) or (wal.exists() and wal.stat().st_size):
            raise _unreadable(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error
    try:
        # On a read-only disk SQLite cannot make the files that a WAL database is shared by: read it alone.
        return _checked(path, uri + "&immutable=1")
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error


def _checked(path: Path, uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("BEGIN")  # one snapshot for all queries
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        _refuse_foreign(path, version, names)
    except BaseException:
        connection.close()
        raise
    if names >= OURS:
        _complete(connection)
        return connection
    connection.close()  # its first writer has not made the tables yet
    return _empty()


def _complete(connection: sqlite3.Connection) -> None:
    """Lets queries see the columns that an older store does not have; the file stays as it is."""
    for table, columns in ADDED.items():
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if missing := [f"NULL AS {name}" for name in columns if name not in there]:
            connection.execute(
                f"CREATE TEMP VIEW {table} AS SELECT *, {', '.join(missing)} FROM main.{table}"  # noqa: S608  # our own names
            )


def _refuse_foreign(path: Path, version: int, names: set[str]) -> None:
    if is_foreign(names):
        raise StoreError(
            f"{path} is an SQLite database, but no agentgauge store. Name another file with --store "
            "or AGENTGAUGE_STORE."
        )
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer agentgauge (store version {version}, this one reads up to "
            f"{SCHEMA_VERSION}). Upgrade: pip install -U agentgauge."
        )


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    return connection


def _unreadable(path: Path, error: sqlite3.Error) -> StoreError:
    text = str(error)
    if "not a database" in text:
        return StoreError(
            f"{path} is no SQLite database. Name the store with --store or AGENTGAUGE_STORE; "
            "if this was one, move it away and a new one is made."
        )
    if "locked" in text or "busy" in text:
        return StoreError(f"{path} is locked by another process ({text}). Try again in a moment.")
    if "malformed" in text or "disk I/O" in text:
        return _damaged(path, text)
    return StoreError(f"{path} cannot be read ({text}). Check its permissions and those of its folder.")


def _damaged(path: Path, what: str) -> StoreError:
    return StoreError(
        f"{path} is damaged ({what}). Save what can be read: sqlite3 {path.name} .recover; "
        "then move the file away and a new one is made."
    )


def last_run(store: Store, *, service: str | None = None) -> str | None:
    """The run of the process that started last, children of a run included; None when there is none."""
    where, values = Selection(service=service).where()
    rows = store.query(f"SELECT run_id FROM processes WHERE {where} ORDER BY started_ns DESC LIMIT 1", values)  # noqa: S608  # made here
    return str(rows[0]["run_id"]) if rows else None


def runs_like(store: Store, prefix: str) -> list[str]:
    """Runs whose id starts with `prefix`, newest first; the one whose id is just that, alone."""
    rows = store.query(
        "SELECT run_id, max(started_ns) AS newest FROM processes WHERE substr(run_id, 1, ?) = ?"
        " GROUP BY run_id ORDER BY newest DESC",
        (len(prefix), prefix),
    )
    found = [str(row["run_id"]) for row in rows]
    return [prefix] if prefix in found else found


def services(store: Store) -> list[str]:
    """Names of all services that ever wrote here."""
    return [row["service"] for row in store.query("SELECT DISTINCT service FROM processes ORDER BY service")]
