"""What is told of the outbox, service by service: what waits in it, since when, and what was given up."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from agentgauge.store.rows import Process, Row
    from agentgauge.store.write import Store

FULL, REFUSED, UNREADABLE = "full", "refused", "unreadable"
REASONS = (FULL, REFUSED, UNREADABLE)
"""Why a span was given up: no room in memory, a receiver that takes others, or nobody can read or send it."""
FORGOTTEN_S = 300.0
"""After so long without a word Prometheus' series have ended; later ones begin again at 0."""
_EARLY = 0.9
"""Of the interval: a process that wakes a little early keeps the turn that it had."""

Whose = tuple[str, str]
"""Service and environment, which is empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxState:
    """What waits for one endpoint, of one service.

    Attributes:
        outbox_id: of the outbox, whichever process tells of it.
        waiting: spans.
        age_s: of the oldest of them, since its end; 0 where none waits.
        dropped: spans that were given up, by reason, since the series began.
    """

    service: str
    environment: str
    outbox_id: str
    waiting: int = 0
    age_s: float = 0.0
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def whose(self) -> Whose:
        """Service and environment."""
        return self.service, self.environment


def own(process: Process) -> Whose:
    """Those of a process."""
    return process.service, process.environment or ""


def whose(row: Row, process: Process) -> Whose:
    """Those of a span in the outbox; older versions did not write them, which leaves ours."""
    return (row["service"], row["environment"] or "") if row["service"] else own(process)


def note_dropped(db: sqlite3.Connection, rows: Iterable[Row], *, reason: str, process: Process) -> None:
    """Counts spans that are given up, within the transaction that removes them."""
    counts = Counter((row["endpoint"], *whose(row, process)) for row in rows)
    db.executemany(
        "INSERT INTO outbox_dropped (endpoint, service, environment, reason, spans) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET spans = spans + excluded.spans",
        [(*key, reason, spans) for key, spans in counts.items()],
    )


def take_turn(store: Store, *, endpoint: str, every_s: float) -> list[OutboxState]:
    """The states that are due and that no other process tells; it is this one's turn now.

    Told are this process's own service, whatever waits, and whatever waited when it was told last.

    Raises:
        StoreError: another process holds the store.
    """
    now = time.time()
    with store.transaction() as db:
        waiting = _waiting(db, endpoint, store.process)
        db.executemany(
            "INSERT OR IGNORE INTO outbox_told (endpoint, service, environment, outbox_id) "
            "VALUES (?, ?, ?, ?)",
            [(endpoint, *key, uuid.uuid4().hex) for key in {own(store.process), *waiting}],
        )
        found = [
            (row, key)
            for row in db.execute("SELECT * FROM outbox_told WHERE endpoint = ?", (endpoint,)).fetchall()
            if (key := (row["service"], row["environment"])) in waiting
            or key == own(store.process)
            or row["waiting"]
            if not now - every_s * _EARLY < row["claimed_s"] <= now
        ]
        return [_claimed(db, row, waiting.get(key), now) for row, key in found]


def _waiting(db: sqlite3.Connection, endpoint: str, process: Process) -> dict[Whose, tuple[int, int]]:
    """Whose spans wait: how many, and when the oldest ended."""
    found: dict[Whose, tuple[int, int]] = {}
    for row in db.execute(
        "SELECT service, environment, count(*) AS spans, min(ended_ns) AS oldest FROM outbox "
        "WHERE endpoint = ? GROUP BY service, environment",
        (endpoint,),
    ):
        key = whose(row, process)
        spans, oldest = found.get(key, (0, row["oldest"]))
        found[key] = (spans + row["spans"], min(oldest, row["oldest"]))
    return found


def _claimed(
    db: sqlite3.Connection, row: sqlite3.Row, waits: tuple[int, int] | None, now: float
) -> OutboxState:
    key = (row["endpoint"], row["service"], row["environment"])
    db.execute(
        "UPDATE outbox_told SET claimed_s = ? WHERE (endpoint, service, environment) = (?, ?, ?)", (now, *key)
    )
    if now - row["told_s"] > FORGOTTEN_S:
        db.execute(
            "UPDATE outbox_dropped SET spans = spans - told, told = 0 "
            "WHERE (endpoint, service, environment) = (?, ?, ?)",
            key,
        )
    dropped = db.execute(
        "SELECT reason, spans FROM outbox_dropped WHERE (endpoint, service, environment) = (?, ?, ?)", key
    ).fetchall()
    spans, oldest_ns = waits or (0, 0)
    return OutboxState(
        service=row["service"],
        environment=row["environment"],
        outbox_id=row["outbox_id"],
        waiting=spans,
        age_s=max(0.0, now - oldest_ns / 1e9) if spans else 0.0,
        dropped={one["reason"]: one["spans"] for one in dropped},
    )


def told(store: Store, states: Iterable[OutboxState], *, endpoint: str) -> None:
    """Notes that a receiver has taken these.

    Raises:
        StoreError: another process holds the store.
    """
    now = time.time()
    with store.transaction() as db:
        for state in states:
            key = (endpoint, *state.whose)
            db.execute(
                "UPDATE outbox_told SET told_s = ?, waiting = ? "
                "WHERE (endpoint, service, environment) = (?, ?, ?)",
                (now, state.waiting, *key),
            )
            db.executemany(
                "UPDATE outbox_dropped SET told = ? "
                "WHERE (endpoint, service, environment, reason) = (?, ?, ?, ?)",
                [(spans, *key, reason) for reason, spans in state.dropped.items()],
            )


def is_owed(store: Store, *, endpoint: str) -> bool:
    """Whether what was told last is wrong by now: that something waits, that nothing does, what was dropped.

    Raises:
        StoreError: another process holds the store.
    """
    key = (endpoint, *own(store.process))
    with store.transaction() as db:
        (owed,) = db.execute(_OWED, [*key, *key, *key]).fetchone()
    return bool(owed)


_OWED = """
SELECT EXISTS (SELECT 1 FROM outbox_dropped
               WHERE (endpoint, service, environment) = (?, ?, ?) AND spans <> told)
    OR EXISTS (SELECT 1 FROM outbox_told WHERE (endpoint, service, environment) = (?, ?, ?) AND waiting > 0)
    <> EXISTS (SELECT 1 FROM outbox WHERE (endpoint, service, environment) = (?, ?, ?))
"""
