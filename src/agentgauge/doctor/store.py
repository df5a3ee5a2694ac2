"""The store: where it is, whether it can be read and written, and what waits in it to be sent."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from agentgauge.doctor.finding import Finding
from agentgauge.errors import StoreError
from agentgauge.store.place import need_place
from agentgauge.store.read import open_store
from agentgauge.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agentgauge.config import Settings
    from agentgauge.store.read import Store

TOPIC = "store"
MOST_CHECKED_BYTES = 256 * 1024 * 1024
"""A larger store is not read through: that would take longer than anybody waits."""
OLD_S = 600
"""What has waited that long in the outbox is not just about to be sent."""
_LOCK_S = 1.0


def store_findings(settings: Settings, path: Path | None) -> Iterator[Finding]:
    """What is known of the store; None is one that is switched off."""
    if path is None:
        yield Finding(TOPIC, "note", "off: calls are kept nowhere, and no report can show them")
        return
    try:
        need_place(path)
        if not path.exists():
            yield _missing(path)
            return
        with open_store(path) as store:
            yield from _contents(store, path)
            yield from _waiting(store, settings.endpoint)
    except (StoreError, OSError) as error:
        yield Finding(TOPIC, "problem", str(error), facts={"path": str(path)})
        return
    yield _writable(path)


def _missing(path: Path) -> Finding:
    facts = {"path": str(path), "exists": False}
    return Finding(TOPIC, "note", f"{path} does not exist yet; the first call makes it", facts=facts)


def _contents(store: Store, path: Path) -> Iterator[Finding]:
    size = path.stat().st_size
    (version,) = store.query("PRAGMA user_version")[0]
    ((calls,),) = store.query("SELECT count(*) FROM calls")
    ((runs,),) = store.query("SELECT count(DISTINCT run_id) FROM processes")
    facts = {
        "path": str(path),
        "exists": True,
        "bytes": size,
        "schema": version,
        "calls": calls,
        "runs": runs,
    }
    schema = f"schema {version} of {SCHEMA_VERSION}"
    text = f"{path}: {size / 1e6:,.1f} MB, {schema}, {calls:,} calls of {runs:,} runs"
    yield Finding(TOPIC, "ok", text, facts=facts)
    if size <= MOST_CHECKED_BYTES:
        ((said,),) = store.query("PRAGMA quick_check(1)")
        if said != "ok":
            todo = f"Save what can be read: sqlite3 {path.name} .recover; then move the file away."
            yield Finding(TOPIC, "problem", f"it is damaged: {said}", next=todo)


def _waiting(store: Store, endpoint: str | None) -> Iterator[Finding]:
    now = time.time()
    rows = store.query(
        "SELECT endpoint, count(*) AS spans, min(ended_ns) AS oldest, sum(leased_until_s > ?) AS leased"
        " FROM outbox GROUP BY endpoint",
        (now,),
    )
    for row in rows:
        age_s = max(0.0, now - row["oldest"] / 1e9)
        facts = {
            "endpoint": row["endpoint"],
            "spans": row["spans"],
            "leased": row["leased"],
            "oldest_s": age_s,
        }
        text = (
            f"{row['spans']:,} spans wait for {row['endpoint']}, the oldest for {_ago(age_s)}; "
            f"{row['leased']:,} are leased by a process that sends them now"
        )
        if row["endpoint"] != endpoint:
            todo = f"They go when a process runs with OTEL_EXPORTER_OTLP_ENDPOINT={row['endpoint']}."
            yield Finding(TOPIC, "note", text, next=todo, facts=facts)
        elif age_s > OLD_S:
            todo = "Any process of yours sends them, once the endpoint takes them."
            yield Finding(TOPIC, "problem", text, next=todo, facts=facts)
        else:
            yield Finding(TOPIC, "ok", text, facts=facts)
    if not rows:
        yield Finding(TOPIC, "ok", "nothing waits to be sent", facts={"spans": 0})


def _writable(path: Path) -> Finding:
    """Whether a process could write now; nothing is written."""
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_S, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
    except sqlite3.Error as error:
        if "locked" in str(error):
            text = f"another process has held it locked for {_LOCK_S:g} s; calls wait in memory meanwhile"
            return Finding(TOPIC, "note", text, facts={"writable": None})
        todo = "Check its permissions and those of its folder, or name another file: AGENTGAUGE_STORE."
        return Finding(
            TOPIC, "problem", f"it cannot be written ({error})", next=todo, facts={"writable": False}
        )
    return Finding(TOPIC, "ok", "it can be written", facts={"writable": True})


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
